//! Who trains what.

use super::claims::{ClaimSettings, Life, standing};
use super::home::Home;
use super::outcome::Outcome;
use super::results::Gathered;
use super::specification::{Run, Sweep};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// What a table of processes says of one.
#[derive(Clone, Debug, Default)]
pub struct ProcessRuns {
    /// How it is.
    pub life: Option<Life>,
    /// Its computer.
    pub host: String,
    /// Its number there.
    pub pid: u32,
    /// Seconds since its last sign of life.
    pub silent: f64,
    /// What it holds: names and settings of runs.
    pub runs: Vec<String>,
}

/// Who trains what.
///
/// # Errors
/// If the directory cannot be read.
pub fn processes(home: &Home, gathered: &Gathered) -> Result<Vec<ProcessRuns>> {
    if !home.path.join("claims").is_dir() {
        return Ok(Vec::new());
    }
    let label = |hash: &str| {
        let job = gathered.jobs.iter().find(|job| job.hash == hash);
        job.map_or_else(|| hash.to_string(), |job| label_of(&gathered.sweep, &job.run))
    };
    let mut processes: BTreeMap<String, ProcessRuns> = BTreeMap::new();
    for owner in standing(&home.path, &ClaimSettings::default())?.owners {
        if Outcome::is_there(&home.run(&owner.hash)) {
            continue;
        }
        let name = owner.process.as_ref().map_or_else(String::new, |p| p.name.clone());
        let process = processes.entry(name).or_default();
        process.life = Some(owner.life);
        process.silent = owner.silent.as_secs_f64();
        if let Some(p) = &owner.process {
            (process.host, process.pid) = (p.host.clone(), p.pid);
        }
        process.runs.push(label(&owner.hash));
    }
    Ok(processes.into_values().collect())
}

/// Refuses to train on a run of a sweep that a process of the sweep has.
///
/// # Errors
/// Naming the process.
pub fn refuse_held(run: &Path) -> Result<()> {
    let place = std::path::absolute(run).unwrap_or_else(|_| run.to_path_buf());
    let sweep = place.parent().filter(|runs| runs.ends_with("runs")).and_then(Path::parent);
    let (Some(sweep), Some(hash)) = (sweep.filter(|s| s.join("claims").is_dir()), place.file_name()) else {
        return Ok(());
    };
    let owners = standing(sweep, &ClaimSettings::default())?.owners;
    let holder = owners.into_iter().find(|owner| hash == owner.hash.as_str() && owner.life == Life::Alive);
    holder.map_or(Ok(()), |owner| {
        let by = owner.process.map_or("another process".into(), |p| format!("process {} on {}", p.pid, p.host));
        Err(Error::run(format!("{} is being trained by {by}, in a sweep. Wait for it, or stop it.", run.display())))
    })
}

/// A run in words.
fn label_of(sweep: &Sweep, run: &Run) -> String {
    let held_out =
        if run.hold_out.is_empty() { String::new() } else { format!(", without {}", run.hold_out.join(", ")) };
    format!("{}, seed {}{held_out}", sweep.settings[run.setting].label, run.seed)
}
