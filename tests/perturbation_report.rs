//! The reports of perturbation studies: of a small network that is really perturbed, and of a made-up study of the
//! published sizes. They stay in the build directory (`perturbation/*/report.html` under `CARGO_TARGET_TMPDIR`), to be
//! looked at.

mod common;
mod perturbation_studies;

use aon::analysis::{HeldOutBaselines, HeldOutScores, HeldOutSummary};
use aon::perturb::{ConsistencyRow, RecurrenceRow, SeedRow, Study, effects, smallest_p};
use aon::report::perturbation::{AcrossReport, PerturbationReport, write, write_across};
use aon::rng::{Rng, Stream};
use perturbation_studies::made_up::{made_up, normal};
use perturbation_studies::small::small;
use std::path::PathBuf;

const FIGURES: [&str; 9] = [
    "effects",
    "intervals",
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
    for name in ["decoding", "decoding-anew", "cross-decoding"] {
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
    let (_, html) = report("undefined", &study);
    let (first, second) = (&study.lesions[0].name, &study.lesions[1].name);
    assert!(html.contains(&format!("Without neurons: {first}.")));
    let sentence = html.split("Without controls to compare with: ").nth(1).unwrap().split("</li>").next().unwrap();
    assert!(sentence.contains(second.as_str()), "{sentence}");

    study.lesions.clear();
    study.outcomes.clear();
    study.effects.clear();
    study.lesioned_rates.clear();
    let (_, html) = report("no-lesions", &study);
    assert!(!html.contains("<figure id=\"effects\">"));
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
    let (directory, html) = report("reference", &study);
    for name in FIGURES.into_iter().chain(["recurrence"]) {
        assert!(html.contains(&format!("<figure id=\"{name}\">")), "{name}");
    }
    assert_cells_are_the_data(&directory, &study);
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
    let (names, settings): (Vec<String>, Vec<String>) =
        (0..6).map(|k| (format!("seed-{k}"), ["Dale, λ 0.001", "unconstrained, λ 0.001"][k / 3].to_string())).unzip();
    let mut rows = Vec::new();
    for (s, setting) in ["all", &settings[0], &settings[5]].into_iter().enumerate() {
        for lesion in (0..study.lesions.len()).filter(|l| !study.lesions[*l].neurons.is_empty()) {
            for measure in 0..study.keys.len() {
                rows.push(seed_row(s, setting, lesion, measure));
            }
        }
    }
    let pairs = (0..6).flat_map(|a| (a + 1..6).map(move |b| (a, b)));
    let uniform = |k: usize| Rng::new(4, 0, Stream::Synthetic).uniform(k as u32);
    let consistency: Vec<ConsistencyRow> = pairs
        .enumerate()
        .map(|(k, runs)| ConsistencyRow {
            runs,
            weights: 0.3 * uniform(k) - 0.05,
            effects: 0.5 + 0.5 * uniform(k),
            cells: 0.8 * uniform(k + 100),
        })
        .collect();
    let report = AcrossReport {
        title: "Six made-up runs",
        choices: &[],
        names: &names,
        settings: &settings,
        lesions: &study.lesions,
        keys: &study.keys,
        rows: &rows,
        consistency: &consistency,
    };
    let directory = directory("across");
    write_across(&directory.join("report.html"), &report).unwrap();
    let html = checked(&directory);
    for name in ["across-effects", "across-settings", "consistency"] {
        assert!(html.contains(&format!("<figure id=\"{name}\">")), "{name}");
    }

    // One run: no intervals, no pairs.
    let mut rows: Vec<SeedRow> = rows.iter().filter(|r| r.setting == "all").cloned().collect();
    for r in &mut rows {
        (r.runs, r.same_sign) = (1, 1.0);
        (r.effect.low, r.effect.high, r.value.low, r.value.high) = (f64::NAN, f64::NAN, f64::NAN, f64::NAN);
    }
    let one = AcrossReport { names: &names[..1], settings: &settings[..1], rows: &rows, consistency: &[], ..report };
    let directory = self::directory("one-run");
    write_across(&directory.join("report.html"), &one).unwrap();
    assert!(!checked(&directory).contains("<figure id=\"consistency\">"));

    let wrong = AcrossReport { lesions: &study.lesions[..3], ..one };
    assert!(write_across(&directory.join("report.html"), &wrong).is_err());
}

fn seed_row(s: usize, setting: &str, lesion: usize, measure: usize) -> SeedRow {
    let k = 1000 * s + 97 * lesion + measure;
    let mean = 0.05 * normal(5, k) * if lesion.is_multiple_of(3) { 4.0 } else { 1.0 };
    let width = 0.04 + 0.02 * normal(6, k).abs();
    let interval = aon::analysis::statistics::Interval { mean, low: mean - width, high: mean + width };
    let runs = if s == 0 { 6 } else { 3 };
    let agreeing = (0.5 + mean.abs() * 5.0).min(1.0) * runs as f64;
    SeedRow {
        lesion,
        measure,
        setting: setting.into(),
        runs,
        value: interval,
        effect: interval,
        same_sign: agreeing.ceil() / runs as f64,
        superiority: aon::analysis::statistics::Interval { mean: 0.5 + mean, low: 0.4 + mean, high: 0.6 + mean },
    }
}
