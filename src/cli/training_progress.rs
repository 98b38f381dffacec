//! Shows how the training goes.

use super::progress::BarOrLines;
use crate::engine::StepRecord;
use crate::error::Result;
use crate::run::Extent;
use crate::train::Observer;
use std::collections::BTreeMap;

/// How far a training of one network or several is, and their losses.
#[derive(Debug)]
pub(super) struct TrainingProgress {
    shown: BarOrLines,
    label: String,
    extent: Extent,
    losses: Losses,
}

impl TrainingProgress {
    /// Of a training of that extent; `label` says what trains.
    pub(super) fn new(label: &str, extent: Extent) -> Self {
        let template = format!("{label} {{bar:30}} {{pos}}/{{len}} steps, {{eta}} left, {{msg}}");
        let shown = BarOrLines::new(&template, extent.planned, extent.done);
        let losses = Losses { networks: extent.networks, ..Losses::default() };
        Self { shown, label: label.into(), extent, losses }
    }

    fn show(&mut self, seconds: f64) {
        let (label, Extent { done, planned, .. }) = (&self.label, self.extent);
        let losses = self.losses.text();
        self.shown.show(done, &losses, || format!("{label} step {done}/{planned}, {losses}, {seconds:.0} s"));
    }
}

impl Observer for TrainingProgress {
    fn on_step(&mut self, network: usize, record: &StepRecord, seconds: f64) -> Result<()> {
        self.extent.done += 1;
        if self.losses.take(network, record) {
            self.show(seconds);
        }
        Ok(())
    }

    fn on_end(&mut self, _network: usize, left: u32) {
        self.extent.done += u64::from(left);
    }
}

/// The latest loss of each network.
#[derive(Debug, Default)]
struct Losses {
    /// How many there will be.
    networks: usize,
    latest: BTreeMap<usize, f64>,
    stopped: usize,
    /// Of whom the last record came.
    before: usize,
}

impl Losses {
    /// Takes a record; whether a round of records ends with it: the next one is of a network before.
    fn take(&mut self, network: usize, record: &StepRecord) -> bool {
        self.latest.insert(network, record.loss.loss);
        self.stopped += usize::from(record.stop.is_some());
        std::mem::replace(&mut self.before, network) >= network
    }

    fn text(&self) -> String {
        let mut known: Vec<f64> = self.latest.values().copied().filter(|l| l.is_finite()).collect();
        if let (1, [loss]) = (self.networks, &known[..]) {
            return format!("loss {loss:.4}");
        }
        known.sort_by(f64::total_cmp);
        let ended = if self.stopped > 0 { format!(", {} stopped", self.stopped) } else { String::new() };
        let networks = format!("{} networks{ended}", self.networks);
        match known[..] {
            [] => networks,
            [best, ..] => {
                let median = f64::midpoint(known[(known.len() - 1) / 2], known[known.len() / 2]);
                format!("{networks}, loss {median:.4} median, {best:.4} best")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{LossRecord, StopReason};

    #[test]
    fn the_losses_are_those_of_the_latest_steps() {
        let mut losses = Losses { networks: 3, ..Losses::default() };
        let record = |loss: f64, stop| StepRecord {
            loss: LossRecord { loss, ..LossRecord::default() },
            stop,
            ..StepRecord::default()
        };
        losses.take(0, &record(3.0, None));
        assert!(!losses.take(1, &record(1.0, None)) && !losses.take(2, &record(f64::NAN, Some(StopReason::Diverged))));
        assert_eq!(losses.text(), "3 networks, 1 stopped, loss 2.0000 median, 1.0000 best");
        assert!(losses.take(0, &record(2.5, None)), "the next round has begun");
        assert!(!losses.take(1, &record(0.5, None)));
        assert_eq!(losses.text(), "3 networks, 1 stopped, loss 1.5000 median, 0.5000 best");
        let mut one = Losses { networks: 1, ..Losses::default() };
        assert!(one.take(0, &record(4.0, None)) && one.take(0, &record(3.0, None)));
        assert_eq!(one.text(), "loss 3.0000");
    }
}
