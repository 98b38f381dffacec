//! Says how a sweep goes: one bar on a terminal, a line from time to time elsewhere, or an event a line as JSON.

use super::interrupt;
use super::notices::Terminal;
use super::output::{note, say, visible, warn};
use crate::run::Listener;
use crate::sweep::{SweepEvent, SweepListener, SweepProgress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Time between two plain lines, and between two progress events.
const LINE_INTERVAL: Duration = Duration::from_secs(30);

/// Says what happens in a sweep.
#[derive(Debug)]
pub(super) struct SweepLines {
    quiet: bool,
    json: bool,
    objective: &'static str,
    bar: Option<ProgressBar>,
    last_line: Option<Instant>,
    is_waiting: bool,
}

impl SweepLines {
    pub(super) fn new(quiet: bool, json: bool, objective: &'static str) -> Self {
        let shows_bar = !quiet && !json && std::io::stderr().is_terminal();
        let bar = shows_bar.then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(4));
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self { quiet, json, objective, bar, last_line: None, is_waiting: false }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.iter().for_each(ProgressBar::finish_and_clear);
    }

    fn show(&mut self, p: &SweepProgress) {
        let is_due = self.last_line.is_none_or(|last| last.elapsed() >= LINE_INTERVAL);
        if let Some(bar) = &self.bar {
            bar.set_length(p.runs as u64);
            bar.set_position(p.ended as u64);
            bar.set_message(visible(&self.text(p)));
        } else if is_due {
            self.last_line = Some(Instant::now());
            if self.json {
                say(event_of(&SweepEvent::Progress(p)));
            } else {
                note(format!("{}/{} runs, {}", p.ended, p.runs, self.text(p)));
            }
        }
    }

    fn text(&self, p: &SweepProgress) -> String {
        let speed = p.trials / p.seconds.max(1e-9);
        let best = p.best.map_or(String::new(), |best| format!(", best {} {best:.4}", self.objective));
        let left = p.left().map_or(String::new(), |left| format!(", at most {} left", duration(left)));
        format!("{} of {} places, {speed:.0} trials/s{best}{left}", p.in_place, p.places)
    }

    /// A line above the bar.
    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }
}

impl SweepListener for SweepLines {
    fn event(&mut self, event: &SweepEvent) {
        if let SweepEvent::Group { .. } = event {
            interrupt::save_first();
        }
        if let SweepEvent::Progress(progress) = event {
            self.is_waiting = false;
            if !self.quiet {
                self.show(progress);
            }
            return;
        }
        let repeats = matches!(event, SweepEvent::Waiting { .. }) && std::mem::replace(&mut self.is_waiting, true);
        if repeats {
            return;
        }
        if self.json {
            let event = event_of(event);
            if !event.is_null() {
                say(event);
            }
            return;
        }
        match event {
            SweepEvent::Advice(text) => warn(text),
            SweepEvent::Begun { warnings, .. } if self.quiet => warnings.iter().for_each(warn),
            SweepEvent::Notice(notice) => Terminal::new(self.quiet).notice(notice),
            _ if self.quiet => {}
            SweepEvent::Begun { path, settings, runs, ended, warnings } => {
                warnings.iter().for_each(warn);
                let before = if *ended > 0 { format!(", {ended} have ended already") } else { String::new() };
                self.line(&format!("sweep      {}: {settings} settings, {runs} runs{before}", path.display()));
            }
            SweepEvent::Group { group, number, of, networks, places, until } => {
                let apart: Vec<String> = group.apart.iter().map(|(key, value)| format!("{key} {value}")).collect();
                let why = if apart.is_empty() { String::new() } else { format!(": {}", apart.join(", ")) };
                let until = until.map_or(String::new(), |step| format!(" to step {step}"));
                self.line(&format!("group      {number} of {of}, {networks} networks in {places} places{until}{why}"));
            }
            SweepEvent::Rung { step, settings, kept } => {
                self.line(&format!("rung       after step {step} {kept} of {settings} settings go on"));
            }
            SweepEvent::Confirming { settings, runs } => {
                self.line(&format!("confirm    {} settings, {runs} runs on fresh seeds", settings.len()));
            }
            SweepEvent::Waiting { runs } => {
                self.line(&format!("waiting    for {runs} runs of other processes"));
            }
            SweepEvent::Ended(_) | SweepEvent::Progress(_) => {}
        }
    }
}

/// An event as JSON; null for what is said of a device.
fn event_of(event: &SweepEvent) -> Value {
    match event {
        SweepEvent::Begun { path, settings, runs, ended, warnings } => {
            json!({"event": "begun", "path": path, "settings": settings, "runs": runs, "ended": ended, "warnings": warnings})
        }
        SweepEvent::Group { group, number, of, networks, places, until } => {
            let apart: serde_json::Map<String, Value> =
                group.apart.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
            json!({"event": "group", "number": number, "of": of, "networks": networks, "places": places, "until": until, "apart": apart})
        }
        SweepEvent::Progress(p) => json!({
            "event": "progress", "ended": p.ended, "runs": p.runs, "in_place": p.in_place, "places": p.places,
            "trials_per_second": p.trials / p.seconds.max(1e-9), "best": p.best, "seconds": p.seconds,
            "seconds_left_at_most": p.left().map(|left| left.as_secs_f64())
        }),
        SweepEvent::Ended(run) => json!({
            "event": "ended", "hash": run.hash, "setting": run.setting, "seed": run.seed, "state": run.state,
            "reason": run.reason, "steps": run.steps, "objective": run.value, "seconds": run.seconds
        }),
        SweepEvent::Rung { step, settings, kept } => {
            json!({"event": "rung", "step": step, "settings": settings, "kept": kept})
        }
        SweepEvent::Confirming { settings, runs } => json!({"event": "confirming", "settings": settings, "runs": runs}),
        SweepEvent::Waiting { runs } => json!({"event": "waiting", "runs": runs}),
        SweepEvent::Advice(text) => json!({"event": "warning", "text": text}),
        SweepEvent::Notice(_) => Value::Null,
    }
}

/// A time in words: 3 h 20 min, 45 s.
pub(super) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) if m < 10 => format!("{m} min {s} s"),
        (0, m, _) => format!("{m} min"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// A part in whole percents; all of it only where nothing is missing.
pub(super) fn percent(part: usize, of: usize) -> usize {
    (part * 100).checked_div(of).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let said = [5, 65, 660, 3600, 12_000].map(|s| duration(Duration::from_secs(s)));
        assert_eq!(said, ["5 s", "1 min 5 s", "11 min", "1 h 0 min", "3 h 20 min"]);
        assert_eq!((percent(999, 1000), percent(0, 0), percent(7, 7)), (99, 100, 100));
    }
}
