//! Shows how the training goes.

use super::progress::BarOrLines;
use crate::engine::StepRecord;
use crate::error::Result;
use crate::train::Observer;

/// How far a training of several networks is, and their losses.
#[derive(Debug)]
pub(super) struct TrainingProgress {
    shown: BarOrLines,
    label: String,
    planned_steps: u32,
    losses: Losses,
}

impl TrainingProgress {
    /// Of `networks` networks towards `planned_steps`, of which `done` are done; `label` says what trains.
    pub(super) fn new(label: &str, planned_steps: u32, done: u32, networks: usize) -> Self {
        let template = format!("{label} {{bar:30}} {{pos}}/{{len}} steps, {{eta}} left, {{msg}}");
        let shown = BarOrLines::new(&template, planned_steps.into(), done.into());
        let losses = Losses { latest: vec![f64::NAN; networks], training: networks, awaited: networks };
        Self { shown, label: label.into(), planned_steps, losses }
    }
}

impl Observer for TrainingProgress {
    fn on_step(&mut self, network: usize, record: &StepRecord, seconds: f64) -> Result<()> {
        if self.losses.take(network, record) {
            let (label, step, planned, losses) = (&self.label, record.step, self.planned_steps, self.losses.text());
            let line = || format!("{label} step {step}/{planned}, {losses}, {seconds:.0} s");
            self.shown.show(step.into(), &losses, line);
        }
        Ok(())
    }
}

/// The latest loss of each network.
#[derive(Debug)]
struct Losses {
    latest: Vec<f64>,
    /// Networks that have not stopped.
    training: usize,
    /// Those of them whose record of the present step has not come yet.
    awaited: usize,
}

impl Losses {
    /// Takes a record; whether it was the last one of its step.
    fn take(&mut self, network: usize, record: &StepRecord) -> bool {
        self.latest[network] = record.loss.loss;
        self.training -= usize::from(record.stop.is_some());
        self.awaited -= 1;
        let complete = self.awaited == 0;
        if complete {
            self.awaited = self.training;
        }
        complete
    }

    fn text(&self) -> String {
        if let [loss] = self.latest[..] {
            return format!("loss {loss:.4}");
        }
        let mut known: Vec<f64> = self.latest.iter().copied().filter(|l| l.is_finite()).collect();
        known.sort_by(f64::total_cmp);
        let networks = match (self.training, self.latest.len()) {
            (some, all) if some < all => format!("{some} of {all} networks"),
            (_, all) => format!("{all} networks"),
        };
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
    fn a_step_is_shown_once_all_networks_that_train_have_done_it() {
        let mut losses = Losses { latest: vec![f64::NAN; 3], training: 3, awaited: 3 };
        let record = |loss: f64, stop| StepRecord {
            loss: LossRecord { loss, ..LossRecord::default() },
            stop,
            ..StepRecord::default()
        };
        assert!(!losses.take(0, &record(3.0, None)) && !losses.take(1, &record(1.0, None)));
        assert!(losses.take(2, &record(f64::NAN, Some(StopReason::Diverged))));
        assert_eq!(losses.text(), "2 of 3 networks, loss 2.0000 median, 1.0000 best");
        assert!(!losses.take(0, &record(2.5, None)));
        assert!(losses.take(1, &record(0.5, None)));
        assert_eq!(losses.text(), "2 of 3 networks, loss 1.5000 median, 0.5000 best");
    }
}
