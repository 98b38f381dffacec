//! An engine whose networks are points that fall to 1, and whose records lag as a device's do.
#![allow(dead_code, missing_docs, unreachable_pub)]

use aon::dims::Dims;
use aon::engine::*;
use aon::error::Result;
use aon::network::{Area, Constraint, Layout, Population};
use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;

pub static NEVER: AtomicBool = AtomicBool::new(false);

/// Minimises `‖p − 1‖` by gradient descent with momentum in each of its places; the loss of each step arrives `lag` steps
/// late, and what stops a network is known to others no earlier.
pub struct Toy {
    pub dims: Dims,
    pub networks: Vec<NetworkState>,
    pub lag: usize,
    pub records: VecDeque<Vec<Option<StepRecord>>>,
    pub diverge_at: u32,
    pub target: f64,
    /// Places in each step, and those of them in which a network was trained.
    pub place_steps: [usize; 2],
}

impl Toy {
    pub fn new(places: usize, lag: usize) -> Self {
        let dims = Dims { networks: places, ..problem().dims };
        let nothing = NetworkState::fresh(vec![0.0; Layout::new(&dims).len()]);
        let (networks, records) = (vec![nothing; places], VecDeque::new());
        Self { dims, networks, lag, records, diverge_at: 0, target: 0.0, place_steps: [0; 2] }
    }

    fn step_one(&self, n: &mut NetworkState, rate: f64) -> StepRecord {
        n.step += 1;
        let (step, loss) = (n.step, loss_of(&n.parameters));
        if loss.loss < f64::from(n.best_loss) {
            (n.best_loss, n.best_step, n.steps_since_best) = (loss.loss as f32, step, 0);
            n.best_parameters.clone_from(&n.parameters);
        } else {
            n.steps_since_best += 1;
        }
        if step == self.diverge_at {
            n.stop = Some(StopReason::Diverged);
        } else if loss.loss <= self.target {
            n.stop = Some(StopReason::Target);
        } else {
            for (p, m) in n.parameters.iter_mut().zip(&mut n.first_moment) {
                *m = 0.5 * *m + (*p - 1.0);
                *p -= rate as f32 * *m;
            }
        }
        StepRecord { step, loss, grad_norm: 1.0, stop: n.stop }
    }
}

impl Engine for Toy {
    fn dims(&self) -> &Dims {
        &self.dims
    }

    fn describe(&self) -> EngineDescription {
        EngineDescription { engine: "toy".into(), adapter: String::new(), strategy: String::new() }
    }

    fn step(&mut self, rates: &[Option<f64>]) -> Result<()> {
        let mut networks = std::mem::take(&mut self.networks);
        let step = |(n, rate): (&mut NetworkState, &Option<f64>)| {
            rate.filter(|_| n.stop.is_none()).map(|rate| self.step_one(n, rate))
        };
        let records: Vec<_> = networks.iter_mut().zip(rates).map(step).collect();
        self.place_steps[0] += records.len();
        self.place_steps[1] += records.iter().flatten().count();
        self.records.push_back(records);
        self.networks = networks;
        Ok(())
    }

    fn take_records(&mut self, wait: bool) -> Result<Vec<Vec<Option<StepRecord>>>> {
        let kept = if wait { 0 } else { self.lag.min(self.records.len()) };
        let taken = self.records.len() - kept;
        Ok(self.records.drain(..taken).collect())
    }

    fn evaluate(&mut self) -> Result<Vec<LossRecord>> {
        unreachable!("networks are settled without the others")
    }

    fn evaluate_each(&mut self, places: &[usize], read: &(dyn Fn(usize, &[f32]) + Sync)) -> Result<Vec<LossRecord>> {
        let evaluate = |place: &usize| {
            let parameters = &self.networks[*place].parameters;
            read(*place, parameters);
            loss_of(parameters)
        };
        Ok(places.iter().map(evaluate).collect())
    }

    fn gradients(&mut self) -> Result<(Vec<LossRecord>, Vec<Vec<f32>>)> {
        unreachable!()
    }

    fn binned_rates(&mut self, _: usize) -> Result<Vec<f32>> {
        unreachable!()
    }

    fn rates(&mut self, _: usize) -> Result<Vec<f32>> {
        unreachable!()
    }

    fn state(&mut self) -> Result<BatchState> {
        Ok(BatchState { networks: self.networks.clone() })
    }

    fn state_of(&mut self, place: usize) -> Result<NetworkState> {
        assert!(self.records.is_empty(), "records of a network are asked for before its state");
        Ok(self.networks[place].clone())
    }

    fn replace(&mut self, place: usize, _: &NetworkSettings, state: &NetworkState) -> Result<()> {
        self.networks[place] = state.clone();
        Ok(())
    }

    fn load_state(&mut self, _: &BatchState) -> Result<()> {
        unreachable!()
    }

    fn memory_bytes(&self) -> u64 {
        0
    }

    fn profile(&mut self, _: &[Option<f64>]) -> Result<Vec<StageTime>> {
        unreachable!()
    }

    fn set_perturbations(&mut self, _: &[Perturbation]) -> Result<()> {
        unreachable!()
    }

    fn set_trial_noise(&mut self, _: &[Option<TrialNoise>]) -> Result<()> {
        unreachable!()
    }
}

pub fn loss_of(p: &[f32]) -> LossRecord {
    let e = p.iter().map(|p| f64::from(p - 1.0).powi(2)).sum::<f64>().sqrt();
    LossRecord { loss: e, data_term: e, reg_term: 0.0 }
}

pub fn problem() -> Problem {
    let dims = Dims {
        networks: 1,
        neurons: 2,
        conditions: 1,
        time_steps: 4,
        thermal: 0,
        steps_per_bin: 2,
        bins: 2,
        channels: 1,
        sequences: 1,
        input_groups: 1,
    };
    Problem {
        dims,
        population: Population::new(vec![Area { name: "A".into(), size: 2 }], vec![false, true], None).unwrap(),
        constraint: Constraint::default(),
        time_constants: TimeConstants::default(),
        loss: LossKind::L2,
        adam: Adam::default(),
        input_group: vec![0],
        sequence: vec![0],
        bins: vec![2],
        stimulus: vec![0.0; 4],
        targets: vec![0.5; 4],
        initial_x: vec![0.0; 2],
        initial_r: vec![0.0; 2],
        recurrent: true,
    }
}
