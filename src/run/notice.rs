//! What a run says while it goes on, for whoever wants to hear it.

use super::memory::MemoryPlan;
use crate::config::Plan;
use crate::engine::{DeviceNotice, EngineDescription, StopReason};
use crate::train::{Observer, Settled};
use std::path::{Path, PathBuf};

/// Something that happened. What comes of a call is what it returns; a notice is what cannot wait until then.
#[derive(Debug)]
pub enum Notice<'a> {
    /// While the device was chosen.
    Device(&'a DeviceNotice),
    /// The run goes on with another engine than it began with.
    AnotherEngine {
        /// That of the last start.
        before: &'a EngineDescription,
        /// That of this one.
        now: &'a EngineDescription,
    },
    /// A run or a batch begins, or goes on.
    Begun {
        /// What is to be done.
        plan: &'a Plan,
        /// Where it is kept.
        directory: &'a Path,
        /// What computes.
        engine: &'a EngineDescription,
        /// Steps that were done before.
        step: u32,
    },
    /// Of the networks of a batch, some had ended before.
    Ended {
        /// How many.
        networks: usize,
        /// Of how many.
        of: usize,
    },
    /// What the device will hold.
    Memory {
        /// What a network takes, and what there is.
        memory: &'a MemoryPlan,
        /// Networks that are left to train.
        networks: usize,
    },
    /// A setting to think about.
    Advice(&'a str),
    /// The device has less memory than was planned with.
    FewerPlaces {
        /// What it said.
        why: &'a str,
        /// Most networks at once from here on.
        most: usize,
    },
    /// The network of a single run was trained.
    Trained {
        /// The plan of its run.
        plan: &'a Plan,
        /// Steps done.
        steps: u32,
        /// Seconds they took.
        seconds: f64,
        /// Why it ended before its planned steps, if it did.
        stop: Option<StopReason>,
        /// Its weights.
        settled: &'a Settled,
    },
    /// Networks of a batch were trained together.
    TrainedTogether {
        /// How many.
        networks: usize,
        /// Trials that they did.
        trials: f64,
        /// Seconds they took.
        seconds: f64,
    },
    /// A network of a batch diverged, the others go on.
    Diverged(&'a Divergence),
    /// No step of these networks, by their seeds, improved on the weights that they began with.
    NeverImproved {
        /// The seeds.
        seeds: &'a [u64],
    },
    /// The training of the baseline was interrupted.
    BaselineInterrupted,
    /// Networks, of an experiment or a validation, are done.
    Progress(Progress<'a>),
    /// One of several runs is studied now.
    Studied {
        /// Its directory.
        run: &'a Path,
        /// Its number, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// What a study was asked for, as label and text.
    Choices(&'a [(String, String)]),
    /// There are fewer different control sets of a lesion than asked for.
    FewControls {
        /// The lesion's name.
        lesion: &'a str,
        /// Sets that there are.
        sets: usize,
        /// Cells in each.
        cells: usize,
    },
    /// A lesion that hits no neuron.
    EmptyLesion(&'a str),
    /// No mirror mask is known, so lesions are areas × cell types.
    NoMirrorMask,
    /// A read-out whose labels the task leaves out, by the name of its measure.
    NotReadOut(&'static str),
    /// Classes of so few neurons have so few cells that many planted ones are not found.
    FewNeurons {
        /// From how many on that is different.
        fewer_than: usize,
    },
    /// The report of a study was written.
    Report(&'a Path),
}

impl Notice<'_> {
    /// Whether it warns of something, and is worth hearing where nothing else is.
    pub fn warns(&self) -> bool {
        match self {
            Self::Device(notice) => {
                !matches!(notice, DeviceNotice::Tuning(_) | DeviceNotice::Tried { .. } | DeviceNotice::Tuned(_))
            }
            Self::AnotherEngine { .. }
            | Self::Advice(_)
            | Self::FewerPlaces { .. }
            | Self::Diverged(_)
            | Self::NeverImproved { .. }
            | Self::BaselineInterrupted
            | Self::FewControls { .. }
            | Self::EmptyLesion(_)
            | Self::NoMirrorMask
            | Self::NotReadOut(_)
            | Self::FewNeurons { .. } => true,
            Self::Begun { .. }
            | Self::Ended { .. }
            | Self::Memory { .. }
            | Self::Trained { .. }
            | Self::TrainedTogether { .. }
            | Self::Progress(_)
            | Self::Studied { .. }
            | Self::Choices(_)
            | Self::Report(_) => false,
        }
    }
}

/// Why the measure of a [`Notice::NotReadOut`] is missing, as a sentence without its full stop.
pub fn missing_labels(measure: &str) -> &'static str {
    match measure {
        "agent_accuracy_change" => {
            "the agent is not read out: the task has no conditions of class execution and observation"
        }
        "go_accuracy_change" => {
            "Go/No-Go is not read out: the conditions of the task do not say `go = true` and `go = false`"
        }
        _ => "the object is not read out: the conditions of the task do not say `object = \"…\"`",
    }
}

/// Where a network diverged, and what is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Its seed.
    pub seed: u64,
    /// The step whose loss or gradient is not finite.
    pub step: u32,
    /// The step of the checkpoint that is kept, beside the best weights until then.
    pub checkpoint: u32,
    /// Where.
    pub directory: PathBuf,
}

impl std::fmt::Display for Divergence {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Self { step, checkpoint, directory, .. } = self;
        write!(
            f,
            "at step {step} the loss or its gradient is not finite. The checkpoint of step {checkpoint} and the best weights until then are kept in {}.",
            directory.display()
        )
    }
}

/// How far an experiment of many networks is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What is counted.
    pub unit: &'static str,
    /// How many there are.
    pub total: usize,
    /// How many had been done before this start.
    pub found: usize,
    /// How many are done.
    pub done: usize,
    /// What was just done.
    pub what: &'a str,
}

/// What is being trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingStage {
    /// The networks of the run.
    Networks,
    /// Input-only baselines.
    Baselines,
}

/// How much is to be trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Networks.
    pub networks: usize,
    /// Steps that are planned, of all of them together.
    pub planned: u64,
    /// How many of these were done before.
    pub done: u64,
}

/// Hears what happens. All methods do nothing unless they are written.
pub trait Listener {
    /// Something happened.
    fn notice(&mut self, notice: &Notice) {
        let _ = notice;
    }

    /// A training begins: an observer of it, if wanted.
    fn observer(&mut self, stage: TrainingStage, extent: Extent) -> Option<Box<dyn Observer>> {
        let _ = (stage, extent);
        None
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Listener for Silent {}
