//! Whose turn it is in a training step, at which step of its own, and what comes back of it.

use super::buffers::{Record, Turn, loss_record};
use super::engine::GpuEngine;
use super::transfer::Arrived;
use crate::engine::perturbation::check_differentiable;
use crate::engine::{NetworkState, StepRecord, StopReason};
use crate::error::{Result, ensure};

impl GpuEngine {
    /// Passes on the records of a step. A network that turns out to have stopped before left the step alone.
    pub(super) fn finish(&mut self, (records, asked): Arrived) {
        let mut done = Vec::with_capacity(records.len());
        for (k, (record, asked)) in records.iter().zip(asked).enumerate() {
            let is_new = asked > 0 && record.step == asked;
            if is_new && record.stop != 0 {
                (self.stopped[k], self.steps[k]) = (true, record.step);
            }
            done.push(is_new.then(|| step_record(record)));
        }
        self.finished.push_back(done);
    }

    /// The number of the next step of each network that trains at one of these rates and has not stopped, `[K]`; 0 of others.
    pub(super) fn next_steps(&self, learning_rates: &[Option<f64>]) -> Result<Vec<u32>> {
        let (found, expected) = (learning_rates.len(), self.plan.dims.networks);
        ensure!(found == expected, "there are {found} learning rates for {expected} networks.");
        let trains = |k: usize| learning_rates[k].is_some() && !self.stopped[k];
        check_differentiable((0..expected).filter(|k| trains(*k)).map(|k| &self.perturbations[k]))?;
        Ok((0..expected).map(|k| if trains(k) { self.steps[k] + 1 } else { 0 }).collect())
    }

    /// Begins a training step: says whose turn it is, and at which step and rate.
    pub(super) fn take_turns(&mut self, steps: &[u32], learning_rates: &[Option<f64>]) {
        let turn = |(step, rate): (&u32, &Option<f64>)| match rate {
            Some(rate) if *step > 0 => Turn { step: *step, step_size: self.adam.step_size(*rate, *step) },
            _ => Turn::default(),
        };
        let turns: Vec<Turn> = steps.iter().zip(learning_rates).map(turn).collect();
        self.write_turns(&turns);
        self.steps.iter_mut().zip(steps).filter(|(_, next)| **next > 0).for_each(|(step, next)| *step = *next);
        self.submitted += 1;
    }

    pub(super) fn write_turns(&self, turns: &[Turn]) {
        let mut rest = turns;
        for bank in &self.banks {
            let (part, others) = rest.split_at(bank.networks);
            rest = others;
            self.device.queue.write_buffer(&bank.buffers.turns, 0, bytemuck::cast_slice(part));
        }
    }

    /// Remembers how far the network in `place` is.
    pub(super) fn note(&mut self, place: usize, state: &NetworkState) {
        (self.steps[place], self.stopped[place]) = (state.step, state.stop.is_some());
    }
}

fn step_record(r: &Record) -> StepRecord {
    StepRecord {
        step: r.step,
        loss: loss_record(r.loss, r.data_term, r.reg_term),
        grad_norm: r.grad_norm.into(),
        stop: StopReason::from_code(r.stop),
    }
}
