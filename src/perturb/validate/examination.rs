//! Lesions and their controls, measured by what they do to the fit.

use crate::error::Result;
use crate::lab::{OpenEngine, Simulator, Subject, Trial, collect};
use crate::perturb::lesion::marked;
use crate::perturb::{
    CellOutcome, ControlSettings, Damage, Lesion, LesionEffect, LesionOutcome, MeasureKey, Measures, cell_lesions,
    draw_controls, effects,
};

/// Measures `lesions` of `subject`, their controls and single cells by the change of R², and compares them as `aon perturb`
/// does: q is over these lesions and all scopes. Returns the effects on R² of all spared neurons.
///
/// # Errors
/// If the engine fails.
pub fn examine(
    subject: &Subject,
    lesions: &[Lesion],
    controls: &ControlSettings,
    slots: usize,
    open: &OpenEngine,
) -> Result<Vec<LesionEffect>> {
    let mut examiner = Examiner {
        subject,
        measures: Measures::new(subject),
        simulator: Simulator::new(&subject.problem, &subject.parameters, slots, open)?,
    };
    let mut outcomes = Vec::with_capacity(lesions.len());
    for (number, lesion) in lesions.iter().enumerate() {
        let drawn = draw_controls(lesion, number, subject, controls);
        let mut sets = vec![lesion.neurons.clone()];
        sets.extend(drawn.iter().flat_map(|d| d.simulated(lesion)).cloned());
        let damages = examiner.changes(lesion, &sets)?;
        outcomes.push(LesionOutcome::of(lesion.neurons.len(), drawn, damages));
    }
    let population = &subject.problem.population;
    let mut cells = Vec::new();
    for lesion in cell_lesions(lesions, population) {
        let sets: Vec<Vec<usize>> = lesion.neurons.iter().map(|i| vec![*i]).collect();
        cells.push(CellOutcome { damages: examiner.changes(&lesion, &sets)?, lesion });
    }
    let found = effects(lesions, &outcomes, &cells, examiner.keys(), population, controls.seed);
    Ok(found.into_iter().filter(|e| e.measure == 0).collect())
}

/// Everything that it takes to measure the fit.
struct Examiner<'a> {
    subject: &'a Subject,
    measures: Measures<'a>,
    simulator: Simulator,
}

impl Examiner<'_> {
    /// The scopes of R², of which all neurons are the first.
    fn keys(&self) -> &[MeasureKey] {
        let keys = self.measures.keys();
        &keys[..keys.iter().take_while(|k| k.measure == keys[0].measure).count()]
    }

    /// The changes of R² where the lesion hits each of `sets`.
    fn changes(&mut self, lesion: &Lesion, sets: &[Vec<usize>]) -> Result<Vec<Damage>> {
        let (subject, measures, scopes) = (self.subject, &self.measures, self.keys().len());
        let trial = |set: &Vec<usize>| Trial::of(lesion.perturbation(set, subject));
        let trials: Vec<Trial> = sets.iter().map(trial).collect();
        collect(&mut self.simulator, &trials, &|k, rates| {
            measures.of(rates, &marked(&sets[k], subject.dims().neurons))[..scopes].to_vec()
        })
    }
}
