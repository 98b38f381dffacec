//! What a plan is made from besides settings: arrays, from files or from memory.

use super::Config;
use crate::data::{ArrayFile, NormalizationFactors, RecordedCondition, read_mask};
use crate::engine::Problem;
use crate::error::{Error, Result, ensure};
use crate::network::{Dale, Group, Layout, read_parameters};
use crate::task::{Stimulus, TaskSpec};
use crate::train::{CONFIG, Reading, WeightsFile, finish_replacement, member_name};
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
    /// What each neuron's rates are divided by, `[N]`, as those were that a run was trained on; `None` for what the setting
    /// `normalize` makes of the rates themselves.
    pub divisors: Option<NormalizationFactors>,
    /// Initial parameters, flat as [`Layout`] says and with W the weights themselves, in place of a scheme.
    pub start: Option<Vec<f32>>,
}

impl Inputs {
    /// Rates and cell types from memory, and nothing else.
    pub fn new(conditions: Vec<RecordedCondition>, inhibitory: Vec<bool>) -> Self {
        let (source, inhibitory) = (IN_MEMORY.into(), Some(inhibitory));
        Self { source, conditions, inhibitory, mirror: None, stimulus: None, divisors: None, start: None }
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
        let mut inputs =
            Self { source, conditions, inhibitory: None, mirror: None, stimulus: None, divisors: None, start: None };
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

/// Initial parameters from a run (its directory: its best weights), from a file of weights of one, or from a MAT or npz
/// file of whoever wrote one. Weights of other signs, areas or time constants than those of `problem` are refused: the
/// same numbers would be another network.
pub(super) fn initial_from_file(path: &Path, problem: &Problem) -> Result<Vec<f32>> {
    let layout = &Layout::new(&problem.dims);
    if path.extension().is_some_and(|e| e == "safetensors") {
        let file = WeightsFile::read(path)?;
        if let Some((then, now)) = file.reading().and_then(|then| then.difference(&Reading::of(problem))) {
            return Err(Error::variable(
                path,
                "W",
                format!("weights for {now}"),
                format!("weights for {then}"),
                OTHER_READING,
            ));
        }
        check_signs(path, problem, file.weights().unwrap_or_default())?;
        return file.parameters(layout, &problem.constraint);
    }
    let parameters = read_parameters(path, layout)?;
    check_exported(path, problem, &parameters)?;
    as_trained(path, parameters, problem)
}

const OTHER_READING: &str = "Give the masks, areas and settings that the weights were trained with.";

impl Config {
    /// Makes paths absolute, and `init` the file of weights that it stands for.
    ///
    /// # Errors
    /// If `init` names a batch, or a run whose configuration cannot be read.
    pub(crate) fn resolve_files(&mut self) -> Result<()> {
        self.network.init = self.network.init.take().map(|init| init_file(&init)).transpose()?;
        self.resolve_paths()
    }
}

/// Where the initial parameters are that `init` names: those of a run are its best.
///
/// # Errors
/// If it is a batch, or its configuration cannot be read.
fn init_file(init: &Path) -> Result<PathBuf> {
    finish_replacement(init)?;
    let config = init.join(CONFIG);
    if !config.is_file() {
        return Ok(init.to_path_buf());
    }
    let Config { seed, networks, .. } = Config::read(&config)?;
    ensure!(
        networks == 1,
        "`init = {}`: there is a batch of {networks} runs. Name one of them, such as {}.",
        init.display(),
        init.join(member_name(seed)).display()
    );
    Ok(init.join("best.safetensors"))
}

/// Holds parameters against what an export says of the network that they were: areas, types and time constants. In files of
/// others such names may mean something else.
fn check_exported(path: &Path, problem: &Problem, parameters: &[f32]) -> Result<()> {
    let (file, population) = (ArrayFile::open(path)?, &problem.population);
    let range = Layout::new(&problem.dims).range(Group::TimeConstant);
    let taus = problem.time_constants.taus(&parameters[range]).into_iter().map(f64::from).collect();
    let types = population.inhibitory().iter().map(|i| f64::from(u8::from(*i))).collect();
    let sizes = population.areas().iter().map(|a| a.size as f64).collect();
    let checked: [(&str, Vec<f64>, bool); 3] = [
        ("area_sizes", sizes, true),
        ("inhibitory", types, problem.constraint.dale != Dale::None),
        ("taus", taus, true),
    ];
    let is_export = ["W_eff", "area_sizes"].iter().all(|name| file.contains(name));
    for (name, now, matters) in checked.into_iter().filter(|(name, ..)| is_export && file.contains(name)) {
        let then = file.vector(name, "values", None)?;
        // Time constants are rounded to f32 on both sides.
        let is_same = then.len() == now.len() && then.iter().zip(&now).all(|(a, b)| (a - b).abs() <= 1e-5 * b.abs());
        if matters && !is_same {
            let k = then.iter().zip(&now).position(|(a, b)| (a - b).abs() > 1e-5 * b.abs()).unwrap_or(0);
            let value = |list: &[f64]| list.get(k).map_or("nothing".into(), |v| format!("{v} as value {}", k + 1));
            return Err(Error::variable(path, name, value(&now), value(&then), OTHER_READING));
        }
    }
    Ok(())
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
    check_signs(source, problem, &parameters[recurrent.clone()])?;
    let stored = problem.constraint.stored(&parameters[recurrent.clone()]);
    parameters[recurrent].copy_from_slice(&stored);
    Ok(parameters)
}

/// Softplus keeps magnitudes and takes signs from the population: a weight of another sign would be turned around.
fn check_signs(path: &Path, problem: &Problem, weights: &[f32]) -> Result<()> {
    if !problem.constraint.sign.is_implied() {
        return Ok(());
    }
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
