//! What a sweep says of itself: before it begins, while it runs, and in tables, as text, CSV and arrays.
#![allow(missing_docs)]

mod cli_support;
mod sweep_support;

use aon::data::npz::NpzFile;
use cli_support::history;
use serde_json::Value;
use std::path::{Path, PathBuf};
use sweep_support::{Lab, files, of, runs_csv, said, summary, table};

/// Two settings that differ in length, two seeds.
const LENGTHS: &str = "seeds = 2\n[grid]\n'training.n_trials' = [3, 5]\n[keep]\nreports = 0\n";

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

/// A number of `runs.csv` is one of a file, to seven digits.
fn is(cell: &str, value: &Value) {
    let value = value.as_f64().unwrap();
    assert!((number(cell) - value).abs() <= 1e-6 * value.abs(), "{cell} is not {value}");
}

#[test]
fn what_it_would_take_is_said_and_nothing_written() {
    let lab = Lab::new();
    let spec = "seeds = 3\n[grid]\n'network.gain' = [0.1, 0.2]\n'training.loss_fn' = ['l1', 'l2']\n\
                [[exclude]]\n'network.gain' = 0.2\n'training.loss_fn' = 'l1'\n[confirm]\ntop = 2\nseeds = 4\n";
    let dry = lab.say("sweep", spec, &["--dry-run"]);
    let before = files(&lab.path(""));
    let text = said(dry);
    for words in [
        "3 settings (1 point excluded), 9 runs: 3 seeds each",
        "confirm    8 more runs",
        "engine     cpu",
        "group 1    6 runs, 6 at once, ",
        "group 2    3 runs, 3 at once, ",
        "training.loss_fn l1",
        "time       at most ",
        " MB, at most ",
    ] {
        assert!(text.contains(words), "{words} is not in:\n{text}");
    }
    assert!(files(&lab.path("")) == before);
    let few = said(lab.say("sweep", spec, &["--dry-run", "--places", "2"]));
    assert!(few.contains("6 runs, 2 at once") && few.contains("3 runs, 2 at once"), "{few}");
}

#[test]
fn events_are_lines_of_json_and_quiet_is_quiet() {
    let lab = Lab::new();
    let text = said(lab.say("sweep", LENGTHS, &["--json"]));
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().all(Value::is_object));
    let named = |name: &str| events.iter().filter(|e| e["event"] == name).collect::<Vec<_>>();
    let begun = named("begun");
    assert_eq!((begun.len(), &begun[0]["runs"], &begun[0]["settings"]), (1, &4.into(), &2.into()));
    assert!(!named("group").is_empty() && !named("progress").is_empty());
    let ended = named("ended");
    assert_eq!(ended.len(), 4);
    for event in ended {
        let summary = summary(&lab.path("sweep/runs").join(event["hash"].as_str().unwrap()));
        assert_eq!((&event["objective"], &event["seed"]), (&summary["median_r2"], &summary["seed"]));
        assert_eq!((&event["state"], &event["reason"]), (&"ended".into(), &"planned".into()));
        assert_eq!(event["steps"], summary["steps"]);
        assert!(event["setting"].as_str().unwrap().starts_with("n_trials "));
    }
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["state"]), (&"end".into(), &"complete".into()));
    let paused = said(lab.say("paused", LENGTHS, &["--json", "--budget", "0s"]));
    let last: Value = serde_json::from_str(paused.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["state"]), (&"end".into(), &"paused".into()));
    let mut quiet = lab.run("quiet", LENGTHS, &[]);
    quiet.assert().success().stdout("").stderr("");
}

#[test]
fn the_tables_say_what_the_directories_hold() {
    let lab = Lab::new();
    let sweep = lab.trained("sweep", LENGTHS, &[]);
    let (rows, curves) = (runs_csv(&sweep), NpzFile::open(&sweep.join("curves.npz")).unwrap());
    assert_eq!(table(&said(of("table", &sweep, &["--csv"]))), rows);
    let [losses, objective, setting, ended, hash] =
        ["losses", "objective", "setting", "ended", "hash"].map(|name| curves.array(name).unwrap());
    assert_eq!((losses.shape(), hash.shape()), (&[4, 5][..], &[4, 16][..]));
    let text = std::fs::read_to_string(sweep.join("runs.csv")).unwrap();
    for (k, line) in text.lines().skip(1).enumerate() {
        let name = &line[..16];
        let (row, run) = (&rows[name], sweep.join("runs").join(name));
        let (summary, history) = (summary(&run), history(&run));
        for (column, key) in
            [("loss", "loss"), ("median_r2", "median_r2"), ("objective", "median_r2"), ("seconds", "seconds")]
        {
            is(&row[column], &summary[key]);
        }
        for (column, key) in [("steps", "steps"), ("seed", "seed"), ("training.n_trials", "steps")] {
            assert_eq!(row[column], summary[key].to_string(), "{column}");
        }
        assert_eq!((&*row["state"], &*row["reason"], &*row["phase"]), ("ended", "planned", "search"));
        assert_eq!((row["host"].as_str(), Path::new(&row["path"])), (summary["host"].as_str().unwrap(), &*run));
        assert!(row["input_only_r2"].is_empty() && row["held_out_r2"].is_empty());

        assert_eq!(setting[k], number(&row["setting"]));
        assert_eq!(ended[k], 1.0);
        is(&row["objective"], &objective[k].into());
        let letters: String = hash.index_axis(ndarray::Axis(0), k).iter().map(|b| char::from(*b as u8)).collect();
        assert_eq!(letters, name);
        for step in 0..5 {
            let loss = losses[[k, step]];
            match history.get(step) {
                Some(cells) => assert!((loss - number(&cells[1])).abs() <= 1e-5 * loss, "{loss} {cells:?}"),
                None => assert!(loss.is_nan()),
            }
        }
    }

    let best = said(of("best", &sweep, &["--paths"]));
    let paths: Vec<PathBuf> = best.lines().map(PathBuf::from).collect();
    assert!(paths.len() == 2 && paths.iter().all(|path| path.is_dir()), "{best}");
    let length = |path: &PathBuf| history(path).len();
    assert_eq!(paths.iter().map(length).collect::<Vec<_>>(), [5, 5], "longer training fits better");
    assert_eq!(said(of("best", &sweep, &["--paths", "--top", "9"])).lines().count(), 4);
    let text = said(of("best", &sweep, &["--top", "2"]));
    assert!(text.contains("1. n_trials 5") && text.contains("2. n_trials 3") && text.contains("too good"), "{text}");

    let column = |flags: &[&str]| {
        let text = said(of("table", &sweep, flags));
        let header: Vec<&str> = text.lines().next().unwrap().split_whitespace().collect();
        assert_eq!(header[..3], ["rank", "n_trials", "seeds"]);
        text.lines().skip(1).map(|l| l.split_whitespace().nth(1).unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(column(&[]), ["5", "3"]);
    for key in ["n_trials", "training.n_trials"] {
        assert_eq!(column(&["--sort", key]), ["3", "5"]);
    }
    assert_eq!(column(&["--sort", "loss"]), ["5", "3"]);
    assert_eq!(column(&["--top", "1"])[0], "5");
    assert!(said(of("status", &sweep, &[])).contains("4 of 4 have ended (100 %)"));
}
