//! A network as its run trained it.

use super::notice::{Listener, Notice};
use super::state::RunState;
use super::stored::{BEGUN, StoredRun};
use crate::config::Plan;
use crate::data::{NormalizationFactors, read_text};
use crate::engine::{BatchState, Device, EngineConfig, LossRecord, Problem};
use crate::error::{Error, Result, ensure};
use crate::network::{Group, Layout};
use crate::train::{NORMALIZATION, Reading, WeightsFile, is_file_of_run, member_name};
use std::path::{Path, PathBuf};

/// The weights that a run keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum WhichWeights {
    /// Those of the lowest loss.
    #[default]
    Best,
    /// Those after the last update.
    Last,
}

impl WhichWeights {
    /// The name of their file, without its ending.
    fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Last => "last",
        }
    }
}

/// How a run is opened.
#[derive(Clone)]
pub struct Opening<'a> {
    /// Which weights.
    pub weights: WhichWeights,
    /// Changes what computes from what the run was trained on.
    pub engine: &'a dyn Fn(&mut EngineConfig),
    /// Other recorded rates of the same neurons and conditions. They are divided by what those of the training were.
    pub firing_rates: Option<PathBuf>,
    /// Other labels of mirror neurons.
    pub mirror: Option<PathBuf>,
}

impl Default for Opening<'_> {
    fn default() -> Self {
        Self { weights: WhichWeights::Best, engine: &|_| (), firing_rates: None, mirror: None }
    }
}

/// A trained network: its plan, and its parameters in place of the initial ones.
#[derive(Debug)]
pub struct TrainedRun {
    /// The plan of its run.
    pub plan: Plan,
    /// Parameters, flat as the layout says.
    pub parameters: Vec<f32>,
    /// The file they were read from.
    pub file: PathBuf,
    /// What of the run is finished.
    pub state: RunState,
    /// What whoever reads its numbers should know, a sentence each.
    pub remarks: Vec<String>,
    /// The files that the run was made from.
    inputs: Vec<PathBuf>,
}

impl TrainedRun {
    /// Opens the run in `directory`. Its weights are read as they were trained: settings and inputs are held against the
    /// manifest, areas, types, signs and time constants against what the weights themselves say.
    ///
    /// # Errors
    /// As [`StoredRun::read`], if there is a batch in place of a single run, or its weights are damaged or not those of
    /// this run.
    pub fn open(directory: &Path, opening: &Opening) -> Result<Self> {
        let replaced = [("firing_rates", opening.firing_rates.is_some()), ("mirror", opening.mirror.is_some())];
        let unneeded = replaced.iter().filter(|(_, is_given)| *is_given).map(|(setting, _)| *setting).chain(BEGUN);
        let mut run = StoredRun::read(directory, &unneeded.collect::<Vec<_>>())?.without_start();
        refuse_batch(&run)?;
        let state = run.state()?;
        run.remarks.extend(state.warning(directory));
        let config = &mut run.config;
        (opening.engine)(&mut config.engine);
        let given =
            [(&mut config.data.firing_rates, &opening.firing_rates), (&mut config.data.mirror, &opening.mirror)];
        given.into_iter().filter(|(_, path)| path.is_some()).for_each(|(setting, path)| setting.clone_from(path));

        let name = opening.weights.name();
        let path = directory.join(format!("{name}.safetensors"));
        ensure!(
            path.exists(),
            "{} is not there: the run has not begun, or its weights were removed. `resume = {}` goes on with it.",
            path.display(),
            directory.display()
        );
        let weights = WeightsFile::read(&path)?;
        weights.check_origin(name, &run.manifest.run)?;
        let divisors = opening.firing_rates.is_some().then(|| divisors(directory, &weights)).transpose()?.flatten();
        let mut parameters = Vec::new();
        let mut plan = Plan::starting_from(run.config, divisors, |problem| {
            check_reading(&path, &weights, problem)?;
            parameters = weights.parameters(&Layout::new(&problem.dims), &problem.constraint)?;
            Ok(Some(parameters.clone()))
        })?;
        plan.problem.recurrent = has_recurrence(&plan.problem, &parameters);
        let inputs = run.manifest.files().into_iter().chain(plan.inputs.keys().cloned()).collect();
        Ok(Self { plan, parameters, file: path, state, remarks: run.remarks, inputs })
    }

    /// Tells what whoever reads its numbers should know.
    pub fn say_remarks(&self, listener: &mut dyn Listener) {
        self.remarks.iter().for_each(|remark| listener.notice(&Notice::Advice(remark)));
    }

    /// Refuses to write to `path` what would replace an input of the run, or a file that it keeps itself.
    ///
    /// # Errors
    /// Saying so.
    pub fn check_output(&self, path: &Path) -> Result<()> {
        let Ok(place) = path.canonicalize() else { return Ok(()) };
        let is_input = self.inputs.iter().any(|input| input.canonicalize().is_ok_and(|input| input == place));
        let home = self.file.parent().and_then(|run| run.canonicalize().ok());
        let is_own = place.parent() == home.as_deref()
            && place.file_name().is_some_and(|n| is_file_of_run(&n.to_string_lossy()));
        let what = if is_input { "an input" } else { "a file" };
        ensure!(!is_input && !is_own, "{} is {what} of the run. Choose another `output`.", path.display());
        Ok(())
    }

    /// Simulates the network: its loss over the conditions that it was trained on, and its rates in all, `[C][B][N]`.
    ///
    /// # Errors
    /// If there is no such device, or it fails.
    pub fn simulate(&self, listener: &mut dyn Listener) -> Result<(LossRecord, Vec<f32>)> {
        let plan = &self.plan;
        let device = Device::choose(&plan.config.engine, &mut |notice| listener.notice(&Notice::Device(notice)))?;
        let state = BatchState::fresh(vec![self.parameters.clone()]);
        let open = |problem: &Problem| device.open(problem, &plan.settings, &state);
        let mut engine = open(&plan.problem)?;
        let mut loss = engine.evaluate()?[0];
        let rates = engine.binned_rates(0)?;
        if !plan.held_out.is_empty() {
            drop(engine);
            loss = open(&plan.training_problem(1))?.evaluate()?[0];
        }
        Ok((loss, rates))
    }
}

fn refuse_batch(run: &StoredRun) -> Result<()> {
    let (config, directory) = (&run.config, &run.directory);
    if config.networks == 1 {
        return Ok(());
    }
    Err(Error::input(format!(
        "{} holds a batch of {} runs. Name one of them, such as {}.",
        directory.display(),
        config.networks,
        directory.join(member_name(config.seed)).display()
    )))
}

/// Refuses weights that were trained under another reading than that of `problem`.
fn check_reading(path: &Path, weights: &WeightsFile, problem: &Problem) -> Result<()> {
    match weights.reading().and_then(|then| then.difference(&Reading::of(problem))) {
        None => Ok(()),
        Some((then, now)) => Err(Error::input(format!(
            "{}: the weights were trained with {then}, but the run's files now say {now}. Put them back as they were.",
            path.display()
        ))),
    }
}

/// Whether any recurrent weight is not zero.
fn has_recurrence(problem: &Problem, parameters: &[f32]) -> bool {
    let recurrent = Layout::new(&problem.dims).range(Group::Recurrent);
    problem.constraint.weights(&problem.population, &parameters[recurrent]).iter().any(|w| *w != 0.0)
}

/// What each neuron's rates were divided by in the training: the weights carry it, those of earlier versions lie beside
/// it. `None` where nothing was normalised.
fn divisors(directory: &Path, weights: &WeightsFile) -> Result<Option<NormalizationFactors>> {
    let path = directory.join(NORMALIZATION);
    if let Some(divisors) = weights.divisors() {
        return Ok(Some(NormalizationFactors(divisors.to_vec())));
    }
    if weights.reading().is_some() || !path.is_file() {
        return Ok(None);
    }
    let text = read_text(&path)?;
    let divisor = |row: &str| row.split_once(',')?.1.parse::<f32>().ok().filter(|d| d.is_finite() && *d > 0.0);
    let divisors: Option<Vec<f32>> = text.lines().skip(1).map(divisor).collect();
    let damaged = || Error::run(format!("{} is damaged: expected rows of a neuron and a divisor.", path.display()));
    divisors.map(|d| Some(NormalizationFactors(d))).ok_or_else(damaged)
}

/// The runs in the directories that were named: a batch stands for its members.
///
/// # Errors
/// If one holds no run, or is named twice, under whatever name.
pub fn members(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut runs = Vec::new();
    for directory in named {
        let config = StoredRun::settings(directory)?;
        if config.networks > 1 {
            let seeds = (config.seed..).take(config.networks);
            runs.extend(seeds.map(|seed| directory.join(member_name(seed))));
        } else {
            runs.push(directory.clone());
        }
    }
    let places: Vec<PathBuf> = runs.iter().map(|run| run.canonicalize().unwrap_or_else(|_| run.clone())).collect();
    for (k, run) in runs.iter().enumerate() {
        if let Some(first) = places[..k].iter().position(|place| *place == places[k]) {
            let also = if runs[first] == *run { String::new() } else { format!(", also as {}", runs[first].display()) };
            return Err(Error::input(format!("{} is named twice{also}.", run.display())));
        }
    }
    Ok(runs)
}
