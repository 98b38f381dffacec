//! What happens meanwhile, in sentences.

use super::interrupt;
use super::output::{counted, note, say, warn};
use super::progress::NetworkProgress;
use super::training_progress::TrainingProgress;
use crate::engine::{DeviceNotice, EngineDescription, StopReason, memory_text};
use crate::run::{Extent, Listener, MemoryLimit, MemoryPlan, Notice, TrainingStage, missing_labels};
use crate::train::{Observer, Settled};
use std::path::Path;

/// Says on the terminal what happens: all of it, or nothing but warnings.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    quiet: bool,
    progress: Option<NetworkProgress>,
}

impl Terminal {
    pub(super) fn new(quiet: bool) -> Self {
        Self { quiet, progress: None }
    }
}

impl Listener for Terminal {
    fn notice(&mut self, notice: &Notice) {
        if self.quiet && !notice.warns() {
            return;
        }
        match notice {
            Notice::Device(notice) => say_of_device(notice),
            Notice::AnotherEngine { before, now } => warn(format!(
                "the run began on {before}, and continues on {now}: the last digits may differ from those of an uninterrupted run."
            )),
            Notice::Begun { plan, directory, engine, step } => introduce(&plan.choices(), engine, directory, *step),
            Notice::Ended { networks, of } => say(format!("networks   {networks} of {of} have ended already")),
            Notice::Memory { memory, networks } => say_memory(memory, *networks),
            Notice::Advice(text) => warn(text),
            Notice::FewerPlaces { why, most } => warn(format!("{why} Going on with at most {most} at once.")),
            Notice::Trained { plan, steps, seconds, stop, settled } => {
                let trials = f64::from(*steps) * plan.training_conditions().len() as f64;
                say_trained(&format!("{steps} steps"), trials, *seconds, *stop);
                say_loss(settled);
            }
            Notice::TrainedTogether { networks, trials, seconds } => {
                say_trained(&format!("{networks} networks"), *trials, *seconds, None);
            }
            Notice::Diverged(d) => warn(format!("the network of seed {} diverged: {d}", d.seed)),
            Notice::NeverImproved { seeds } => warn(format!(
                "no training step improved the loss of seed {}: the weights that are reported are those that it began with. A smaller --learning-rate may fit.",
                seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
            )),
            Notice::BaselineInterrupted => {
                warn("the input-only baseline was interrupted; the fit is reported without it.");
            }
            Notice::Progress(p) => {
                let bar = self.progress.get_or_insert_with(|| NetworkProgress::new(p.unit, p.total, p.found));
                bar.show(p);
                if p.done == p.total {
                    self.progress = None;
                }
            }
            Notice::Studied { run, number, of } => say(format!("run        {} ({number} of {of})", run.display())),
            Notice::Choices(choices) => say_choices(choices),
            Notice::FewControls { lesion, sets, cells } => {
                warn(format!("{lesion}: there are only {sets} different control sets of {cells} cells."));
            }
            Notice::EmptyLesion(name) => warn(format!("{name}: there are no such neurons; its rows are empty.")),
            Notice::NoMirrorMask => warn(
                "no mirror mask is known, so lesions are areas × cell types. Give --mirror-mat FILE for mirror classes.",
            ),
            Notice::NotReadOut(measure) => {
                warn(format!("{} (docs/tasks.md; the run's task is in its config.toml).", missing_labels(measure)));
            }
            Notice::FewNeurons { fewer_than } => warn(format!(
                "with fewer than {fewer_than} neurons, classes have so few cells that many planted ones are not found."
            )),
            Notice::Report(page) => say(format!("report     {}", page.display())),
        }
    }

    fn observer(&mut self, stage: TrainingStage, extent: Extent) -> Option<Box<dyn Observer>> {
        if stage != TrainingStage::Baselines {
            interrupt::save_first();
        }
        let label = match stage {
            TrainingStage::Networks => "training",
            TrainingStage::Baselines if extent.networks == 1 => "input-only baseline",
            TrainingStage::Baselines => "input-only baselines",
        };
        (!self.quiet).then(|| Box::new(TrainingProgress::new(label, extent)) as Box<dyn Observer>)
    }
}

pub(super) fn say_of_device(notice: &DeviceNotice) {
    match notice {
        DeviceNotice::SoftwareAdapter(name) => warn(format!(
            "there is no hardware GPU; {name} computes on the processor, several times slower than --engine cpu."
        )),
        DeviceNotice::OnCpu(error) => warn(format!("{error} Running on the CPU.")),
        DeviceNotice::HalvesIgnored(setting) => {
            warn(format!("the CPU engine computes in 32-bit numbers; `{setting} = f16` does nothing here."));
        }
        DeviceNotice::TuningForgotten(error) => warn(format!("{error} It is measured anew where that is worth it.")),
        DeviceNotice::Tuning(adapter) => {
            note(format!("tuning     measuring what is fastest on {adapter} (once; aon autotune repeats it)"));
        }
        DeviceNotice::Tried { seconds, choice } => note(format!("  {seconds:>8.4} s a step: {choice}")),
        DeviceNotice::Tuned(choice) => note(format!("tuning     {choice}")),
        DeviceNotice::TuningFailed(error) => warn(format!("the tuning failed, the usual tiles are taken: {error}")),
        DeviceNotice::NotRemembered(error) => warn(format!("what the tuning found is not remembered: {error}")),
    }
}

/// Rows of a label and a text.
fn say_choices(choices: &[(String, String)]) {
    for (label, text) in choices {
        say(format!("{label:<10} {text}"));
    }
}

fn introduce(choices: &[(String, String)], engine: &EngineDescription, directory: &Path, step: u32) {
    say_choices(choices);
    say(format!("{:<10} {engine}", "engine"));
    let resumed = if step > 0 { format!(", resumed after step {step}") } else { String::new() };
    say(format!("{:<10} {}{resumed}", "run", directory.display()));
}

/// What `networks` networks need, and how many of them train at once.
fn say_memory(memory: &MemoryPlan, networks: usize) {
    let (need, at_once) = (&memory.need, networks.min(memory.most()));
    let parts = match memory.bank {
        Some(bank) => format!(" in {} of buffers", counted(at_once.div_ceil(bank), "set", "sets")),
        None => format!(
            ", {} of {} (one per thread)",
            counted(need.workspaces.min(at_once), "workspace", "workspaces"),
            memory_text(need.workspace)
        ),
    };
    let limit = match memory.limit {
        Some(MemoryLimit::Available(bytes)) => format!("{} available", memory_text(bytes)),
        Some(MemoryLimit::Allowed(bytes)) => format!("{} allowed by --memory", memory_text(bytes)),
        None => "its limit is not known, --memory sets one".into(),
    };
    say(format!(
        "memory     {} on {}: {} of {}{parts}; {limit}",
        memory_text(need.bytes(at_once)),
        memory.device,
        counted(at_once, "network", "networks"),
        memory_text(need.network)
    ));
    if at_once < networks {
        say(format!(
            "places     {networks} networks, at most {at_once} at once: one that ends makes room for the next"
        ));
    }
}

fn say_trained(what: &str, trials: f64, seconds: f64, stop: Option<StopReason>) {
    let why = match stop {
        Some(StopReason::Target) => ", the loss has reached its target",
        Some(StopReason::Patience) => ", the loss no longer improves",
        Some(StopReason::Diverged) | None => "",
    };
    say(format!("trained    {what} in {seconds:.1} s ({:.0} trials/s){why}", trials / seconds.max(1e-9)));
}

fn say_loss(settled: &Settled) {
    let loss = |loss: Option<f64>| loss.map_or("unknown".into(), |l| format!("{l:.4}"));
    say(format!(
        "loss       {} with the best weights, which are reported (after {} updates); {} with the last",
        loss(settled.best_note.loss),
        settled.best_note.updates,
        loss(settled.last_note.loss)
    ));
}
