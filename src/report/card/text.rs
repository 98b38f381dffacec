//! What a report of a card says in sentences.

use crate::bench::Measurement;
use crate::bench::card::{CardReport, Series, Speed, Verdict};
use crate::engine::memory_text;
use crate::report::parts::words::{duration, listed, short};
use std::fmt::Write as _;

/// Measurements of the main series that tuning chose.
pub(super) fn tuned(report: &CardReport) -> impl Iterator<Item = &Speed> + Clone {
    report.speeds.iter().filter(|s| s.tuned && s.series == Series::Networks)
}

/// The fastest of them.
pub(super) fn fastest(report: &CardReport) -> Option<&Speed> {
    tuned(report).max_by(|a, b| a.measurement.trials_per_second.total_cmp(&b.measurement.trials_per_second))
}

/// The verdict in a word.
pub(super) fn verdict(report: &CardReport) -> &'static str {
    match report.verdict {
        Verdict::Holds => "holds",
        Verdict::Fails => "fails",
        Verdict::Open => "open",
    }
}

/// What was found, a sentence each.
pub(super) fn sentences(report: &CardReport) -> Vec<String> {
    [checks(report), bits(report), speed(report), choices(report), memory(report)].into_iter().flatten().collect()
}

fn checks(report: &CardReport) -> Option<String> {
    let all = report.checks.iter().flat_map(|c| &c.quantities);
    let (count, within) = (all.clone().count(), all.clone().filter(|q| q.within).count());
    let worst = all.map(|q| q.error / q.tolerance).fold(0.0, f64::max);
    if count == 0 {
        return None;
    }
    Some(if within == count {
        let worst = short(worst, 2);
        format!("All {count} numbers that were checked are right: the largest error is {worst} of its tolerance.")
    } else {
        format!("{} of {count} numbers that were checked are beyond their tolerance.", count - within)
    })
}

/// Whether the strategies came to the same bits, as they were made to.
fn bits(report: &CardReport) -> Option<String> {
    let mut pairs = report.checks.iter().enumerate().flat_map(|(k, a)| {
        let alike =
            report.checks[k + 1..].iter().filter(|b| (&a.reference, &a.trajectory) == (&b.reference, &b.trajectory));
        alike.map(|b| a.gradient_bits == b.gradient_bits)
    });
    let first = pairs.next()?;
    let text = if first && pairs.all(|same| same) {
        "Both strategies give the same gradients, bit for bit."
    } else {
        "The strategies differ in the last bits of gradients, as where a compiler joins operations in one of them."
    };
    Some(text.into())
}

fn speed(report: &CardReport) -> Option<String> {
    let one = &tuned(report).find(|s| s.measurement.networks == 1)?.measurement;
    let fastest = &fastest(report)?.measurement;
    let ms = |m: &Measurement| short(1e3 * m.seconds_per_step, 3);
    let mut text = format!("One network takes {} ms a step", ms(one));
    if fastest.networks != one.networks {
        let speed = short(fastest.trials_per_second, 3);
        let _ = write!(text, "; {} networks take {} ms together, {speed} trials/s", fastest.networks, ms(fastest));
    }
    if let Some(peak) = fastest.peak_gflops {
        let _ = write!(text, ", {}\u{a0}% of the measured multiply-adds", short(100.0 * fastest.gflops / peak, 2));
    }
    Some(text + ".")
}

/// Where what tuning chose is slower than what it did not.
fn choices(report: &CardReport) -> Option<String> {
    let size = |s: &Speed| (s.series, s.measurement.networks);
    let lost = report.speeds.iter().filter(|s| s.tuned).filter_map(|chosen| {
        let other = report.speeds.iter().find(|s| !s.tuned && size(s) == size(chosen))?;
        let gain = chosen.measurement.seconds_per_step / other.measurement.seconds_per_step - 1.0;
        // Less than this is noise.
        let m = &chosen.measurement;
        (gain > 0.05).then(|| format!("K = {}, N = {} (by {:.0} %)", m.networks, m.neurons, 100.0 * gain))
    });
    let lost: Vec<String> = lost.collect();
    (!lost.is_empty()).then(|| format!("Tuning chose the slower strategy at {}.", listed(&lost)))
}

fn memory(report: &CardReport) -> Option<String> {
    let most = report.speeds.iter().max_by_key(|s| s.measurement.device_memory_bytes)?;
    let bytes = memory_text(most.measurement.device_memory_bytes);
    let (networks, neurons) = (most.measurement.networks, most.measurement.neurons);
    Some(format!("The most memory that was taken: {bytes} ({networks} × {neurons} neurons)."))
}

/// When, and in what time.
pub(super) fn lead(report: &CardReport) -> String {
    let (a, m) = (&report.adapter, &report.machine);
    let with = |text: &str| if text.is_empty() { String::new() } else { format!(", {text}") };
    format!(
        "{}{}, {}{} {}{}. Begun {} UTC by aon {}; it took {}, of at most {}.",
        a.backend,
        with(&a.driver),
        if a.software { "a program on the processor; " } else { "" },
        m.system,
        m.architecture,
        with(&m.processor),
        report.begun.replace(['T', 'Z'], " ").trim(),
        report.version,
        duration(report.seconds),
        duration(report.budget_seconds)
    )
}
