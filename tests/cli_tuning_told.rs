//! Recordings that say less than one would wish: `aon tuning` mends or leaves out, tells it, and goes on.
#![allow(missing_docs)]

mod cli_support;
mod recorded_support;

use aon::data::NamedArray;
use cli_support::{aon, json, table};
use ndarray::Array2;
use recorded_support::{Folder, mixed, texts, vector};
use serde_json::Value;
use std::path::Path;

const HEADER: &str = "agent,behaviour,start,stop\n";

/// Three neurons for two minutes at 10 Hz, which say nothing of behaviour.
fn noise() -> Array2<f32> {
    Array2::from_shape_fn((3, 1200), |(i, t)| (mixed((i * 5000 + t + 1) as u64) % 1000) as f32 / 100.0)
}

fn recording(activity: Array2<f32>) -> Vec<NamedArray> {
    vec![NamedArray::new("activity", activity), vector("frame_rate", &[10.0]), texts("animal", &["Zara"])]
}

/// Eleven bouts of each of these agents in two minutes.
fn bouts(agents: &[(&str, usize)]) -> String {
    let bout = |(agent, at): &(&str, usize), k: usize| format!("{agent},eat,{},{}\n", at + 10 * k, at + 2 + 10 * k);
    let rows = agents.iter().flat_map(|agent| (0..11).map(move |k| bout(agent, k)));
    HEADER.to_string() + &rows.collect::<String>()
}

const BOTH: [(&str, usize); 2] = [("self", 5), ("other", 9)];

/// Studies `recordings`, and returns what is printed, the page and the summary.
fn told(folder: &Folder, arguments: &[&str]) -> (String, String, Value) {
    let mut command = aon();
    command.current_dir(folder.0.path()).arg("tuning").args(arguments).args(["--output-dir", "out"]);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said} {}", String::from_utf8_lossy(&output.stderr));
    let page = std::fs::read_to_string(folder.path("out/report.html")).unwrap();
    (said, page, json(&folder.path("out/summary.json")))
}

fn classes(folder: &Folder) -> Vec<String> {
    table(&folder.path("out/labels.csv")).into_iter().skip(1).map(|row| row[4].clone()).collect()
}

const BRIEF: [&str; 3] = ["r.npz", "--shifts", "250"];

#[test]
fn overlapping_bouts_are_merged_and_told() {
    let rows = bouts(&BOTH) + "self,eat,6,8\n";
    let folder = Folder::new().arrays("r.npz", &recording(noise())).with("r.bouts.csv", rows);
    let (said, page, _) = told(&folder, &BRIEF);
    let remark = "Zara r: 1 bout of eat by self overlapping the one before merged with it.";
    assert!(said.contains(&format!("note       {remark}")) && page.contains(remark), "{said}");
    let executed = table(&folder.path("out/tuning.csv")).into_iter().find(|row| row[4] == "self").unwrap();
    assert_eq!(executed[6], "11", "{executed:?}");
    let mut quiet = aon();
    quiet.current_dir(folder.0.path()).arg("tuning").args(BRIEF).args(["--quiet", "--output-dir", "out"]);
    let said = String::from_utf8(quiet.output().unwrap().stdout).unwrap();
    assert!(!said.contains("note "), "{said}");
}

#[test]
fn neurons_that_say_nothing_are_untestable_and_take_nothing_from_others() {
    let mut odd = noise();
    odd[[0, 7]] = f32::NAN;
    odd.row_mut(1).fill(2.0);
    let folder = Folder::new().arrays("r.npz", &recording(odd)).with("r.bouts.csv", bouts(&BOTH));
    let (said, page, _) = told(&folder, &BRIEF);
    for remark in ["1 neuron of 3 with NaN or infinite values (1)", "1 neuron of 3 that never change (2)"] {
        assert!(said.contains(remark) && page.contains(remark), "{remark}: {said}");
    }
    assert_eq!(classes(&folder)[..2], ["untestable", "untestable"]);
    assert_ne!(classes(&folder)[2], "untestable");

    // Most neurons without any number, in one session; all, in another.
    let mut most = noise();
    (0..2).for_each(|i| most.row_mut(i).fill(f32::NAN));
    let all = Array2::from_elem((3, 1200), f32::NAN);
    let folder = Folder::new().arrays("r.npz", &recording(most)).arrays("s.npz", &recording(all));
    let folder = folder.with("r.bouts.csv", bouts(&BOTH)).with("s.bouts.csv", bouts(&BOTH));
    let (said, _, summary) = told(&folder, &["r.npz", "s.npz", "--shifts", "250"]);
    assert!(said.contains("2 neurons of 3 with NaN") && said.contains("3 neurons of 3 with NaN"), "{said}");
    assert_eq!(classes(&folder).iter().filter(|class| *class == "untestable").count(), 5);
    let null = &summary["judgement"]["together"]["expected"];
    assert!(null.is_number(), "the session of no neuron takes the draws of the other: {summary}");
}

#[test]
fn without_the_other_agent_there_is_no_verdict_and_it_is_said_why() {
    for (agents, words) in [
        (&BOTH[..1], "of observed ones, none could be tested"),
        (&BOTH[1..], "of executed ones, none could be tested"),
        (&[], "none could be tested at all"),
    ] {
        let folder = Folder::new().arrays("r.npz", &recording(noise())).with("r.bouts.csv", bouts(agents));
        let (said, page, summary) = told(&folder, &BRIEF);
        assert!(said.contains(words) && page.contains(words), "{said}");
        assert!(said.contains("nothing can be said about mirror neurons"), "{said}");
        assert_eq!(summary["verdict"], "inconclusive");
        assert!(classes(&folder).iter().all(|class| class == "untestable"));
    }
}

#[test]
fn draws_that_are_too_few_are_told() {
    let folder = Folder::new().arrays("r.npz", &recording(noise())).with("r.bouts.csv", bouts(&BOTH));
    let (said, _, summary) = told(&folder, &["r.npz", "--shifts", "1"]);
    assert!(said.contains("of so few draws no p can be below 0.01"), "{said}");
    assert_eq!(summary["verdict"], "inconclusive");
}

/// Another session is what is drawn: without one there is no null distribution, and no neuron is "none".
#[test]
fn the_bouts_of_other_sessions_need_other_sessions() {
    let one = || recording(noise());
    let of_another = || {
        let mut arrays = recording(noise());
        arrays[2] = texts("animal", &["Yuri"]);
        arrays
    };
    let folder = Folder::new().arrays("r.npz", &one()).arrays("s.npz", &one()).arrays("t.npz", &of_another());
    let folder = ["r", "s", "t"].iter().fold(folder, |f, name| f.with(&format!("{name}.bouts.csv"), bouts(&BOTH)));
    for alone in [&["r.npz"][..], &["r.npz", "t.npz"]] {
        let mut command = aon();
        command.current_dir(folder.0.path()).arg("tuning").args(alone).args([
            "--null",
            "sessions",
            "--output-dir",
            "out",
        ]);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(2) && said.contains("--null sessions: expected several sessions"),
            "{said}"
        );
        assert!(!folder.path("out").exists());
    }
    let (said, page, _) = told(&folder, &["r.npz", "s.npz", "t.npz", "--null", "sessions"]);
    assert!(said.contains("of so few draws no p can be below 0.01"), "{said}");
    assert!(page.contains("its null distribution cannot be drawn"), "Yuri has one session");
    let of_yuri = table(&folder.path("out/labels.csv")).into_iter().filter(|row| row[0] == "Yuri");
    assert!(of_yuri.map(|row| row[4].clone()).eq(["untestable"; 3]));
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_files_all_the_same() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new().arrays("r.npz", &recording(noise()));
    let name = OsStr::from_bytes(b"m\xe4use.npz");
    std::fs::rename(folder.path("r.npz"), folder.0.path().join(name)).unwrap();
    std::fs::write(folder.0.path().join(OsStr::from_bytes(b"m\xe4use.bouts.csv")), bouts(&BOTH)).unwrap();
    let mut command = aon();
    command.current_dir(folder.0.path()).arg("tuning").arg(name).args(["--check"]);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("3 neurons"), "{said}");
    assert!(said.contains("eat by other: 11 bouts"), "the table beside it is not found: {said}");
}

/// What is finished is kept, and the same command ends in the same tables.
#[cfg(unix)]
#[test]
fn a_study_that_is_interrupted_goes_on_where_it_was() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    const NAMES: [&str; 5] = ["r", "s", "t", "u", "v"];
    let folder = NAMES.iter().fold(Folder::new(), |folder, name| {
        let folder = folder.arrays(&format!("{name}.npz"), &recording(noise()));
        folder.with(&format!("{name}.bouts.csv"), bouts(&BOTH))
    });
    let arguments = |to: &'static str| {
        let files = NAMES.map(|name| format!("{name}.npz"));
        ["tuning", "--shifts", "20000", "--output-dir", to].map(String::from).into_iter().chain(files)
    };
    let start = |to| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aon"));
        command.current_dir(folder.0.path()).args(arguments(to)).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let child = start("out");
    let kept = || std::fs::read_dir(folder.path("out/sessions")).map_or(0, |d| d.flatten().filter(is_whole).count());
    let begun = Instant::now();
    while kept() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(120), "no session is finished");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(130) && said.contains("paused"), "{said}");
    assert!((1..NAMES.len()).contains(&kept()) && !folder.path("out/summary.json").exists(), "{said}");
    for to in ["out", "straight"] {
        assert!(start(to).wait_with_output().unwrap().status.success());
    }
    for file in ["tuning.csv", "labels.csv", "mirror.csv", "controls.csv", "summary.json"] {
        let read = |to: &str| std::fs::read(Path::new(&folder.path(to)).join(file)).unwrap();
        assert!(read("out") == read("straight"), "{file} differs");
    }
}

#[cfg(unix)]
fn is_whole(entry: &std::fs::DirEntry) -> bool {
    entry.path().extension().is_some_and(|e| e == "json")
}
