//! The report of a sweep, of made-up ones. Pages stay in the build directory (`sweep/*/report.html` under
//! `CARGO_TARGET_TMPDIR`), to be looked at.

mod common;
mod made_up_sweeps;

use aon::report::sweep::{
    AxisKind, Halving, Run, RunState, Rung, Setting, SweepReport, best_paths, best_text, curves, runs_csv, standings,
    table_text, write,
};
use aon::rng::{Rng, Stream};
use made_up_sweeps::{Kind, axis, empty, large, number, objective, run, text};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Writes the report, checks what holds for all, and returns its directory and its page.
fn page(name: &str, report: &SweepReport) -> (PathBuf, String) {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sweep").join(name);
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    write(&directory.join("report.html"), report).unwrap();
    let html = std::fs::read_to_string(directory.join("report.html")).unwrap();
    common::assert_well_formed(&html);
    for outside in ["http:", "https:", "src=", "<script", "@import", "url("] {
        assert!(!html.contains(outside), "{name}: the page refers to {outside}");
    }
    let words = html.split("</style>").nth(1).unwrap().replace("loss is NaN", "").replace("inferior", "");
    for bad in ["NaN", "inf ", "inf<", "-0<", "…  of"] {
        assert!(!words.contains(bad), "{name}: the page says {bad}");
    }
    let figures = std::fs::read_dir(directory.join("figures")).unwrap();
    for file in figures {
        let path = file.unwrap().path();
        let svg = std::fs::read_to_string(&path).unwrap();
        common::assert_well_formed(&svg);
        assert!(!svg.contains("var(") && !svg.contains("NaN"), "{}", path.display());
        let figure = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(html.matches(&format!("<figure id=\"{figure}\">")).count(), 1, "{figure}");
        assert_eq!(html.matches(&format!("<title id=\"{figure}-title\">")).count(), 1, "{figure}: text alternative");
    }
    (directory, html)
}

/// Page and tables of any sweep can be made.
fn everything(name: &str, report: &SweepReport) -> String {
    let (_, html) = page(name, report);
    let rows = cells(&runs_csv(report));
    assert!(rows.iter().all(|row| row.len() == rows[0].len()) && rows.len() == report.runs.len() + 1, "{name}");
    assert_eq!(curves(report).len(), 5);
    let table = table_text(report, None, None).unwrap();
    assert_eq!(table.lines().count(), report.settings.len() + 1, "{name}:\n{table}");
    assert!(!table.contains("NaN") && !best_text(report, 3).contains("NaN"), "{name}:\n{table}");
    html
}

/// The fields of a table in CSV (RFC 4180).
fn cells(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut field, mut quoted) = (vec![vec![]], String::new(), false);
    let mut letters = csv.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '"' if quoted && letters.peek() == Some(&'"') => field.push(letters.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => rows.last_mut().unwrap().push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                rows.last_mut().unwrap().push(std::mem::take(&mut field));
                rows.push(vec![]);
            }
            c => field.push(c),
        }
    }
    assert!(!quoted && rows.pop().unwrap().is_empty(), "the last line ends");
    rows
}

/// A sweep over some learning rates and two choices, with `value` of setting and seed.
fn grid(rates: &[f64], seeds: u64, value: impl Fn(usize, u64) -> f64) -> SweepReport {
    let mut sweep = empty("median_r2");
    sweep.axes = vec![axis("training.learning_rate", AxisKind::Log), axis("network.dale", AxisKind::Choice)];
    for rate in rates {
        for dale in ["presynaptic", "postsynaptic"] {
            sweep.settings.push(Setting { values: vec![number(*rate), text(dale)], group: 0 });
        }
    }
    for setting in 0..sweep.settings.len() {
        sweep.runs.extend((1..=seeds).map(|seed| run(setting, seed, value(setting, seed))));
    }
    sweep
}

fn noise(setting: usize, seed: u64) -> f64 {
    0.01 * Rng::new(seed, setting as u32, Stream::Synthetic).normal(0)
}

const LARGE: Kind = Kind { points: 24, seeds: 3, steps: 300, halves: false, confirms: true };

#[test]
fn a_confirmed_sweep_has_its_result_first() {
    let report = large(LARGE);
    let html = everything("confirmed", &report);
    let lead = html.split("class=\"lead\">").nth(1).unwrap().split("</p>").next().unwrap();
    assert!(lead.starts_with("Best among the 3 that were confirmed: learning_rate "), "{lead}");
    assert!(lead.contains("dale p") && lead.contains("firing_rates, inhibitory_mask monkey_a"), "{lead}");
    assert!(lead.contains("on fresh seeds") && lead.contains("optimistic"), "{lead}");
    for figure in ["by-setting", "parallel", "learning", "shares", "failures"] {
        assert!(html.contains(&format!("<figure id=\"{figure}\">")), "{figure}");
    }
    for words in ["the loss is NaN", "gpu (NVIDIA)", "lie beyond the axis", "input-only", "Two processes trained it."] {
        assert!(html.contains(words), "{words}");
    }
    let found = html.split("<h2>What was found</h2>").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(found.contains("learning_rate (") && found.contains("not found to matter: dale"), "{found}");
    assert!(found.contains("Of 318 runs of 96 settings"), "{found}");
    assert_eq!(html, page("again", &report).1, "a page is a function of its data");
}

#[test]
fn a_thousand_runs_make_a_page_that_is_small_and_soon_there() {
    let report = large(Kind { points: 84, seeds: 3, ..LARGE });
    assert!(report.runs.len() >= 1000);
    let start = std::time::Instant::now();
    let (_, html) = page("thousand", &report);
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = html.len() as f64 / 1e6;
    eprintln!("{} runs: {seconds:.2} s, {megabytes:.2} MB", report.runs.len());
    // Well below 2 s where nothing else runs.
    assert!(seconds < 6.0 && megabytes < 2.0, "{seconds} s, {megabytes} MB");
    assert!(html.contains("other settings 111 are drawn"), "what is thinned out is said");
}

#[test]
fn halving_is_told_with_what_it_does_to_conclusions() {
    let report = large(Kind { halves: true, confirms: false, ..LARGE });
    let html = everything("halved", &report);
    let table = html.split("<h2>Halving</h2>").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(table.contains("favours settings that start fast") && table.contains("34 %"), "{table}");
    for (rung, step) in [30, 100].into_iter().enumerate() {
        let settings = |is: &dyn Fn(&Run) -> bool| {
            report.runs.iter().filter(|r| is(r)).map(|r| r.setting).collect::<BTreeSet<_>>().len()
        };
        let reached = settings(&|r| r.rung_values.get(rung).is_some_and(Option::is_some));
        let halved = settings(&|r| r.reason == format!("halved at step {step}"));
        let row = [step, reached, halved].map(|n| format!("<td class=\"number\">{n}</td>")).concat();
        assert!(halved > 10 && table.contains(&row), "{row}: {table}");
    }
    assert!(
        html.contains("loss at step 30") && html.contains("therefore too good"),
        "conclusions are of what all reached"
    );
    assert!(table_text(&report, None, None).unwrap().contains("halved"));
}

/// Losses at the rung in the order of the objectives at the end but for the first two of four: ρ = 1 − 6 · 2 / (4 · 15).
#[test]
fn rungs_are_compared_with_the_end() {
    let mut report = grid(&[0.01, 0.1, 1.0], 2, |s, k| 0.9 - 0.1 * s as f64 + 0.001 * k as f64);
    let rungs = vec![Rung { step: 5 }];
    report.halving = Some(Halving { measure: objective("loss"), keep: 0.67, rungs });
    for run in &mut report.runs {
        run.rung_values = vec![Some([2.0, 1.0, 3.0, 4.0, 5.0, 6.0][run.setting] + 0.001 * run.seed as f64)];
        if run.setting > 3 {
            (run.state, run.objective) = (RunState::Halved, Some(0.1));
        }
    }
    let html = everything("rungs", &report);
    let row = ["5", "6", "2", "0.80", "4"].map(|n| format!("<td class=\"number\">{n}</td>")).concat();
    assert!(html.contains(&row), "{row}");
    assert!(standings(&report).iter().skip(4).all(|s| s.halved && !s.is_ranked()));
}

#[test]
fn the_confirmation_decides() {
    let mut report = grid(&[0.01, 0.1, 1.0], 3, |s, k| 0.5 + 0.05 * s as f64 + noise(s, k));
    report.confirms = true;
    assert_eq!(standings(&report)[0].setting, 5);
    assert!(everything("unconfirmed", &report).contains("confirmation on fresh seeds has not ended yet"));
    for seed in 11..=14 {
        // The winner of the search was lucky.
        report.runs.push(Run { confirmation: true, ..run(5, seed, 0.6 + noise(5, seed)) });
        report.runs.push(Run { confirmation: true, ..run(4, seed, 0.7 + noise(4, seed)) });
    }
    let order: Vec<usize> = standings(&report).iter().map(|s| s.setting).collect();
    assert_eq!(order, [4, 5, 3, 2, 1, 0]);
    let html = everything("overtaken", &report);
    assert!(html.contains("told from the other confirmed setting"), "0.7 and 0.6 lie far apart");
    let paths = best_paths(&report, 1);
    assert!(paths.len() == 4 && paths.iter().all(|p| p.to_str().unwrap().contains("0004-1")), "{paths:?}");
    let best = best_text(&report, 1);
    assert!(best.contains("fresh seeds  0.7") && best.contains("out/sweep/runs/0004-11"), "{best}");
}

#[test]
fn overlapping_intervals_are_no_ranking() {
    let html = everything("equal-settings", &grid(&[0.01, 0.1, 1.0], 3, |s, k| 0.7 + noise(s, k)));
    assert!(html.contains("Which setting is best is not known: of the other 5, the 95 % intervals of 5 over seeds"));
    assert!(html.contains("No axis was found to matter for the median R²"), "nothing was planted");
    let html = everything("single-seeds", &grid(&[0.01, 0.1, 1.0], 1, |s, k| 0.1 * s as f64 + noise(s, k)));
    assert!(html.contains("the best has one seed with a value") && html.contains("(one seed: no interval)"));
    assert!(html.contains("cannot be told without two seeds"));
}

#[test]
fn seeds_that_diverge_count_as_worst() {
    let mut report = grid(&[0.01, 0.1], 3, |s, k| 0.6 + 0.1 * s as f64 + noise(s, k));
    for run in report.runs.iter_mut().filter(|r| (r.setting == 3 && r.seed > 1) || (r.setting == 2 && r.seed > 2)) {
        (run.state, run.objective, run.divergence) = (RunState::Diverged, None, Some("step 3: loss".into()));
    }
    let all = standings(&report);
    // Two of three diverged: last, whatever the third; one of three: the lower of the others.
    assert_eq!(all.iter().map(|s| s.setting).collect::<Vec<_>>(), [2, 1, 0, 3]);
    assert!(all[3].search.fails && !all[3].is_ranked() && all[0].search.diverged == 1);
    let lower = all[0].search.values.iter().map(|(_, v)| *v).fold(f64::INFINITY, f64::min);
    assert_eq!(all[0].search.median, lower);
    let html = everything("corner", &report);
    assert!(html.contains("2 of 3") || html.contains("2 of 6"), "what failed where");
    assert!(html.contains("and 1 seed that diverged"));
}

#[test]
fn held_out_conditions_are_no_replicates() {
    let mut report = grid(&[0.01, 0.1], 2, |_, _| 0.0);
    report.objective = objective("held_out_r2");
    let folds = ["reach", "grasp", "hold"];
    let runs = report.runs.clone();
    report.runs = runs
        .iter()
        .flat_map(|r| {
            folds.iter().enumerate().map(|(k, fold)| {
                let value = 0.1 * r.setting as f64 + 0.01 * r.seed as f64 + k as f64;
                let hash = format!("{}-{fold}", r.hash);
                Run {
                    hash,
                    hold_out: Some((*fold).to_string()),
                    objective: Some(value),
                    held_out_r2: Some(value),
                    input_only_held_out_r2: Some(-0.2),
                    ..r.clone()
                }
            })
        })
        .collect();
    let all = standings(&report);
    assert_eq!((all[0].setting, all[0].search.values.len()), (3, 2));
    assert!((all[0].search.median - 1.315).abs() < 1e-12, "{:?}", all[0].search);
    let html = everything("held-out", &report);
    assert!(html.contains("Held-out R²") && html.contains("−0.20"), "input-only beside it");
    // A seed without one of its conditions is not comparable.
    let last = report.runs.len() - 1;
    report.runs[last].state = RunState::Training;
    report.runs[last].objective = None;
    let best = standings(&report).into_iter().find(|s| s.setting == 3).unwrap();
    assert_eq!((best.search.values.len(), best.search.missing), (1, 1));
    assert!(everything("held-out-missing", &report).contains("1 is missing (1 training)"));
}

#[test]
fn lower_is_better_where_it_is() {
    let mut report = grid(&[0.01, 0.1], 3, |s, k| 10.0f64.powi(s as i32) * (1.0 + noise(s, k)));
    report.objective = objective("loss");
    assert_eq!(standings(&report)[0].setting, 0);
    let html = everything("loss", &report);
    assert!(html.contains("lower is better") && !html.contains("the same, input-only"));
}

#[test]
fn strange_sweeps_have_a_page() {
    assert!(everything("nothing", &empty("median_r2")).contains("There are no runs."));
    let mut one = grid(&[0.1], 1, |_, _| 0.5);
    one.settings.truncate(1);
    one.runs.truncate(1);
    one.axes.truncate(1);
    one.settings[0].values.truncate(1);
    assert!(everything("one-run", &one).contains("the only setting"));
    let mut waiting = grid(&[0.1, 1.0], 3, |_, _| 0.5);
    for run in &mut waiting.runs {
        (run.state, run.objective, run.median_r2, run.loss) = (RunState::Waiting, None, None, None);
    }
    let html = everything("waiting", &waiting);
    assert!(html.contains("No setting has a value") && html.contains("12 are missing (12 waiting)"));
    let html = everything("one-value", &grid(&[0.1], 3, |s, k| 0.5 + noise(s, k)));
    assert!(!html.contains("learning_rate"), "an axis with one value is no axis");
    assert!(everything("all-equal", &grid(&[0.1, 1.0, 10.0], 3, |_, _| 0.5)).contains("hardly one could be"));
    let html = everything("nan", &grid(&[0.1, 1.0], 2, |s, _| if s == 1 { f64::NAN } else { f64::INFINITY }));
    assert!(html.contains("8 runs ended without a median R² that is a number"));
    let mut failing = grid(&[0.1, 1.0], 2, |_, _| 0.5);
    failing.runs.iter_mut().for_each(|r| (r.state, r.objective) = (RunState::Diverged, None));
    assert!(everything("all-diverged", &failing).contains("No setting has a value"));
    let mut huge = grid(&[1e-300, 1e300], 3, |s, k| 1e300 * (s as f64 - 1.0) + noise(s, k));
    huge.runs[0].losses = vec![0.0, -1.0, f32::MAX, f32::INFINITY];
    huge.runs[0].seconds = f64::NAN;
    everything("huge", &huge);
}

/// Names that would break a page, a table or a terminal.
const HOSTILE: [&str; 5] =
    ["<script>alert(1)</script>", "a,\"b\"\nc", "\u{202e}שלום\u{1b}[2J", "", "=HYPERLINK(\"http\")&amp;"];

#[test]
fn names_break_nothing() {
    let mut report = empty("median_r2");
    report.title = HOSTILE[0].into();
    report.notes = HOSTILE.map(String::from).to_vec();
    report.choices = vec![(HOSTILE[0].into(), HOSTILE[1].into())];
    report.objective.label = HOSTILE[0].into();
    report.axes = vec![axis(HOSTILE[1], AxisKind::Choice), axis("seed", AxisKind::Choice), axis("", AxisKind::Log)];
    for (k, name) in HOSTILE.into_iter().enumerate() {
        report.settings.push(Setting { values: vec![text(name), number(k as f64), text("x")], group: 0 });
        for seed in 0..3 {
            let mut run = run(k, seed, 0.1 * k as f64 + noise(k, seed));
            (run.host, run.engine, run.reason) = (name.into(), HOSTILE[0].into(), name.into());
            (run.hold_out, run.path) = (Some(HOSTILE[1].into()), name.into());
            if k == 2 {
                (run.state, run.objective, run.divergence) = (RunState::Diverged, None, Some(name.into()));
            }
            report.runs.push(run);
        }
    }
    let html = everything("hostile", &report);
    assert!(!html.contains("\u{202e}") && !html.contains('\u{1b}') && html.contains("&lt;script&gt;"));
    let rows = cells(&runs_csv(&report));
    assert_eq!(rows[0][2..6], [HOSTILE[1], "seed_", "", "seed"]);
    let told: Vec<&str> = rows[1..].iter().step_by(3).map(|row| row[2].as_str()).collect();
    assert_eq!(told, HOSTILE, "texts come back as they were");
    let reason = rows[0].iter().position(|c| c == "reason").unwrap();
    assert_eq!(rows[4][reason], "a,\"b\" c", "reasons are in one line");
    assert!(table_text(&report, None, None).unwrap().chars().all(|c| c == '\n' || !c.is_control()));
}

#[test]
fn tables_are_the_data() {
    let mut report = grid(&[0.01, 0.1], 2, |s, k| 0.5 + 0.1 * s as f64 + 0.01 * k as f64);
    report.runs[1].losses = vec![3.0, 2.0, 1.5];
    report.runs[2].losses = vec![4.0];
    report.runs[3].objective = None;
    let rows = cells(&runs_csv(&report));
    let column = |name: &str| rows[0].iter().position(|c| c == name).unwrap();
    let of = |row: usize, name: &str| rows[row][column(name)].as_str();
    assert_eq!((of(1, "training.learning_rate"), of(1, "network.dale"), of(1, "seed")), ("0.01", "presynaptic", "1"));
    assert_eq!((of(8, "setting"), of(8, "phase"), of(8, "state"), of(8, "hold_out")), ("4", "search", "ended", ""));
    assert_eq!(
        (of(8, "objective").parse(), of(4, "objective"), of(2, "input_only_r2").parse()),
        (Ok(0.82), "", Ok(0.55))
    );
    let arrays = curves(&report);
    let aon::data::Values::F32(losses) = &arrays[0].values else { panic!("losses are single") };
    assert_eq!(losses.shape(), [8, 3]);
    assert_eq!([losses[[1, 0]], losses[[1, 2]], losses[[2, 0]]], [3.0, 1.5, 4.0]);
    assert!(losses[[2, 1]].is_nan() && losses[[0, 0]].is_nan());
    let aon::data::Values::U8(hashes) = &arrays[4].values else { panic!("hashes are bytes") };
    let hash: Vec<u8> = hashes.outer_iter().nth(3).unwrap().iter().copied().collect();
    assert_eq!(hash, report.runs[3].hash.as_bytes());
}

#[test]
fn tables_sort_by_every_column_and_refuse_others() {
    let report = grid(&[0.1, 0.01, 1.0], 2, |s, k| if s == 4 { f64::NAN } else { 0.5 + 0.1 * s as f64 + noise(s, k) });
    let firsts = |sort: &str| -> Vec<String> {
        let table = table_text(&report, Some(sort), None).unwrap();
        table.lines().skip(1).map(|l| l.split_whitespace().nth(1).unwrap().to_string()).collect()
    };
    assert_eq!(firsts("rank"), ["1", "0.01", "0.01", "0.1", "0.1", "1"]);
    assert_eq!(firsts("learning_rate"), ["0.01", "0.01", "0.1", "0.1", "1", "1"]);
    assert_eq!(firsts("training.learning_rate"), firsts("learning_rate"));
    for key in ["search", "confirmed", "seeds", "r2", "held_out_r2", "loss", "seconds", "dale"] {
        assert_eq!(firsts(key).len(), 6, "{key}");
    }
    let short = table_text(&report, None, Some(2)).unwrap();
    assert_eq!(short.lines().last(), Some("… 2 of 6 settings"));
    let error = table_text(&report, Some("learning"), None).unwrap_err();
    assert!(
        error.exit_code() == 2
            && error.to_string().contains("held_out_r2")
            && error.to_string().contains("learning_rate")
    );
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.html");
    let whole = grid(&[0.1, 1.0], 2, |_, _| 0.5);
    let broken: [fn(&mut SweepReport); 3] =
        [|r| r.runs[0].setting = 4, |r| r.settings[1].values.truncate(1), |r| r.runs[0].rung_values = vec![Some(1.0)]];
    for break_it in broken {
        let mut report = whole.clone();
        break_it(&mut report);
        let error = write(&path, &report).unwrap_err();
        assert!(error.exit_code() == 1 && error.to_string().starts_with("report: "), "{error}");
        assert!(!path.exists());
    }
}

/// Every seed is a dot in the panel of every axis; clipped ones are triangles, and said.
#[test]
fn dots_are_the_data() {
    let report = grid(&[0.01, 0.1, 1.0, 10.0], 3, |s, k| if s == 5 && k == 2 { -50.0 } else { 0.7 + noise(s, k) });
    let (directory, html) = page("dots", &report);
    let svg = std::fs::read_to_string(directory.join("figures/by-setting.svg")).unwrap();
    // One of 24 seeds lies beyond; one dot is in the legend.
    assert_eq!((svg.matches("<circle").count(), svg.matches("<polygon").count()), (2 * 23 + 1, 2));
    assert!(html.contains("One dot lies beyond the axis, at −50: a triangle at its edge."));
}
