//! What this program may write into a run directory, and what a new run there replaces.

use super::lock::remove_lock;
use super::manifest::Manifest;
use super::names::{CONFIG, EXPORT, MANIFEST, NORMALIZATION};
use crate::data::ArrayFormat;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Files of a run, besides exports.
const FILES: [&str; 12] = [
    CONFIG,
    MANIFEST,
    NORMALIZATION,
    "history.csv",
    "checkpoint.safetensors",
    "checkpoint.previous.safetensors",
    "last.safetensors",
    "best.safetensors",
    "fit.csv",
    "summary.json",
    "summary.csv",
    "report.html",
];

/// Figures of a run's report, in `figures`.
const FIGURES: [&str; 5] = ["loss", "fit", "traces", "rates", "parameters"];

/// The study of a run, or of several.
const STUDY: &str = "perturb";

/// Tables and page of a study.
const STUDY_FILES: [&str; 13] = [
    "effects.csv",
    "cells.csv",
    "decoding.csv",
    "connectivity.csv",
    "balance.csv",
    "currents.csv",
    "motifs.csv",
    "recurrence.csv",
    "trajectories.csv",
    "current_traces.csv",
    "seeds.csv",
    "consistency.csv",
    "report.html",
];

/// Its figures.
const STUDY_FIGURES: [&str; 15] = [
    "effects",
    "intervals",
    "single-cells",
    "decoding",
    "decoding-anew",
    "cross-decoding",
    "wiring",
    "currents",
    "trajectories",
    "motifs",
    "recurrence",
    "across-effects",
    "across-settings",
    "across-cells",
    "consistency",
];

/// Runs of a batch lie in directories of this name and their seed.
pub(super) const MEMBER: &str = "seed-";

/// Where finished lesions of a study lie.
const LESIONS: &str = "lesions";

/// The name of the exports of `stem`, in every format.
fn exports(stem: &str) -> impl Iterator<Item = String> {
    ArrayFormat::ALL.into_iter().map(move |format| format.file_name(stem))
}

/// Files of a run in `directory`, which need not be there.
pub(super) fn files() -> impl Iterator<Item = String> {
    FILES.into_iter().map(String::from).chain(exports(EXPORT))
}

/// Removes the run in `directory`, its study and the runs of its batch, and nothing that this program does not write:
/// nothing through a link, and no file in `kept`. What makes it a run goes first, after the runs of its batch.
///
/// # Errors
/// If a file cannot be removed.
pub(super) fn remove_run(directory: &Path, kept: &[PathBuf]) -> Result<()> {
    let kept: Vec<PathBuf> = kept.iter().filter_map(|path| path.canonicalize().ok()).collect();
    for member in members(directory) {
        remove_files(&member, &kept)?;
        remove_lock(&member);
        remove_if_empty(&member);
    }
    remove_files(directory, &kept)
}

/// Refuses what lies in `directory` where the files of the run in `stage` are to go, unless it belongs to the run that
/// they replace.
///
/// # Errors
/// Naming it.
pub(super) fn check_destinations(stage: &Path, directory: &Path) -> Result<()> {
    let replaced = members(directory);
    for from in entries(stage) {
        let to = directory.join(from.file_name().unwrap_or_default());
        let Ok(there) = std::fs::symlink_metadata(&to) else { continue };
        let has_files = || files().find(|file| to.join(file).exists());
        let obstacle = match (is_directory(&from), there.is_dir()) {
            (true, true) if !replaced.contains(&to) => has_files().map(|file| to.join(file)),
            (true, true) | (false, false) => None,
            (true, false) | (false, true) => Some(to.clone()),
        };
        if let Some(obstacle) = obstacle {
            return Err(Error::input(format!(
                "{} is in the way of the new run, and no part of the run that it replaces. Move it, or choose another `output_dir`.",
                obstacle.display()
            )));
        }
    }
    Ok(())
}

fn remove_files(directory: &Path, kept: &[PathBuf]) -> Result<()> {
    let run = files().map(|file| directory.join(file));
    run.chain(figures(directory, &FIGURES)).try_for_each(|file| remove(&file, kept))?;
    remove_if_empty(&directory.join("figures"));
    let study = directory.join(STUDY);
    if !is_directory(&study) {
        return Ok(());
    }
    let tables = STUDY_FILES.into_iter().map(String::from).chain(exports(STUDY)).map(|file| study.join(file));
    tables.chain(figures(&study, &STUDY_FIGURES)).chain(lesions(&study)).try_for_each(|file| remove(&file, kept))?;
    for place in [study.join("figures"), study.join(LESIONS), study] {
        remove_if_empty(&place);
    }
    Ok(())
}

/// Figures of these names in the directory of figures, unless that is a link to somewhere else.
fn figures(directory: &Path, names: &'static [&str]) -> impl Iterator<Item = PathBuf> {
    let figures = directory.join("figures");
    let names = if is_directory(&figures) { names } else { &[] };
    names.iter().map(move |name| figures.join(format!("{name}.svg")))
}

/// Finished lesions of a study: `001.npz`, `cells-001.npz`, and what is known of the intact network: `intact.npz`.
fn lesions(study: &Path) -> Vec<PathBuf> {
    let lesions = study.join(LESIONS);
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let number = name.strip_suffix(".npz").map(|n| n.strip_prefix("cells-").unwrap_or(n));
        number.is_some_and(|n| n == "intact" || n.len() >= 3 && n.bytes().all(|b| b.is_ascii_digit()))
    };
    if is_directory(&lesions) { entries(&lesions).into_iter().filter(is_ours).collect() } else { Vec::new() }
}

/// The runs of the batch in `directory`, none where it is no batch.
pub(super) fn members(directory: &Path) -> Vec<PathBuf> {
    let Ok(manifest) = Manifest::read(&directory.join(MANIFEST)) else { return Vec::new() };
    let networks = manifest.starts.last().map_or(1, |start| start.networks);
    let seeds = if networks > 1 { (manifest.seed..).take(networks) } else { (0..).take(0) };
    let paths = seeds.map(|seed| directory.join(member_name(seed)));
    paths.filter(|path| is_directory(path) && path.join(MANIFEST).is_file()).collect()
}

/// The name of the directory of the network of `seed` in that of its batch.
pub fn member_name(seed: u64) -> String {
    format!("{MEMBER}{seed}")
}

/// Removes what a killed process left half-written in a run directory, its figures and its study.
///
/// # Errors
/// If a file cannot be removed.
pub(super) fn remove_temporary_files(directory: &Path) -> Result<()> {
    let study = directory.join(STUDY);
    let places = [directory.join("figures"), study.join("figures"), study.join(LESIONS), study];
    let places = std::iter::once(directory.to_path_buf()).chain(places.into_iter().filter(|p| is_directory(p)));
    for path in places.flat_map(|place| entries(&place)) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(".aon-") && name.ends_with(".tmp") {
            remove(&path, &[])?;
        }
    }
    Ok(())
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Whether there is a directory, and no link to one.
pub(super) fn is_directory(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|m| m.is_dir())
}

fn remove(path: &Path, kept: &[PathBuf]) -> Result<()> {
    if path.canonicalize().is_ok_and(|path| kept.contains(&path)) {
        return Ok(());
    }
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(e)),
        _ => Ok(()),
    }
}

/// Directories with something else in them stay.
fn remove_if_empty(path: &Path) {
    if is_directory(path) {
        let _ = std::fs::remove_dir(path);
    }
}
