//! Sweeps that compare: networks that diverge, halving, confirmation, and conditions that are held out in turn.
#![allow(missing_docs)]

mod cli_support;
mod sweep_support;

use cli_support::json;
use predicates::str::contains;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use sweep_support::{Lab, essences, names, of, runs, runs_csv, said, summary};

/// Columns of `runs.csv` that no decision may change.
type Rows = BTreeMap<String, Vec<String>>;

/// What became of each run: what a sweep decided.
fn decided(sweep: &Path) -> Rows {
    let columns = ["setting", "seed", "phase", "state", "reason", "steps", "objective", "loss"];
    let cells = |row: &BTreeMap<String, String>| columns.map(|column| row[column].clone()).into();
    runs_csv(sweep).iter().map(|(name, row)| (name.clone(), cells(row))).collect()
}

/// Runs of a state, by setting.
fn settings_of(sweep: &Path, state: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let rows = runs_csv(sweep);
    rows.values()
        .filter(|row| row["state"] == state)
        .for_each(|row| *counts.entry(row["setting"].clone()).or_default() += 1);
    counts
}

#[test]
fn a_network_that_diverges_is_a_result() {
    let lab = Lab::new();
    // Weights, and a loss of them, beyond what numbers hold.
    let spec = "seeds = 2\n[grid]\n'network.gain' = [3.4e38, 0.1]\n'training.regularisation' = [0.001, 3.4e38]\n";
    let sweep = lab.trained("sweep", spec, &["--places", "2"]);
    let rows = runs_csv(&sweep);
    let (good, bad): (Vec<_>, Vec<_>) = rows.values().partition(|row| row["state"] == "ended");
    assert_eq!((good.len(), bad.len()), (2, 6), "{rows:?}");
    assert!(good.iter().all(|row| row["steps"] == "6" && row["reason"] == "planned"), "{good:?}");
    for row in bad {
        let run = sweep.join("runs").join(&row["hash"]);
        assert_eq!(row["state"], "diverged");
        assert!(row["reason"].contains("step") && row["reason"].contains("not finite"), "{}", row["reason"]);
        assert!(row["objective"].is_empty() && row["loss"].is_empty() && !row["seconds"].is_empty(), "{row:?}");
        assert!(!run.join("summary.json").exists() && !run.join("checkpoint.safetensors").exists());
        let diverged = json(&run.join("diverged.json"));
        assert_eq!(
            (diverged["step"].to_string(), diverged["seed"].to_string()),
            (row["steps"].clone(), row["seed"].clone())
        );
    }
    let table = said(of("table", &sweep, &[]));
    let last = table.lines().last().unwrap();
    assert!(last.trim_start().starts_with('–') && last.contains("diverged") && last.contains("0/2"), "{table}");
    assert!(table.lines().nth(1).unwrap().contains(" 0.1 ") && table.lines().count() == 5, "{table}");
    assert!(said(of("status", &sweep, &[])).contains("8 of 8 have ended (100 %), 6 diverged"));
    let best = said(of("best", &sweep, &["--paths", "--top", "9"]));
    assert_eq!(best.lines().count(), 2, "what diverged is not among the best: {best}");
    let before = sweep_support::times(&sweep.join("runs"));
    lab.run("sweep", spec, &[]).assert().success();
    assert_eq!(sweep_support::times(&sweep.join("runs")), before, "what diverged is not tried again");

    let halved = lab.trained("halved", &format!("{spec}[halving]\nrungs = [3]\nkeep = 0.9\n"), &[]);
    assert_eq!(settings_of(&halved, "diverged").values().sum::<usize>(), 6, "it does not go on");
    assert_eq!(essences(&halved), essences(&sweep));
}

const HALVED: &str = "seeds = 2\n[grid]\n'training.learning_rate' = [0.001, 0.01, 0.03, 0.1, 0.2, 0.3]\n[halving]\nrungs = [2, 4]\n\
                      keep = 0.5\n[confirm]\ntop = 1\nseeds = 2\n[keep]\nreports = 0\n";

#[test]
fn halving_decides_the_same_in_any_number_of_places_and_pieces() {
    let lab = Lab::new();
    let sweep = lab.trained("sweep", HALVED, &["--places", "16"]);
    // 6 settings, of which 3 go on, of which 2 do.
    let rows = runs_csv(&sweep);
    let count = |state: &str, steps: &str, phase: &str| {
        rows.values().filter(|row| row["state"] == state && row["steps"] == steps && row["phase"] == phase).count()
    };
    assert_eq!([("halved", "2"), ("halved", "4"), ("ended", "6")].map(|(s, n)| count(s, n, "search")), [6, 2, 4]);
    assert_eq!(count("ended", "6", "confirmation"), 2);
    for counts in [settings_of(&sweep, "halved"), settings_of(&sweep, "ended")] {
        assert!(counts.values().all(|runs| runs % 2 == 0), "seeds of a setting stay together: {counts:?}");
    }
    for run in runs(&sweep) {
        let (name, summary) = (run.file_name().unwrap().to_str().unwrap().to_string(), summary(&run));
        assert_eq!(summary["stop_reason"], rows[&name]["reason"]);
        let rungs = summary["rungs"].as_array().map_or(0, Vec::len);
        let reached = if rows[&name]["phase"] == "confirmation" { 0 } else { number(&rows[&name]["steps"]) / 2 };
        assert_eq!(rungs, reached.min(2), "{summary}");
        assert!(!run.join("rungs.json").exists() && !run.join("checkpoint.safetensors").exists());
    }
    let expected = (decided(&sweep), essences(&sweep));
    for places in ["1", "2"] {
        let other = lab.trained(&format!("in-{places}"), HALVED, &["--places", places]);
        assert!((decided(&other), essences(&other)) == expected, "in {places} places");
    }
    let pieces = lab.path("pieces");
    let mut pauses = 0;
    for k in 1..100 {
        let budget = format!("{}ms", 20 * k);
        let text = said(lab.say("pieces", HALVED, &["--places", "2", "--budget", &budget]));
        if !text.contains("paused") {
            break;
        }
        pauses += usize::from(!names(&pieces.join("runs")).is_empty());
    }
    assert!(pauses > 0);
    assert!((decided(&pieces), essences(&pieces)) == expected, "in {pauses} pieces");
}

fn number(text: &str) -> usize {
    text.parse().unwrap()
}

/// What one specification has halved, another may train to its end.
#[test]
fn without_halving_the_halved_are_trained_to_their_end() {
    let lab = Lab::new();
    let spec = "seeds = 2\n[grid]\n'training.learning_rate' = [0.001, 0.01, 0.1]\n[keep]\nreports = 0\n";
    let halving = |rung: &str| format!("{spec}[halving]\nrungs = [{rung}]\nkeep = 0.4\n");
    let straight = lab.trained("straight", spec, &[]);
    let sweep = lab.trained("sweep", &halving("2"), &[]);
    assert_eq!(settings_of(&sweep, "halved").values().sum::<usize>(), 2);
    let before = essences(&sweep);
    // What was compared, or trained to its end, under one specification says nothing under another.
    let changed = halving("3");
    lab.run("sweep", &changed, &["--change"]).assert().code(2).stderr(contains("`--change` with [halving]"));
    assert!(essences(&sweep) == before);
    lab.trained("sweep", spec, &["--change"]);
    assert!(decided(&sweep) == decided(&straight) && essences(&sweep) == essences(&straight));
    assert!(runs(&sweep).iter().all(|run| names(run).len() == 6));
}

/// A halved run has the bits of one that was paused there: it is what the full run was at that step.
#[test]
fn halved_runs_are_beginnings_of_full_ones() {
    let lab = Lab::new();
    let halved = lab.trained("halved", HALVED, &[]);
    let full = HALVED.replace("[halving]\nrungs = [2, 4]\nkeep = 0.5\n", "");
    let full = lab.trained("full", &full, &[]);
    for run in runs(&halved) {
        let (part, whole) = (cli_support::history(&run), full.join("runs").join(run.file_name().unwrap()));
        if whole.exists() {
            assert_eq!(part[..], cli_support::history(&whole)[..part.len()]);
        }
    }
}

#[test]
fn the_best_are_confirmed_on_fresh_seeds_and_ranked_by_them() {
    let lab = Lab::new();
    let spec = "seeds = [4, 7]\n[grid]\n'network.gain' = [0.1, 0.2, 0.4]\n[confirm]\ntop = 2\nseeds = 3\n";
    let sweep = lab.trained("sweep", spec, &[]);
    let rows = runs_csv(&sweep);
    let seeds = |phase: &str| {
        let own = rows.values().filter(|row| row["phase"] == phase);
        own.map(|row| row["seed"].clone()).collect::<BTreeSet<String>>()
    };
    assert_eq!(seeds("search"), BTreeSet::from(["4".into(), "7".into()]));
    assert_eq!(seeds("confirmation"), BTreeSet::from(["8".into(), "9".into(), "10".into()]));
    assert_eq!(rows.len(), 12);
    let median = |setting: &str| {
        let own = rows.values().filter(|row| row["phase"] == "confirmation" && row["setting"] == setting);
        let mut values: Vec<f64> = own.map(|row| row["objective"].parse().unwrap()).collect();
        values.sort_by(f64::total_cmp);
        (values.len() == 3).then(|| values[1])
    };
    let confirmed: Vec<(String, f64)> =
        ["1", "2", "3"].iter().filter_map(|s| Some((s.to_string(), median(s)?))).collect();
    assert_eq!(confirmed.len(), 2);
    let best = confirmed.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    let paths = said(of("best", &sweep, &["--paths"]));
    assert_eq!(paths.lines().count(), 3, "those on fresh seeds, of which nothing was chosen");
    for path in paths.lines() {
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        assert_eq!((rows[name]["setting"].as_str(), rows[name]["phase"].as_str()), (best.0.as_str(), "confirmation"));
    }
    let table = said(of("table", &sweep, &[]));
    assert!(
        table.contains("confirmed") && table.lines().nth(1).unwrap().contains(&format!("{:.3}", best.1)),
        "{table}"
    );
}

#[test]
fn conditions_that_are_held_out_in_turn_are_averaged_as_seeds_are() {
    let lab = Lab::new();
    let spec = "objective = 'held_out_r2'\nseeds = 2\n[grid]\n'network.gain' = [0.1, 0.4]\n\
                'training.hold_out' = [['1'], ['2'], ['observe go object 1']]\n[keep]\nreports = 0\n";
    let sweep = lab.trained("sweep", spec, &["--places", "4"]);
    let rows = runs_csv(&sweep);
    assert_eq!((rows.len(), rows.values().map(|row| &row["setting"]).collect::<BTreeSet<_>>().len()), (12, 2));
    let held: BTreeSet<&str> = rows.values().map(|row| row["hold_out"].as_str()).collect();
    assert_eq!(held.len(), 3);
    let mut means: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for row in rows.values() {
        assert_eq!(row["objective"], row["held_out_r2"]);
        let summary: Value = summary(&sweep.join("runs").join(&row["hash"]));
        let r2 = summary["held_out"]["r2"].as_f64().unwrap();
        assert!((row["held_out_r2"].parse::<f64>().unwrap() - r2).abs() < 1e-6 * r2.abs());
        means.entry((&row["setting"], &row["seed"])).or_default().push(r2);
    }
    let of_setting = |setting: &str| {
        let seeds: Vec<f64> =
            means.iter().filter(|((s, _), _)| *s == setting).map(|(_, v)| v.iter().sum::<f64>() / 3.0).collect();
        f64::midpoint(seeds[0], seeds[1])
    };
    let table = said(of("table", &sweep, &[]));
    assert_eq!(table.lines().count(), 3);
    let values = [of_setting("1"), of_setting("2")];
    let (best, worst) = if values[0] > values[1] { (values[0], values[1]) } else { (values[1], values[0]) };
    for (line, value) in table.lines().skip(1).zip([best, worst]) {
        let shown: f64 = line.split_whitespace().nth(3).unwrap().replace('−', "-").parse().unwrap();
        assert!((shown - value).abs() <= 0.005 * value.abs(), "{value}\n{table}");
    }
}

/// Settings are compared within cohorts that the specification states.
#[test]
fn a_cohort_keeps_its_own_best() {
    let lab = Lab::new();
    let spec = "seeds = 1\n[grid]\n'training.learning_rate' = [0.0001, 0.001, 0.1, 0.2]\n[halving]\nrungs = [3]\nkeep = 0.5\ncohort = 2\n";
    let sweep = lab.trained("sweep", spec, &["--places", "3"]);
    let ended: Vec<String> = settings_of(&sweep, "ended").into_keys().collect();
    assert_eq!(settings_of(&sweep, "halved").len(), 2);
    assert!(ended.len() == 2 && ["1", "2"].contains(&&*ended[0]) && ["3", "4"].contains(&&*ended[1]), "{ended:?}");
    let all = lab.trained("all", &spec.replace("cohort = 2\n", ""), &[]);
    assert_eq!(settings_of(&all, "ended").into_keys().collect::<Vec<_>>(), ["3", "4"]);
}
