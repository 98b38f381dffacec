//! What a sweep does after processes died in the middle of it, beside others, and with files that change.
#![allow(missing_docs)]

use aon::sweep::{
    ClaimSettings, Claims, Deaf, FileHashes, Home, Outcome, Specification, SweepEnd, SweepEvent, SweepListener,
    SweepOptions, Taken, train,
};
use aon::synthetic::{Synthetic, SyntheticSettings};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Data, and a sweep of them.
struct Case {
    place: tempfile::TempDir,
}

const HALVING: &str = "[grid]\n'training.learning_rate' = [0.01, 0.02, 0.3]\n[halving]\nrungs = [2]\nkeep = 0.3\n";

impl Case {
    fn new() -> Self {
        let case = Self { place: tempfile::tempdir().unwrap() };
        Synthetic::generate(&SyntheticSettings::small(0)).unwrap().write(&case.data()).unwrap();
        case
    }

    fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    fn home(&self, name: &str) -> Home {
        Home::new(&self.place.path().join(name))
    }

    fn specification(&self, sections: &str) -> Specification {
        self.keeping("reports = 0", sections)
    }

    fn keeping(&self, keep: &str, sections: &str) -> Specification {
        let file = |name: &str| self.data().join(name).display().to_string();
        let text = format!(
            "{sections}[base]\ntask = '{}'\nengine = {{ engine = 'cpu' }}\n[base.data]\nfiring_rates = '{}'\n\
             inhibitory_mask = '{}'\n[base.training]\nn_trials = 4\nbaseline = false\n[keep]\n{keep}\n",
            file("task.toml"),
            file("Firing_Rates.mat"),
            file("InhibitoryMask.mat")
        );
        Specification::parse(&text, Path::new("night.toml")).unwrap()
    }
}

fn run(
    specification: &Specification,
    home: &Home,
    stop: &AtomicBool,
    listener: &mut dyn SweepListener,
) -> aon::error::Result<SweepEnd> {
    train(specification, home, &SweepOptions::default(), stop, listener)
}

/// Names of runs and why they ended.
fn ends(specification: &Specification, home: &Home) -> Vec<(String, Option<(String, u32)>)> {
    let jobs = specification.runs(false).unwrap().jobs(&mut FileHashes::default()).unwrap();
    let end = |hash: &str| match Outcome::read(&home.run(hash)).unwrap() {
        Some(Outcome::Trained(summary)) => Some((summary.stop_reason.clone(), summary.steps)),
        Some(Outcome::Diverged(_)) => Some(("diverged".into(), 0)),
        None => None,
    };
    jobs.into_iter().map(|job| (job.hash.clone(), end(&job.hash))).collect()
}

/// Does something at every event.
struct At<F: FnMut(&SweepEvent)>(F);

impl<F: FnMut(&SweepEvent)> SweepListener for At<F> {
    fn event(&mut self, event: &SweepEvent) {
        (self.0)(event);
    }
}

#[test]
fn a_setting_that_goes_no_further_ends_there_whoever_began_to_end_it() {
    let case = Case::new();
    let specification = case.specification(HALVING);
    let (undisturbed, home) = (case.home("undisturbed"), case.home("disturbed"));
    assert_eq!(run(&specification, &undisturbed, &AtomicBool::new(false), &mut Deaf).unwrap(), SweepEnd::Complete);
    let expected = ends(&specification, &undisturbed);
    let halved: Vec<&String> =
        expected.iter().filter(|(_, end)| end == &Some(("halved".into(), 2))).map(|(hash, _)| hash).collect();
    assert_eq!(halved.len(), 2, "{expected:?}");

    // All are at the rung, and nothing has ended.
    let stop = AtomicBool::new(false);
    let mut stops = At(|event| {
        stop.fetch_or(matches!(event, SweepEvent::Rung { .. }), Ordering::Relaxed);
    });
    assert_eq!(run(&specification, &home, &stop, &mut stops).unwrap(), SweepEnd::Paused);
    assert!(ends(&specification, &home).iter().all(|(_, end)| end.is_none()));
    // Another has those that are to be ended there, and goes when this one has nothing else to do.
    let settings = ClaimSettings { host: Some("elsewhere".into()), ..ClaimSettings::default() };
    let other = Claims::join(&home.path, &settings).unwrap();
    let mut held: Vec<Taken> = halved.iter().map(|hash| other.take(hash).unwrap()).collect();
    assert!(held.iter().all(|taken| matches!(taken, Taken::Mine(_))));
    let mut has_waited = false;
    let mut goes = At(|event| {
        if matches!(event, SweepEvent::Waiting { .. }) {
            (has_waited, _) = (true, held.drain(..).count());
        }
    });
    assert_eq!(run(&specification, &home, &AtomicBool::new(false), &mut goes).unwrap(), SweepEnd::Complete);
    assert!(has_waited);
    assert_eq!(ends(&specification, &home), expected);
}

#[test]
fn what_a_killed_process_left_of_runs_that_had_ended_goes() {
    let case = Case::new();
    let (specification, home) = (case.specification(HALVING), case.home("night"));
    run(&specification, &home, &AtomicBool::new(false), &mut Deaf).unwrap();
    let path = home.run(&ends(&specification, &home)[0].0);
    let listing = || {
        let mut names: Vec<_> = std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let expected = listing();
    assert_eq!(expected.len(), 6, "{expected:?}");
    for left in ["checkpoint.safetensors", "checkpoint.previous.safetensors", "rungs.json"] {
        std::fs::write(path.join(left), "left").unwrap();
    }
    // Not while another is about it.
    let settings = ClaimSettings { host: Some("elsewhere".into()), ..ClaimSettings::default() };
    let other = Claims::join(&home.path, &settings).unwrap();
    let taken = other.take(&ends(&specification, &home)[0].0).unwrap();
    // rungs.json is what it is compared by, as long as it is there.
    std::fs::remove_file(path.join("rungs.json")).unwrap();
    run(&specification, &home, &AtomicBool::new(false), &mut Deaf).unwrap();
    assert_eq!(listing().len(), 8);
    drop(taken);
    run(&specification, &home, &AtomicBool::new(false), &mut Deaf).unwrap();
    assert_eq!(listing(), expected);
}

#[test]
fn data_that_change_while_a_sweep_runs_end_it() {
    let case = Case::new();
    let specification = case.specification("[grid]\n'network.dale' = ['presynaptic', 'postsynaptic']\n");
    let other = case.place.path().join("other");
    Synthetic::generate(&SyntheticSettings::small(1)).unwrap().write(&other).unwrap();
    let (from, to) = (other.join("Firing_Rates.mat"), case.data().join("Firing_Rates.mat"));
    let before = std::fs::read(&to).unwrap();
    let mut changes = At(|event| {
        if matches!(event, SweepEvent::Group { number: 1, .. }) {
            std::fs::copy(&from, &to).unwrap();
        }
    });
    let home = case.home("night");
    let error = run(&specification, &home, &AtomicBool::new(false), &mut changes).unwrap_err();
    assert!(error.exit_code() == 2 && error.to_string().contains("has changed while"), "{error}");
    std::fs::write(&to, before).unwrap();
    assert_eq!(ends(&specification, &home).iter().filter(|(_, end)| end.is_some()).count(), 1);
    assert_eq!(run(&specification, &home, &AtomicBool::new(false), &mut Deaf).unwrap(), SweepEnd::Complete);
}

#[test]
fn processes_that_begin_a_sweep_at_once_share_it() {
    let case = Case::new();
    let specification = case.specification("");
    let sweep = specification.runs(false).unwrap();
    for attempt in 0..20 {
        let home = case.home(&format!("night{attempt}"));
        std::thread::scope(|scope| {
            let begin = || home.settle(&specification, &sweep, &mut FileHashes::default(), false);
            let begun: Vec<_> = (0..4).map(|_| scope.spawn(begin)).collect();
            for one in begun {
                one.join().unwrap().unwrap();
            }
        });
    }
    // A temporary file of another is nothing that a sweep could harm; anything else is.
    let home = case.home("foreign");
    std::fs::create_dir(&home.path).unwrap();
    std::fs::write(home.path.join("thesis.tex"), "").unwrap();
    let error = home.check(&specification, &sweep, &mut FileHashes::default(), false).unwrap_err();
    assert!(error.exit_code() == 2 && error.to_string().contains("thesis.tex"), "{error}");
}

#[test]
fn a_time_beyond_all_times_ends_nothing() {
    let case = Case::new();
    let options = SweepOptions { budget: Some(std::time::Duration::MAX), ..SweepOptions::default() };
    let end = train(&case.specification(""), &case.home("night"), &options, &AtomicBool::new(false), &mut Deaf);
    assert_eq!(end.unwrap(), SweepEnd::Complete);
}

#[test]
fn processes_that_end_a_sweep_at_once_all_end_well() {
    let case = Case::new();
    let specification = case.keeping("reports = 0\nweights = 1", "seeds = 12\n");
    let never = AtomicBool::new(false);
    for attempt in 0..3 {
        let home = case.home(&format!("night{attempt}"));
        std::thread::scope(|scope| {
            let one = || run(&specification, &home, &never, &mut Deaf);
            let all: Vec<_> = (0..3).map(|_| scope.spawn(one)).collect();
            for one in all {
                assert_eq!(one.join().unwrap().unwrap(), SweepEnd::Complete);
            }
        });
        let kept =
            ends(&specification, &home).iter().filter(|(h, _)| home.run(h).join("best.safetensors").exists()).count();
        assert_eq!(kept, 1);
    }
}
