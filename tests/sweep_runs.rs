//! Sweeps on the command line: what is trained, what is kept of it, and what going on with a sweep does.
#![allow(missing_docs)]

mod cli_support;
mod sweep_support;

use cli_support::{aon, history, json, resume};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use sweep_support::{Lab, copy_runs, essence, essences, files, names, of, runs, runs_csv, said, summary, times};

/// Two gains, two seeds.
const GAINS: &str = "seeds = 2\n[grid]\n'network.gain' = [0.1, 0.2]\n";

/// What is in the directory of a run that has ended.
const KEPT: [&str; 6] = ["best.safetensors", "config.toml", "fit.csv", "history.csv", "manifest.json", "summary.json"];

#[test]
fn a_run_is_a_directory_that_the_other_commands_take() {
    let lab = Lab::new();
    let sweep = lab.trained("sweep", &format!("{GAINS}[keep]\nreports = 1\n"), &[]);
    assert_eq!(names(&sweep.join("claims")), [""; 0]);
    assert_eq!(names(&sweep.join("alive")), [""; 0]);
    let all = runs(&sweep);
    let (pages, plain): (Vec<_>, Vec<_>) = all.iter().partition(|run| run.join("report.html").exists());
    assert_eq!((pages.len(), plain.len()), (1, 3));
    for run in &plain {
        let name = run.file_name().unwrap().to_str().unwrap();
        assert!(name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
        assert_eq!(names(run), KEPT);
        let summary = summary(run);
        for key in ["median_r2", "loss", "steps", "seed", "stop_reason", "seconds", "host", "engine", "groups"] {
            assert!(!summary[key].is_null(), "{key}: {summary}");
        }
        assert_eq!((history(run).len(), &summary["steps"]), (6, &6.into()));
        assert_eq!(json(&run.join("manifest.json"))["run"], summary["run"]);
    }
    assert_eq!(names(pages[0]).len(), KEPT.len() + 2, "the page and its figures");
    let run = plain[0];
    let before = essence(run);
    aon().args(["export", "--engine", "cpu"]).arg(run).assert().success();
    aon().args(["eval", "--engine", "cpu"]).arg(run).assert().success().stdout(contains("median R²"));
    aon().args(["eval", "--engine", "cpu", "--report"]).arg(run).assert().success();
    assert!(run.join("report.html").is_file());
    aon()
        .args(["perturb", "--engine", "cpu", "--controls", "0", "--trials", "0", "--output-dir"])
        .arg(lab.path("lesions"))
        .args([run, plain[1]])
        .assert()
        .success();
    resume(run, &[]).assert().code(2).stderr(contains("has ended after 6 steps (planned)").and(contains("--report")));
    assert_eq!(essence(run), before);

    let again = lab.path("again");
    aon().args(["train", "--config"]).arg(run.join("config.toml")).arg("--output-dir").arg(&again).assert().success();
    assert_eq!(essence(&again), before);
    assert_eq!(summary(&again)["run"], summary(run)["run"]);
}

/// The runs of a sweep that were begun and have not ended.
fn paused(sweep: &Path) -> Vec<PathBuf> {
    runs(sweep)
        .into_iter()
        .filter(|run| run.join("history.csv").exists() && !run.join("summary.json").exists())
        .collect()
}

#[test]
fn a_run_that_was_paused_may_be_ended_alone() {
    let lab = Lab::new();
    let spec = "seeds = 2\n[grid]\n'training.n_trials' = [250]\n[keep]\nreports = 0\n";
    let straight = lab.trained("straight", spec, &[]);
    let mut sweep = PathBuf::new();
    let found = (1..20).find_map(|k| {
        sweep = lab.path(&format!("parts-{k}"));
        let budget = format!("{}ms", 100 * k);
        let name = format!("parts-{k}");
        let mut run = lab.say(&name, spec, &["--places", "1", "--budget", &budget]);
        run.assert().success();
        paused(&sweep).into_iter().next()
    });
    let run = found.expect("no run was paused");
    resume(&run, &["--engine", "cpu"]).assert().success().stdout(contains("resumed after step"));
    assert_eq!(essence(&run), essence(&straight.join("runs").join(run.file_name().unwrap())));
    let mut before = times(&run);
    let name = sweep.file_name().unwrap().to_str().unwrap();
    lab.run(name, spec, &[]).assert().success();
    let now = times(&run);
    before.retain(|file, _| now.contains_key(file));
    assert!(now == before, "what is left of it was not written again");
    assert!(essences(&sweep) == essences(&straight));
    assert_eq!(runs_csv(&sweep).len(), 2);
}

#[test]
fn a_sweep_goes_on_with_what_is_there_and_no_more() {
    let lab = Lab::new();
    let spec = format!("{GAINS}[keep]\nreports = 0\n");
    let sweep = lab.trained("sweep", &spec, &[]);
    let (before, kept) = (times(&sweep.join("runs")), files(&sweep));
    lab.say("sweep", &spec, &[]).assert().success().stdout(contains("4 runs, 4 have ended already"));
    assert_eq!(times(&sweep.join("runs")), before);
    let now = files(&sweep);
    for file in ["runs.csv", "curves.npz", "report.html", "sweep.toml"] {
        assert!(now[file] == kept[file], "{file}");
    }

    let changed = spec.replace("0.1, 0.2", "0.2, 0.3");
    let refused = lab.run("sweep", &changed, &[]);
    let differs = contains("holds a sweep of another specification").and(contains("grid.network.gain"));
    let values = contains("[0.2, 0.3]").and(contains("[0.1, 0.2]")).and(contains("--change"));
    { refused }.assert().code(2).stderr(differs.and(values));
    assert_eq!(files(&sweep), now);
    lab.say("sweep", &changed, &["--change"]).assert().success().stdout(contains("4 runs, 2 have ended already"));
    let after = times(&sweep.join("runs"));
    assert!(before.iter().all(|(file, time)| after.get(file) == Some(time)), "what is there stays");
    assert_eq!(runs(&sweep).len(), 6);

    let asked: BTreeSet<String> = runs_csv(&sweep).into_values().map(|row| row["network.gain"].clone()).collect();
    assert_eq!(asked, BTreeSet::from(["0.2".into(), "0.3".into()]));
    assert!(said(of("status", &sweep, &[])).contains("2 runs that the specification does not ask for"));
    let (few, all) = (said(of("table", &sweep, &[])), said(of("table", &sweep, &["--all"])));
    assert_eq!((few.lines().count(), all.lines().count()), (3, 4), "{few}{all}");
    let (few, all) = (said(of("table", &sweep, &["--csv"])), said(of("table", &sweep, &["--csv", "--all"])));
    assert_eq!((few.lines().count(), all.lines().count()), (5, 7));
    assert_eq!(sweep_support::table(&all).values().filter(|row| row["network.gain"] == "0.1").count(), 2);
    let page = |flags: &[&str]| {
        of("report", &sweep, flags).assert().success();
        (std::fs::read_to_string(sweep.join("report.html")).unwrap(), runs_csv(&sweep).len())
    };
    let (text, rows) = page(&[]);
    assert!(rows == 4 && text.contains("2 runs, ") && text.contains("not asked for by the specification"));
    assert_eq!(page(&["--all"]).1, 6);
}

/// The rows of `runs.csv` without what differs from one time, or place, to another.
fn rows_of(sweep: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut rows = runs_csv(sweep);
    for column in ["seconds", "host", "engine", "path"] {
        for row in rows.values_mut() {
            assert!(row.remove(column).is_some_and(|cell| !cell.is_empty()));
        }
    }
    rows
}

#[test]
fn shards_make_the_same_sweep_when_they_are_copied_together() {
    let lab = Lab::new();
    let spec = "seeds = 3\n[grid]\n'network.gain' = [0.1, 0.2]\n[keep]\nreports = 0\n";
    let whole = lab.trained("whole", spec, &[]);
    let first = lab.trained("first", spec, &["--shard", "1/2"]);
    lab.say("second", spec, &["--shard", "2/2"])
        .assert()
        .success()
        .stdout(contains("copy the runs/ of all parts together"));
    let second = lab.path("second");
    let parts = [&first, &second].map(|sweep| names(&sweep.join("runs")));
    assert_eq!(parts.each_ref().map(Vec::len), [3, 3]);
    assert!(!first.join("runs.csv").exists());
    assert!(said(of("status", &first, &[])).contains("3 of 6 have ended (50 %)"));

    copy_runs(&second, &first);
    let merged = lab.path("merged");
    copy_runs(&first, &merged);
    for (name, sweep) in [("first", &first), ("merged", &merged)] {
        lab.say(name, spec, &[]).assert().success().stdout(contains("6 have ended already"));
        assert_eq!((essences(sweep), rows_of(sweep)), (essences(&whole), rows_of(&whole)));
    }
}

/// Networks of all ages and settings, in three places.
#[test]
fn every_run_has_the_bits_that_it_has_alone() {
    let lab = Lab::new();
    let spec = "seeds = [3]\n[keep]\nreports = 0\n[sobol]\npoints = 14\n\
                'training.learning_rate' = { log = [0.01, 5.0] }\n'network.gain' = { linear = [0.05, 0.5] }\n\
                'training.schedule' = { choice = ['constant', 'cosine', 'plateau'] }\n\
                'training.patience' = { choice = [2, 200] }\n'training.target' = { choice = [0.0, 13.0] }\n'network.freeze' = { choice = [[], ['W'], ['taus_param', 'I_ext']] }\n\
                'training.stimulus_noise' = { choice = ['frozen', 'fresh'] }\n\
                'training.n_trials' = { integer = [4, 12] }\n'training.regularisation' = { log = [0.001, 0.1] }\n";
    let sweep = lab.trained("sweep", spec, &["--places", "3"]);
    let rows = runs_csv(&sweep);
    let kinds = |column: &str| rows.values().map(|row| row[column].clone()).collect::<BTreeSet<_>>();
    assert_eq!(rows.len(), 14);
    assert_eq!(kinds("state"), BTreeSet::from(["ended".to_string()]));
    for (column, least) in [("training.schedule", 3), ("network.freeze", 3), ("training.stimulus_noise", 2)] {
        assert_eq!(kinds(column).len(), least, "{column}");
    }
    assert!(kinds("reason").len() > 1 && kinds("steps").len() > 3, "{:?}", kinds("reason"));
    for run in runs(&sweep) {
        let alone = lab.path("alone").join(run.file_name().unwrap());
        let mut command = aon();
        command.args(["train", "--no-baseline", "--quiet", "--config"]).arg(run.join("config.toml"));
        command.arg("--output-dir").arg(&alone).assert().success();
        assert!(essence(&alone) == essence(&run), "{:?}", rows[run.file_name().unwrap().to_str().unwrap()]);
    }
}

/// What a sweep keeps of its specification is one, of the same sweep.
#[test]
fn the_kept_specification_goes_on_with_its_sweep() {
    let lab = Lab::new();
    let sweep = lab.trained("sweep", &format!("{GAINS}[keep]\nreports = 0\n"), &["--shard", "1/2"]);
    let done = essences(&sweep);
    assert_eq!(done.len(), 2);
    aon().args(["sweep", "run", "--quiet"]).arg(sweep.join("sweep.toml")).assert().success();
    let all = essences(&sweep);
    assert!(all.len() == 4 && done.iter().all(|(name, run)| all.get(name) == Some(run)));
}

#[test]
fn a_sweep_is_kept_below_out_and_its_weights_as_far_as_they_are_wanted() {
    let lab = Lab::new();
    let spec = lab.spec("night", &format!("{GAINS}[keep]\nweights = 1\nreports = 0\n"));
    let train = || {
        let mut command = aon();
        command.current_dir(lab.path("")).args(["sweep", "run"]).arg(&spec).assert().success()
    };
    train();
    let sweep = lab.path("out/night");
    let weighted = |run: &PathBuf| run.join("best.safetensors").exists();
    let kept: Vec<PathBuf> = runs(&sweep).into_iter().filter(weighted).collect();
    // Of the best setting the best run.
    let best = said(of("best", &sweep, &["--paths"]));
    let is_of_best = |row: &BTreeMap<String, String>| best.contains(&row["hash"]);
    let of_best = runs_csv(&sweep).into_values().filter(is_of_best);
    let best = of_best.max_by(|a, b| number(&a["objective"]).total_cmp(&number(&b["objective"])));
    assert_eq!(kept, [sweep.join("runs").join(&best.unwrap()["hash"])]);
    let before = times(&sweep.join("runs"));
    train();
    assert_eq!(times(&sweep.join("runs")), before);
    let thin = runs(&sweep).into_iter().find(|run| !weighted(run)).unwrap();
    aon().args(["eval", "--engine", "cpu"]).arg(&thin).assert().failure().stderr(contains("best.safetensors"));
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap()
}

/// Those of the same data, penalty and seed share one; it is the one that a run alone has.
#[test]
fn the_input_only_network_is_that_of_a_run_alone() {
    let lab = Lab::new();
    let spec = "seeds = 2\n[grid]\n'training.baseline' = [true]\n'network.gain' = [0.1, 0.2]\n\
                'training.regularisation' = [0.001, 0.1]\n'training.n_trials' = [3]\n[keep]\nreports = 0\n";
    let sweep = lab.trained("sweep", spec, &[]);
    let rows = runs_csv(&sweep);
    let distinct: BTreeSet<&String> = rows.values().map(|row| &row["input_only_r2"]).collect();
    assert_eq!((rows.len(), distinct.len(), names(&sweep.join("baselines")).len()), (8, 4, 4));
    for run in runs(&sweep).iter().take(2) {
        let alone = lab.path("alone").join(run.file_name().unwrap());
        let mut command = aon();
        command.args(["train", "--quiet", "--config"]).arg(run.join("config.toml")).arg("--output-dir").arg(&alone);
        command.assert().success();
        assert_eq!((essence(&alone), &summary(&alone)["baseline"]), (essence(run), &summary(run)["baseline"]));
    }
}

#[test]
fn processes_share_a_sweep() {
    let lab = Lab::new();
    let spec = "seeds = 6\n[grid]\n'network.gain' = [0.1, 0.2]\n'training.n_trials' = [20]\n[keep]\nreports = 0\n";
    let whole = lab.trained("whole", spec, &[]);
    let file = lab.spec("shared", spec);
    let start = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_aon"));
        command.args(["sweep", "run", "--quiet", "--places", "2", "--output-dir"]).arg(lab.path("shared")).arg(&file);
        command.spawn().unwrap()
    };
    for mut process in [start(), start(), start()] {
        assert!(process.wait().unwrap().success());
    }
    let shared = lab.path("shared");
    assert_eq!((essences(&shared), rows_of(&shared)), (essences(&whole), rows_of(&whole)));
    assert!(runs(&shared).iter().all(|run| names(run) == KEPT));
}
