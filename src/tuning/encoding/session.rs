//! Encoding models of one session.

use super::super::examine::correlated;
use super::super::session_tests::{CountTest, SessionTests};
use super::super::settings::TuningSettings;
use super::super::undefined;
use super::contributions::{Contribution, gain};
use super::design::SessionDesign;
use super::folds::{Fold, folds};
use super::helps::{Helped, Helps};
use super::matched::Matching;
use super::neurons::{Neurons, Scores};
use super::proxy::Proxy;
use super::settings::EncodingSettings;
use crate::analysis::glm::{Family, Fit, FitSettings, Score, Status};
use crate::data::recording::{Activity, Agent, Framed, Neuron, Session};
use crate::error::Result;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;

/// A model: each has contexts, covariates, objects and history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// Nothing else.
    Covariates,
    /// And executed behaviours.
    Executed,
    /// And observed behaviours.
    Observed,
    /// And both.
    Both,
}

impl Model {
    /// All, in the order of tables.
    pub const ALL: [Self; 4] = [Self::Covariates, Self::Executed, Self::Observed, Self::Both];

    /// As files spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Covariates => "covariates",
            Self::Executed => "executed",
            Self::Observed => "observed",
            Self::Both => "both",
        }
    }

    fn has(self, agent: Agent) -> bool {
        self == Self::Both || self == if agent == Agent::Own { Self::Executed } else { Self::Observed }
    }
}

/// A model of each neuron, in frames that it was not made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelScores {
    /// Which.
    pub model: Model,
    /// 1 − deviance / deviance of the constant that fits best where the model was made, `[N]`.
    #[serde(with = "undefined")]
    pub deviance_explained: Vec<f64>,
    /// What it knows more than that constant, `[N]`.
    #[serde(with = "undefined")]
    pub bits_per_s: Vec<f64>,
    /// Whether it is better than the model `covariates`: of `both` the larger of what each agent's behaviours have given the other's; NaN of
    /// `covariates` itself. `[N]`.
    #[serde(with = "undefined")]
    pub p: Vec<f64>,
}

/// What bouts that are matched in number and duration contribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matched {
    /// Draws; 0 where all bouts are alike as they are.
    pub draws: usize,
    /// Pairs of bouts in a draw, on average.
    pub pairs: f64,
    /// Bits a second, mean over draws, `[N]`.
    #[serde(with = "undefined")]
    pub executed: Vec<f64>,
    /// The same of observed behaviours, `[N]`.
    #[serde(with = "undefined")]
    pub observed: Vec<f64>,
}

/// The encoding models of a session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionEncoding {
    /// Whose it is.
    pub animal: String,
    /// Which.
    pub session: String,
    /// The neurons, `[N]`.
    pub neurons: Vec<Neuron>,
    /// Why there are no models, where there are none; then all that follows is empty.
    pub why_not: Option<String>,
    /// The distribution of the activity.
    pub family: Option<Family>,
    /// Whether each neuron could be fitted: it has a number in every frame, and not always the same, `[N]`.
    pub fitted: Vec<bool>,
    /// How the fit of the model `both` to all frames ended, `[N]`; none of neurons that were not fitted.
    pub status: Vec<Option<Status>>,
    /// The models.
    pub models: Vec<ModelScores>,
    /// The model that forward selection ends in, `[N]`: from `covariates` on, the agent's behaviours with the larger gain are added if they help
    /// at the level of counts, then the other's.
    pub selected: Vec<Option<Model>>,
    /// Of executed and of observed behaviours.
    pub contributions: Vec<Contribution>,
    /// Neurons that executed, and observed, behaviours help at the level of counts, given all else; beside draws.
    pub helped: Vec<CountTest>,
    /// Contributions of matched bouts; none where no behaviour was both executed and observed.
    pub matched: Option<Matched>,
    /// Each behaviour given all others, without covariates.
    pub before: Option<SessionTests>,
    /// Each behaviour given all others, covariates, objects and history.
    pub given: Option<SessionTests>,
    /// What covariates leave of what neurons share; none without covariates.
    pub proxy: Option<Proxy>,
    /// Behaviours that have too few bouts to be in a model.
    pub left_out: Vec<String>,
    /// The share of the frames that are used: those in which all covariates were measured.
    pub measured: f64,
    /// Columns of the model `both`, the constant first.
    pub columns: Vec<String>,
    /// Its coefficients in the columns' own units, `[N × columns]`, one neuron after another.
    #[serde(with = "undefined")]
    pub coefficients: Vec<f64>,
}

/// Fits and tests the models of `session`; draws are keyed by `key`, which must differ between sessions. `None` if it was asked to stop. A
/// session of which nothing can be fitted says why ([`SessionEncoding::why_not`]).
///
/// # Errors
/// If a setting is out of its range, or no frame lies in a context.
pub fn encode_session(
    session: &Session,
    framed: &Framed,
    key: u64,
    tuning: &TuningSettings,
    settings: &EncodingSettings,
    stop: &AtomicBool,
) -> Result<Option<SessionEncoding>> {
    settings.check()?;
    tuning.check()?;
    let mut found = SessionEncoding {
        animal: session.animal.clone(),
        session: session.name.clone(),
        neurons: session.neurons.clone(),
        ..SessionEncoding::default()
    };
    let Some(design) = SessionDesign::new(session, framed, tuning, settings)? else {
        found.why_not = Some(format!(
            "no frame has all covariates, or no behaviour has {} bouts in such frames",
            tuning.least_bouts
        ));
        return Ok(Some(found));
    };
    let frames = &design.axis.frames;
    found.fitted = framed.activity.rows().into_iter().map(|row| varies(frames.iter().map(|f| row[*f]))).collect();
    let fitted: Vec<usize> = (0..found.fitted.len()).filter(|i| found.fitted[*i]).collect();
    if fitted.is_empty() {
        found.why_not = Some("no neuron has a number in every frame, and not always the same".into());
        return Ok(Some(found));
    }
    let responses =
        Array2::from_shape_fn((fitted.len(), frames.len()), |(k, t)| framed.activity[[fitted[k], frames[t]]]);
    let spikes = matches!(session.activity, Activity::Spikes { .. });
    let family = settings.family.family(spikes, responses.iter());
    let past = (settings.history_ms / 1000.0 / framed.interval).round() as usize;
    let neurons = Neurons {
        design: &design.design,
        responses: &responses,
        settings: FitSettings { ridge: settings.ridge, ..FitSettings::new(family) },
        history: (if spikes { settings.history } else { 0 }, past),
        parts: Neurons::parts_of(&design.axis),
        stop,
    };
    let margin = correlated(&framed.activity, &design.axis);
    let block = ((settings.block_s / framed.interval).round() as usize).max(5 * margin);
    let folds = folds(&design.axis, settings.folds, block, margin);
    found.family = Some(family);
    found.left_out.clone_from(&design.left_out);
    found.measured = frames.len() as f64 / framed.frames() as f64;
    let encoding = Encoding { design: &design, neurons: &neurons, folds: &folds, key, tuning, settings };
    Ok(encoding.run(&mut found)?.map(|()| found))
}

fn varies(mut values: impl Iterator<Item = f32>) -> bool {
    let first = values.next().unwrap_or(f32::NAN);
    let mut other = false;
    first.is_finite() && values.all(|v| (v.is_finite(), other |= v != first).0) && other
}

/// What the models of a session are made from.
struct Encoding<'a> {
    design: &'a SessionDesign,
    neurons: &'a Neurons<'a>,
    folds: &'a [Fold],
    key: u64,
    tuning: &'a TuningSettings,
    settings: &'a EncodingSettings,
}

impl Encoding<'_> {
    fn run(&self, found: &mut SessionEncoding) -> Result<Option<()>> {
        let models = Model::ALL.map(|model| self.columns(model));
        let Some(scores) = self.neurons.held_out(&models, self.folds)? else { return Ok(None) };
        let helps = Helps { session: self.design, neurons: self.neurons, tuning: self.tuning, key: self.key };
        let Some([alone, given]) = helps.agents()? else { return Ok(None) };
        let is_fitted = found.fitted.clone();
        let over = move |values: Vec<f64>| spread(&is_fitted, values.into_iter(), f64::NAN);
        let interval = self.design.axis.interval;
        found.models = self.model_scores(&scores, &alone, &given, &over);
        found.selected = spread(&found.fitted, self.selected(&scores, &alone, &given).into_iter().map(Some), None);
        let without = [2, 1];
        let contributions = Agent::ALL.into_iter().enumerate().map(|(k, agent)| {
            let p = given[k].p.clone();
            Contribution::new(agent, &scores[3], &scores[without[k]], self.folds, interval, p).spread(&over)
        });
        found.contributions = contributions.collect();
        found.helped = given.into_iter().map(|helped| helped.count).collect();
        let first = self.matching(0);
        if first.pairs > 0 && self.settings.matchings > 0 {
            found.matched = self.matched(&first, &found.contributions, &over)?;
            if found.matched.is_none() {
                return Ok(None);
            }
        }
        let mean = over(
            self.neurons.responses.rows().into_iter().map(|row| f64::from(row.sum()) / row.len() as f64).collect(),
        );
        let Some(before) = helps.behaviours(false, &found.fitted, &mean)? else { return Ok(None) };
        let Some(given) = helps.behaviours(true, &found.fitted, &mean)? else { return Ok(None) };
        (found.before, found.given) = (Some(before), Some(given));
        if Proxy::is_known(self.design, self.neurons.responses) {
            found.proxy = Proxy::new(self.design, self.neurons.responses, self.neurons.stop)?;
            if found.proxy.is_none() {
                return Ok(None);
            }
        }
        let Some(fits) = self.neurons.fits(&models[3])? else { return Ok(None) };
        self.keep(&fits, found);
        Ok(Some(()))
    }

    fn columns(&self, model: Model) -> Vec<usize> {
        let units = self.design.of_units(|u| model.has(self.design.units[u].agent));
        self.design.base.clone().chain(units).collect()
    }

    fn model_scores(
        &self,
        scores: &Scores,
        alone: &[Helped; 2],
        given: &[Helped; 2],
        over: &dyn Fn(Vec<f64>) -> Vec<f64>,
    ) -> Vec<ModelScores> {
        let interval = self.design.axis.interval;
        let of_model = |(m, model): (usize, Model)| {
            let total = |i: usize| scores[m].iter().fold(Score::default(), |sum, fold| sum + fold[i]);
            let totals: Vec<Score> = (0..self.neurons.responses.nrows()).map(total).collect();
            let p = match model {
                Model::Covariates => vec![f64::NAN; totals.len()],
                Model::Executed => alone[0].p.clone(),
                Model::Observed => alone[1].p.clone(),
                Model::Both => given[0].p.iter().zip(&given[1].p).map(|(a, b)| larger(*a, *b)).collect(),
            };
            ModelScores {
                model,
                deviance_explained: over(totals.iter().map(Score::deviance_explained).collect()),
                bits_per_s: over(totals.iter().map(|s| s.bits_per_second(interval)).collect()),
                p: over(p),
            }
        };
        Model::ALL.into_iter().enumerate().map(of_model).collect()
    }

    /// Forward selection.
    fn selected(&self, scores: &Scores, alone: &[Helped; 2], given: &[Helped; 2]) -> Vec<Model> {
        let level = self.tuning.count_level;
        let of_neuron = |i: usize| {
            let total = |m: usize| scores[m].iter().fold(Score::default(), |sum, fold| sum + fold[i]);
            let gains = [1, 2].map(|m| gain(&total(m), &total(0), 1.0));
            let helps = |helped: &[Helped; 2], k: usize| helped[k].p[i] < level;
            let first = match [helps(alone, 0), helps(alone, 1)] {
                [false, false] => return Model::Covariates,
                [true, true] => usize::from(gains[1] > gains[0]),
                [own, _] => usize::from(!own),
            };
            match (helps(given, 1 - first), first) {
                (true, _) => Model::Both,
                (false, 0) => Model::Executed,
                (false, _) => Model::Observed,
            }
        };
        (0..self.neurons.responses.nrows()).map(of_neuron).collect()
    }

    fn matching(&self, number: usize) -> Matching {
        Matching::new(self.design, self.tuning.seed, self.key, number)
    }

    /// Contributions of matched bouts, of which `first` is a draw; `all` are those of all bouts. `None` if it was asked to stop.
    fn matched(
        &self,
        first: &Matching,
        all: &[Contribution],
        over: &dyn Fn(Vec<f64>) -> Vec<f64>,
    ) -> Result<Option<Matched>> {
        if first.unmatched.is_empty() {
            let [executed, observed] = [0, 1].map(|k| all[k].bits_per_s.clone());
            return Ok(Some(Matched { draws: 0, pairs: first.pairs as f64, executed, observed }));
        }
        let models = [Model::Executed, Model::Observed, Model::Both].map(|model| self.columns(model));
        let count = self.settings.matchings as f64;
        let mut sums = [0, 1].map(|_| vec![0.0; self.neurons.responses.nrows()]);
        let mut pairs = 0.0;
        for number in 0..self.settings.matchings {
            let matching = self.matching(number);
            pairs += matching.pairs as f64 / count;
            let Some(scores) = self.neurons.held_out(&models, &matching.folds(self.folds))? else { return Ok(None) };
            for (sums, without) in sums.iter_mut().zip([1, 0]) {
                for (i, sum) in sums.iter_mut().enumerate() {
                    let total = |m: usize| scores[m].iter().fold(Score::default(), |sum, fold| sum + fold[i]);
                    *sum += gain(&total(2), &total(without), self.design.axis.interval) / count;
                }
            }
        }
        let [executed, observed] = sums.map(over);
        Ok(Some(Matched { draws: self.settings.matchings, pairs, executed, observed }))
    }

    fn keep(&self, fits: &[Fit], found: &mut SessionEncoding) {
        let own = fits.first().map_or(0, |f| f.coefficients.len()).saturating_sub(self.design.names.len());
        let history = (1..=own).map(|k| format!("history {k}"));
        found.columns =
            std::iter::once("constant".to_string()).chain(self.design.names.iter().cloned()).chain(history).collect();
        found.status = spread(&found.fitted, fits.iter().map(|f| Some(f.status)), None);
        let rows = fits.iter().map(|f| [&[f.constant][..], &f.coefficients].concat());
        let none = vec![f64::NAN; found.columns.len()];
        found.coefficients = spread(&found.fitted, rows, none).concat();
    }
}

/// Values of fitted neurons, and `none` of the others.
fn spread<T: Clone>(fitted: &[bool], mut values: impl Iterator<Item = T>, none: T) -> Vec<T> {
    fitted.iter().map(|is| if *is { values.next().unwrap_or_else(|| none.clone()) } else { none.clone() }).collect()
}

/// NaN where one is.
fn larger(a: f64, b: f64) -> f64 {
    if a >= b || a.is_nan() { a } else { b }
}
