//! Shows how the training goes.

use super::Observer;
use crate::engine::StepRecord;
use crate::error::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// A bar on a terminal; elsewhere (a log file, a pipe) a plain line from time to time. Both on standard error.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    label: &'static str,
    planned_steps: u32,
    last_line: Option<Instant>,
}

/// Time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

impl Progress {
    /// Progress towards `planned_steps`, of which `done` are done; `label` says what trains.
    pub fn new(label: &'static str, planned_steps: u32, done: u32) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(u64::from(planned_steps)), ProgressDrawTarget::stderr_with_hz(10));
            if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} steps, {eta} left, {msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(label);
            bar.set_position(u64::from(done));
            bar.reset_eta();
            bar
        });
        Self { bar, label, planned_steps, last_line: None }
    }
}

impl Observer for Progress {
    fn on_step(&mut self, network: usize, record: &StepRecord, seconds: f64) -> Result<()> {
        if network != 0 {
            return Ok(());
        }
        let loss = record.loss.loss;
        if let Some(bar) = &self.bar {
            bar.set_position(u64::from(record.step));
            bar.set_message(format!("loss {loss:.4}"));
        } else if self.last_line.is_none_or(|t| t.elapsed() >= LINE_INTERVAL) || record.step == self.planned_steps {
            let line =
                format!("{} step {}/{}, loss {loss:.4}, {seconds:.0} s", self.label, record.step, self.planned_steps);
            // A closed standard error is no reason to end a training.
            let _ = writeln!(std::io::stderr().lock(), "{line}");
            self.last_line = Some(Instant::now());
        }
        Ok(())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
