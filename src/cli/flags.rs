//! Flags that stand for settings, in groups, and how each takes its setting's place.

use crate::bench::Case;
use crate::config::{Config, StimulusNoise, TaskSource};
use crate::data::Normalization;
use crate::engine::gpu::{Strategy, Trajectory, Weights};
use crate::engine::{EngineConfig, EngineKind, LossKind};
use crate::error::{Error, Result};
use crate::network::{Dale, InitScheme, MagnitudeDistribution, SignConstraint};
use crate::task::{TaskSpec, parse_areas};
use crate::train::ScheduleKind;
use clap::Args;
use std::path::PathBuf;

/// GB as bytes.
pub(super) fn gigabytes(text: &str) -> std::result::Result<u64, String> {
    let number = text.parse::<f64>().ok().filter(|gb| *gb > 0.0 && gb.is_finite());
    number.map(|gb| (gb * 1e9) as u64).ok_or_else(|| format!("expected a number of GB above 0, found {text:?}"))
}

/// Where data come from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub(super) struct DataFlags {
    /// Recorded rates: FR1, FR2, … [neurons × bins], optionally IC_FR1, IC_X1, … (.mat or .npz)
    #[arg(long, value_name = "FILE")]
    pub(super) firing_rates_mat: Option<PathBuf>,
    /// Which neurons are inhibitory: `inhibitory`, 0 or 1 per neuron
    #[arg(long, value_name = "FILE")]
    inhibitory_mask_mat: Option<PathBuf>,
    /// Which neurons are mirror neurons: `mirror`, 0 or 1 per neuron (splits the fit, changes no training)
    #[arg(long, value_name = "FILE")]
    mirror_mat: Option<PathBuf>,
    /// How rates outside 0…1 are brought there, per neuron
    #[arg(long, value_enum)]
    normalize: Option<Normalization>,
}

/// The task.
#[derive(Debug, Args)]
#[command(next_help_heading = "Task")]
pub(super) struct TaskFlags {
    /// A built-in task (go-nogo, go-nogo-published) or a task file
    #[arg(long, value_name = "FILE|NAME")]
    task: Option<String>,
    /// A ready-made stimulus: `stim` [sequences × channels × steps], used as it is
    #[arg(long, value_name = "FILE")]
    stimulus: Option<PathBuf>,
    /// Standard deviation of the noise on the task's stimulus, or `off`
    #[arg(long, value_name = "SD|off", value_parser = number_or_off)]
    stimulus_sd: Option<f64>,
    /// When that noise is drawn
    #[arg(long, value_enum)]
    stimulus_noise: Option<StimulusNoise>,
    /// Areas in the row order of the rates, e.g. AIP=86,F5=106,F6=163
    #[arg(long, value_name = "NAME=SIZE,…")]
    areas: Option<String>,
    /// Size of the task's first area
    #[arg(long = "N1", value_name = "SIZE", conflicts_with = "areas")]
    n1: Option<usize>,
    /// Size of its second area
    #[arg(long = "N2", value_name = "SIZE", conflicts_with = "areas")]
    n2: Option<usize>,
    /// Size of its third area
    #[arg(long = "N3", value_name = "SIZE", conflicts_with = "areas")]
    n3: Option<usize>,
    /// Warm-up steps before the first bin
    #[arg(long, value_name = "STEPS")]
    thermal: Option<usize>,
}

/// The network.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(super) struct NetworkFlags {
    /// Whose sign a weight has: the sending neuron's (Dale's principle) or the receiving one's (published)
    #[arg(long, value_enum)]
    dale: Option<Dale>,
    /// How the sign is kept
    #[arg(long, value_enum)]
    sign_constraint: Option<SignConstraint>,
    /// Initial values: W, W_in, W_in2, …, I_ext, taus_param (.mat or .npz), a run (its best) or its .safetensors
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// How initial values are drawn otherwise
    #[arg(long, value_enum)]
    init_scheme: Option<InitScheme>,
    /// Size of the initial weights, times 1/√N
    #[arg(long)]
    gain: Option<f64>,
    /// Distribution of their magnitudes under the published scheme
    #[arg(long, value_enum)]
    weight_distribution: Option<MagnitudeDistribution>,
    /// Groups that are not trained: W, W_in, W_in2, …, I_ext, taus_param. W without --init starts, and stays, at zero:
    /// the input-only baseline
    #[arg(long, value_name = "GROUP", num_args = 1.., value_delimiter = ',')]
    freeze: Option<Vec<String>>,
    /// Shortest time constant, in steps
    #[arg(long, value_name = "STEPS")]
    tau_min: Option<f64>,
    /// Longest time constant, in steps
    #[arg(long, value_name = "STEPS")]
    tau_max: Option<f64>,
}

/// The optimiser.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub(super) struct TrainingFlags {
    /// Conditions that are not trained on, by name or number from 1: the fit there is reported apart
    #[arg(long, value_name = "CONDITION", num_args = 1.., value_delimiter = ',')]
    hold_out: Option<Vec<String>>,
    /// Learning rate of Adam at the first step
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// How the learning rate moves
    #[arg(long, value_enum)]
    schedule: Option<ScheduleKind>,
    /// Steps without improvement after which the plateau schedule halves it
    #[arg(long, value_name = "STEPS")]
    plateau_patience: Option<u32>,
    /// Data term of the loss: root of the summed squares, or summed absolute errors
    #[arg(long, value_enum)]
    loss_fn: Option<LossKind>,
    /// λ, weight of the norm of all weights in the loss
    #[arg(long, alias = "lambda", value_name = "LAMBDA")]
    regularisation: Option<f64>,
    /// Global norm to which gradients are clipped, or none
    #[arg(long, value_name = "NORM|none", value_parser = number_or_infinity)]
    clip_norm: Option<f64>,
    /// Training ends when the loss is at most this, or none
    #[arg(long, value_name = "LOSS|none", value_parser = number_or_off)]
    target: Option<f64>,
    /// … or has not improved in this many steps, or none
    #[arg(long, value_name = "STEPS|none", value_parser = steps_or_never)]
    patience: Option<u32>,
    /// Do not train the input-only baseline that the fit is reported beside
    #[arg(long)]
    no_baseline: bool,
    /// Seed of all random numbers
    #[arg(long)]
    seed: Option<u64>,
    /// Networks to train together, with the seeds SEED, SEED + 1, …: each keeps a run of its own in OUTPUT_DIR/seed-SEED
    #[arg(long, value_name = "K")]
    networks: Option<usize>,
}

/// What computes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Engine")]
pub(super) struct EngineFlags {
    /// What computes
    #[arg(long, value_enum)]
    pub(super) engine: Option<EngineKind>,
    /// A GPU, by a part of its name or its number in `aon devices`
    #[arg(long, value_name = "NAME|INDEX")]
    pub(super) adapter: Option<String>,
    /// Threads of the CPU engine
    #[arg(long)]
    pub(super) threads: Option<usize>,
    /// How a GPU advances in time [default: what is fastest there, measured at its first use]
    #[arg(long, value_enum)]
    pub(super) strategy: Option<Strategy>,
    /// How a GPU keeps the rates and the adjoint of every step: f16 halves their memory and rounds them to 11 bits
    #[arg(long, value_enum)]
    pub(super) trajectory: Option<Trajectory>,
    /// How a GPU loads weights: f16 rounds them to 11 bits, for more networks than its cache holds the weights of
    #[arg(long, value_enum)]
    pub(super) weight_format: Option<Weights>,
}

/// The size of a made-up problem.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct SizeFlags {
    /// Networks trained at once
    #[arg(long, default_value_t = 1)]
    networks: usize,
    /// Neurons of a network
    #[arg(long, default_value_t = Case::default().neurons)]
    neurons: usize,
    /// Conditions: trials of a network per step
    #[arg(long, default_value_t = Case::default().conditions)]
    conditions: usize,
    /// Time steps of a trial
    #[arg(long, default_value_t = Case::default().time_steps)]
    time_steps: usize,
}

impl SizeFlags {
    /// The problem of this size.
    pub(super) fn case(self) -> Case {
        let Self { networks, neurons, conditions, time_steps } = self;
        Case { networks, neurons, conditions, time_steps }
    }
}

impl EngineFlags {
    /// Puts the flags in place of `config`'s settings.
    pub(super) fn apply(&self, config: &mut EngineConfig) {
        // Naming an adapter asks for a GPU.
        let implied = self.adapter.as_ref().map(|_| EngineKind::Gpu);
        set(&mut config.engine, self.engine.or(implied));
        override_with(&mut config.adapter, self.adapter.as_ref());
        override_with(&mut config.threads, self.threads.as_ref());
        override_with(&mut config.strategy, self.strategy.as_ref());
        override_with(&mut config.trajectory, self.trajectory.as_ref());
        override_with(&mut config.weight_format, self.weight_format.as_ref());
    }
}

impl DataFlags {
    pub(super) fn apply(&self, config: &mut Config) {
        let data = &mut config.data;
        override_with(&mut data.firing_rates, self.firing_rates_mat.as_ref());
        override_with(&mut data.inhibitory_mask, self.inhibitory_mask_mat.as_ref());
        override_with(&mut data.mirror, self.mirror_mat.as_ref());
        set(&mut data.normalize, self.normalize);
    }
}

impl TaskFlags {
    /// Resolves the task: the configuration holds it whole afterwards.
    pub(super) fn apply(&self, config: &mut Config) -> Result<()> {
        override_with(&mut config.data.stimulus, self.stimulus.as_ref());
        if let Some(name) = &self.task {
            config.task = TaskSource::Named(name.clone());
        }
        let mut task = config.task.load()?;
        set(&mut task.time.thermal, self.thermal);
        set(&mut task.stimulus.noise, self.stimulus_sd);
        set(&mut config.training.stimulus_noise, self.stimulus_noise);
        self.refuse_noise_that_is_not_drawn(config)?;
        set(&mut task.areas, self.areas.as_deref().map(parse_areas).transpose()?);
        self.set_sizes(&mut task)?;
        task.check()?;
        config.task = TaskSource::Spec(Box::new(task));
        Ok(())
    }

    /// A task may state a noise that a ready-made stimulus does without; a flag would not be given in vain.
    fn refuse_noise_that_is_not_drawn(&self, config: &Config) -> Result<()> {
        let frozen = config.training.stimulus_noise == StimulusNoise::Frozen;
        if self.stimulus_sd.is_some_and(|sd| sd > 0.0) && config.data.stimulus.is_some() && frozen {
            return Err(Error::input(
                "--stimulus-sd: a stimulus from a file is used as it is, without the task's noise. Leave the flag out, or have noise drawn on top of the file with --stimulus-noise fresh.",
            ));
        }
        Ok(())
    }

    /// `--N1 --N2 --N3` on the task's three areas.
    fn set_sizes(&self, task: &mut TaskSpec) -> Result<()> {
        let sizes = [self.n1, self.n2, self.n3];
        if sizes.iter().any(Option::is_some) && task.areas.len() != sizes.len() {
            return Err(Error::input(format!(
                "--N1, --N2 and --N3 size a task of three areas; task {} has {}. Use --areas NAME=SIZE,….",
                task.name,
                task.areas.len()
            )));
        }
        task.areas.iter_mut().zip(sizes).for_each(|(area, size)| set(&mut area.size, size));
        Ok(())
    }
}

impl NetworkFlags {
    pub(super) fn apply(&self, config: &mut Config) {
        let network = &mut config.network;
        set(&mut network.dale, self.dale);
        set(&mut network.sign_constraint, self.sign_constraint);
        override_with(&mut network.init, self.init.as_ref());
        set(&mut network.init_scheme, self.init_scheme);
        set(&mut network.gain, self.gain);
        set(&mut network.weight_distribution, self.weight_distribution);
        set(&mut network.freeze, self.freeze.clone());
        set(&mut network.tau_min, self.tau_min);
        set(&mut network.tau_max, self.tau_max);
    }
}

impl TrainingFlags {
    pub(super) fn apply(&self, config: &mut Config) {
        set(&mut config.seed, self.seed);
        set(&mut config.networks, self.networks);
        let training = &mut config.training;
        set(&mut training.hold_out, self.hold_out.clone());
        set(&mut training.learning_rate, self.learning_rate);
        set(&mut training.schedule, self.schedule);
        set(&mut training.plateau_patience, self.plateau_patience);
        set(&mut training.loss_fn, self.loss_fn);
        set(&mut training.regularisation, self.regularisation);
        set(&mut training.clip_norm, self.clip_norm);
        set(&mut training.target, self.target);
        set(&mut training.patience, self.patience);
        training.baseline &= !self.no_baseline;
    }
}

/// Puts a flag that was given in place of a setting.
pub(super) fn set<T>(setting: &mut T, flag: Option<T>) {
    if let Some(value) = flag {
        *setting = value;
    }
}

/// The same for a setting that may be absent.
pub(super) fn override_with<T: Clone>(setting: &mut Option<T>, flag: Option<&T>) {
    if flag.is_some() {
        *setting = flag.cloned();
    }
}

fn number(text: &str) -> std::result::Result<f64, String> {
    text.parse().map_err(|_| format!("expected a number, found {text:?}"))
}

fn number_or_off(text: &str) -> std::result::Result<f64, String> {
    if matches!(text, "off" | "none") { Ok(0.0) } else { number(text) }
}

fn number_or_infinity(text: &str) -> std::result::Result<f64, String> {
    if matches!(text, "off" | "none") { Ok(f64::INFINITY) } else { number(text) }
}

fn steps_or_never(text: &str) -> std::result::Result<u32, String> {
    if matches!(text, "off" | "none") {
        return Ok(u32::MAX);
    }
    text.parse().map_err(|_| format!("expected a number of steps, found {text:?}"))
}
