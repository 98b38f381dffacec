//! Shows how long work goes: a bar on a terminal; elsewhere (a log file, a pipe) a plain line from time to time.

use super::output::{note, visible};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// A bar or lines, on standard error.
#[derive(Debug)]
pub(super) struct BarOrLines {
    bar: Option<ProgressBar>,
    total: u64,
    last_line: Option<Instant>,
}

/// Time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

impl BarOrLines {
    /// Towards `total`, of which `done` were done before; `template` is what the bar looks like.
    pub(super) fn new(template: &str, total: u64, done: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_position(done);
            bar.reset_eta();
            bar
        });
        Self { bar, total, last_line: None }
    }

    /// `done` are done: `message` beside the bar, or `line` where one is due.
    pub(super) fn show(&mut self, done: u64, message: &str, line: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(visible(message));
        } else if self.last_line.is_none_or(|t| t.elapsed() >= LINE_INTERVAL) || done == self.total {
            note(line());
            self.last_line = Some(Instant::now());
        }
    }
}

impl Drop for BarOrLines {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How far an experiment of many networks is, with the time left.
#[derive(Debug)]
pub(super) struct NetworkProgress {
    shown: BarOrLines,
    start: Instant,
}

impl NetworkProgress {
    pub(super) fn new(unit: &str, total: usize, found: usize) -> Self {
        let template = format!("{{bar:30}} {{pos}}/{{len}} {unit}, {{eta}} left, {{msg}}");
        Self { shown: BarOrLines::new(&template, total as u64, found as u64), start: Instant::now() }
    }

    pub(super) fn show(&mut self, p: &crate::run::Progress) {
        let seconds = self.start.elapsed().as_secs_f64();
        let left = seconds / (p.done - p.found).max(1) as f64 * (p.total - p.done) as f64;
        let (unit, done, total, what) = (p.unit, p.done, p.total, p.what);
        self.shown.show(done as u64, what, || {
            format!("{unit} {done}/{total}, {what}, {seconds:.0} s, about {left:.0} s left")
        });
    }
}
