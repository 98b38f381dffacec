//! What can be read out of the network: whose action it is, whether to go, which object.

use super::MeasureKey;
use super::readout_settings::{ReadoutSettings, TEST};
use crate::analysis::decoding::{self, Decoder, DecodingScore, Trials};
use crate::analysis::statistics::{mean, quantile};
use crate::engine::{Perturbation, TrialNoise, available_memory, memory_text};
use crate::error::{Error, Result};
use crate::lab::{Simulator, Subject, Trial, collect};
use crate::task::{Condition, ConditionClass};
use std::collections::HashSet;

/// Rates of one simulation averaged in windows, `[C][windows][N]`.
pub(super) type Windowed = Vec<f32>;

/// The decision scores of one simulation of all conditions, for each read-out `[conditions][windows][outputs]`.
pub(super) type TrialScores = Vec<Vec<f64>>;

/// What was read out of one lesioned network: for each read-out and window accuracy and AUC, first of those trained on
/// the intact network, then of those trained anew; see [`Readouts::rows`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LesionDecoding(pub Vec<Vec<f64>>);

/// How well the intact network is read out, for each read-out that is tested on the trials of the agents that it was
/// trained on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IntactScores(pub Vec<IntactScore>);

/// How well one read-out of the intact network does.
#[derive(Clone, Debug, PartialEq)]
pub struct IntactScore {
    /// Cross-validated, of each window.
    pub windows: Vec<DecodingScore>,
    /// 2.5 and 97.5 % quantiles of the accuracy with permuted labels, where these were computed.
    pub chance: Option<(f64, f64)>,
}

/// A row of `decoding.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodingRow {
    /// `intact`, or the lesion.
    pub network: String,
    /// `agent`, `go` or `object`.
    pub readout: &'static str,
    /// The neurons that are read: `all`, or an area.
    pub scope: String,
    /// The trials that it was trained on: `intact`, `lesioned`, or `execution` and `observation` of the intact network.
    pub trained_on: &'static str,
    /// The trials that it was tested on: `own` (cross-validated), `lesioned`, or the other agent's.
    pub tested_on: &'static str,
    /// The window's number.
    pub window: usize,
    /// Middle of the window in seconds from the first bin.
    pub seconds: f64,
    /// Accuracy and AUC.
    pub score: DecodingScore,
    /// 2.5 and 97.5 % quantiles of the accuracy with permuted labels, where these were computed.
    pub chance: Option<(f64, f64)>,
}

/// One label read out of one region.
struct Readout {
    label: &'static str,
    scope: String,
    neurons: Vec<usize>,
    /// The agent of the training trials, where it is not tested on the same.
    from: Option<&'static str>,
    /// The agent of the test trials.
    to: &'static str,
    /// Condition and class of the test trials.
    tested: Vec<(usize, usize)>,
    classes: usize,
    windows: usize,
    decoder: Decoder,
    /// Of the intact network, cross-validated or, between agents, on fresh noise.
    intact: Vec<DecodingScore>,
    chance: Option<(f64, f64)>,
    /// Of the intact network on the noise that control lesions are tested with.
    reference: Vec<DecodingScore>,
}

/// Everything that is read out of a subject.
pub struct Readouts<'a> {
    subject: &'a Subject,
    settings: ReadoutSettings,
    bins_per_window: usize,
    list: Vec<Readout>,
}

/// Simulations of the intact network: for training, and with the noise that control lesions are tested with.
struct Samples {
    training: Vec<Windowed>,
    fresh: Vec<Windowed>,
}

/// A name and neurons.
type Region = (String, Vec<usize>);

/// A label: its name, and the class of each condition that has one.
type Label = (&'static str, Vec<(usize, usize)>);

impl<'a> Readouts<'a> {
    /// Trains on noisy trials of the intact network.
    ///
    /// # Errors
    /// If the engine fails, or rates are not finite.
    pub(super) fn train(
        subject: &'a Subject,
        settings: ReadoutSettings,
        known: Option<&IntactScores>,
        simulator: &mut Simulator,
    ) -> Result<Self> {
        let mut known = known.map_or(&[][..], |scores| &scores.0).iter();
        let bin_ms = subject.step_ms * subject.dims().steps_per_bin as f64;
        let bins_per_window = ((settings.window_ms / bin_ms).round() as usize).clamp(1, subject.common_bins().max(1));
        let mut all = Self { subject, settings, bins_per_window, list: Vec::new() };
        all.check_memory()?;
        let intact = |first: u32| move |k: usize| settings.noise(first, k);
        let none = Perturbation::default();
        let samples = Samples {
            training: all.simulate(simulator, &none, settings.trials, &intact(0))?,
            fresh: all.simulate(simulator, &none, settings.control_trials, &intact(TEST))?,
        };
        for region in regions(subject) {
            for (label, classes_of) in labels(&subject.conditions, &subject.problem.bins) {
                let mut plain = all.readout(label, &region, (None, "own"), &classes_of, &classes_of, &samples)?;
                match known.next().filter(|scores| scores.windows.len() == plain.windows) {
                    Some(known) => (plain.intact, plain.chance) = (known.windows.clone(), known.chance),
                    None => all.cross_validate(&mut plain, &samples)?,
                }
                let mut found = vec![plain];
                for (from, to) in [("execution", "observation"), ("observation", "execution")] {
                    let of = |agent| all.of_agent(&classes_of, agent);
                    let (trained, tested) = (of(from), of(to));
                    if label != "agent" && classes(&trained) > 1 && classes(&trained) == classes(&tested) {
                        found.push(all.readout(label, &region, (Some(from), to), &trained, &tested, &samples)?);
                    }
                }
                all.list.extend(found);
            }
        }
        Ok(all)
    }

    /// Refuses trials that the system has no memory for, where it says.
    fn check_memory(&self) -> Result<()> {
        let (d, s) = (self.subject.dims(), &self.settings);
        let windowed = d.conditions * (d.bins / self.bins_per_window) * d.neurons;
        // As they are simulated, and as a decoder takes them.
        let needed = 8 * ((s.trials + s.control_trials) * windowed) as u64;
        let Some(limit) = available_memory().filter(|limit| *limit < needed) else { return Ok(()) };
        let (needed, limit) = (memory_text(needed), memory_text(limit));
        Err(Error::input(format!("`trials = {}`: read-outs need {needed}, but there are {limit}.", s.trials)))
    }

    fn of_agent(&self, conditions: &[(usize, usize)], agent: &str) -> Vec<(usize, usize)> {
        let class = if agent == "execution" { ConditionClass::Execution } else { ConditionClass::Observation };
        conditions.iter().filter(|(c, _)| self.subject.conditions[*c].class == class).copied().collect()
    }

    /// One label of one region, trained on trials of some conditions and tested on those of others.
    fn readout(
        &self,
        label: &'static str,
        (scope, neurons): &Region,
        (from, to): (Option<&'static str>, &'static str),
        trained: &[(usize, usize)],
        tested: &[(usize, usize)],
        samples: &Samples,
    ) -> Result<Readout> {
        let bins = &self.subject.problem.bins;
        let common = trained.iter().chain(tested).map(|(c, _)| bins[*c]).min().unwrap_or(0);
        let (windows, classes) = (common / self.bins_per_window, classes(trained));
        let (trials, classes_of) = self.trials(&samples.training, trained, windows, neurons)?;
        let settings = self.settings.decoder();
        let decoder = Decoder::fit(&trials, &classes_of, classes, &settings)?;
        let (test, truth) = self.trials(&samples.fresh, tested, windows, neurons)?;
        let reference = decoder.evaluate(&test, &truth)?;
        let (intact, chance) = (reference.clone(), None);
        let (scope, neurons, tested) = (scope.clone(), neurons.clone(), tested.to_vec());
        Ok(Readout { label, scope, neurons, from, to, tested, classes, windows, decoder, intact, chance, reference })
    }

    /// How well a read-out does on the trials that it is trained on, and by chance: most of the work.
    fn cross_validate(&self, readout: &mut Readout, samples: &Samples) -> Result<()> {
        let Readout { tested, windows, neurons, classes, .. } = &*readout;
        let (trials, classes_of) = self.trials(&samples.training, tested, *windows, neurons)?;
        let settings = self.settings.decoder();
        let intact = decoding::cross_validate(&trials, &classes_of, *classes, &settings)?;
        let permuted = decoding::chance(&trials, &classes_of, *classes, &settings, self.settings.permutations)?;
        let pooled = permuted.accuracy.concat();
        readout.intact = intact;
        readout.chance = (!pooled.is_empty()).then(|| (quantile(&pooled, 0.025), quantile(&pooled, 0.975)));
        Ok(())
    }

    /// What [`Self::cross_validate`] found.
    pub(super) fn intact_scores(&self) -> IntactScores {
        IntactScores(self.plain().map(|r| IntactScore { windows: r.intact.clone(), chance: r.chance }).collect())
    }

    /// Simulations of all conditions, averaged in windows.
    ///
    /// # Errors
    /// If the engine fails.
    pub(super) fn simulate(
        &self,
        simulator: &mut Simulator,
        perturbation: &Perturbation,
        trials: usize,
        noise: &dyn Fn(usize) -> TrialNoise,
    ) -> Result<Vec<Windowed>> {
        let trial = |k| Trial { perturbation: perturbation.clone(), noise: Some(noise(k)) };
        collect(simulator, &(0..trials).map(trial).collect::<Vec<_>>(), &|_, rates| self.windowed(rates))
    }

    /// Averages binned rates `[C][B][N]` in windows.
    fn windowed(&self, rates: &[f32]) -> Windowed {
        let d = self.subject.dims();
        let windows = d.bins / self.bins_per_window;
        let mut out = vec![0.0; d.conditions * windows * d.neurons];
        for (row, mean) in out.chunks_exact_mut(d.neurons).enumerate() {
            let (c, w) = (row / windows, row % windows);
            for b in w * self.bins_per_window..(w + 1) * self.bins_per_window {
                let bin = &rates[(c * d.bins + b) * d.neurons..][..d.neurons];
                mean.iter_mut().zip(bin).for_each(|(m, r)| *m += r);
            }
            for m in mean {
                *m /= self.bins_per_window as f32;
            }
        }
        out
    }

    /// The trials of some conditions, and their classes.
    fn trials(
        &self,
        simulations: &[Windowed],
        conditions: &[(usize, usize)],
        windows: usize,
        neurons: &[usize],
    ) -> Result<(Trials, Vec<usize>)> {
        let d = self.subject.dims();
        let stored = d.bins / self.bins_per_window;
        let mut values = Vec::with_capacity(simulations.len() * conditions.len() * windows * neurons.len());
        for rates in simulations {
            for (c, _) in conditions {
                for w in 0..windows {
                    let row = &rates[(c * stored + w) * d.neurons..][..d.neurons];
                    values.extend(neurons.iter().map(|i| row[*i]));
                }
            }
        }
        let count = simulations.len() * conditions.len();
        let classes = conditions.iter().map(|(_, class)| *class).cycle().take(count).collect();
        Ok((Trials::new(values, count, windows, neurons.len())?, classes))
    }

    /// What [`Self::changes`] gives, in order.
    pub(super) fn keys(&self) -> Vec<MeasureKey> {
        let key = |r: &Readout, measure| MeasureKey { measure, scope: r.scope.clone(), harm: -1.0 };
        self.plain().flat_map(|r| measure_names(r.label).map(|measure| key(r, measure))).collect()
    }

    /// Decision scores of one simulation.
    ///
    /// Rates that are not finite read as undecided.
    pub(super) fn scores(&self, rates: &[f32]) -> TrialScores {
        let windowed = [self.windowed(rates)];
        let score = |r: &Readout| {
            let (trials, _) = self.trials(&windowed, &r.tested, r.windows, &r.neurons).ok()?;
            r.decoder.linear().scores(&trials).ok()
        };
        let undecided = |r: &Readout| vec![0.0; r.tested.len() * r.windows * r.decoder.linear().outputs()];
        self.plain().map(|r| score(r).unwrap_or_else(|| undecided(r))).collect()
    }

    /// Changes of accuracy and AUC against the intact network on the same noise, averaged over the windows in which the
    /// label can be read from the intact network at all (cross-validated accuracy above the 97.5 % quantile of chance).
    /// NaN where there are none.
    pub(super) fn changes(&self, simulations: &[TrialScores]) -> Vec<f64> {
        let change = |(k, r): (usize, &Readout)| {
            let scores: Vec<f64> = simulations.iter().flat_map(|s| &s[k]).copied().collect();
            let count = simulations.len() * r.tested.len();
            let truth: Vec<usize> = r.tested.iter().map(|(_, class)| *class).cycle().take(count).collect();
            let now = r.decoder.score(&scores, &truth);
            let over = |of: fn(&DecodingScore) -> f64| {
                let readable = (0..r.windows).filter(|w| r.is_readable(*w));
                mean(&readable.map(|w| of(&now[w]) - of(&r.reference[w])).collect::<Vec<f64>>())
            };
            [over(|s| s.accuracy), over(|s| s.auc)]
        };
        self.plain().enumerate().flat_map(change).collect()
    }

    /// The read-outs that are tested on the trials of the agents that they were trained on.
    fn plain(&self) -> impl Iterator<Item = &Readout> {
        self.list.iter().filter(|r| r.from.is_none())
    }

    /// Reads out a lesioned network: with the intact network's read-outs, and with those trained on its own trials.
    ///
    /// # Errors
    /// If its rates are not finite.
    pub(super) fn decode(&self, simulations: &[Windowed]) -> Result<LesionDecoding> {
        let mut rows = Vec::new();
        for r in &self.list {
            let (trials, truth) = self.trials(simulations, &r.tested, r.windows, &r.neurons)?;
            let mut scores = r.decoder.evaluate(&trials, &truth)?;
            if r.from.is_none() {
                scores.extend(decoding::cross_validate(&trials, &truth, r.classes, &self.settings.decoder())?);
            }
            rows.extend(scores.iter().map(|s| vec![s.accuracy, s.auc]));
        }
        Ok(LesionDecoding(rows))
    }

    /// How many scores there are of a lesioned network.
    pub fn scores_of_lesion(&self) -> usize {
        self.list.iter().map(|r| if r.from.is_none() { 2 * r.windows } else { r.windows }).sum()
    }

    /// The rows of a lesioned network.
    pub fn rows(&self, network: &str, decoding: &LesionDecoding) -> Vec<DecodingRow> {
        let mut scores = decoding.0.iter().map(|row| DecodingScore { accuracy: row[0], auc: row[1] });
        let mut rows = Vec::new();
        for r in &self.list {
            let kinds: &[(&'static str, &'static str)] =
                if r.from.is_none() { &[("intact", "lesioned"), ("lesioned", "own")] } else { &[("", "")] };
            for (trained_on, tested_on) in kinds {
                let (trained_on, tested_on) = r.from.map_or((*trained_on, *tested_on), |from| (from, r.to));
                let of_windows: Vec<DecodingScore> = scores.by_ref().take(r.windows).collect();
                rows.extend(self.series(r, network, (trained_on, tested_on), &of_windows));
            }
        }
        rows
    }

    /// The rows of the intact network.
    pub fn intact_rows(&self) -> Vec<DecodingRow> {
        let of = |r: &Readout| self.series(r, "intact", (r.from.unwrap_or("intact"), r.to), &r.intact);
        self.list.iter().flat_map(of).collect()
    }

    fn series(
        &self,
        r: &Readout,
        network: &str,
        (trained_on, tested_on): (&'static str, &'static str),
        scores: &[DecodingScore],
    ) -> Vec<DecodingRow> {
        let d = self.subject.dims();
        let window_s = self.bins_per_window as f64 * d.steps_per_bin as f64 * self.subject.step_ms / 1000.0;
        let row = |(window, score): (usize, &DecodingScore)| DecodingRow {
            network: network.into(),
            readout: r.label,
            scope: r.scope.clone(),
            trained_on,
            tested_on,
            window,
            seconds: (window as f64 + 0.5) * window_s,
            score: *score,
            chance: r.chance,
        };
        scores.iter().enumerate().map(row).collect()
    }
}

impl Readout {
    fn is_readable(&self, window: usize) -> bool {
        self.chance.is_some_and(|(_, high)| self.intact[window].accuracy > high)
    }
}

fn measure_names(label: &str) -> [&'static str; 2] {
    match label {
        "agent" => ["agent_accuracy_change", "agent_auc_change"],
        "go" => ["go_accuracy_change", "go_auc_change"],
        _ => ["object_accuracy_change", "object_auc_change"],
    }
}

/// All neurons, and those of each area.
fn regions(subject: &Subject) -> Vec<Region> {
    let population = &subject.problem.population;
    let mut regions = vec![("all".to_string(), (0..population.len()).collect())];
    regions.extend(population.areas().iter().enumerate().map(|(k, area)| (area.name.clone(), population.members(k))));
    regions.retain(|(_, members): &Region| !members.is_empty());
    regions
}

fn classes(conditions: &[(usize, usize)]) -> usize {
    conditions.iter().map(|(_, class)| class).collect::<HashSet<_>>().len()
}

/// The labels that the task names with at least two classes, of conditions that were recorded.
fn labels(conditions: &[Condition], bins: &[usize]) -> Vec<Label> {
    let mut objects: Vec<&str> = Vec::new();
    for object in conditions.iter().filter_map(|c| c.object.as_deref()) {
        if !objects.contains(&object) {
            objects.push(object);
        }
    }
    let agent = |c: &Condition| match c.class {
        ConditionClass::Execution => Some(0),
        ConditionClass::Observation => Some(1),
        ConditionClass::Other => None,
    };
    let object = |c: &Condition| objects.iter().position(|o| c.object.as_deref() == Some(*o));
    let class_of = |of: &dyn Fn(&Condition) -> Option<usize>| -> Vec<(usize, usize)> {
        let recorded = conditions.iter().enumerate().filter(|(c, _)| bins[*c] > 0);
        recorded.filter_map(|(c, condition)| Some((c, of(condition)?))).collect()
    };
    let mut labels =
        vec![("agent", class_of(&agent)), ("go", class_of(&|c| c.go.map(usize::from))), ("object", class_of(&object))];
    labels.retain(|(_, conditions)| classes(conditions) > 1);
    labels
}
