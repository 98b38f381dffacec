//! One lesion after another: simulated, kicked, read out, each beside its controls.

use super::cells::{CellOutcome, cell_lesions};
use super::controls::{ControlSettings, Controls, draw_controls};
use super::lesion::marked;
use super::readout::{IntactScores, LesionDecoding, Readouts, TrialScores};
use super::readout_settings::ReadoutSettings;
use super::stability::Stability;
use super::{Damage, Kick, Lesion, MeasureKey, Measures};
use crate::engine::Perturbation;
use crate::error::Result;
use crate::lab::{OpenEngine, Simulator, Subject, Trial, collect};

/// What an experiment is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExperimentSettings {
    /// The controls.
    pub controls: ControlSettings,
    /// The read-outs; none leaves them out.
    pub readouts: Option<ReadoutSettings>,
    /// Simulations at once.
    pub slots: usize,
}

/// What a lesion did.
#[derive(Clone, Debug, PartialEq)]
pub struct LesionOutcome {
    /// Its neurons.
    pub size: usize,
    /// The measures of the lesion itself, by [`Experiment::keys`].
    pub whole: Damage,
    /// Those of its controls, where there are any.
    pub controls: Option<ControlOutcome>,
}

/// What the controls of a lesion did.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlOutcome {
    /// The sets of neurons.
    pub drawn: Controls,
    /// Measures of the lesion's own subsets.
    pub subsets: Vec<Damage>,
    /// Measures of the control sets.
    pub sets: Vec<Damage>,
}

impl LesionOutcome {
    /// Of the measures of a lesion of `size` neurons, followed by those of the sets that [`Controls::simulated`] lists.
    pub(super) fn of(size: usize, drawn: Option<Controls>, mut damages: Vec<Damage>) -> Self {
        let whole = damages.remove(0);
        let controls = drawn.map(|drawn| {
            let sets = damages.split_off(damages.len() - drawn.sets.len());
            let subsets = if drawn.size == size { vec![whole.clone()] } else { damages };
            ControlOutcome { drawn, subsets, sets }
        });
        Self { size, whole, controls }
    }
}

impl ControlOutcome {
    /// Whether a lesion of `size` neurons is compared as it is: it is not subsampled, or there are no sets to compare.
    pub fn is_whole(&self, size: usize) -> bool {
        self.drawn.size == size || self.drawn.size == 0
    }
}

/// The laboratory with everything set up for one subject.
pub struct Experiment<'a> {
    subject: &'a Subject,
    settings: ExperimentSettings,
    measures: Measures<'a>,
    stability: Stability<'a>,
    readouts: Option<Readouts<'a>>,
    simulator: Simulator,
    keys: Vec<MeasureKey>,
}

impl<'a> Experiment<'a> {
    /// Sets up the measures and trains the read-outs on the intact network.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn new(subject: &'a Subject, settings: ExperimentSettings, open: &OpenEngine) -> Result<Self> {
        Self::with_known(subject, settings, None, open)
    }

    /// The same with what an experiment like it found out about the intact network, which saves most of the time.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn with_known(
        subject: &'a Subject,
        settings: ExperimentSettings,
        known: Option<&IntactScores>,
        open: &OpenEngine,
    ) -> Result<Self> {
        let mut simulator = Simulator::new(&subject.problem, &subject.parameters, settings.slots, open)?;
        let (measures, stability) = (Measures::new(subject), Stability::new(subject)?);
        let readouts = settings.readouts.map(|s| Readouts::train(subject, s, known, &mut simulator)).transpose()?;
        let mut keys = measures.keys().to_vec();
        keys.extend(stability.keys());
        keys.extend(kick_keys(&measures));
        keys.extend(readouts.iter().flat_map(Readouts::keys));
        Ok(Self { subject, settings, measures, stability, readouts, simulator, keys })
    }

    /// What it was asked for.
    pub fn settings(&self) -> &ExperimentSettings {
        &self.settings
    }

    /// What is measured.
    pub fn keys(&self) -> &[MeasureKey] {
        &self.keys
    }

    /// The measures that rates alone give.
    pub fn measures(&self) -> &Measures<'a> {
        &self.measures
    }

    /// The read-outs, where there are any.
    pub fn readouts(&self) -> Option<&Readouts<'a>> {
        self.readouts.as_ref()
    }

    /// What [`Self::with_known`] takes.
    pub fn intact_scores(&self) -> IntactScores {
        self.readouts.as_ref().map(Readouts::intact_scores).unwrap_or_default()
    }

    /// The intact network: (measure, scope, value).
    pub fn intact(&self) -> Vec<(&'static str, String, f64)> {
        let mut rows = Vec::new();
        for (scope, r2, rmse) in self.measures.intact_fit() {
            rows.push(("r2", scope.to_string(), r2));
            rows.push(("rmse", scope.to_string(), rmse));
        }
        let radii = self.stability.keys().into_iter().zip(self.stability.intact());
        rows.extend(radii.map(|(key, radius)| ("spectral_radius", key.scope, radius)));
        rows
    }

    /// Reads out a lesion on noisy trials like those that the read-outs were trained on, with noise of their own.
    ///
    /// # Errors
    /// If the engine fails, or rates are not finite.
    pub fn decode(&mut self, lesion: &Lesion) -> Result<LesionDecoding> {
        let (Some(readouts), Some(settings)) = (&self.readouts, self.settings.readouts) else {
            return Ok(LesionDecoding::default());
        };
        let perturbation = lesion.perturbation(&lesion.neurons, self.subject);
        let trials =
            readouts.simulate(&mut self.simulator, &perturbation, settings.trials, &|k| settings.test_noise(k))?;
        readouts.decode(&trials)
    }

    /// Rates of each lesion alone, `[C][B][N]`.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn rates(&mut self, lesions: &[Lesion]) -> Result<Vec<Vec<f32>>> {
        let trial = |l: &Lesion| Trial::of(l.perturbation(&l.neurons, self.subject));
        let trials: Vec<Trial> = lesions.iter().map(trial).collect();
        collect(&mut self.simulator, &trials, &|_, rates| rates.to_vec())
    }

    /// The controls of lesion `number`.
    pub fn controls(&self, lesion: &Lesion, number: usize) -> Option<Controls> {
        draw_controls(lesion, number, self.subject, &self.settings.controls)
    }

    /// The lesions of single cells that the comparisons of `lesions` need; none where nothing is compared.
    pub fn cell_lesions(&self, lesions: &[Lesion]) -> Vec<Lesion> {
        if self.settings.controls.count == 0 {
            return Vec::new();
        }
        cell_lesions(lesions, &self.subject.problem.population)
    }

    /// Does lesion `number` and its controls; `done` hears how many networks were just examined, and says whether to go on.
    /// `None` if it said no.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn examine(
        &mut self,
        lesion: &Lesion,
        number: usize,
        done: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Option<LesionOutcome>> {
        let drawn = self.controls(lesion, number);
        let mut sets = vec![lesion.neurons.clone()];
        if let Some(c) = &drawn {
            sets.extend(c.simulated(lesion).cloned());
        }
        let damages = self.measure_all(lesion, &sets, done)?;
        Ok(damages.map(|damages| LesionOutcome::of(lesion.neurons.len(), drawn, damages)))
    }

    /// Lesions each neuron of `lesion` alone; `done` as for [`Self::examine`].
    ///
    /// # Errors
    /// If the engine fails.
    pub fn examine_cells(
        &mut self,
        lesion: &Lesion,
        done: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Option<CellOutcome>> {
        let sets: Vec<Vec<usize>> = lesion.neurons.iter().map(|i| vec![*i]).collect();
        let damages = self.measure_all(lesion, &sets, done)?;
        Ok(damages.map(|damages| CellOutcome { lesion: lesion.clone(), damages }))
    }

    /// The measures of the lesion hitting each of `sets`, as many at once as there are slots.
    fn measure_all(
        &mut self,
        lesion: &Lesion,
        sets: &[Vec<usize>],
        done: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Option<Vec<Damage>>> {
        let kick = Kick::new(self.subject, lesion, self.settings.controls.seed);
        let mut damages = Vec::with_capacity(sets.len());
        for part in sets.chunks(self.simulator.slots()) {
            damages.extend(self.measure(lesion, part, kick.as_ref())?);
            if !done(part.len()) {
                return Ok(None);
            }
        }
        Ok(Some(damages))
    }

    /// The measures of the lesion hitting each of `sets`.
    fn measure(&mut self, lesion: &Lesion, sets: &[Vec<usize>], kick: Option<&Kick>) -> Result<Vec<Damage>> {
        let subject = self.subject;
        let masks: Vec<Vec<bool>> = sets.iter().map(|set| lesioned(lesion, set, subject.dims().neurons)).collect();
        let perturbations: Vec<Perturbation> = sets.iter().map(|set| lesion.perturbation(set, subject)).collect();
        let clean = |p: &Perturbation| Trial::of(p.clone());
        let (measures, probe) = (&self.measures, self.stability.probe(lesion)?);
        let seen = collect(&mut self.simulator, &perturbations.iter().map(clean).collect::<Vec<_>>(), &|k, rates| {
            let mut damage = measures.of(rates, &masks[k]);
            damage.extend(probe.of(rates, &sets[k]));
            (damage, kick.map(|kick| kick.look(subject, rates)))
        })?;
        let (mut damages, looks): (Vec<Damage>, Vec<Option<Vec<f32>>>) = seen.into_iter().unzip();
        let unkicked: Vec<Vec<f32>> = looks.into_iter().flatten().collect();
        self.kick(&perturbations, &masks, kick, &unkicked, &mut damages)?;
        self.read_out(&perturbations, &mut damages)?;
        Ok(damages)
    }

    fn kick(
        &mut self,
        perturbations: &[Perturbation],
        masks: &[Vec<bool>],
        kick: Option<&Kick>,
        unkicked: &[Vec<f32>],
        damages: &mut [Damage],
    ) -> Result<()> {
        let regions: Vec<&[bool]> = self.measures.regions().map(|(_, mask)| mask).collect();
        let Some(kick) = kick else {
            for damage in damages.iter_mut() {
                damage.extend(vec![f64::NAN; regions.len()]);
            }
            return Ok(());
        };
        let subject = self.subject;
        let kicked = |p: &Perturbation| Trial::of(kick.perturbation().then(p.clone()));
        let trials: Vec<Trial> = perturbations.iter().map(kicked).collect();
        let remaining = collect(&mut self.simulator, &trials, &|k, rates| {
            let look = kick.look(subject, rates);
            let of = |region: &&[bool]| kick.remaining(&look, &unkicked[k], &|i| region[i] && !masks[k][i]);
            regions.iter().map(of).collect::<Vec<f64>>()
        })?;
        damages.iter_mut().zip(remaining).for_each(|(damage, values)| damage.extend(values));
        Ok(())
    }

    fn read_out(&mut self, perturbations: &[Perturbation], damages: &mut [Damage]) -> Result<()> {
        let (Some(readouts), Some(settings)) = (&self.readouts, self.settings.readouts) else { return Ok(()) };
        let trials = settings.control_trials;
        let pairs = perturbations.iter().flat_map(|p| (0..trials).map(move |k| (p, k)));
        let trial =
            |(p, k): (&Perturbation, usize)| Trial { perturbation: p.clone(), noise: Some(settings.test_noise(k)) };
        let jobs: Vec<Trial> = pairs.map(trial).collect();
        let scores: Vec<TrialScores> = collect(&mut self.simulator, &jobs, &|_, rates| readouts.scores(rates))?;
        for (damage, scores) in damages.iter_mut().zip(scores.chunks(trials)) {
            damage.extend(readouts.changes(scores));
        }
        Ok(())
    }
}

/// Neurons that a lesion changes directly: those of `set`, unless it only cuts what they send.
fn lesioned(lesion: &Lesion, set: &[usize], neurons: usize) -> Vec<bool> {
    marked(if lesion.mode.cut_off().is_some() { &[] } else { set }, neurons)
}

fn kick_keys(measures: &Measures) -> Vec<MeasureKey> {
    let key = |(scope, _): (&str, &[bool])| MeasureKey { measure: "kick_remaining", scope: scope.into(), harm: 1.0 };
    measures.regions().map(key).collect()
}
