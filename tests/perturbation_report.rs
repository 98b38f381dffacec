//! The reports of perturbation studies: of a small network that is really perturbed, and of a made-up study of the
//! published sizes. They stay in the build directory (`perturbation/*/report.html` under `CARGO_TARGET_TMPDIR`), to be
//! looked at.

mod common;
mod perturbation_studies;

use aon::analysis::statistics::{Interval, quantile};
use aon::analysis::{HeldOutBaselines, HeldOutScores, HeldOutSummary};
use aon::perturb::{Mode, RecurrenceRow, SeedRow, Study, effects, smallest_p};
use aon::report::perturbation::{AcrossReport, PerturbationReport, write, write_across};
use perturbation_studies::made_up::made_up;
use perturbation_studies::runs::Runs;
use perturbation_studies::small::small;
use std::path::PathBuf;

const FIGURES: [&str; 10] = [
    "effects",
    "intervals",
    "single-cells",
    "decoding",
    "decoding-anew",
    "cross-decoding",
    "wiring",
    "currents",
    "trajectories",
    "motifs",
];

fn directory(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("perturbation").join(name);
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// The texts of an SVG figure.
fn texts(svg: &str) -> Vec<String> {
    let elements = svg.split("<text").skip(1);
    elements.map(|t| t.split_once('>').unwrap().1.split('<').next().unwrap().trim().to_string()).collect()
}

/// Writes the report, checks what holds for all, and returns the page and the names of its figures.
fn report(name: &str, study: &Study) -> (PathBuf, String) {
    let directory = directory(name);
    let choices = vec![("lesions".to_string(), "silenced for the <whole> trial".to_string())];
    let notes = vec!["A note & its <mark>.".to_string()];
    let report = PerturbationReport { title: "Made-up study <of the test>", choices: &choices, study, notes: &notes };
    write(&directory.join("report.html"), &report).unwrap();
    (directory.clone(), checked(&directory))
}

fn checked(directory: &std::path::Path) -> String {
    let html = std::fs::read_to_string(directory.join("report.html")).unwrap();
    common::assert_well_formed(&html);
    for outside in ["http:", "https:", "src=", "<script", "@import", "url("] {
        assert!(!html.contains(outside), "the page refers to {outside}");
    }
    for bad in ["NaN", "inf", "-0<", "<of the", "<whole>", "<mark>"] {
        let text = html.split("</style>").nth(1).unwrap().replace("infer", "");
        assert!(!text.contains(bad), "the page says {bad}");
    }
    for file in std::fs::read_dir(directory.join("figures")).unwrap() {
        let path = file.unwrap().path();
        let svg = std::fs::read_to_string(&path).unwrap();
        common::assert_well_formed(&svg);
        assert!(!svg.contains("var("), "{} must not need the page's style sheet", path.display());
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(html.matches(&format!("<figure id=\"{name}\">")).count(), 1, "{name}");
        assert_eq!(html.matches(&format!("<title id=\"{name}-title\">")).count(), 1, "{name}: text alternative");
    }
    html
}

/// What the cells of the effect matrix say, from the effects themselves.
fn expected_cells(study: &Study) -> Vec<String> {
    let is_column = |k: &aon::perturb::MeasureKey| {
        let areas = study.subject.problem.population.areas();
        match k.measure {
            "r2_change" => k.scope == "all" || areas.iter().any(|a| a.name == k.scope),
            "spectral_radius_change" => true,
            m => k.scope == "all" && !m.contains("auc") && m != "rmse_change",
        }
    };
    let mut cells = Vec::new();
    for e in &study.effects {
        let (Some(c), key) = (&e.comparison, &study.keys[e.measure]) else { continue };
        let harm = key.harm * c.effect_size;
        if is_column(key) && harm.is_finite() {
            let number = if harm.abs() < 9.95 { format!("{harm:+.1}") } else { format!("{harm:+.0}") };
            let number = if number.ends_with("0.0") && number.len() == 4 { "0.0".into() } else { number };
            cells.push(format!("{}{}", number.replace('-', "−"), if c.q < 0.05 { " *" } else { "" }));
        }
    }
    cells.sort();
    cells
}

fn assert_cells_are_the_data(directory: &std::path::Path, study: &Study) {
    let svg = std::fs::read_to_string(directory.join("figures/effects.svg")).unwrap();
    let is_cell = |t: &String| {
        let number = t.trim_end_matches(" *").replace('−', "-");
        number.parse::<f64>().is_ok() && (t.starts_with(['+', '−']) || t == "0.0")
    };
    let mut found: Vec<String> = texts(&svg).into_iter().filter(is_cell).collect();
    found.sort();
    assert_eq!(found, expected_cells(study));
    assert!(found.len() > study.lesions.len(), "more than a few cells have numbers: {}", found.len());
}

/// Dots and numbers of the figure of single cells, from the study itself. `left_out` cells of a row have no like cell.
fn assert_dots_are_the_data(directory: &std::path::Path, study: &Study, left_out: impl Fn(usize, usize) -> bool) {
    let svg = std::fs::read_to_string(directory.join("figures/single-cells.svg")).unwrap();
    let measure = study.keys.iter().position(|k| k.measure == "r2_change" && k.scope == "all").unwrap();
    let (texts, outcome) = (texts(&svg), &study.cells[0]);
    let mut harms = Vec::new();
    for (l, lesion) in study.lesions.iter().enumerate() {
        let mut own = study.effects.iter().filter(|e| e.lesion == l && e.measure == measure);
        let place = texts.iter().position(|t| *t == lesion.name);
        let Some(c) = own.find_map(|e| e.comparison).filter(|_| lesion.mode == outcome.lesion.mode) else {
            assert_eq!(place, None, "{} has a row without a comparison", lesion.name);
            continue;
        };
        let shown: Vec<usize> = lesion.neurons.iter().copied().filter(|i| !left_out(l, *i)).collect();
        let row = &texts[place.unwrap() + 1..];
        assert_eq!(row[0], format!("n = {}", shown.len()));
        // Two significant digits, thousandths, thousandths.
        for (text, (value, digit)) in row[1..].iter().zip([(c.superiority, 0.01), (c.p, 0.001), (c.q, 0.001)]) {
            match text.as_str() {
                "–" => assert!(value.is_nan()),
                "&lt; 0.001" => assert!(value < 0.001),
                number => assert!((number.parse::<f64>().unwrap() - value).abs() <= 0.5 * digit + 1e-9),
            }
        }
        assert_eq!(row.get(4).is_some_and(|t| t == "*"), c.q < 0.05, "{}", lesion.name);
        let cell = |i: &usize| -outcome.damages[outcome.lesion.neurons.binary_search(i).unwrap()][measure];
        harms.extend(shown.iter().map(cell).filter(|h| h.is_finite()));
    }
    let x = |circle: &str| circle.split("cx=\"").nth(1).unwrap().split('"').next().unwrap().parse::<f64>().unwrap();
    // Behind the two that say what colours mean.
    let dots: Vec<f64> = svg.split("<circle").skip(1 + 2).map(x).collect();
    assert_eq!(dots.len(), harms.len());
    let sizes: Vec<f64> = harms.iter().map(|h| h.abs()).filter(|h| *h > 0.0).collect();
    let unit = 10_f64.powf(quantile(&sizes, 0.5).log10().floor());
    let bent: Vec<f64> = harms.iter().map(|h| (h / unit).asinh()).collect();
    let least = (0..bent.len()).min_by(|a, b| bent[*a].total_cmp(&bent[*b])).unwrap();
    let most = (0..bent.len()).max_by(|a, b| bent[*a].total_cmp(&bent[*b])).unwrap();
    let step = (dots[most] - dots[least]) / (bent[most] - bent[least]);
    assert!(step > 0.0);
    for (dot, at) in dots.iter().zip(&bent) {
        // Drawn at whole quarters of a pixel.
        assert!((dot - dots[least] - step * (at - bent[least])).abs() < 2.0, "{dot} shows {}", unit * at.sinh());
    }
}

#[test]
fn a_study_of_a_small_network_has_a_report() {
    let study = small(true, true);
    let (directory, html) = report("small", &study);
    for name in FIGURES {
        assert!(html.contains(&format!("<figure id=\"{name}\">")), "{name}");
    }
    assert!(html.contains("Made-up study &lt;of the test&gt;") && html.contains("A note &amp; its &lt;mark&gt;."));
    assert!(!html.contains("<figure id=\"recurrence\">"), "there is no baseline");
    assert!(html.contains("No condition was held out"));
    for lesion in study.lesions.iter().filter(|l| smallest_p(l, &study.subject.problem.population) > 0.05) {
        assert!(html.contains(&format!("{} (p is at least ", lesion.name)), "too few cells to find any effect");
    }
    assert_cells_are_the_data(&directory, &study);
    assert_dots_are_the_data(&directory, &study, |_, _| false);

    let d = study.subject.dims();
    let csv = std::fs::read_to_string(directory.join("trajectories.csv")).unwrap();
    let points: usize = study.subject.problem.bins.iter().sum();
    let networks = csv.lines().skip(1).filter_map(|l| l.split(',').nth(1)).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(networks.len(), 4, "the intact network and three lesions");
    assert_eq!(csv.lines().count(), 1 + points * networks.len() * study.subject.problem.population.areas().len());
    let csv = std::fs::read_to_string(directory.join("current_traces.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + points * study.anatomy.currents.traces.len());
    let trace = &study.anatomy.currents.traces[0];
    let start = format!("{},{},", study.subject.conditions[1].name, trace.source.source);
    let rows: Vec<&str> = csv.lines().filter(|l| l.starts_with(&start)).collect();
    let written: f64 = rows[2].split(',').next_back().unwrap().parse().unwrap();
    // Tables hold seven digits.
    assert!((written - trace.values[d.bins + 2]).abs() <= 1e-6 * written.abs(), "{}", rows[2]);
}

/// Projections on orthonormal axes: the variances of the scores are the parts that the figure's axes name, in order.
#[test]
fn the_first_component_varies_most() {
    let (directory, _) = report("components", &small(true, false));
    let csv = std::fs::read_to_string(directory.join("trajectories.csv")).unwrap();
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|l| l.split(',').collect()).collect();
    let variance = |k: usize| {
        let own = rows.iter().filter(|r| r[1] == "intact" && r[2] == "AIP");
        let values: Vec<f64> = own.map(|r| r[5 + k].parse().unwrap()).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!(mean.abs() < 1e-4, "scores of the fitted rows are centred: {mean}");
        values.iter().map(|v| (v - mean).powi(2)).sum::<f64>()
    };
    assert!(variance(0) > variance(1) && variance(1) > variance(2) && variance(2) > 0.0);
}

#[test]
fn without_readouts_and_mirror_mask_there_is_less_to_show() {
    let mut study = small(false, false);
    study.held_out = Some(held_out(None));
    let (directory, html) = report("plain", &study);
    for name in ["decoding", "decoding-anew", "cross-decoding", "single-cells"] {
        assert!(!html.contains(&format!("<figure id=\"{name}\">")), "{name}");
    }
    assert!(html.contains("on 1 held-out condition: R² unknown"));
    // A lesion of a whole area and type spares no like cell.
    assert!(html.contains("Without controls to compare with: AIP excitatory, AIP inhibitory, "));
    let svg = std::fs::read_to_string(directory.join("figures/effects.svg")).unwrap();
    let dashes = texts(&svg).iter().filter(|t| *t == "–").count();
    assert_eq!(dashes, 6 * 9, "lesions × (R² of all and 3 areas, distance, 2 radii, kick, saturation)");
}

/// Lesions without neurons, without controls, and measures that are not numbers.
#[test]
fn what_is_undefined_is_a_dash() {
    let mut study = small(true, true);
    study.lesions[0].neurons.clear();
    study.outcomes[0].controls = None;
    study.outcomes[1].controls = None;
    for outcome in &mut study.outcomes[..3] {
        outcome.whole.iter_mut().for_each(|v| *v = f64::NAN);
    }
    if let Some(controls) = &mut study.outcomes[2].controls {
        controls.sets.iter_mut().chain(&mut controls.subsets).flatten().for_each(|v| *v = f64::NAN);
    }
    study.cells.iter_mut().flat_map(|c| &mut c.damages).flatten().step_by(50).for_each(|v| *v = f64::NAN);
    let fit = study.keys.iter().position(|k| k.measure == "r2_change" && k.scope == "all").unwrap();
    study.cells[0].damages[0][fit] = f64::NAN;
    let population = study.subject.problem.population.clone();
    study.effects = effects(&study.lesions, &study.outcomes, &study.cells, &study.keys, &population, 2);
    study.intact.iter_mut().for_each(|(_, _, v)| *v = f64::NAN);
    study.decoding.iter_mut().step_by(3).for_each(|r| r.score.accuracy = f64::NAN);
    study.decoding.iter_mut().for_each(|r| r.chance = None);
    study.lesioned_rates.iter_mut().flatten().step_by(7).for_each(|r| *r = f32::NAN);
    study.anatomy.connectivity.connections.iter_mut().for_each(|r| r.mean = f64::NAN);
    study.anatomy.connectivity.balance.iter_mut().for_each(|r| r.local_ratio = f64::INFINITY);
    study.anatomy.currents.rows.iter_mut().for_each(|r| r.share = f64::NAN);
    study.anatomy.currents.traces.iter_mut().flat_map(|t| &mut t.values).for_each(|v| *v = f64::NAN);
    study.anatomy.motifs.iter_mut().for_each(|m| (m.null_mean, m.null_sd, m.z) = (0.0, 0.0, f64::NAN));
    study.anatomy.motif_q.iter_mut().for_each(|q| *q = f64::NAN);
    study.recurrence = vec![RecurrenceRow { scope: "all".into(), model: f64::NAN, input_only: f64::NAN }];
    let (directory, html) = report("undefined", &study);
    assert_dots_are_the_data(&directory, &study, |_, _| false);
    let found = texts(&std::fs::read_to_string(directory.join("figures/single-cells.svg")).unwrap());
    assert!(found.windows(3).any(|t| t == ["–", "–", "–"]), "a cell without a value cannot be ranked: {found:?}");
    let (first, second) = (&study.lesions[0].name, &study.lesions[1].name);
    assert!(html.contains(&format!("Without neurons: {first}.")));
    let sentence = html.split("Without controls to compare with: ").nth(1).unwrap().split("</li>").next().unwrap();
    assert!(sentence.contains(second.as_str()), "{sentence}");

    study.lesions.clear();
    study.outcomes.clear();
    study.effects.clear();
    study.lesioned_rates.clear();
    let (_, html) = report("no-lesions", &study);
    for name in ["effects", "single-cells"] {
        assert!(!html.contains(&format!("<figure id=\"{name}\">")), "{name}");
    }
}

/// Lesions as users make them: not silence, in a window, several areas and types at once, and some in another manner.
#[test]
fn lesions_of_any_kind_have_rows_of_single_cells() {
    let mut study = small(true, false);
    let others: Vec<usize> = study.lesions[2..4].iter().flat_map(|l| l.neurons.clone()).collect();
    study.lesions[0].neurons.extend(&others);
    study.lesions[0].neurons.sort_unstable();
    let silenced = study.cells[0].clone();
    for lesion in study.lesions[..11].iter_mut().chain([&mut study.cells[0].lesion]) {
        (lesion.from, lesion.mode) = (14, Mode::Mean);
    }
    study.cells.push(silenced);
    let population = study.subject.problem.population.clone();
    study.effects = effects(&study.lesions, &study.outcomes, &study.cells, &study.keys, &population, 2);
    let (directory, html) = report("any-lesions", &study);
    // The first spares no inhibitory cell of its area.
    assert_dots_are_the_data(&directory, &study, |l, i| l == 0 && others.contains(&i));
    let found = texts(&std::fs::read_to_string(directory.join("figures/single-cells.svg")).unwrap());
    assert!(found.contains(&"Harm of losing each cell alone (mean, in steps 4–24 after the warm-up)".to_string()));
    assert!(html.contains("Cells were lesioned in 2 manners; shown is: mean, in steps 4–24 after the warm-up."));

    study.cells[0].damages.pop();
    let report = PerturbationReport { title: "", choices: &[], study: &study, notes: &[] };
    let message = write(&directory.join("report.html"), &report).unwrap_err().to_string();
    assert!(message.starts_with("report: expected 48 single cells, found 47"), "{message}");
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let mut study = small(false, false);
    study.lesioned_rates.pop();
    let report = PerturbationReport { title: "", choices: &[], study: &study, notes: &[] };
    let message = write(&PathBuf::from("unused/report.html"), &report).unwrap_err().to_string();
    assert_eq!(message, "report: expected 6 sets of lesioned rates, found 5.");
}

fn held_out(r2: Option<f64>) -> HeldOutSummary {
    let scores = |r2: Option<f64>| HeldOutScores { r2, median_r2: r2, r2_by_condition: vec![r2] };
    HeldOutSummary {
        conditions: vec!["observe no-go ring".into()],
        model: scores(r2),
        baseline: HeldOutBaselines {
            mean_rate: scores(Some(0.0)),
            input_only: Some(scores(Some(0.31))),
            siblings: Some(scores(Some(0.52))),
        },
        siblings: vec![vec!["observe no-go cube".into()]],
    }
}

#[test]
fn a_study_of_the_published_sizes_has_a_report() {
    let mut study = made_up();
    study.held_out = Some(held_out(Some(0.614)));
    study.anatomy.motif_q[0] = 0.01;
    let (directory, html) = report("reference", &study);
    for name in FIGURES.into_iter().chain(["recurrence"]) {
        assert!(html.contains(&format!("<figure id=\"{name}\">")), "{name}");
    }
    assert_cells_are_the_data(&directory, &study);
    assert_dots_are_the_data(&directory, &study, |_, _| false);
    // An asterisk is about labels dealt, nothing else.
    let motifs = std::fs::read_to_string(directory.join("figures/motifs.svg")).unwrap();
    assert!(texts(&motifs).iter().all(|t| !t.contains('*')), "the first motif has q < 0.05 of rewired networks");
    assert!(html.contains("on 1 held-out condition: R² 0.61"));
    let subsampled = study.outcomes.iter().position(|o| o.controls.as_ref().is_some_and(|c| c.drawn.size < o.size));
    let name = &study.lesions[subsampled.unwrap()].name;
    assert!(html.contains(&format!("{name} (")), "{name} is named as subsampled");
    // A page that can be mailed.
    assert!(html.len() < 6_000_000, "{} bytes", html.len());
}

#[test]
fn several_runs_have_a_report() {
    let study = made_up();
    for count in [6, 20] {
        let mut runs = Runs::new(&study, count);
        let fit = study.keys.iter().position(|k| k.measure == "r2_change" && k.scope == "all").unwrap();
        // A lesion that spares no like cells has no superiority.
        let unknown = |r: &&mut SeedRow| r.lesion == 2;
        let none = Interval { mean: f64::NAN, low: f64::NAN, high: f64::NAN };
        runs.rows.iter_mut().filter(unknown).for_each(|r| (r.superiority, r.p, r.q) = (none, f64::NAN, f64::NAN));
        let directory = directory(&format!("across-{count}"));
        write_across(&directory.join("report.html"), &runs.report(&study)).unwrap();
        let html = checked(&directory);
        for name in ["across-effects", "across-settings", "across-cells", "consistency"] {
            assert!(html.contains(&format!("<figure id=\"{name}\">")), "{name}");
        }
        let found = texts(&std::fs::read_to_string(directory.join("figures/across-cells.svg")).unwrap());
        let drawn: Vec<&SeedRow> =
            runs.rows.iter().filter(|r| r.measure == fit && r.setting != "all" && r.lesion != 2).collect();
        assert_eq!(drawn.len(), 2 * 10, "two settings, twelve lesions but an empty one and that without like cells");
        for r in drawn {
            let s = r.superiority;
            let found_to_matter = if r.q < 0.05 { " *" } else { "" };
            let note = format!("{:.2} ({:.2}–{:.2}){found_to_matter}", s.mean, s.low, s.high);
            assert!(found.contains(&note), "{note} of {found:?}");
        }
        assert_eq!(found.iter().filter(|t| *t == "–").count(), 4);
        assert_asterisks_are_q(&directory, &html, &runs, &study);
        // The six runs are three of either setting, too few for an interval; the twenty are ten.
        let few = "Too few runs for an interval, which takes 5: Dale, λ 0.001 (3) and unconstrained, λ 0.001 (3).";
        assert_eq!(html.contains(few), count == 6);
        // Numbers have room in matrices of few runs; every pair is in each matrix twice.
        let found = texts(&std::fs::read_to_string(directory.join("figures/consistency.svg")).unwrap());
        let decimals = found.iter().filter(|t| t.contains('.'));
        let numbers: Vec<f64> = decimals.filter_map(|t| t.replace('−', "-").parse().ok()).collect();
        for value in runs.consistency.iter().flat_map(|r| [r.weights, r.effects, r.cells]) {
            // Two significant digits.
            let digit = 10_f64.powf(value.abs().log10().floor() - 1.0);
            let times = numbers.iter().filter(|n| (*n - value).abs() <= 0.5 * digit + 1e-9).count();
            assert!(if count == 6 { times >= 2 } else { times == 0 }, "{value}: {times} of {found:?}");
        }
    }
}

/// Only the second lesion has q < 0.05, in every measure: it has all asterisks, and the first sentence, although intervals of
/// others lie beside zero.
fn assert_asterisks_are_q(directory: &std::path::Path, html: &str, runs: &Runs, study: &Study) {
    assert!(runs.rows.iter().all(|r| r.lesion == 1 || r.q.is_nan() || r.q >= 0.05));
    assert!(runs.rows.iter().any(|r| r.lesion != 1 && (r.effect.low > 0.0 || r.effect.high < 0.0)));
    let found = texts(&std::fs::read_to_string(directory.join("figures/across-effects.svg")).unwrap());
    let at = |l: usize| found.iter().position(|t| *t == study.lesions[l].name).unwrap();
    let (own, next) = (at(1), at(2));
    let starred: Vec<usize> = (0..found.len()).filter(|t| found[*t].ends_with(" *")).collect();
    assert!(starred.len() > 8 && starred.iter().all(|t| (own..next).contains(t)), "{found:?}");
    let sentence = html.split("<li>").nth(1).unwrap();
    let start = format!(
        "Lesioned alone, cells of {} harm more than like cells in {n} of {n} ",
        study.lesions[1].name,
        n = study.keys.len()
    );
    assert!(sentence.starts_with(&start), "{sentence}");
    assert_eq!(html.matches("Lesioned alone, cells of ").count(), 1);
}

#[test]
fn one_run_has_neither_intervals_nor_pairs() {
    let study = made_up();
    let mut runs = Runs::new(&study, 2);
    runs.rows.retain(|r| r.setting == "all");
    for r in &mut runs.rows {
        (r.runs, r.same_sign) = (1, 1.0);
        for interval in [&mut r.effect, &mut r.value, &mut r.superiority] {
            (interval.low, interval.high) = (f64::NAN, f64::NAN);
        }
    }
    let mut one = AcrossReport { consistency: &[], ..runs.report(&study) };
    (one.names, one.settings) = (&runs.names[..1], &runs.settings[..1]);
    let directory = directory("one-run");
    write_across(&directory.join("report.html"), &one).unwrap();
    assert!(!checked(&directory).contains("<figure id=\"consistency\">"));
    let found = texts(&std::fs::read_to_string(directory.join("figures/across-cells.svg")).unwrap());
    let superiority = format!("{:.2}", runs.rows[0].superiority.mean);
    assert!(
        found.contains(&superiority) && found.contains(&"all (1 run: too few for an interval)".into()),
        "{found:?}"
    );
    assert!(found.iter().all(|t| !t.contains('(') || t.contains("harm") || t.contains("too few")), "{found:?}");

    let wrong = AcrossReport { lesions: &study.lesions[..3], ..one };
    assert!(write_across(&directory.join("report.html"), &wrong).is_err());
    let mut untested = runs.rows.clone();
    for r in &mut untested {
        r.superiority.mean = f64::NAN;
    }
    write_across(&directory.join("report.html"), &AcrossReport { rows: &untested, ..one }).unwrap();
    let html = std::fs::read_to_string(directory.join("report.html")).unwrap();
    assert!(!html.contains("<figure id=\"across-cells\">"), "no single cells");
}
