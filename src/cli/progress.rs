//! Shows how an experiment of many networks goes.

use super::output::note;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// A bar on a terminal; elsewhere a plain line from time to time, with the time left. Both on standard error.
#[derive(Debug)]
pub(super) struct NetworkProgress {
    bar: Option<ProgressBar>,
    total: usize,
    /// Done before this start.
    found: usize,
    start: Instant,
    last_line: Option<Instant>,
    /// What is counted.
    unit: &'static str,
}

/// Time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

impl NetworkProgress {
    /// Progress towards `total` networks, of which `found` were done before; `unit` is what they are called.
    pub(super) fn new(unit: &'static str, total: usize, found: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr_with_hz(10));
            let template = format!("{{bar:30}} {{pos}}/{{len}} {unit}, {{eta}} left, {{msg}}");
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style);
            }
            bar.set_position(found as u64);
            bar.reset_eta();
            bar
        });
        Self { bar, total, found, start: Instant::now(), last_line: None, unit }
    }

    /// `done` networks are done; `what` was the last.
    pub(super) fn show(&mut self, done: usize, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            bar.set_message(what.to_string());
            return;
        }
        if self.last_line.is_some_and(|t| t.elapsed() < LINE_INTERVAL) && done < self.total {
            return;
        }
        let seconds = self.start.elapsed().as_secs_f64();
        let left = seconds / (done - self.found).max(1) as f64 * (self.total - done) as f64;
        note(format!("{} {done}/{}, {what}, {seconds:.0} s, about {left:.0} s left", self.unit, self.total));
        self.last_line = Some(Instant::now());
    }
}

impl Drop for NetworkProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
