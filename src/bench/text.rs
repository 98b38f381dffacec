//! Measurements as tables on a terminal.

use super::{Measurement, Scale, StageSpeed};

impl Measurement {
    /// Everything, as a table.
    pub fn to_text(&self) -> String {
        let m = self;
        let mut lines = vec![
            format!("engine     {} ({}, {})", m.engine, m.adapter, m.strategy),
            format!(
                "work       {} × {} conditions × {} steps, {} neurons",
                if m.networks == 1 { "1 network".into() } else { format!("{} networks", m.networks) },
                m.conditions,
                m.time_steps,
                m.neurons
            ),
            format!(
                "step       {:.4} s (median of {}, {:.4} to {:.4})",
                m.seconds_per_step, m.steps, m.seconds_range[0], m.seconds_range[1]
            ),
            format!("speed      {:.1} trials/s", m.trials_per_second),
            format!("arithmetic {:.1} GFLOP/s{}", m.gflops, share(m)),
            format!(
                "memory     {} in the engine's arrays, {} most in the process",
                megabytes(Some(m.device_memory_bytes)),
                megabytes(m.peak_memory_bytes)
            ),
        ];
        if let Some(copy) = m.peak_copy_gb_per_s {
            lines.push(format!("copies     {copy:.1} GB/s at most, measured (read + written)"));
        }
        lines.push(format!("start      {:.3} s until the first step was done", m.startup_seconds));
        lines.push(format!("\n{:<20} {:>10} {:>10} {:>10} {:>10}", "stage", "ms", "of step", "GFLOP/s", "of limit"));
        let total: f64 = m.stages.iter().map(|s| s.seconds).sum();
        lines.extend(m.stages.iter().map(|s| stage_row(s, total, m.peak_gflops)));
        lines.join("\n")
    }
}

fn stage_row(s: &StageSpeed, total: f64, peak: Option<f64>) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let part = percent(s.seconds / total.max(1e-12));
    let speed = s.gflops.map(|gflops| format!("{gflops:.1}")).unwrap_or_default();
    let of_peak = s.gflops.zip(peak).map(|(gflops, peak)| percent(gflops / peak)).unwrap_or_default();
    let row = format!("{:<20} {:>10.3} {part:>10} {speed:>10} {of_peak:>10}", s.stage, 1e3 * s.seconds);
    row.trim_end().into()
}

fn share(m: &Measurement) -> String {
    m.share_of_peak.zip(m.peak_gflops).map_or_else(String::new, |(share, peak)| {
        let how = match m.peak_pairs {
            0 => String::new(),
            1 => ", measured right after the step".into(),
            pairs => format!(" (median of {pairs} pairs measured in turns)"),
        };
        format!(", {:.0} % of the device's measured {peak:.1}{how}", 100.0 * share)
    })
}

fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "unknown".into(), |b| format!("{:.1} MB", b as f64 / 1e6))
}

impl Scale {
    /// Measurements of its sizes, as a table.
    pub fn to_text(self, points: &[Measurement]) -> String {
        let head = format!(
            "{:<20} {:>10} {:>10} {:>22} {:>9}",
            self.axis(),
            "s/step",
            "trials/s",
            "µs per trial and step",
            "GFLOP/s"
        );
        let row = |m: &Measurement| {
            let per_step = 1e6 / (m.trials_per_second * m.time_steps as f64);
            format!(
                "{:<20} {:>10.4} {:>10.1} {:>22.3} {:>9.1}",
                self.size(m),
                m.seconds_per_step,
                m.trials_per_second,
                per_step,
                m.gflops
            )
        };
        std::iter::once(head).chain(points.iter().map(row)).chain([String::new()]).collect::<Vec<_>>().join("\n")
    }
}
