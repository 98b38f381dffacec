//! What a page shows of the activity of a session.

use super::aligned::{AlignSettings, Aligned, Alignment};
use super::axis::Axis;
use super::contrast::Contrast;
use crate::data::recording::{Agent, Framed, Session};
use ndarray::Array2;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::Range;

/// Activity of a session around the starts of its bouts.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionActivity {
    /// Whose it is.
    pub animal: String,
    /// Which.
    pub session: String,
    /// Standard deviation of the activity over the frames that count, `[N]`; NaN where a frame has no number.
    pub sd: Vec<f64>,
    /// What was done, whether there is enough of it to be tested or not.
    pub kinds: Vec<Kind>,
    /// Means of all neurons, of each kind that has bouts.
    pub aligned: Vec<Aligned>,
    /// Single bouts of some neurons.
    pub traces: Vec<NeuronTraces>,
}

/// A behaviour of one agent, and how often it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// Whose.
    pub agent: Agent,
    /// Which.
    pub behaviour: String,
    /// Bouts that are listed.
    pub bouts: usize,
    /// How long they are together, in s.
    pub seconds: f64,
    /// Bouts of which frames count.
    pub usable: usize,
}

/// Single bouts of a neuron.
#[derive(Clone, Debug, PartialEq)]
pub struct NeuronTraces {
    /// Its number in the session.
    pub neuron: usize,
    /// Of each kind that has bouts.
    pub kinds: Vec<BoutTraces>,
}

/// The activity of a neuron in the bouts of one behaviour of one agent.
#[derive(Clone, Debug, PartialEq)]
pub struct BoutTraces {
    /// Whose behaviour.
    pub agent: Agent,
    /// Which.
    pub behaviour: String,
    /// When each bin begins, in s from the onset, `[T]`.
    pub times: Vec<f64>,
    /// Length of a bin, in s.
    pub width: f64,
    /// How long each bout is, in s.
    pub lengths: Vec<f64>,
    /// `[bouts × T]`, by start; NaN where no frame was recorded.
    pub values: Array2<f32>,
}

impl SessionActivity {
    /// Of all neurons the means, of `neurons` single bouts.
    pub fn new(session: &Session, framed: &Framed, axis: &Axis, neurons: &[usize], settings: &AlignSettings) -> Self {
        let kinds: BTreeSet<(Agent, &str)> = session.bouts.iter().map(|b| (b.agent, b.behaviour.as_str())).collect();
        let align = |(agent, behaviour): &(Agent, &str)| {
            Alignment::new(*agent, behaviour, &session.bouts, framed, Some(axis), settings)
        };
        let alignments: Vec<Alignment> = kinds.iter().map(align).filter(|a| !a.bouts.is_empty()).collect();
        let traces = |neuron: &usize| NeuronTraces {
            neuron: *neuron,
            kinds: alignments.iter().map(|a| BoutTraces::new(a, *neuron)).collect(),
        };
        Self {
            animal: session.animal.clone(),
            session: session.name.clone(),
            sd: (0..framed.activity.nrows()).into_par_iter().map(|i| sd(framed, axis, i)).collect(),
            kinds: kinds.iter().map(|(agent, behaviour)| Kind::new(*agent, behaviour, session, axis)).collect(),
            aligned: alignments.iter().map(Alignment::halves).collect(),
            traces: neurons.iter().filter(|i| **i < framed.activity.nrows()).map(traces).collect(),
        }
    }

    /// The means of `agent` and `behaviour`.
    pub fn of(&self, agent: Agent, behaviour: &str) -> Option<&Aligned> {
        self.aligned.iter().find(|a| a.agent == agent && a.behaviour == behaviour)
    }

    /// The single bouts of a neuron.
    pub fn traces_of(&self, neuron: usize) -> Option<&NeuronTraces> {
        self.traces.iter().find(|t| t.neuron == neuron)
    }
}

impl NeuronTraces {
    /// The bouts of `agent` and `behaviour`.
    pub fn of(&self, agent: Agent, behaviour: &str) -> Option<&BoutTraces> {
        self.kinds.iter().find(|k| k.agent == agent && k.behaviour == behaviour)
    }
}

impl BoutTraces {
    fn new(alignment: &Alignment, neuron: usize) -> Self {
        Self {
            agent: alignment.agent,
            behaviour: alignment.behaviour.clone(),
            times: alignment.times.clone(),
            width: alignment.width,
            lengths: alignment.bouts.iter().map(|(start, stop)| stop - start).collect(),
            values: alignment.traces(neuron).mapv(|v| v as f32),
        }
    }
}

impl Kind {
    fn new(agent: Agent, behaviour: &str, session: &Session, axis: &Axis) -> Self {
        let own: Vec<f64> = session
            .bouts
            .iter()
            .filter(|b| b.agent == agent && b.behaviour == behaviour)
            .map(|b| b.stop - b.start)
            .collect();
        let parts: Vec<Range<usize>> = axis.parts.iter().map(|part| part.frames.clone()).collect();
        let usable = Contrast::new(agent, behaviour, &session.bouts, axis, &parts).bouts;
        Self { agent, behaviour: behaviour.into(), bouts: own.len(), seconds: own.iter().sum(), usable }
    }
}

/// In two passes, without a copy.
fn sd(framed: &Framed, axis: &Axis, neuron: usize) -> f64 {
    let row = framed.activity.row(neuron);
    let values = || axis.frames.iter().map(|f| f64::from(row[*f]));
    let mean = values().sum::<f64>() / axis.len() as f64;
    let squares: f64 = values().map(|v| (v - mean).powi(2)).sum();
    (squares / (axis.len().max(2) - 1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::recording::{Activity, Bout, Neuron};

    #[test]
    fn a_session_is_shown_with_what_cannot_be_tested() {
        let bout = |agent, behaviour: &str, start| Bout {
            agent,
            behaviour: behaviour.into(),
            start,
            stop: start + 1.0,
            object: None,
        };
        let session = Session {
            source: "made up".into(),
            animal: "a".into(),
            name: "s".into(),
            neurons: vec![Neuron::default(); 2],
            activity: Activity::Frames {
                values: Array2::from_shape_fn((2, 200), |(i, t)| if i == 0 { (t % 2) as f32 } else { f32::NAN }).into(),
                times: (0..200).map(|t| f64::from(t) * 0.1).collect(),
            },
            bouts: vec![
                bout(Agent::Own, "eating", 3.0),
                bout(Agent::Own, "eating", 9.0),
                bout(Agent::Other, "eating", 99.0),
            ],
            trials: vec![],
            contexts: vec![],
            covariates: vec![],
            remarks: vec![],
        };
        let framed = Framed::new(&session, 0.1).unwrap();
        let axis = Axis::new(&session, &framed).unwrap();
        let shown = SessionActivity::new(&session, &framed, &axis, &[0, 7], &AlignSettings::default());
        let kind = |agent, bouts, seconds, usable| Kind { agent, behaviour: "eating".into(), bouts, seconds, usable };
        assert_eq!(shown.kinds, [kind(Agent::Own, 2, 2.0, 2), kind(Agent::Other, 1, 1.0, 0)]);
        assert!((shown.sd[0] - 0.25_f64.sqrt() * (200.0_f64 / 199.0).sqrt()).abs() < 1e-12 && shown.sd[1].is_nan());
        assert_eq!((shown.aligned.len(), shown.traces.len()), (1, 1));
        assert!(shown.of(Agent::Own, "eating").is_some() && shown.of(Agent::Other, "eating").is_none());
        let traces = shown.traces_of(0).unwrap().of(Agent::Own, "eating").unwrap();
        assert_eq!((traces.values.dim(), traces.lengths.as_slice()), ((2, 60), [1.0, 1.0].as_slice()));
        assert!(traces.values[[0, 0]] == 0.0 && traces.values[[1, 1]] == 1.0);
    }
}
