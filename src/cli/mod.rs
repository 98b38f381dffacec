//! The command line: one thin file per subcommand, over what they share.
//!
//! Exit codes: 0 done (or paused by `--stop-after`), 1 the run failed or its results could not be written, 2 bad input,
//! 3 no device, 130 ended by Ctrl-C, 143 by SIGTERM, after saving.

mod arguments;
mod autotune;
mod bench;
mod demo;
mod devices;
mod eval;
mod export;
mod flags;
mod interrupt;
mod notices;
mod output;
mod perturb;
mod presets;
mod progress;
mod shards;
mod spelling;
mod sweep;
mod sweep_progress;
mod synth;
mod train;
mod training_progress;
mod tuning;
mod validate;

use crate::error::{Error, Result};
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

/// Trains biologically constrained recurrent networks to reproduce recorded firing rates, on any GPU or none.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Start with `aon demo`: it needs no data. Flags work with dashes and underscores alike, and without a subcommand they \
are those of `train`.

Exit codes: 0 done (or paused by --stop-after), 1 the run failed or its results could not be written, 2 bad input, \
3 no device, 130 ended by Ctrl-C and 143 by SIGTERM, after saving.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a network on recorded firing rates
    Train(Box<train::TrainArgs>),
    /// Losses and fit of a trained network
    Eval(eval::EvalArgs),
    /// Make data, train on them and draw the fit, in a minute
    Demo(demo::DemoArgs),
    /// Measure training speed, beside what the device can do at most
    Bench(bench::BenchArgs),
    /// Measure which strategy and tiles are fastest on a GPU, and remember them
    Autotune(autotune::AutotuneArgs),
    /// List the devices that can train, and which one is chosen
    Devices(devices::DevicesArgs),
    /// Train hundreds of networks of different settings, overnight, and compare them
    #[command(subcommand)]
    Sweep(sweep::SweepCommand),
    /// Write synthetic data that need recurrence to be fitted
    Synth(synth::SynthArgs),
    /// Silence populations of trained networks, beside controls, and report what that does
    Perturb(Box<perturb::PerturbArgs>),
    /// Train students on networks whose causes are known, and ask whether lesions find them
    Validate(validate::ValidateArgs),
    /// Ask recordings whether they hold mirror neurons
    Tuning(tuning::TuningArgs),
    /// Write a trained network as a MAT or npz file
    Export(export::ExportArgs),
}

/// Does what the command line says (the program's name first).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let failed = |error: Error| {
        output::error(&error);
        error.exit_code()
    };
    let code = match Cli::try_parse_from(arguments::normalise(arguments)) {
        Ok(cli) => interrupt::watch()
            .and_then(|()| cli.run())
            .and_then(|()| output::written())
            .map_or_else(failed, |()| interrupt::code()),
        Err(words) => {
            let printed = words.print();
            if !words.use_stderr() {
                output::remember(printed);
            }
            output::written().map_or_else(failed, |()| words.exit_code() as u8)
        }
    };
    ExitCode::from(code)
}

impl Cli {
    fn run(self) -> Result<()> {
        let program = Self::command();
        match self.command {
            // A specification spells settings as files do.
            Command::Sweep(_) => {
                spelling::learn(program.find_subcommand("sweep").and_then(|s| s.find_subcommand("run")).into_iter());
            }
            _ => spelling::learn(program.get_subcommands()),
        }
        match self.command {
            Command::Train(args) => train::run(*args),
            Command::Eval(args) => eval::run(&args),
            Command::Demo(args) => demo::run(&args),
            Command::Bench(args) => bench::run(&args),
            Command::Autotune(args) => autotune::run(&args),
            Command::Devices(args) => {
                devices::run(&args);
                Ok(())
            }
            Command::Sweep(command) => sweep::run(command),
            Command::Synth(args) => synth::run(&args),
            Command::Perturb(args) => perturb::run(&args),
            Command::Validate(args) => validate::run(&args),
            Command::Tuning(args) => tuning::run(&args),
            Command::Export(args) => export::run(&args),
        }
    }
}
