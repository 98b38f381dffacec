//! What a run writes down before it begins.

use super::data_of_training::check_data;
use crate::config::Plan;
use crate::data::NormalizationFactors;
use crate::engine::EngineDescription;
use crate::error::{Error, Result};
use crate::train::{CONFIG, MANIFEST, MANIFEST_FORMAT, Manifest, NORMALIZATION, RunDirectory, Stamp, Start};
use std::io::ErrorKind;
use std::path::Path;
use std::time::SystemTime;

/// Writes down what is about to run: a network of the plan, or with none the whole batch. `config.toml` comes last: it
/// makes the directory a run. Returns what computed it before, if that was something else.
///
/// # Errors
/// If a file cannot be written, or an input file has changed since the run began.
pub(crate) fn register(
    plan: &Plan,
    network: Option<usize>,
    directory: &RunDirectory,
    engine: &EngineDescription,
    step: u32,
) -> Result<Option<EngineDescription>> {
    let run = network.map_or(Ok(String::new()), |k| stamp(plan, k, directory).map(|stamp| stamp.run))?;
    let mut config = network.map_or_else(|| plan.config.clone(), |k| plan.config_of(k));
    for (_, file) in config.files() {
        *file = directory.final_place(file);
    }
    let inputs = plan.inputs.iter().map(|(file, hash)| (directory.final_place(file), hash.clone()));
    let path = directory.file(MANIFEST);
    let mut manifest = if directory.holds_a_run() && path.exists() {
        let mut manifest = Manifest::read(&path)?;
        check_data(&plan.config, &plan.inputs, &manifest, directory.path())?;
        manifest.inputs.extend(inputs);
        manifest
    } else {
        Manifest::new(config.seed, inputs.collect())
    };
    let last = manifest.starts.last().map(|start| start.engine.clone());
    let before = last.filter(|before| !before.computes_alike(engine));
    manifest.starts.push(Start::now(step, config.training.n_trials, plan.seeds.len(), engine.clone()));
    (manifest.format, manifest.run, manifest.settings) = (MANIFEST_FORMAT, run, Some(config.to_json()?));
    directory.write_manifest(&manifest)?;
    if let Some(factors) = &plan.factors {
        directory.write(NORMALIZATION, &normalization_csv(factors))?;
    }
    directory.write(CONFIG, &config.to_toml()?)?;
    Ok(before)
}

/// What the files of a network's run carry of it: the name that the run in `directory` has, if there is one.
pub(crate) fn stamp(plan: &Plan, network: usize, directory: &RunDirectory) -> Result<Stamp> {
    let (path, stamp) = (directory.file(MANIFEST), plan.stamp(network)?);
    let is_known = directory.holds_a_run() && path.exists();
    let run = if is_known { Manifest::read(&path)?.run } else { String::new() };
    Ok(if run.is_empty() { stamp } else { Stamp { run, ..stamp } })
}

fn normalization_csv(factors: &NormalizationFactors) -> String {
    let rows = factors.0.iter().zip(1..).map(|(factor, neuron)| format!("{neuron},{factor}"));
    std::iter::once("neuron,divisor".to_string()).chain(rows).map(|line| line + "\n").collect()
}

/// `out/NAME-DATE-TIME` (UTC), taken for a new run. Runs that begin in the same second get a number.
///
/// # Errors
/// If it cannot be made.
pub fn new_directory(name: &str) -> Result<RunDirectory> {
    // 2026-11-27T13:05:09Z as 20261127-130509.
    let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let time = time.replace(['-', ':', 'Z'], "").replace('T', "-");
    let name: String = name.chars().map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' }).collect();
    let parent = Path::new("out");
    std::fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    let mut path = parent.join(format!("{name}-{time}"));
    // Others may take names at the same moment: a name is free for whoever makes its directory.
    for number in 2_u32.. {
        match std::fs::create_dir(&path) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => path = parent.join(format!("{name}-{time}-{number}")),
            made => {
                made.map_err(Error::io("create", &path))?;
                break;
            }
        }
    }
    RunDirectory::create(&path, false)
}
