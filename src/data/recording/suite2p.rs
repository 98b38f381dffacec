//! Folders of suite2p. `ops.npy` is a pickle, whose reading runs what is in it, and is never opened.

use super::session::{Activity, Neuron, Session};
use super::settings::SourceSettings;
use crate::data::{npy, open_regular, shape_text};
use crate::error::{Error, Result};
use ndarray::{Array2, Axis, Ix2, concatenate, s};
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// The share of the surroundings' fluorescence that is taken off each cell's, as suite2p does before it deconvolves.
const NEUROPIL: f32 = 0.7;

/// The folders of planes in the order of their numbers, if `path` is one, or holds `plane0` … or `suite2p/plane0` ….
pub(super) fn planes(path: &Path) -> Vec<PathBuf> {
    let is_plane = |folder: &Path| ["spks.npy", "F.npy"].iter().any(|name| folder.join(name).is_file());
    if is_plane(path) {
        return vec![path.to_path_buf()];
    }
    let inside = |folder: PathBuf| {
        let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| is_plane(path))
            .filter_map(|path| Some((path.file_name()?.to_str()?.strip_prefix("plane")?.parse().ok()?, path)))
            .collect();
        found.sort();
        found.into_iter().map(|(_, path)| path).collect::<Vec<_>>()
    };
    let found = inside(path.to_path_buf());
    if found.is_empty() { inside(path.join("suite2p")) } else { found }
}

/// The folder of the session, without those that suite2p made in it.
pub(super) fn session_folder(path: &Path) -> PathBuf {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let is_made = |folder: &Path| {
        let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        name == "suite2p" || name == "combined" || name.strip_prefix("plane").is_some_and(|n| n.parse::<u32>().is_ok())
    };
    let outside = path.ancestors().find(|folder| !is_made(folder));
    outside.filter(|o| o.file_name().is_some()).map_or(path.clone(), Path::to_path_buf)
}

/// Reads the planes of one session.
///
/// # Errors
/// If a file is missing, no plain array, of another shape than its neighbours, or the frame rate is not given.
pub(super) fn read(path: &Path, planes: &[PathBuf], settings: &SourceSettings) -> Result<Session> {
    let Some(rate) = settings.frame_rate else {
        let remedy = "ops.npy has it as \"fs\", but is a pickle, which is never opened.";
        return Err(Error::variable(path, "frame rate", "`source.frame_rate`, in frames a second", "none", remedy));
    };
    let mut remarks = Vec::new();
    let mut parts = Vec::new();
    let mut neurons = Vec::new();
    for plane in planes {
        let values = activity(plane, settings, &mut remarks)?;
        let kept = accepted(plane, values.nrows(), settings, &mut remarks)?;
        let name = plane.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let numbered = |i: &usize| if planes.len() > 1 { format!("{name}/{i}") } else { i.to_string() };
        neurons.extend(kept.iter().map(|i| Neuron { name: numbered(i), ..Neuron::default() }));
        parts.push(if kept.len() == values.nrows() { values } else { values.select(Axis(0), &kept) });
    }
    let values = joined(path, parts, &mut remarks)?;
    let times = (0..values.ncols()).map(|i| i as f64 / rate).collect();
    Ok(Session {
        source: path.to_path_buf(),
        animal: String::new(),
        name: String::new(),
        neurons,
        activity: Activity::Frames { values: values.into(), times },
        bouts: Vec::new(),
        trials: Vec::new(),
        contexts: Vec::new(),
        covariates: Vec::new(),
        remarks,
    })
}

/// `[cells × frames]`
fn activity(plane: &Path, settings: &SourceSettings, remarks: &mut Vec<String>) -> Result<Array2<f32>> {
    match settings.activity.as_deref() {
        None | Some("spks") => {
            if !plane.join("spks.npy").exists() {
                let remedy = "Deconvolve in suite2p, or take fluorescence with `source.activity = \"F\"`.";
                return Err(Error::variable(plane, "spks.npy", "the deconvolved activity", "F.npy only", remedy));
            }
            array(&plane.join("spks.npy"))
        }
        Some("F") => {
            let mut values = array(&plane.join("F.npy"))?;
            let around = array(&plane.join("Fneu.npy"))?;
            if around.dim() != values.dim() {
                let expected = format!("{} as F.npy", shape_text(values.shape()));
                return Err(Error::variable(&plane.join("Fneu.npy"), "Fneu", expected, shape_text(around.shape()), ""));
            }
            values.scaled_add(-NEUROPIL, &around);
            let remark = format!("Activity is F − {NEUROPIL} Fneu of suite2p.");
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
            Ok(values)
        }
        Some(other) => {
            let found = format!("`source.activity = {other}`");
            Err(Error::variable(plane, "activity", "\"spks\" or \"F\", of a suite2p folder", found, ""))
        }
    }
}

fn array(path: &Path) -> Result<Array2<f32>> {
    let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default();
    let file = BufReader::new(open_regular(path)?);
    let refuse = |expected: &str, found: String, remedy: &str| Error::variable(path, name, expected, found, remedy);
    let array = npy::read_single(file).map_err(|flaw| refuse("a plain array of numbers", flaw.found, flaw.remedy))?;
    let shape = shape_text(array.shape());
    match array.into_dimensionality::<Ix2>() {
        Ok(array) if !array.is_empty() => Ok(array.as_standard_layout().into_owned()),
        _ => Err(refuse("[cells × frames]", shape, "")),
    }
}

/// The cells that are kept, by number from 0: those that `iscell.npy` accepts.
fn accepted(plane: &Path, cells: usize, settings: &SourceSettings, remarks: &mut Vec<String>) -> Result<Vec<usize>> {
    let path = plane.join("iscell.npy");
    if !settings.accepted_only {
        return Ok((0..cells).collect());
    }
    if !path.exists() {
        remarks.push(format!("{} has no iscell.npy: all its cells are taken.", plane.display()));
        return Ok((0..cells).collect());
    }
    let flags = array(&path)?;
    if flags.nrows() != cells {
        let expected = format!("{cells} rows, one per cell");
        return Err(Error::variable(&path, "iscell", expected, shape_text(flags.shape()), ""));
    }
    let kept: Vec<usize> = (0..cells).filter(|i| flags[[*i, 0]] > 0.5).collect();
    if kept.len() < cells {
        remarks.push(format!(
            "{} of {cells} cells of {} are not accepted and left out.",
            cells - kept.len(),
            plane.display()
        ));
    }
    Ok(kept)
}

/// The cells of all planes. The last plane of a recording that was stopped midway may lack a frame.
fn joined(path: &Path, parts: Vec<Array2<f32>>, remarks: &mut Vec<String>) -> Result<Array2<f32>> {
    let frames: Vec<usize> = parts.iter().map(Array2::ncols).collect();
    let (least, most) = (frames.iter().min().copied().unwrap_or(0), frames.iter().max().copied().unwrap_or(0));
    if most - least > 1 {
        let found = format!("planes of {least} and of {most} frames");
        return Err(Error::variable(path, "planes", "planes of as many frames", found, "Give one plane's folder."));
    } else if most > least {
        remarks.push(format!("Planes have {least} or {most} frames: the last one is left out."));
    }
    if parts.len() == 1 {
        return Ok(parts.into_iter().next().unwrap_or_default());
    }
    let views: Vec<_> = parts.iter().map(|part| part.slice(s![.., ..least])).collect();
    concatenate(Axis(0), &views)
        .map_err(|e| Error::variable(path, "planes", "planes that fit together", e.to_string(), ""))
}
