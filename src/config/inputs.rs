//! What a plan is made from besides settings: arrays, from files or from memory.

use super::Config;
use crate::data::{ArrayFile, RecordedCondition, read_mask};
use crate::engine::Problem;
use crate::error::{Error, Result, ensure};
use crate::network::{Group, Layout, read_parameters};
use crate::task::{Stimulus, TaskSpec};
use crate::train::read_weights;
use std::path::{Path, PathBuf};

/// How errors name arrays that come from no file.
pub(super) const IN_MEMORY: &str = "arrays in memory";

/// The data of a plan.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// How errors name where the rates come from: a file.
    pub source: PathBuf,
    /// Recorded rates, one entry per condition of the task, in its order.
    pub conditions: Vec<RecordedCondition>,
    /// Which neurons are inhibitory, `[N]`; needed unless signs are not kept.
    pub inhibitory: Option<Vec<bool>>,
    /// Which are mirror neurons, `[N]`.
    pub mirror: Option<Vec<bool>>,
    /// A stimulus that is used as it is, in place of the task's.
    pub stimulus: Option<Stimulus>,
    /// Initial parameters, flat as [`Layout`] says and with W the weights themselves, in place of a scheme.
    pub start: Option<Vec<f32>>,
}

impl Inputs {
    /// Rates and cell types from memory, and nothing else.
    pub fn new(conditions: Vec<RecordedCondition>, inhibitory: Vec<bool>) -> Self {
        let (source, inhibitory) = (IN_MEMORY.into(), Some(inhibitory));
        Self { source, conditions, inhibitory, mirror: None, stimulus: None, start: None }
    }

    /// Refuses conditions that are not those of the task, in its order, and a stimulus that is not finite.
    pub(super) fn check(&self, task: &TaskSpec) -> Result<()> {
        let expected: Vec<&str> = task.conditions.iter().map(|c| c.firing_rates.as_str()).collect();
        let found: Vec<&str> = self.conditions.iter().map(|c| c.variable.as_str()).collect();
        ensure!(
            expected == found,
            "task {} has rates for {}, in this order, found those for {}.",
            task.name,
            expected.join(", "),
            found.join(", ")
        );
        let masks = [&self.inhibitory, &self.mirror].into_iter().flatten();
        self.check_orientation(task, masks.map(Vec::len))?;
        let finite = |stimulus: &Stimulus| stimulus.values.iter().all(|v| v.is_finite());
        ensure!(self.stimulus.as_ref().is_none_or(finite), "the stimulus: expected finite values.");
        Ok(())
    }

    /// Rates that are transposed must not put the blame on a mask: that of their size says what a row is.
    fn check_orientation(&self, task: &TaskSpec, masks: impl Iterator<Item = usize>) -> Result<()> {
        let known: Vec<usize> = masks.chain([task.neurons()]).collect();
        self.conditions.iter().try_for_each(|c| c.check_orientation(&self.source, &known))
    }

    /// What the files that `config` names hold; initial values are read when the sizes are known.
    pub(super) fn read(config: &Config, task: &TaskSpec) -> Result<Self> {
        let data = &config.data;
        let source = data.firing_rates.clone().ok_or_else(|| {
            Error::input("the recorded rates are missing. Give `firing_rates = FILE` (`aon synth` writes such files).")
        })?;
        let variables: Vec<String> = task.conditions.iter().map(|c| c.firing_rates.clone()).collect();
        let conditions = RecordedCondition::read_all(&source, &variables)?;
        let neurons = conditions.first().map_or(0, |c| c.rates.nrows());
        let mut inputs = Self { source, conditions, inhibitory: None, mirror: None, stimulus: None, start: None };
        let masks = [(&data.inhibitory_mask, "inhibitory"), (&data.mirror, "mirror")];
        let given = masks.iter().filter_map(|(path, variable)| Some((path.as_deref()?, *variable)));
        let lengths = given.map(|(path, variable)| Ok(ArrayFile::open(path)?.array(variable)?.len()));
        inputs.check_orientation(task, lengths.collect::<Result<Vec<_>>>()?.into_iter())?;
        let mask = |(path, variable): (&Option<PathBuf>, &str)| {
            path.as_deref().map(|path| read_mask(path, variable, neurons)).transpose()
        };
        let [inhibitory, mirror] = masks.map(mask);
        (inputs.inhibitory, inputs.mirror) = (inhibitory?, mirror?);
        inputs.stimulus = data.stimulus.as_deref().map(Stimulus::read).transpose()?;
        Ok(inputs)
    }
}

/// Initial parameters from the file of a run, or of whoever wrote one.
pub(super) fn initial_from_file(path: &Path, problem: &Problem) -> Result<Vec<f32>> {
    let (constraint, layout) = (&problem.constraint, &Layout::new(&problem.dims));
    if path.extension().is_some_and(|e| e == "safetensors") {
        return Ok(read_weights(path, layout, constraint)?.0);
    }
    as_trained(path, read_parameters(path, layout)?, problem)
}

/// Initial parameters from memory, in which W is the weights themselves.
pub(super) fn initial_from_memory(parameters: Vec<f32>, problem: &Problem) -> Result<Vec<f32>> {
    let layout = Layout::new(&problem.dims);
    ensure!(
        parameters.len() == layout.len() && parameters.iter().all(|p| p.is_finite()),
        "the start: expected {} finite parameters, found {}, {} of them finite.",
        layout.len(),
        parameters.len(),
        parameters.iter().filter(|p| p.is_finite()).count()
    );
    as_trained(Path::new(IN_MEMORY), parameters, problem)
}

/// The parameters with what is trained in place of W.
fn as_trained(source: &Path, mut parameters: Vec<f32>, problem: &Problem) -> Result<Vec<f32>> {
    let recurrent = Layout::new(&problem.dims).range(Group::Recurrent);
    if problem.constraint.sign.is_implied() {
        check_signs(source, problem, &parameters[recurrent.clone()])?;
    }
    let stored = problem.constraint.stored(&parameters[recurrent.clone()]);
    parameters[recurrent].copy_from_slice(&stored);
    Ok(parameters)
}

/// Softplus keeps magnitudes and takes signs from the population: a weight of another sign would be turned around.
fn check_signs(path: &Path, problem: &Problem, weights: &[f32]) -> Result<()> {
    let n = problem.dims.neurons;
    let sign = |k: usize| problem.constraint.sign_of(&problem.population, k / n, k % n);
    let wrong = weights.iter().enumerate().filter(|(k, w)| **w * sign(*k) < 0.0).count();
    if wrong == 0 {
        return Ok(());
    }
    let expected = "weights with the signs that `dale` and the inhibitory mask give them";
    let found = format!("{wrong} of {} with the other sign", weights.len());
    let remedy = "Choose the `dale` that the weights were made under, or `sign_constraint = reflect`.";
    Err(Error::variable(path, "W", expected, found, remedy))
}
