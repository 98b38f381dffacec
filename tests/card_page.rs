//! The page of a card that nobody has: made-up figures of a fast one. It stays in the build directory (`card/fast.html` under
//! `CARGO_TARGET_TMPDIR`), to be looked at.

use aon::bench::card::{CardReport, Check, Machine, NotMeasured, Quantity, Series, Speed, Tried, Verdict};
use aon::bench::{Case, Measurement, StageSpeed};
use aon::engine::gpu::AdapterInfo;
use std::path::PathBuf;

const STAGES: [&str; 9] =
    ["weights", "forward", "loss", "adjoint", "weight_gradient", "parameter_gradient", "clip", "adam", "dale"];

fn speed(series: Series, networks: usize, neurons: usize, tuned: bool, seconds: f64) -> Speed {
    let operations = 6.0 * (neurons * neurons) as f64 * 12.0 * 799.0 * networks as f64;
    let strategy = if tuned == (networks < 64) { "resident" } else { "stepwise" };
    Speed {
        series,
        tuned,
        choice: format!("{strategy} from buffers, 2 × 12, gradient 8 × 8 by 8 × 8"),
        trajectory_gb_per_s: 0.116 * networks as f64 / seconds,
        measurement: Measurement {
            engine: "gpu".into(),
            adapter: "Made-up card".into(),
            strategy: strategy.into(),
            networks,
            neurons,
            conditions: 12,
            time_steps: 800,
            startup_seconds: 0.4,
            steps: 5,
            seconds_per_step: seconds,
            seconds_range: [0.98 * seconds, 1.1 * seconds],
            trials_per_second: 12.0 * networks as f64 / seconds,
            gflops: operations / seconds / 1e9,
            peak_gflops: Some(52_000.0),
            share_of_peak: Some(operations / seconds / 1e9 / 52_000.0),
            peak_pairs: 0,
            peak_copy_gb_per_s: Some(2_700.0),
            peak_memory_bytes: Some(1 << 30),
            device_memory_bytes: 41_000_000 * networks as u64,
            stages: STAGES
                .map(|stage| StageSpeed { stage: stage.into(), seconds: seconds / 8.0, gflops: None })
                .to_vec(),
        },
    }
}

fn check(strategy: &str, trajectory: &str, error: f64) -> Check {
    let names = ["loss at the start", "gradient of W", "losses over 10 updates"];
    let quantity = |name: &str| Quantity { name: name.into(), error, tolerance: 1e-5, within: error <= 1e-5 };
    Check {
        reference: "golden case".into(),
        source: "a program that is no part of aon".into(),
        strategy: strategy.into(),
        trajectory: trajectory.into(),
        quantities: names.map(quantity).to_vec(),
        gradient_bits: if trajectory == "f32" { "113dcfab8890".into() } else { format!("{strategy:.6}aabbcc") },
    }
}

fn made_up(error: f64) -> CardReport {
    let times = [0.0085, 0.009, 0.0105, 0.019, 0.031, 0.060, 0.118, 0.235];
    let networks = [1, 4, 16, 64, 128, 256, 512, 1024];
    let of = |(k, seconds): (usize, f64)| {
        let other = if k == 64 { 0.8 } else { 1.5 };
        [(true, 1.0), (false, other)].map(|(tuned, by)| speed(Series::Networks, k, 355, tuned, by * seconds))
    };
    let mut speeds: Vec<Speed> = networks.into_iter().zip(times).flat_map(of).collect();
    speeds.insert(2, speed(Series::Small, 128, 64, true, 0.006));
    speeds.insert(3, speed(Series::Wide, 8, 1024, true, 0.08));
    let full = |what: &str, why: &str| NotMeasured { what: format!("K = 2048, N = 355, {what}"), why: why.into() };
    CardReport {
        version: "0.1.0".into(),
        begun: "2026-11-28T09:00:00Z".into(),
        complete: true,
        verdict: if error <= 1e-5 { Verdict::Holds } else { Verdict::Fails },
        seconds: 312.0,
        budget_seconds: 420.0,
        machine: Machine { system: "Linux".into(), architecture: "x86_64".into(), ..Machine::default() },
        adapter: AdapterInfo {
            name: "Made-up <card>".into(),
            backend: "Vulkan".into(),
            kind: "discrete".into(),
            driver: "made up 1.2".into(),
            ..AdapterInfo::default()
        },
        case: Case::default(),
        checks: vec![
            check("resident", "f32", error),
            check("stepwise", "f32", 7e-7),
            check("resident", "f16", 7e-6),
            check("stepwise", "f16", 7e-6),
        ],
        peak_gflops: Some(52_000.0),
        peak_copy_gb_per_s: Some(2_700.0),
        speeds,
        tunings: vec![Tried {
            series: Series::Networks,
            networks: 1,
            seconds: 8.0,
            candidates: vec![("resident".into(), 0.008), ("stepwise".into(), 0.012)],
        }],
        not_measured: vec![
            full("tuning", "it ran out of memory"),
            full("as tuned", "K = 2048 did not fit, or failed"),
            full("the other strategy", "K = 2048 did not fit, or failed"),
        ],
        failures: Vec::new(),
    }
}

fn page(name: &str, report: &CardReport) -> String {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("card").join(name);
    aon::report::card::write(&file, report).unwrap();
    std::fs::read_to_string(file.with_extension("html")).unwrap()
}

#[test]
fn the_page_says_what_the_figures_come_to() {
    let page = page("fast", &made_up(3e-7));
    for text in [
        "Made-up &lt;card&gt;",
        "All 12 numbers that were checked are right: the largest error is 0.70 of its tolerance.",
        "The strategies differ in the last bits of gradients",
        "One network takes 8.50 ms a step; 1024 networks take 235 ms together",
        "Tuning chose the slower strategy at K = 64, N = 355 (by 25 %).",
        "42.0 GB (1024 × 355 neurons)",
        "3.0e−7\u{a0}≤\u{a0}1e−5",
        "K = 2048, N = 355 (as tuned, the other strategy)",
        "measured limit, 52000 GFLOP/s",
    ] {
        assert!(page.contains(text), "the page lacks '{text}'");
    }
    assert!(!page.contains("incomplete") && !page.contains("trust"));
}

#[test]
fn the_page_of_a_card_that_computes_wrongly_says_so_first() {
    let mut report = made_up(2e-3);
    report.complete = false;
    let page = page("wrong", &report);
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("the page lacks '{text}'"));
    assert!(place("<strong>fails</strong>") < place("Do not trust this card with this driver"));
    assert!(
        place("Do not trust") < place("What was found") && place("This report is incomplete") < place("What was found")
    );
    place("3 of 12 numbers that were checked are beyond their tolerance.");
    place("<strong>fails: 2.0e−3\u{a0}&gt;\u{a0}1e−5</strong>");
    report.checks[0].quantities[0].error = f64::INFINITY;
    report.checks[0].quantities[0].within = false;
    assert!(self::page("wrong", &report).contains("fails: not finite\u{a0}&gt;\u{a0}1e−5"));
}
