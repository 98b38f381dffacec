//! From settings and data to what an engine takes. Nothing else reaches an engine.

use super::input_files::INIT;
use super::inputs::{IN_MEMORY, Inputs, initial_from_file, initial_from_memory};
use super::sizes::check_sizes;
use super::{Config, NetworkConfig, StimulusNoise};
use crate::analysis::{HeldOut, Recorded};
use crate::data::{FiringRates, NormalizationFactors};
use crate::dims::Dims;
use crate::engine::{FreshNoise, NetworkSettings, Perturbation, Problem, TimeConstants};
use crate::error::{Error, Result, ensure};
use crate::network::{Constraint, Dale, Group, InitSettings, Layout, Population, initial_parameters};
use crate::task::{Stimulus, TaskSpec};
use crate::train::{Schedule, hash_file};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A run, or a batch of them, whose settings were checked and whose files were read.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The settings, with the task whole and absolute paths.
    pub config: Config,
    /// The task.
    pub task: TaskSpec,
    /// What the networks share: all conditions, those that are held out too. See [`Self::training_problem`].
    pub problem: Problem,
    /// Conditions that are not trained on, in the task's order.
    pub held_out: Vec<HeldOut>,
    /// Seed of each, `[K]`.
    pub seeds: Vec<u64>,
    /// What else each has for itself, `[K]`.
    pub settings: Vec<NetworkSettings>,
    /// Initial parameters from a file, the same for all.
    given: Option<Vec<f32>>,
    /// What the rates were divided by.
    pub factors: Option<NormalizationFactors>,
    /// Neurons, by number from 0, whose rates were nothing but rounding errors and count as 0.
    pub silenced: Vec<usize>,
    /// SHA-256 of the input files.
    pub inputs: BTreeMap<PathBuf, String>,
}

impl Plan {
    /// Checks `config` and reads the files that it names.
    ///
    /// # Errors
    /// If a setting or a file cannot be used.
    pub fn new(mut config: Config) -> Result<Self> {
        config.resolve_files()?;
        let init = config.network.init.clone();
        let start = |problem: &Problem| init.as_ref().map(|path| initial_from_file(path, problem)).transpose();
        let mut plan = Self::starting_from(config, None, start)?;
        let hash = |path: PathBuf| Ok((path.clone(), hash_file(&path)?));
        plan.inputs.extend(init.map(hash).transpose()?);
        Ok(plan)
    }

    /// The same for networks whose parameters are known, so that nobody asks for what they started from; `divisors` are
    /// what rates are divided by that are not those of the training.
    ///
    /// # Errors
    /// As [`Self::new`], and whatever `start`, which is shown the problem, fails with.
    pub fn starting_from(
        mut config: Config,
        divisors: Option<NormalizationFactors>,
        start: impl FnOnce(&Problem) -> Result<Option<Vec<f32>>>,
    ) -> Result<Self> {
        config.check()?;
        config.resolve_paths()?;
        let task = config.task.load()?;
        let inputs = Inputs { divisors, ..Inputs::read(&config, &task)? };
        let files = config.files().into_iter().filter(|(setting, _)| *setting != INIT);
        let hashes = files.map(|(_, path)| Ok((path.clone(), hash_file(path)?))).collect::<Result<_>>()?;
        Ok(Self { inputs: hashes, ..Self::assemble(config, task, inputs, start)? })
    }

    /// The plan of networks of `task` on data from memory.
    ///
    /// # Errors
    /// If a setting or an array cannot be used, or `config` names a file, which nothing would look at.
    pub fn of(mut config: Config, task: TaskSpec, mut inputs: Inputs) -> Result<Self> {
        config.check()?;
        config.check_start(inputs.start.is_some())?;
        let named = config.files().first().map(|(_, path)| path.display().to_string());
        ensure!(named.is_none(), "{}: a plan on arrays from memory reads no files.", named.unwrap_or_default());
        task.check()?;
        inputs.check(&task)?;
        let start = inputs.start.take();
        Self::assemble(config, task, inputs, |problem| {
            start.map(|start| initial_from_memory(start, problem)).transpose()
        })
    }

    fn assemble(
        mut config: Config,
        task: TaskSpec,
        inputs: Inputs,
        start: impl FnOnce(&Problem) -> Result<Option<Vec<f32>>>,
    ) -> Result<Self> {
        let held_out = config.settle_task(task.clone())?;
        let left_out: Vec<usize> = held_out.iter().map(|h| h.condition).collect();
        let Inputs { source, conditions, inhibitory, mirror, stimulus, divisors, .. } = inputs;
        let recording = match divisors {
            None => FiringRates::new(&source, conditions, &left_out, config.data.normalize)?,
            Some(divisors) => FiringRates::divided_by(&source, conditions, divisors)?,
        };
        let population = population(&config, &task, recording.neurons(), inhibitory, mirror)?;
        let problem = problem(&config, &task, &recording, population, stimulus)?;
        let layout = Layout::new(&problem.dims);
        let seeds: Vec<u64> = (config.seed..).take(config.networks).collect();
        let settings = network_settings(&config, &task, &layout)?;
        let settings = seeds.iter().map(|seed| with_seed(settings.clone(), *seed)).collect();
        let given = start(&problem)?;
        let (factors, silenced, inputs) = (recording.factors, recording.silenced, BTreeMap::new());
        let mut plan = Self { config, task, problem, held_out, seeds, settings, given, factors, silenced, inputs };
        plan.problem.recurrent = plan.has_recurrence();
        Ok(plan)
    }

    /// Whether any network has recurrent weights: they are trained, or start at other values than zero.
    fn has_recurrence(&self) -> bool {
        let (p, recurrent) = (&self.problem, Layout::new(&self.problem.dims).range(Group::Recurrent));
        let start = || p.constraint.weights(&p.population, &self.initial(0)[recurrent]);
        !self.settings[0].freeze.contains(&Group::Recurrent) || start().iter().any(|w| *w != 0.0)
    }

    /// The initial parameters of a network: those of a run of its seed alone.
    pub fn initial(&self, network: usize) -> Vec<f32> {
        let frozen = || self.settings[network].freeze.contains(&Group::Recurrent);
        self.given.clone().unwrap_or_else(|| self.drawn(network, &self.config.network, frozen()))
    }

    /// Initial parameters from the seed of a network, as `n` says.
    pub(super) fn drawn(&self, network: usize, n: &NetworkConfig, without_recurrence: bool) -> Vec<f32> {
        let p = &self.problem;
        let init = InitSettings {
            scheme: n.init_scheme,
            distribution: n.weight_distribution,
            gain: n.gain as f32,
            mean_rate: &self.training_problem(1).mean_rate(),
            seed: self.seeds[network],
            network: 0,
            without_recurrence,
        };
        initial_parameters(&Layout::new(&p.dims), &p.population, &p.constraint, &init)
    }

    /// The conditions that are trained on, by number from 0.
    pub fn training_conditions(&self) -> Vec<usize> {
        let is_held_out = |c: &usize| self.held_out.iter().any(|h| h.condition == *c);
        (0..self.problem.dims.conditions).filter(|c| !is_held_out(c)).collect()
    }

    /// The problem that `networks` of its networks are trained on: without the conditions that are held out. Time steps
    /// and stimulus are those of all conditions.
    pub fn training_problem(&self, networks: usize) -> Problem {
        let p = &self.problem;
        if self.held_out.is_empty() {
            return self.problem_for(networks);
        }
        let kept = self.training_conditions();
        let (n, b) = (p.dims.neurons, p.dims.bins);
        let numbers = |values: &[usize]| kept.iter().map(|c| values[*c]).collect();
        let blocks = |values: &[f32], size: usize| -> Vec<f32> {
            kept.iter().flat_map(|c| &values[c * size..(c + 1) * size]).copied().collect()
        };
        Problem {
            dims: Dims { networks, conditions: kept.len(), ..p.dims },
            population: p.population.clone(),
            input_group: numbers(&p.input_group),
            sequence: numbers(&p.sequence),
            bins: numbers(&p.bins),
            stimulus: p.stimulus.clone(),
            targets: blocks(&p.targets, b * n),
            initial_x: blocks(&p.initial_x, n),
            initial_r: blocks(&p.initial_r, n),
            ..*p
        }
    }

    /// The recorded rates of all conditions, which of them are held out among them.
    ///
    /// # Errors
    /// As [`Recorded::new`].
    pub fn recorded(&self) -> Result<Recorded<'_>> {
        Ok(Recorded::of(&self.problem)?.holding_out(&self.held_out))
    }

    /// The names of the conditions that are held out, in the task's order.
    pub fn held_out_names(&self) -> Vec<String> {
        self.held_out.iter().map(|h| self.task.conditions[h.condition].name.clone()).collect()
    }

    /// The configuration of one network's run: it repeats that run alone.
    pub fn config_of(&self, network: usize) -> Config {
        Config { seed: self.seeds[network], networks: 1, ..self.config.clone() }
    }

    /// The plan of one network's run.
    pub fn run_of(&self, network: usize) -> Self {
        Self {
            config: self.config_of(network),
            task: self.task.clone(),
            problem: self.problem_for(1),
            held_out: self.held_out.clone(),
            seeds: vec![self.seeds[network]],
            settings: vec![self.settings[network].clone()],
            given: self.given.clone(),
            factors: self.factors.clone(),
            silenced: self.silenced.clone(),
            inputs: self.inputs.clone(),
        }
    }

    /// Whether there is such a [variant](Self::variant), without making it.
    ///
    /// # Errors
    /// As for that.
    pub fn check_variant(&self, config: &Config) -> Result<()> {
        config.check()?;
        network_settings(config, &self.task, &Layout::new(&self.problem.dims))?;
        config.network.init.as_deref().map_or(Ok(()), |path| initial_from_file(path, &self.problem).map(drop))
    }

    /// The plan of a run of `config`, which has data, task and constraints of this plan, and settings of its networks that
    /// may be others.
    ///
    /// # Errors
    /// If a setting or the file that it starts from cannot be used.
    pub fn variant(&self, config: Config) -> Result<Self> {
        config.check()?;
        let settings = network_settings(&config, &self.task, &Layout::new(&self.problem.dims))?;
        let given = config.network.init.as_deref().map(|path| initial_from_file(path, &self.problem)).transpose()?;
        let mut inputs = self.inputs.clone();
        if let Some(path) = &config.network.init {
            inputs.insert(path.clone(), hash_file(path)?);
        }
        let mut plan = Self {
            seeds: vec![config.seed],
            settings: vec![with_seed(settings, config.seed)],
            config: Config { task: self.config.task.clone(), ..config },
            task: self.task.clone(),
            problem: self.problem_for(1),
            held_out: self.held_out.clone(),
            given,
            factors: self.factors.clone(),
            silenced: self.silenced.clone(),
            inputs,
        };
        plan.problem.recurrent = plan.has_recurrence();
        Ok(plan)
    }

    /// The problem of some of its networks, with all conditions.
    pub fn problem_for(&self, networks: usize) -> Problem {
        Problem { dims: Dims { networks, ..self.problem.dims }, ..self.problem.clone() }
    }

    /// Floating point operations of the whole training: of its products.
    pub fn work(&self) -> f64 {
        let trained = self.training_conditions().len();
        Dims { conditions: trained, ..self.problem.dims }.flops_per_step()
            * self.problem.dims.networks as f64
            * f64::from(self.config.training.n_trials)
    }

    /// The learning rates of a network.
    pub fn schedule(&self) -> Schedule {
        let t = &self.config.training;
        Schedule::new(t.schedule, t.learning_rate, t.n_trials, t.plateau_patience)
    }
}

fn population(
    config: &Config,
    task: &TaskSpec,
    neurons: usize,
    inhibitory: Option<Vec<bool>>,
    mirror: Option<Vec<bool>>,
) -> Result<Population> {
    let inhibitory = match inhibitory {
        Some(mask) => mask,
        // Without Dale's principle nobody's type matters.
        None if config.network.dale == Dale::None => vec![false; neurons],
        None => {
            return Err(Error::input(
                "the types of the neurons are missing. Give `inhibitory_mask`, or `dale = none` and `sign_constraint = reflect` to train without signs.",
            ));
        }
    };
    if inhibitory.len() != neurons {
        return Err(Error::input(format!(
            "the inhibitory mask has {} values, but the data have {neurons} neurons.",
            inhibitory.len()
        )));
    }
    Population::new(task.areas.clone(), inhibitory, mirror)
}

fn problem(
    config: &Config,
    task: &TaskSpec,
    recording: &FiringRates,
    population: Population,
    stimulus: Option<Stimulus>,
) -> Result<Problem> {
    let bins: Vec<usize> = recording.conditions.iter().map(|c| c.rates.ncols()).collect();
    let (n, longest) = (population.len(), bins.iter().copied().max().unwrap_or(0));
    check_sizes(task, n, longest)?;
    let time_steps = task.time.time_steps(longest);
    let stimulus = given_or_rendered(stimulus, config, task, time_steps)?;
    let dims = Dims {
        networks: config.networks,
        neurons: n,
        conditions: task.conditions.len(),
        time_steps,
        thermal: task.time.thermal,
        steps_per_bin: task.time.steps_per_bin,
        bins: longest,
        channels: stimulus.channels,
        sequences: stimulus.sequences,
        input_groups: task.input_groups(),
    };
    let mut targets = vec![0.0; dims.conditions * longest * n];
    for (block, condition) in targets.chunks_exact_mut(longest * n).zip(&recording.conditions) {
        for (row, rates) in block.chunks_exact_mut(n).zip(condition.rates.columns()) {
            row.iter_mut().zip(rates).for_each(|(t, r)| *t = *r);
        }
    }
    let (mut initial_x, mut initial_r) = (vec![0.0; dims.conditions * n], vec![0.0; dims.conditions * n]);
    for (c, condition) in recording.conditions.iter().enumerate() {
        let given = [(&mut initial_x, &condition.initial_x), (&mut initial_r, &condition.initial_r)];
        for (all, state) in given {
            if let Some(state) = state {
                all[c * n..(c + 1) * n].iter_mut().zip(state).for_each(|(to, from)| *to = *from);
            }
        }
    }
    let network = &config.network;
    let problem = Problem {
        dims,
        population,
        constraint: Constraint { dale: network.dale, sign: network.sign_constraint },
        time_constants: TimeConstants { min: network.tau_min as f32, max: network.tau_max as f32, dt: 1.0 },
        loss: config.training.loss_fn,
        adam: config.training.adam,
        input_group: task.inputs(),
        sequence: task.sequence_indices(),
        bins,
        stimulus: stimulus.values,
        targets,
        initial_x,
        initial_r,
        recurrent: true,
    };
    problem.check()?;
    Ok(problem)
}

/// The stimulus of the task, with its noise if that is drawn once; or the one that is given in its place.
fn given_or_rendered(given: Option<Stimulus>, config: &Config, task: &TaskSpec, time_steps: usize) -> Result<Stimulus> {
    let Some(stimulus) = given else {
        let (spec, thermal) = (&task.stimulus, task.time.thermal);
        return Ok(match config.training.stimulus_noise {
            StimulusNoise::Frozen => spec.render(time_steps, thermal),
            StimulusNoise::Fresh => spec.render_clean(time_steps, thermal),
        });
    };
    if (stimulus.sequences, stimulus.time_steps) == (task.stimulus.sequences.len(), time_steps) {
        return Ok(stimulus);
    }
    let expected = format!(
        "{} sequences (of task {}) × channels × {time_steps} steps ({} of warm-up and {} for the longest condition)",
        task.stimulus.sequences.len(),
        task.name,
        task.time.thermal,
        time_steps - task.time.thermal
    );
    let found = format!("[{}×{}×{}]", stimulus.sequences, stimulus.channels, stimulus.time_steps);
    let file = config.data.stimulus.as_deref().unwrap_or(Path::new(IN_MEMORY));
    Err(Error::variable(file, "stim", expected, found, "Check `thermal` and `task`."))
}

fn network_settings(config: &Config, task: &TaskSpec, layout: &Layout) -> Result<NetworkSettings> {
    let t = &config.training;
    let group = |name: &String| {
        layout.group_named(name).ok_or_else(|| {
            let names: Vec<String> = layout.groups().into_iter().map(Group::name).collect();
            Error::input(format!("`freeze`: expected one of {}, found {name}.", names.join(", ")))
        })
    };
    Ok(NetworkSettings {
        clip_norm: t.clip_norm as f32,
        regularisation: t.regularisation as f32,
        target: t.target as f32,
        patience: t.patience,
        min_improvement: t.min_improvement as f32,
        freeze: config.network.freeze.iter().map(group).collect::<Result<_>>()?,
        perturbation: Perturbation::default(),
        fresh_noise: fresh_noise(config, task)?,
    })
}

/// These settings for the network of `seed`.
fn with_seed(settings: NetworkSettings, seed: u64) -> NetworkSettings {
    NetworkSettings { fresh_noise: settings.fresh_noise.map(|noise| FreshNoise { seed, ..noise }), ..settings }
}

/// The noise that the engine draws.
fn fresh_noise(config: &Config, task: &TaskSpec) -> Result<Option<FreshNoise>> {
    let sigma = task.stimulus.noise as f32;
    match config.training.stimulus_noise {
        StimulusNoise::Frozen => Ok(None),
        StimulusNoise::Fresh if sigma > 0.0 => Ok(Some(FreshNoise { sigma, seed: config.seed, network: 0 })),
        StimulusNoise::Fresh => Err(Error::input(format!(
            "`stimulus_noise = fresh`: the stimulus of task {} has a noise of 0, so there is nothing to draw. Give its standard deviation (`stimulus_sd`).",
            task.name
        ))),
    }
}
