//! The command line: one thin file per subcommand, over what they share.
//!
//! Exit codes: 0 done (a run that was asked to pause, by `--stop-after`, Ctrl-C or SIGTERM, has done what was asked),
//! 1 the run failed, 2 bad input, 3 no device.

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
pub mod output;
mod perturb;
mod presets;
mod progress;
mod spelling;
mod synth;
mod train;
mod training_progress;
mod validate;

pub use arguments::normalise;

use crate::error::Result;
use clap::{CommandFactory, Parser, Subcommand};

/// Trains biologically constrained recurrent networks to reproduce recorded firing rates, on any GPU or none.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Start with `aon demo`: it needs no data. Flags work with dashes and underscores alike, and without a subcommand they \
are those of `train`.

Exit codes: 0 done (or paused as asked), 1 the run failed, 2 bad input, 3 no device.";

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
    /// Write synthetic data that need recurrence to be fitted
    Synth(synth::SynthArgs),
    /// Silence populations of trained networks, beside controls, and report what that does
    Perturb(Box<perturb::PerturbArgs>),
    /// Train students on networks whose causes are known, and ask whether lesions find them
    Validate(validate::ValidateArgs),
    /// Write a trained network as a MAT or npz file
    Export(export::ExportArgs),
}

impl Cli {
    /// Does what the command line says.
    ///
    /// # Errors
    /// Whatever the subcommand fails with; [`crate::error::Error::exit_code`] is the exit code.
    pub fn run(self) -> Result<()> {
        spelling::learn(&Self::command());
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
            Command::Synth(args) => synth::run(&args),
            Command::Perturb(args) => perturb::run(&args),
            Command::Validate(args) => validate::run(&args),
            Command::Export(args) => export::run(&args),
        }
    }
}
