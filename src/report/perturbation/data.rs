//! What the reports of perturbation studies show.

use crate::error::{Error, Result};
use crate::network::Population;
use crate::perturb::{ConsistencyRow, Lesion, MeasureKey, SeedRow, Study};

/// What the report of one network's study shows.
#[derive(Clone, Copy, Debug)]
pub struct PerturbationReport<'a> {
    /// The run's name.
    pub title: &'a str,
    /// What was chosen, as label and value.
    pub choices: &'a [(String, String)],
    /// What was found.
    pub study: &'a Study,
    /// Sentences to be read first, e.g. what had to be left out.
    pub notes: &'a [String],
}

/// What the report of several runs shows.
#[derive(Clone, Copy, Debug)]
pub struct AcrossReport<'a> {
    /// Its name.
    pub title: &'a str,
    /// What was chosen, as label and value.
    pub choices: &'a [(String, String)],
    /// What readers should know of single runs, a sentence each.
    pub notes: &'a [String],
    /// The runs' names, `[runs]`.
    pub names: &'a [String],
    /// Their settings, `[runs]`.
    pub settings: &'a [String],
    /// The lesions, the same for every run.
    pub lesions: &'a [Lesion],
    /// The measures.
    pub keys: &'a [MeasureKey],
    /// Lesions over runs: of all runs (`all`), and of each setting where there are several.
    pub rows: &'a [SeedRow],
    /// Their neurons, the same in every run.
    pub population: &'a Population,
    /// Pairs of runs.
    pub consistency: &'a [ConsistencyRow],
}

impl PerturbationReport<'_> {
    /// Refuses a study whose parts do not belong together.
    pub(super) fn check(&self) -> Result<()> {
        let study = self.study;
        let (d, lesions) = (study.subject.dims(), study.lesions.len());
        expect("outcomes", study.outcomes.len(), lesions)?;
        expect("sets of lesioned rates", study.lesioned_rates.len(), lesions)?;
        expect("conditions", study.subject.conditions.len(), d.conditions)?;
        expect("numbers of bins", study.subject.problem.bins.len(), d.conditions)?;
        let length = d.conditions * d.bins * d.neurons;
        expect("rates", study.subject.intact.len(), length)?;
        study.lesioned_rates.iter().try_for_each(|rates| expect("lesioned rates", rates.len(), length))?;
        study.outcomes.iter().try_for_each(|o| expect("measures", o.whole.len(), study.keys.len()))?;
        for cells in &study.cells {
            expect("single cells", cells.damages.len(), cells.lesion.neurons.len())?;
            cells.damages.iter().try_for_each(|d| expect("measures of single cells", d.len(), study.keys.len()))?;
        }
        let traces = &study.anatomy.currents.traces;
        traces.iter().try_for_each(|t| expect("currents", t.values.len(), d.conditions * d.bins))?;
        below("areas", traces.iter().map(|t| t.area).max(), study.subject.problem.population.areas().len())?;
        let conditions = study.anatomy.currents.rows.iter().map(|r| r.condition);
        below("conditions", conditions.max(), d.conditions)?;
        expect("q values of motifs", study.anatomy.motif_q.len(), study.anatomy.motifs.len())?;
        below("lesions", study.effects.iter().map(|e| e.lesion).max(), lesions)?;
        below("measures", study.effects.iter().map(|e| e.measure).max(), study.keys.len())
    }
}

impl AcrossReport<'_> {
    /// Refuses parts that do not belong together.
    pub(super) fn check(&self) -> Result<()> {
        let runs = self.names.len();
        expect("settings", self.settings.len(), runs)?;
        let last_run = self.consistency.iter().map(|r| r.runs.0.max(r.runs.1));
        below("runs", last_run.max(), runs)?;
        below("neurons", self.lesions.iter().flat_map(|l| l.neurons.iter().copied()).max(), self.population.len())?;
        below("lesions", self.rows.iter().map(|r| r.lesion).max(), self.lesions.len())?;
        below("measures", self.rows.iter().map(|r| r.measure).max(), self.keys.len())
    }
}

fn expect(what: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::run(format!("report: expected {expected} {what}, found {found}.")))
}

/// Refuses a largest index that names nothing.
fn below(what: &str, index: Option<usize>, count: usize) -> Result<()> {
    match index {
        Some(k) if k >= count => Err(Error::run(format!("report: number {k} of {count} {what} is asked for."))),
        _ => Ok(()),
    }
}
