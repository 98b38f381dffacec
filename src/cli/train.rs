//! `aon train`: flags over a configuration file over a preset.

use super::flags::{DataFlags, EngineFlags, NetworkFlags, TaskFlags, TrainingFlags, gigabytes, set};
use super::notices::Terminal;
use super::presets::preset_table;
use super::spelling::typed;
use super::{eval, interrupt, output};
use crate::analysis::fit_text;
use crate::config::{Config, Plan, Preset};
use crate::error::{Error, Result};
use crate::run::{self, BatchSummary, Divergence, Ending, Options, Reported, StoredRun, new_directory, plan_to_resume};
use crate::sweep::refuse_held;
use crate::train::RunDirectory;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The flags of `aon train`.
#[derive(Debug, Args)]
#[command(after_help = preset_table())]
pub(super) struct TrainArgs {
    #[command(flatten)]
    data: DataFlags,
    #[command(flatten)]
    task: TaskFlags,
    #[command(flatten)]
    network: NetworkFlags,
    #[command(flatten)]
    training: TrainingFlags,
    #[command(flatten)]
    pub(super) engine: EngineFlags,
    #[command(flatten)]
    run: RunFlags,
}

/// The run and its directory.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
struct RunFlags {
    /// Which settings the others override
    #[arg(long, value_enum, conflicts_with = "config")]
    preset: Option<Preset>,
    /// A configuration file; the config.toml of a run repeats it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Training steps. (The published program's name: each step simulates every condition once.) With --resume, the
    /// new total: a cosine schedule then follows the new plan from where the run is
    #[arg(long, value_name = "STEPS", help_heading = "Training")]
    n_trials: Option<u32>,
    /// Where the run is kept [default: out/TASK-DATE-TIME]
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Replace the run that --output-dir holds
    #[arg(long, requires = "output_dir")]
    overwrite: bool,
    /// Continue the run or the batch in DIR, with its own settings. (To train on with others, start a new run with --init
    /// DIR)
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "preset", "output_dir", "overwrite", "DataFlags", "TaskFlags", "NetworkFlags", "TrainingFlags"])]
    resume: Option<PathBuf>,
    /// Pause after this step of the run, as Ctrl-C does: save, and say how to resume
    #[arg(long, value_name = "STEP")]
    stop_after: Option<u32>,
    /// Keep the state after every so many steps too (else by time, at most 2 min apart)
    #[arg(long, value_name = "STEPS")]
    checkpoint_every: Option<u32>,
    /// Device memory to stay within; networks that it does not hold at once take turns
    #[arg(long, value_name = "GB", help_heading = "Engine", value_parser = gigabytes)]
    memory: Option<u64>,
    /// `train`, or `eval` to evaluate the run in --output-dir
    #[arg(long, value_enum, default_value = "train")]
    mode: Mode,
    /// Print nothing but warnings and errors
    #[arg(long)]
    quiet: bool,
}

/// The published program's two modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    Train,
    Eval,
}

/// Trains, resumes, or evaluates (`--mode eval`).
pub(super) fn run(args: TrainArgs) -> Result<()> {
    let (options, quiet) = (Options { stop_after: args.run.stop_after, memory: args.run.memory }, args.run.quiet);
    if args.run.mode == Mode::Eval {
        let directory = args.run.output_dir.clone().ok_or_else(|| {
            Error::input("--mode eval: --output-dir is missing. Give the directory of a run, or use `aon eval DIR`.")
        })?;
        let stored = StoredRun::read(&directory, &["firing_rates", "init"])?;
        stored.check_asked(&args.config(Some(&stored.config))?)?;
        return eval::run(&eval::EvalArgs::of_run(directory, args.data.firing_rates_mat, args.engine));
    }
    if let Some(path) = &args.run.resume {
        refuse_held(path)?;
        let directory = RunDirectory::open(path)?;
        let (plan, remarks) = plan_to_resume(&directory, |config| {
            set(&mut config.training.n_trials, args.run.n_trials);
            set(&mut config.training.checkpoint_every, args.run.checkpoint_every);
            args.engine.apply(&mut config.engine);
        })?;
        remarks.iter().for_each(output::warn);
        return train(&plan, &directory, options, quiet);
    }
    let plan = Plan::new(args.config(None)?)?;
    let directory = match &args.run.output_dir {
        Some(path) => RunDirectory::create(path, args.run.overwrite)?,
        None => new_directory(&plan.task.name)?,
    };
    train(&plan, &directory, options, quiet)
}

/// Trains the networks of `plan`, and says what came of them.
pub(super) fn train(plan: &Plan, directory: &RunDirectory, options: Options, quiet: bool) -> Result<()> {
    match run::train(plan, directory, options, interrupt::flag(), &mut Terminal::new(quiet))? {
        Ending::Paused { step } => output::say(format!(
            "paused after step {step} of {}; continue with: aon train {}",
            plan.config.training.n_trials,
            typed("resume", &directory.path().display().to_string())
        )),
        Ending::Withdrawn => {
            output::say(format!("stopped before the first step: {} is as it was", directory.path().display()));
        }
        Ending::Diverged(divergence) => return Err(diverged(&divergence)),
        Ending::Reported(reported) if !quiet => say_fit(plan, &reported),
        Ending::Reported(_) => {}
        Ending::Batch(summary) => {
            if !quiet {
                output::say(format!("\n{}", summary.to_text()));
                output::say(format!("summary    {}", directory.file("summary.csv").display()));
            }
            return refuse_diverged(&summary);
        }
    }
    Ok(())
}

fn say_fit(plan: &Plan, reported: &Reported) {
    let baseline = match &reported.summary.baseline.input_only {
        Some(b) => format!("input-only: W held at 0, trained {} steps by the default recipe", b.steps),
        None if !plan.problem.recurrent => "this network is the input-only one: W is frozen at 0".into(),
        None => "the fit is not held against the input-only network".into(),
    };
    output::say(format!("baseline   {baseline}"));
    let (population, conditions) = (&plan.problem.population, plan.condition_names());
    output::say(format!("\n{}", fit_text(&reported.comparison, population, &conditions)));
    output::say(format!("report     {}", reported.directory.join("report.html").display()));
}

fn diverged(divergence: &Divergence) -> Error {
    Error::run(format!(
        "the training diverged: {divergence} Start again with a smaller --learning-rate or --clip-norm; {} goes on from there.",
        typed("init", &divergence.directory.join("best.safetensors").display().to_string())
    ))
}

fn refuse_diverged(summary: &BatchSummary) -> Result<()> {
    let [_, ..] = summary.diverged() else { return Ok(()) };
    let seeds = summary.diverged().iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    Err(Error::run(format!(
        "of {} networks, {} diverged (seed {seeds}); the others are complete. Start again with a smaller --learning-rate or --clip-norm.",
        summary.networks().len(),
        summary.diverged().len(),
    )))
}

impl TrainArgs {
    /// What the flags say over a file, a preset, or the settings of a `run`.
    fn config(&self, run: Option<&Config>) -> Result<Config> {
        let mut config = match (&self.run.config, self.run.preset, run) {
            (Some(path), ..) => Config::read(path)?,
            (None, None, Some(run)) => run.clone(),
            (None, preset, _) => preset.unwrap_or_default().config(),
        };
        self.data.apply(&mut config);
        self.network.apply(&mut config);
        self.training.apply(&mut config);
        set(&mut config.training.n_trials, self.run.n_trials);
        set(&mut config.training.checkpoint_every, self.run.checkpoint_every);
        self.engine.apply(&mut config.engine);
        self.task.apply(&mut config)?;
        Ok(config)
    }
}
