//! Sweeps that are refused, and those that cannot go on: the exit code, the sentence, and that nothing is written.
#![allow(missing_docs)]

mod cli_support;
mod sweep_support;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::path::Path;
use sweep_support::{Lab, files, of, runs, runs_csv, said};

const GAINS: &str = "[grid]\n'network.gain' = [0.1, 0.2]\n";

/// Refuses a specification, with flags, in these words, and leaves nothing behind.
fn refused(lab: &Lab, text: &str, flags: &[&str], words: &[&str]) {
    let before = files(&lab.path(""));
    let output = lab.run("sweep", text, flags).assert().code(2);
    let output = output.get_output();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    for word in words {
        assert!(said.contains(word), "{text}\n{flags:?}: {word} is not in: {said}");
    }
    assert!(output.stdout.is_empty(), "{text}");
    assert!(!lab.path("sweep").exists() && !lab.path("out").exists(), "{text}: something was written");
    let mut now = files(&lab.path(""));
    now.remove("sweep.toml");
    assert!(before.iter().filter(|(name, _)| *name != "sweep.toml").eq(now.iter()), "{text}");
}

#[test]
fn specifications_that_cannot_be_meant_are_refused_before_anything_is_written() {
    let lab = Lab::new();
    let halving = |rungs: &str| format!("{GAINS}[halving]\nrungs = {rungs}\nkeep = 0.5\n");
    let cases: &[(&str, &[&str])] = &[
        ("[grid]\n'network.gian' = [0.1]\n", &["`network.gian`", "`network.gain`"]),
        ("[grdi]\n'network.gain' = [0.1]\n", &["`grdi`", "`grid`"]),
        ("[grid]\n'engine.threads' = [1, 2]\n", &["`engine.threads` cannot be swept", "command line"]),
        ("[grid]\n'training.checkpoint_every' = [1]\n", &["cannot be swept", "[base]"]),
        ("[grid]\n'networks' = [1, 2]\n", &["`networks` cannot be swept", "`seeds`"]),
        (
            "[grid]\n'network.dale' = ['none', 'presynaptic']\n'network.sign_constraint' = ['softplus']\n",
            &["1 of 2 points cannot be trained", "[[exclude]]", "\"network.dale\" = \"none\"", "Give other values"],
        ),
        ("[grid]\n'network.gain' = [0.1, 0.10]\n", &["`network.gain`", "0.1 is repeated"]),
        ("[grid]\n'network.gain' = []\n", &["`network.gain`", "empty"]),
        ("[sobol]\npoints = 4\n'network.gain' = { log = [0.0, 1.0] }\n", &["`log`", "above 0", "found 0"]),
        ("[sobol]\npoints = 65537\n'network.gain' = { log = [0.1, 1.0] }\n", &["65536", "65537"]),
        (
            "[[together]]\n'network.gain' = [0.1, 0.2]\n'training.n_trials' = [5]\n",
            &["[[together]] 1", "`network.gain` has 2 values", "`training.n_trials` has 1"],
        ),
        (&halving("[4, 3]"), &["[halving] `rungs` must rise", "4 is followed by 3"]),
        (&halving("[3, 6]"), &["[halving] `rungs`", "after 6 steps", "ends after 6", "`training.n_trials`"]),
        (
            &format!("objective = 'held_out_r2'\n{GAINS}"),
            &["`objective = \"held_out_r2\"`", "`training.hold_out`", "gain 0.1"],
        ),
        (&format!("{GAINS}[confirm]\ntop = 1\nseeds = [0, 7]\n"), &["[confirm] `seeds`", "0 is one of `seeds`"]),
        (&format!("{GAINS}[confirm]\ntop = 3\nseeds = 1\n"), &["[confirm] `top = 3`", "at most 2"]),
        (&format!("seeds = 10001\n{GAINS}"), &["20002 runs", "20000", "`--yes`"]),
        (&format!("seeds = [1, 1]\n{GAINS}"), &["`seeds`", "1 is repeated"]),
        ("[grid]\n'data.firing_rates' = ['missing.mat']\n", &["missing.mat"]),
        ("[grid]\n'network.freeze' = ['W', 'tau']\n", &["the setting “freeze tau”", "taus_param", "found tau"]),
        ("[grid]\n'network.init' = ['base.toml']\n", &["base.toml"]),
        ("[grid]\n'training.hold_out' = ['execute go object 9']\n", &["execute go object 9"]),
        ("base = 'nowhere.toml'\n", &["cannot read nowhere.toml"]),
        ("[grid\n", &["sweep.toml, line 2"]),
    ];
    for (text, words) in cases {
        refused(&lab, text, &[], words);
        refused(&lab, text, &["--dry-run"], words);
    }
}

#[test]
fn flags_that_cannot_be_meant_are_refused_before_anything_is_written() {
    let lab = Lab::new();
    let halved = format!("{GAINS}[halving]\nrungs = [3]\nkeep = 0.5\n");
    let cases: &[(&str, &[&str], &[&str])] = &[
        (GAINS, &["--shard", "3/2"], &["expected I/N", "3/2"]),
        (GAINS, &["--shard", "0/2"], &["expected I/N"]),
        (GAINS, &["--shard", "half"], &["expected I/N"]),
        (&halved, &["--shard", "1/2"], &["[halving]", "--shard 1 of 2"]),
        (&halved, &["--shard", "1/2", "--dry-run"], &["[halving]", "--shard 1 of 2"]),
        (GAINS, &["--places", "0"], &["--places"]),
        (GAINS, &["--memory", "0"], &["GB above 0"]),
        (GAINS, &["--memory", "0.000001"], &["one network needs"]),
        (GAINS, &["--threads", "0"], &["threads"]),
        (GAINS, &["--budget", "soon"], &["--budget"]),
    ];
    for (text, flags, words) in cases {
        refused(&lab, text, flags, words);
    }
    // No device is another kind of trouble.
    lab.run("sweep", GAINS, &["--engine", "gpu", "--adapter", "none such"])
        .assert()
        .code(3)
        .stderr(contains("none such"));
    assert!(!lab.path("sweep").exists());
    lab.run("sweep", GAINS, &["--json"]).assert().code(2).stderr(contains("--quiet"));
    lab.say("sweep", GAINS, &["--json", "--dry-run"]).assert().code(2).stderr(contains("--dry-run"));
    let base = std::fs::read_to_string(lab.path("base.toml")).unwrap();
    assert!(base.contains("Firing_Rates.mat"));
    std::fs::write(lab.path("broken.toml"), base.replace("Firing_Rates.mat", "base.toml")).unwrap();
    refused(&lab, "base = 'broken.toml'\n", &[], &["base.toml"]);
}

#[test]
fn a_directory_of_another_sweep_or_of_none_stays_as_it_is() {
    let lab = Lab::new();
    let sweep = lab.trained("sweep", GAINS, &[]);
    let kept = files(&sweep);
    let stays = |words: &[&str], flags: &[&str], text: &str| {
        for dry in [&[][..], &["--dry-run"]] {
            let output = lab.run("sweep", text, &[flags, dry].concat()).assert().code(2);
            let said = String::from_utf8(output.get_output().stderr.clone()).unwrap();
            assert!(words.iter().all(|word| said.contains(word)), "{said}");
            assert!(files(&sweep) == kept, "{said}");
        }
    };
    stays(
        &["another specification", "`seeds` is [0, 1], and was [0].", "--change"],
        &[],
        &format!("seeds = 2\n{GAINS}"),
    );
    stays(&["another specification", "`objective` is \"loss\""], &[], &format!("objective = 'loss'\n{GAINS}"));

    // Data that change meanwhile would make runs of one sweep runs of different data.
    let (data, other) = (lab.path("InhibitoryMask.mat"), cli_support::small().join("stim.mat"));
    let bytes = std::fs::read(&data).unwrap();
    let rates = lab.path("Firing_Rates.mat");
    let true_rates = std::fs::read(&rates).unwrap();
    std::fs::write(&rates, [&true_rates[..], &[0; 8]].concat()).unwrap();
    for flags in [&[][..], &["--change"]] {
        stays(&["Firing_Rates.mat has changed since the sweep began", "Put the file back"], flags, GAINS);
    }
    std::fs::write(&rates, true_rates).unwrap();
    std::fs::remove_file(&data).unwrap();
    stays(&["InhibitoryMask.mat"], &[], GAINS);
    std::fs::copy(other, &data).unwrap();
    stays(&["InhibitoryMask.mat"], &[], GAINS);
    std::fs::write(&data, bytes).unwrap();

    let text = std::fs::read_to_string(sweep.join("sweep.toml")).unwrap();
    let older = text.replace("numerics = 1", "numerics = 77");
    assert_ne!(text, older);
    std::fs::write(sweep.join("sweep.toml"), &older).unwrap();
    for flags in [&[][..], &["--change"]] {
        lab.run("sweep", GAINS, flags).assert().code(2).stderr(contains("version 77 of the numerics"));
    }
    for what in ["status", "table", "best", "report"] {
        of(what, &sweep, &[]).assert().code(2).stderr(contains("version 77 of the numerics"));
    }
    std::fs::write(sweep.join("sweep.toml"), &text).unwrap();
    lab.run("sweep", GAINS, &[]).assert().success();
    assert!(files(&sweep) == kept, "the same sweep again changes nothing");
}

#[test]
fn what_holds_no_sweep_is_neither_taken_for_one_nor_made_one() {
    let lab = Lab::new();
    let [thesis, empty, file] = ["thesis", "empty", "file"].map(|name| lab.path(name));
    std::fs::create_dir(&thesis).unwrap();
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(thesis.join("chapter.tex"), "x").unwrap();
    std::fs::write(&file, "x").unwrap();
    for dry in [&[][..], &["--dry-run"]] {
        lab.run("thesis", GAINS, dry).assert().code(2).stderr(contains("chapter.tex").and(contains("--output-dir")));
    }
    assert_eq!(sweep_support::names(&thesis), ["chapter.tex"]);
    for what in ["status", "table", "best", "report"] {
        for place in [&thesis, &empty, &file, &lab.path("nowhere")] {
            let words = contains("holds no sweep").and(contains("sweep.toml"));
            of(what, place, &[]).assert().code(2).stderr(words);
        }
    }
    assert!(sweep_support::names(&empty).is_empty() && !lab.path("nowhere").exists());
    let lost = lab.path("lost");
    std::fs::create_dir(&lost).unwrap();
    std::fs::write(lost.join("sweep.toml"), "objective = ").unwrap();
    for what in ["status", "table", "best", "report"] {
        of(what, &lost, &[]).assert().code(2).stderr(contains("lost/sweep.toml, line 1"));
    }
    lab.run("lost", GAINS, &[]).assert().code(2).stderr(contains("lost/sweep.toml, line 1"));
    assert_eq!(sweep_support::names(&lost), ["sweep.toml"]);
    lab.run("file", GAINS, &[]).assert().code(2).stderr(contains("file is no directory"));

    let sweep = lab.trained("sweep", GAINS, &[]);
    let kept = files(&sweep);
    let words = contains("no column `colour`").and(contains("rank, search")).and(contains("gain"));
    of("table", &sweep, &["--sort", "colour"]).assert().code(2).stderr(words);
    of("table", &sweep, &["--csv", "--sort", "rank"]).assert().code(2).stderr(contains("--csv"));
    assert!(files(&sweep) == kept);
}

/// A run whose summary is damaged is named, and costs the others nothing.
#[test]
fn a_damaged_run_is_named() {
    let lab = Lab::new();
    let sweep = lab.trained("sweep", GAINS, &[]);
    let run = &runs(&sweep)[0];
    std::fs::write(run.join("summary.json"), "{").unwrap();
    for what in ["status", "table", "best"] {
        of(what, &sweep, &[]).assert().success().stderr(contains("summary.json is damaged").and(contains("anew")));
    }
    assert!(said(of("table", &sweep, &["--csv"])).contains(",failed,"));
    lab.run("sweep", GAINS, &[]).assert().success();
    assert_eq!(runs_csv(&sweep).len(), 2);
}

/// A file system of `size` for `test`, which only root can have.
#[cfg(target_os = "linux")]
fn on_a_disk(lab: &Lab, size: &str, test: impl FnOnce(&Path) + std::panic::UnwindSafe) {
    use std::process::Command;
    let disk = lab.path("sweep");
    std::fs::create_dir(&disk).unwrap();
    let options = format!("size={size}");
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&disk).output();
    if !mount.is_ok_and(|m| m.status.success()) {
        println!("not tested: sweeps on full and read-only disks, which take the right to mount one");
        return;
    }
    let tested = std::panic::catch_unwind(|| test(&disk));
    Command::new("umount").arg(&disk).status().unwrap();
    tested.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_a_sweep_that_goes_on_once_there_is_room() {
    let lab = Lab::new();
    let straight = lab.trained("straight", GAINS, &[]);
    let lab = std::panic::AssertUnwindSafe(lab);
    on_a_disk(&lab, "1m", |disk| {
        // Room for the beginning, and for no run.
        let ballast = vec![0; (1 << 20) - (40 << 10)];
        std::fs::write(disk.join("ballast"), ballast).unwrap();
        std::fs::create_dir(disk.join("runs")).unwrap();
        std::fs::rename(disk.join("ballast"), disk.join("runs/ballast")).unwrap();
        lab.run("sweep", GAINS, &[]).assert().code(1).stderr(contains("No space left"));
        std::fs::remove_file(disk.join("runs/ballast")).unwrap();
        lab.run("sweep", GAINS, &[]).assert().success();
        assert_eq!(sweep_support::essences(disk), sweep_support::essences(&straight));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_directory_ends_a_sweep_and_may_still_be_looked_at() {
    use std::process::Command;
    let lab = std::panic::AssertUnwindSafe(Lab::new());
    on_a_disk(&lab, "4m", |disk| {
        lab.run("sweep", GAINS, &[]).assert().success();
        let how = |how: &str| {
            let remount = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(disk).status();
            assert!(remount.unwrap().success(), "{how}");
        };
        how("ro");
        let said = || contains("ead-only").and(contains("cannot"));
        lab.run("sweep", GAINS, &[]).assert().code(1).stderr(said());
        let more = format!("seeds = 2\n{GAINS}");
        lab.run("sweep", &more, &["--change"]).assert().code(1).stderr(said());
        of("report", disk, &[]).assert().code(1).stderr(said());
        for what in ["status", "table", "best"] {
            of(what, disk, &[]).assert().success();
        }
        how("rw");
        lab.run("sweep", &more, &["--change"]).assert().success();
        assert_eq!(runs_csv(disk).len(), 4);
    });
}
