//! `aon bench --gpu-report`: what it holds, what it does when it is interrupted, and that it notices a wrong number.
#![allow(missing_docs)]

mod cli_support;
mod common;

use aon::bench::Case;
use aon::bench::card::{CardReport, Progress, Reference, SurveySettings, Verdict, survey};
use aon::engine::gpu::GpuOptions;
use aon::error::Error;
use cli_support::{aon, json};
use common::golden::Golden;
use common::gpu;
use predicates::str::contains;
use serde_json::Value;
use std::path::Path;

const TINY: [&str; 8] = ["--neurons", "24", "--conditions", "2", "--time-steps", "80", "--steps", "1"];

fn list<'a>(report: &'a Value, name: &str) -> &'a Vec<Value> {
    report[name].as_array().unwrap_or_else(|| panic!("the report lacks {name}"))
}

fn names(report: &Value) -> Vec<&str> {
    list(report, "not_measured").iter().map(|n| n["what"].as_str().unwrap()).collect()
}

/// The page says what the numbers are, in its own words.
fn agrees(page: &str, report: &Value) {
    for section in ["What was found", "Numbers: the golden case", "Numbers: the f64 twin", "The card", "The machine"] {
        assert!(page.contains(section), "the page lacks '{section}'");
    }
    for check in list(report, "checks") {
        assert!(page.contains(check["gradient_bits"].as_str().unwrap()));
        for q in list(check, "quantities") {
            let (error, tolerance) = (q["error"].as_f64().unwrap(), q["tolerance"].as_f64().unwrap());
            let words = format!("{error:.1e}\u{a0}≤\u{a0}{tolerance:e}").replace('-', "−");
            assert!(
                q["within"] == true && error <= tolerance && page.contains(&words),
                "{q}: the page lacks '{words}'"
            );
        }
    }
    for speed in list(report, "speeds") {
        let choice = speed["choice"].as_str().unwrap();
        assert!(page.contains(choice), "the page lacks '{choice}'");
    }
    assert!(!page.contains("http://") && !page.contains("https://"), "the page needs something else");
}

/// All that is planned is measured or listed; numbers are right; both files are there and agree.
#[test]
fn a_report_holds_all_parts_or_says_what_is_missing() {
    if gpu::device().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/card");
    let flags = ["bench", "--budget", "30", "--gpu-report", file.to_str().unwrap()];
    aon().args(flags).args(TINY).assert().success().stderr(contains("golden case, resident, f32"));
    let (report, page) = read(&file);
    assert_eq!((&report["complete"], &report["verdict"]), (&Value::Bool(true), &Value::from("holds")));
    for name in ["version", "begun", "machine", "adapter", "case"] {
        assert!(!report[name].is_null(), "{name}");
    }
    assert_eq!(list(&report, "checks").len(), 8, "two references, two strategies, two kinds of trajectories");
    assert!(report["peak_gflops"].as_f64().unwrap() > 0.1 && report["peak_copy_gb_per_s"].as_f64().unwrap() > 0.1);
    agrees(&page, &report);

    // Tuned and not, of each size; what was left for want of time is named.
    let missing = names(&report);
    for networks in [1, 4, 16, 64, 128, 256, 512, 1024, 2048] {
        for (tuned, words) in [(true, "as tuned"), (false, "the other strategy")] {
            let of = |s: &&Value| s["networks"] == networks && s["series"] == "networks" && s["tuned"] == tuned;
            let measured = list(&report, "speeds").iter().filter(of).count();
            let listed = missing.iter().filter(|n| **n == format!("K = {networks}, N = 24, {words}")).count();
            assert_eq!(measured + listed, 1, "K = {networks}, {words}: {missing:?}");
        }
    }
    let Some(one) = list(&report, "speeds").first() else {
        return eprintln!("NOT TESTED: no speed was measured within 30 s.");
    };
    for number in ["seconds_per_step", "trials_per_second", "gflops", "device_memory_bytes", "trajectory_gb_per_s"] {
        assert!(one[number].as_f64().unwrap() > 0.0, "{number}");
    }
    assert_eq!(one["peak_gflops"], report["peak_gflops"]);
    assert!(page.contains("Speed by number of networks") && page.contains("<h2>Stages</h2>"));
}

fn read(file: &Path) -> (Value, String) {
    (json(&file.with_extension("json")), std::fs::read_to_string(file.with_extension("html")).unwrap())
}

/// What was measured before a signal is there, and says that it is not all.
#[cfg(unix)]
#[test]
fn an_interrupted_report_is_there_and_marked() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    if gpu::device().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("card");
    let mut command = Command::new(env!("CARGO_BIN_EXE_aon"));
    command
        .args(["bench", "--gpu-report", file.to_str().unwrap()])
        .args(TINY)
        .stderr(Stdio::null())
        .stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let start = Instant::now();
    let checked = || {
        let text = std::fs::read_to_string(file.with_extension("json")).ok()?;
        let report: Value = serde_json::from_str(&text).unwrap();
        list(&report, "checks").first().cloned()
    };
    while checked().is_none() {
        assert!(start.elapsed() < Duration::from_secs(100), "no check in 100 s");
        std::thread::sleep(Duration::from_millis(20));
    }
    let asked = Instant::now();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(asked.elapsed() < Duration::from_secs(2), "it took {:?} to end", asked.elapsed());
    let (report, page) = read(&file);
    assert_eq!((&report["complete"], &report["verdict"]), (&Value::Bool(false), &Value::from("open")));
    assert!(names(&report).contains(&"K = 1, N = 24, as tuned") && names(&report).contains(&"f64 twin, stepwise, f16"));
    assert!(page.contains("This report is incomplete") && page.contains("What was not measured"));
}

/// The report after its first check, with these reference numbers.
fn first_check(golden: Reference) -> Option<(CardReport, String)> {
    let device = gpu::device()?;
    let case = Case { networks: 1, neurons: 24, conditions: 2, time_steps: 80 };
    let settings = SurveySettings { case, steps: 1, budget_seconds: 600.0, golden };
    let folder = tempfile::tempdir().unwrap();
    let mut found = None;
    let mut hear = |progress: Progress| match progress {
        Progress::Found(report, _) if !report.checks.is_empty() => {
            aon::report::card::write(&folder.path().join("card"), report)?;
            found = Some(report.clone());
            Err(Error::run("this is enough"))
        }
        Progress::Found(..) | Progress::Begins(_) => Ok(()),
    };
    assert!(survey(device, GpuOptions::default(), &settings, &mut hear).is_err());
    Some((found.unwrap(), std::fs::read_to_string(folder.path().join("card.html")).unwrap()))
}

/// The quantity that notices it, and the fault.
type Fault = (&'static str, fn(&mut Reference));

#[test]
fn a_number_that_is_wrong_is_noticed_wherever_it_is() {
    let right = Reference::golden().unwrap();
    let Some((report, page)) = first_check(right.clone()) else { return };
    assert_eq!(report.verdict, Verdict::Open, "the other checks are still to come");
    assert!(report.fault().is_ok() && !page.contains("fails"));
    let faults: [Fault; 4] = [
        ("losses over 10 updates", |r| r.losses[7] *= 1.000_02),
        ("norms over 10 updates", |r| r.norms[9] *= 1.000_1),
        ("gradient of taus_param", |r| *r.gradient.last_mut().unwrap() *= 1.001),
        ("gradient of W", |r| r.gradient[5] = f64::NAN),
    ];
    for (name, spoil) in faults {
        let mut golden = right.clone();
        spoil(&mut golden);
        let (report, page) = first_check(golden).unwrap();
        assert_eq!(report.verdict, Verdict::Fails, "{name}");
        let fault = report.fault().unwrap_err();
        assert_eq!(fault.exit_code(), 1);
        let words = fault.to_string();
        assert!(
            words.contains(&format!("{name} is off by")) || words.contains(&format!("{name} is not finite")),
            "{words}"
        );
        assert!(page.contains("<strong>fails: ") && page.contains("Do not trust this card"));
    }
}

/// What is inside the program is what the golden arrays are.
#[test]
fn the_embedded_case_is_the_golden_one() {
    let (inside, golden) = (Reference::golden().unwrap(), Golden::case("small_A_clean").unwrap());
    let outside = golden.problem(1);
    let (a, b) = (&inside.problem, &outside);
    assert_eq!((a.dims, a.constraint, a.loss, a.adam), (b.dims, b.constraint, b.loss, b.adam));
    assert_eq!((&a.input_group, &a.sequence, &a.bins), (&b.input_group, &b.sequence, &b.bins));
    assert!(a.population.inhibitory() == b.population.inhibitory() && a.population.area_of() == b.population.area_of());
    assert!(a.stimulus == b.stimulus && a.targets == b.targets);
    assert!(a.initial_x == b.initial_x && a.initial_r == b.initial_r);
    assert_eq!(inside.settings, Golden::settings());
    assert_eq!(inside.parameters, golden.state(1).networks[0].parameters);
    assert_eq!(inside.gradient, golden.groups("grad_", "_f64"));
    assert_eq!((&inside.losses[..], &inside.norms[..]), (golden.array("losses_f64"), golden.array("global_norms_f64")));
    assert_eq!(golden.array("learning_rate"), [Reference::LEARNING_RATE]);
}

#[test]
fn without_a_card_there_is_a_sentence_and_no_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("card");
    let report = ["bench", "--gpu-report", file.to_str().unwrap()];
    if cfg!(target_os = "linux") {
        let mut command = aon();
        command.env("VK_DRIVER_FILES", "/nonexistent.json").env("VK_ICD_FILENAMES", "/nonexistent.json");
        command.args(report).assert().code(3).stderr(contains("no graphics adapter was found"));
    } else {
        eprintln!("NOT TESTED: adapters are hidden on Linux only.");
    }
    aon().args(report).args(["--engine", "cpu"]).assert().code(2).stderr(contains("there is no report of the CPU"));
    aon().args(report).args(["--networks", "4"]).assert().code(2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// The script that sets a report beside JAX and PyTorch reads what the program writes.
#[test]
fn ratios_are_of_the_same_size_and_number_of_networks() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let speed = |networks: usize, tuned: bool, seconds: f64| {
        format!("{{\"series\":\"networks\",\"tuned\":{tuned},\"networks\":{networks},\"seconds_per_step\":{seconds}}}")
    };
    let speeds = [speed(1, true, 0.002), speed(1, false, 0.1), speed(4, true, 0.004)].join(",");
    let report = file(
        "card.json",
        &format!(
            "{{\"version\":\"0.1.0\",\"verdict\":\"holds\",\"adapter\":{{\"name\":\"card\",\"driver\":\"1\"}},\
             \"case\":{{\"neurons\":24,\"conditions\":2,\"time_steps\":80}},\"speeds\":[{speeds}]}}"
        ),
    );
    let peer = |networks: usize, neurons: usize, rest: &str| {
        format!(
            "{{\"peer\":\"jax\",\"version\":\"1\",\"device\":\"card\",\"precision\":\"highest\",\"networks\":{networks},\
             \"neurons\":{neurons},\"conditions\":2,\"time_steps\":80,{rest}}}\n"
        )
    };
    let lines = [
        peer(1, 24, "\"seconds_per_step\":0.005,\"first_loss\":1.0"),
        peer(4, 355, "\"seconds_per_step\":9.0,\"first_loss\":1.0"),
        peer(16, 24, "\"error\":\"out of memory\""),
    ];
    let peers = file("jax.jsonl", &lines.concat());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/peers/ratios.py");
    let Ok(output) = std::process::Command::new("python3").arg(script).args([&report, &peers]).output() else {
        return eprintln!("NOT TESTED: there is no python3.");
    };
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let row = |networks: &str| {
        text.lines().find(|l| l.trim_start().starts_with(networks)).unwrap_or_else(|| panic!("{text}"))
    };
    assert!(row("1 ").contains("2.00") && row("1 ").contains("5.00 (2.50 x)"), "{text}");
    assert!(row("4 ").contains("4.00") && !row("4 ").contains('x'), "another size is no comparison: {text}");
    assert!(text.contains("not measured: jax highest, K = 16: out of memory"), "{text}");
}
