//! The second criterion, that of the macaque work: a mixed analysis of variance, then each epoch against the baseline.

use super::responses::{Responses, responses};
use super::settings::EpochSettings;
use crate::analysis::statistics::{MixedAnova, PairedT, against_baseline};
use crate::data::recording::{Agent, Framed, Neuron, Session};
use crate::error::Result;
use serde::Serialize;
use std::fmt;

/// The second criterion in one session.
///
/// A neuron responds if both hold, for one agent:
///
/// 1. in the analysis of variance of epoch (within trials) and object (between them), the main effect of epoch or its
///    interaction with object has p < `level`, with Greenhouse and Geisser's correction;
/// 2. an epoch differs from the baseline in a paired t test over trials with p < `level`, times the number of epochs
///    beside the baseline (Bonferroni).
///
/// It is facilitated or suppressed as the epoch with the smallest p is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EpochCriterion {
    /// Whose session.
    pub animal: String,
    /// Which.
    pub session: String,
    /// The neurons, `[N]`.
    pub neurons: Vec<Neuron>,
    /// Of each agent that has trials.
    pub agents: Vec<EpochTests>,
    /// What was left out, a sentence each.
    pub remarks: Vec<String>,
}

/// The tests of one agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EpochTests {
    /// Who acts.
    pub agent: Agent,
    /// Names of the epochs; the first is the baseline.
    pub epochs: Vec<String>,
    /// The objects, or behaviours.
    pub objects: Vec<String>,
    /// `[N]`.
    pub neurons: Vec<NeuronEpochs>,
}

/// The tests of one neuron.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NeuronEpochs {
    /// Trials.
    pub trials: usize,
    /// Epoch is `within`, object `between`.
    pub anova: MixedAnova,
    /// Each epoch minus the baseline, `[epochs]`; NaN at the baseline.
    pub against: Vec<PairedT>,
    /// Their p times the number of epochs beside the baseline, at most 1, `[epochs]`.
    pub corrected: Vec<f64>,
    /// What that comes to.
    pub response: EpochResponse,
}

/// What a neuron does in the epochs of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EpochResponse {
    /// Nothing that was found.
    None,
    /// More than in the baseline.
    Facilitated,
    /// Less.
    Suppressed,
    /// It could not be tested: too few trials, or the same activity in all.
    Untestable,
}

impl EpochResponse {
    /// As tables spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Facilitated => "facilitated",
            Self::Suppressed => "suppressed",
            Self::Untestable => "untestable",
        }
    }

    /// Whether it is a response.
    pub fn is_response(self) -> bool {
        match self {
            Self::Facilitated | Self::Suppressed => true,
            Self::None | Self::Untestable => false,
        }
    }
}

impl fmt::Display for EpochResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl EpochCriterion {
    /// Whether each neuron responds in both agents, `[N]`.
    pub fn in_both(&self) -> Vec<bool> {
        let responds = |agent: Agent, i: usize| {
            self.agents.iter().any(|tests| tests.agent == agent && tests.neurons[i].response.is_response())
        };
        (0..self.neurons.len()).map(|i| Agent::ALL.into_iter().all(|agent| responds(agent, i))).collect()
    }
}

/// Tests every neuron of a session in each agent.
///
/// # Errors
/// If a setting cannot be meant.
pub fn epoch_criterion(session: &Session, framed: &Framed, settings: &EpochSettings) -> Result<EpochCriterion> {
    let (found, remarks) = responses(session, framed, settings)?;
    Ok(EpochCriterion {
        animal: session.animal.clone(),
        session: session.name.clone(),
        neurons: session.neurons.clone(),
        agents: found.into_iter().map(|responses| tests(responses, settings.level)).collect(),
        remarks,
    })
}

fn tests(responses: Responses, level: f64) -> EpochTests {
    let neurons = (0..responses.values.dim().0).map(|i| neuron(&responses, i, level)).collect();
    EpochTests { agent: responses.agent, epochs: responses.epochs, objects: responses.kinds, neurons }
}

fn neuron(responses: &Responses, i: usize, level: f64) -> NeuronEpochs {
    let rows = responses.values.index_axis(ndarray::Axis(0), i);
    let (mut trials, mut kinds) = (Vec::new(), Vec::new());
    for (row, kind) in rows.rows().into_iter().zip(&responses.kind_of) {
        if row.iter().all(|v| v.is_finite()) {
            trials.push(row.to_vec());
            kinds.push(*kind);
        }
    }
    let anova = MixedAnova::of(&trials, &kinds);
    let against = against_baseline(&trials, 0);
    let count = responses.epochs.len().saturating_sub(1) as f64;
    let corrected: Vec<f64> =
        against.iter().map(|t| if t.p.is_nan() { f64::NAN } else { (t.p * count).min(1.0) }).collect();
    let response = response(&anova, &against, &corrected, level);
    NeuronEpochs { trials: trials.len(), anova, against, corrected, response }
}

fn response(anova: &MixedAnova, against: &[PairedT], corrected: &[f64], level: f64) -> EpochResponse {
    let (main, interaction) = (anova.within_corrected, anova.interaction_corrected);
    let least =
        (0..against.len()).filter(|k| !corrected[*k].is_nan()).min_by(|a, b| against[*a].p.total_cmp(&against[*b].p));
    match least {
        _ if main.is_nan() && interaction.is_nan() => EpochResponse::Untestable,
        None => EpochResponse::Untestable,
        Some(k) if (main < level || interaction < level) && corrected[k] < level => {
            if against[k].difference > 0.0 {
                EpochResponse::Facilitated
            } else {
                EpochResponse::Suppressed
            }
        }
        Some(_) => EpochResponse::None,
    }
}
