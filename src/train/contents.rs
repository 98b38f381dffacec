//! What this program may write into a run directory, and what a new run there replaces.

use super::lock::remove_lock;
use super::manifest::Manifest;
use super::names::{CONFIG, EXPORT, MANIFEST, NORMALIZATION};
use crate::data::{ArrayFormat, read_text};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Files of a run, besides exports.
const FILES: [&str; 14] = [
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
    "rungs.json",
    "diverged.json",
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

/// What a new run replaces, and what of it stays: found before anything is touched, and kept with the new run until all of
/// it is done, since what it was found in goes first.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Replaced {
    /// The runs of the batch, by the names of their directories.
    pub(super) members: Vec<String>,
    /// Input files of the old run and of the new one.
    kept: Vec<PathBuf>,
}

impl Replaced {
    /// That of the run in `directory` by the one in `stage`.
    pub(super) fn of(stage: &Path, directory: &Path) -> Self {
        let manifests = [directory, stage].map(|place| Manifest::read(&place.join(MANIFEST)));
        let kept = manifests.iter().flatten().flat_map(Manifest::files);
        Self { members: members(directory), kept: kept.filter_map(|path| path.canonicalize().ok()).collect() }
    }

    /// Refuses what lies in `directory` in the way of the files of the run in `stage`, or of the removal of those that they
    /// replace.
    ///
    /// # Errors
    /// Naming it.
    pub(super) fn check_way(&self, stage: &Path, directory: &Path) -> Result<()> {
        let staged = entries(stage).into_iter().filter_map(|from| self.obstacle(&from, directory));
        let parts =
            std::iter::once(directory.to_path_buf()).chain(self.members.iter().map(|name| directory.join(name)));
        let blocked = parts.flat_map(|place| {
            let study = place.join(STUDY);
            let tables = STUDY_FILES.iter().map(|file| study.join(file)).collect::<Vec<_>>();
            let folders = [place.join("figures")].into_iter().filter(|path| path.is_file());
            files().map(move |file| place.join(file)).chain(tables).filter(|path| is_directory(path)).chain(folders)
        });
        match staged.chain(blocked).next() {
            None => Ok(()),
            Some(obstacle) => {
                let what = if obstacle.is_symlink() { ", a link," } else { "" };
                Err(Error::input(format!(
                    "{}{what} is in the way of the new run. Move it, or choose another `output_dir`.",
                    obstacle.display()
                )))
            }
        }
    }

    fn obstacle(&self, from: &Path, directory: &Path) -> Option<PathBuf> {
        let name = from.file_name()?.to_string_lossy().into_owned();
        let to = directory.join(&name);
        let there = std::fs::symlink_metadata(&to).ok()?;
        if is_directory(from) != there.is_dir() {
            return Some(to);
        }
        let is_run_of_others = name.starts_with(MEMBER) && !self.members.contains(&name);
        if is_run_of_others {
            files_of_runs().find(|file| to.join(file).exists()).map(|file| to.join(file))
        } else {
            None
        }
    }

    /// Removes the run in `directory`, its study and the runs of its batch, and nothing that this program does not write:
    /// nothing through a link, and no input. It may be done twice.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub(super) fn remove(&self, directory: &Path) -> Result<()> {
        for member in self.members.iter().map(|name| directory.join(name)).filter(|path| is_directory(path)) {
            remove_files(&member, &self.kept)?;
            remove_lock(&member);
            remove_if_empty(&member);
        }
        remove_files(directory, &self.kept)
    }
}

/// Files that a run leaves in its directory, figures too.
pub(super) fn files_of_runs() -> impl Iterator<Item = String> {
    files().chain(FIGURES.iter().map(|name| format!("figures/{name}.svg")))
}

/// Whether `name` is that of a file which a run keeps itself, and no export.
pub fn is_file_of_run(name: &str) -> bool {
    FILES.contains(&name)
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

/// The runs of the batch in `directory` by their names, none where it is no batch. Links lead to something else.
fn members(directory: &Path) -> Vec<String> {
    let config = read_text(&directory.join(CONFIG)).ok().and_then(|text| text.parse::<toml::Table>().ok());
    let number = |key: &str| config.as_ref()?.get(key)?.as_integer()?.try_into().ok();
    let (seed, networks): (u64, u64) = (number("seed").unwrap_or(0), number("networks").unwrap_or(1));
    let seeds = if networks > 1 { seed..seed.saturating_add(networks.min(1 << 20)) } else { 0..0 };
    seeds.map(member_name).filter(|name| is_directory(&directory.join(name))).collect()
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
