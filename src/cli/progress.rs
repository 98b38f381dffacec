//! Shows how an experiment of many networks goes.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// A bar on a terminal; elsewhere a plain line from time to time, with the time left. Both on standard error.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    total: usize,
    /// Done before this start.
    found: usize,
    done: usize,
    start: Instant,
    last_line: Option<Instant>,
    /// What is counted.
    unit: &'static str,
    quiet: bool,
}

/// Time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

impl Progress {
    /// Progress towards `total` networks, of which `found` were done before; `unit` is what they are called.
    pub(crate) fn new(unit: &'static str, total: usize, found: usize, quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr_with_hz(10));
            let template = format!("{{bar:30}} {{pos}}/{{len}} {unit}, {{eta}} left, {{msg}}");
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style);
            }
            bar.set_position(found as u64);
            bar.reset_eta();
            bar
        });
        Self { bar, total, found, done: found, start: Instant::now(), last_line: None, unit, quiet }
    }

    /// `networks` more are done; `what` is being done.
    pub(crate) fn advance(&mut self, networks: usize, what: &str) {
        self.done += networks;
        if let Some(bar) = &self.bar {
            bar.set_position(self.done as u64);
            bar.set_message(what.to_string());
            return;
        }
        let due = self.last_line.is_none_or(|t| t.elapsed() >= LINE_INTERVAL) || self.done == self.total;
        if self.quiet || !due {
            return;
        }
        let seconds = self.start.elapsed().as_secs_f64();
        let left = seconds / (self.done - self.found).max(1) as f64 * (self.total - self.done) as f64;
        // A closed standard error is no reason to end an experiment.
        let _ = writeln!(
            std::io::stderr().lock(),
            "{} {}/{}, {what}, {seconds:.0} s, about {left:.0} s left",
            self.unit,
            self.done,
            self.total
        );
        self.last_line = Some(Instant::now());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
