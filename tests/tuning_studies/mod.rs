//! Made-up tuning studies: p values and activity are drawn, nothing is tested.

use aon::data::recording::{Agent, Neuron};
use aon::rng::{Rng, Stream};
use aon::tuning::{
    Aligned, BehaviourTests, BoutTraces, CountTest, Examined, Kind, NeuronTraces, ONSET, Probe, Residual, SCALES,
    SessionActivity, SessionStudy, SessionTests, TuningSettings, TuningStudy, candidates,
};
use ndarray::Array2;

/// What a session is made up of.
pub(crate) struct Made {
    pub(crate) animal: String,
    pub(crate) session: String,
    pub(crate) neurons: usize,
    /// Executed and observed; those of the last agent that is left out are not tested.
    pub(crate) behaviours: Vec<String>,
    /// Whether there are observed bouts.
    pub(crate) observed: bool,
    /// Neurons of ten that are mirror cells of the first behaviour, tuned to its execution alone, to its observation alone.
    pub(crate) tuned: [usize; 3],
    /// Probes that would be found at all sizes, of ten.
    pub(crate) power: usize,
    /// What neurons are called before their number.
    pub(crate) prefix: String,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            animal: "mouse1".into(),
            session: "day1".into(),
            neurons: 60,
            behaviours: vec!["eating".into(), "grooming".into()],
            observed: true,
            tuned: [1, 3, 1],
            power: 9,
            prefix: String::new(),
        }
    }
}

const BINS: usize = 60;
const WIDTH: f64 = 0.1;

impl Made {
    fn rng(&self) -> Rng {
        let key = self.animal.len() + 31 * self.session.len() + self.neurons;
        Rng::new(key as u64, self.session.bytes().map(u32::from).sum(), Stream::Synthetic)
    }

    fn kinds(&self) -> Vec<(Agent, String)> {
        let agents = Agent::ALL.into_iter().filter(|a| *a == Agent::Own || self.observed);
        agents.flat_map(|a| self.behaviours.iter().map(move |b| (a, b.clone()))).collect()
    }

    /// Whether neuron `i` is tuned to the first behaviour of an agent; the last neuron is without numbers.
    fn is_tuned(&self, i: usize, agent: Agent) -> bool {
        let [mirror, own, other] = self.tuned;
        match i % 10 {
            k if k < mirror => true,
            k if k < mirror + own => agent == Agent::Own,
            k if k < mirror + own + other => agent == Agent::Other,
            _ => false,
        }
    }

    fn behaviour(&self, k: usize, agent: Agent, behaviour: &str) -> BehaviourTests {
        let first = Some(&self.behaviours[0]) == Some(&behaviour.to_string());
        let rng = self.rng().at_step(k as u32 + 1);
        let value = |i: usize, tuned: f64, of: &dyn Fn(u32) -> f64| match i {
            i if i + 1 == self.neurons => f64::NAN,
            i if first && self.is_tuned(i, agent) => tuned,
            i => of(i as u32),
        };
        let p: Vec<f64> = (0..self.neurons).map(|i| value(i, 1e-6, &|i| 0.02 + 0.98 * rng.uniform(i))).collect();
        let null = (0..999).map(|draw| rng.at_step(1000 + k as u32).below(4, draw)).collect();
        BehaviourTests {
            agent,
            behaviour: behaviour.into(),
            bouts: 24,
            effect: (0..self.neurons).map(|i| value(i, 1.0 + i as f64 / 100.0, &|i| 0.1 * rng.normal(i))).collect(),
            count: CountTest { observed: p.iter().filter(|p| **p < 0.01).count(), null },
            draws: vec![1_000_000; self.neurons],
            least_p: 2e-6,
            p,
        }
    }

    fn tests(&self) -> SessionTests {
        let behaviours: Vec<BehaviourTests> =
            self.kinds().iter().enumerate().map(|(k, (agent, b))| self.behaviour(k, *agent, b)).collect();
        let mirror = |behaviour: &String| {
            let of = |agent| behaviours.iter().find(|t| t.agent == agent && t.behaviour == *behaviour);
            let (own, other) = (of(Agent::Own)?, of(Agent::Other)?);
            let both = own.p.iter().zip(&other.p).filter(|(a, b)| **a < 0.01 && **b < 0.01).count();
            Some((
                behaviour.clone(),
                CountTest { observed: both, null: own.count.null.iter().map(|n| n / 2).collect() },
            ))
        };
        SessionTests {
            testable: (0..self.neurons).map(|i| i + 1 < self.neurons).collect(),
            mean: (0..self.neurons).map(|i| self.rng().uniform(i as u32)).collect(),
            mirror: self.behaviours.iter().filter_map(mirror).collect(),
            behaviours,
        }
    }

    fn probes(&self) -> Vec<Probe> {
        let tuned = (0..self.neurons - 1).filter(|i| self.observed && self.is_tuned(*i, Agent::Own));
        let probe = |(k, neuron): (usize, usize)| Probe {
            neuron,
            behaviour: self.behaviours[0].clone(),
            found: self.is_tuned(neuron, Agent::Other),
            would_be: [k % 10 < self.power; SCALES.len()],
        };
        tuned.enumerate().map(probe).collect()
    }

    /// What was found in it.
    pub(crate) fn study(&self) -> SessionStudy {
        let tests = self.tests();
        let mut onset = tests.clone();
        onset.mirror.clear();
        onset.behaviours.retain(|t| t.agent == Agent::Other && t.behaviour == self.behaviours[0]);
        onset.behaviours.iter_mut().for_each(|t| t.behaviour = ONSET.into());
        let mut still = tests.clone();
        still.mirror.clear();
        still.behaviours.retain(|t| t.agent == Agent::Other);
        // Labels of every fourth neuron rest on movement.
        for t in &mut still.behaviours {
            t.p.iter_mut().step_by(4).for_each(|p| *p = 0.5);
        }
        let mut left = tests.clone();
        left.behaviours.iter_mut().for_each(|t| t.p[1] = 0.7);
        let neuron = |i: usize| Neuron {
            name: format!("{}{i}", self.prefix),
            area: Some(["M2", "PPC"][i % 2].into()),
            identity: Some(format!("cell {i}")),
            cell_type: None,
        };
        SessionStudy {
            animal: self.animal.clone(),
            session: self.session.clone(),
            neurons: (0..self.neurons).map(neuron).collect(),
            onset,
            still,
            residual: Some(Residual { covariates: vec!["pupil".into()], measured: 0.93, tests: left }),
            mismatched: None,
            examined: Examined { tests, probes: self.probes() },
        }
    }

    /// What it looked like.
    pub(crate) fn activity(&self) -> SessionActivity {
        let rng = self.rng();
        let times: Vec<f64> = (0..BINS).map(|t| WIDTH * (t as f64 - 20.0)).collect();
        let value = |i: usize, agent: Agent, t: usize, step: u32| {
            let noise = 0.3 * rng.at_step(step).normal((i * BINS + t) as u32);
            let middle = 22.0 + (i % 7) as f64;
            let bump = f64::from(self.is_tuned(i, agent)) * (-(t as f64 - middle).powi(2) / 20.0).exp();
            (noise + bump) as f32
        };
        let half = |agent, step| {
            let mut half = Array2::from_shape_fn((self.neurons, BINS), |(i, t)| value(i, agent, t, step));
            half.row_mut(self.neurons - 1).fill(f32::NAN);
            half
        };
        let aligned = |(k, (agent, behaviour)): (usize, &(Agent, String))| Aligned {
            agent: *agent,
            behaviour: behaviour.clone(),
            times: times.clone(),
            width: WIDTH,
            bouts: 24,
            odd: half(*agent, 2 * k as u32),
            even: half(*agent, 2 * k as u32 + 1),
        };
        let kinds = self.kinds();
        let bouts = |(k, (agent, behaviour)): (usize, &(Agent, String)), i: usize| BoutTraces {
            agent: *agent,
            behaviour: behaviour.clone(),
            times: times.clone(),
            width: WIDTH,
            lengths: vec![1.0; 24],
            values: Array2::from_shape_fn((24, BINS), |(b, t)| value(i, *agent, t, (100 * k + b) as u32)),
        };
        let kept = candidates(&self.study(), TuningSettings::default().false_discoveries);
        let traces = |neuron: usize| NeuronTraces {
            neuron,
            kinds: kinds.iter().enumerate().map(|kind| bouts(kind, neuron)).collect(),
        };
        let kind = |(agent, behaviour): &(Agent, String)| Kind {
            agent: *agent,
            behaviour: behaviour.clone(),
            bouts: 25,
            seconds: 31.4,
            usable: 24,
        };
        let rare = Kind { agent: Agent::Own, behaviour: "rearing".into(), bouts: 4, seconds: 2.0, usable: 3 };
        SessionActivity {
            animal: self.animal.clone(),
            session: self.session.clone(),
            sd: (0..self.neurons).map(|i| if i + 1 < self.neurons { 0.5 } else { f64::NAN }).collect(),
            kinds: kinds.iter().map(kind).chain([rare]).collect(),
            aligned: kinds.iter().enumerate().map(aligned).collect(),
            traces: kept.into_iter().map(traces).collect(),
        }
    }
}

/// Sessions put together, and their activity.
pub(crate) fn put_together(sessions: &[Made], settings: &TuningSettings) -> (TuningStudy, Vec<SessionActivity>) {
    let study = TuningStudy::new(sessions.iter().map(Made::study).collect(), settings);
    (study, sessions.iter().map(Made::activity).collect())
}
