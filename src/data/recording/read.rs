//! Reading a recording: what kind it is, by its content, and who reads that.

use super::arrays;
use super::assemble;
use super::companions::Places;
use super::hdf5_kind::{self, Hdf5};
use super::session::Session;
use super::settings::RecordingSettings;
use super::suite2p;
use super::{nwb, tili};
use crate::data::{foreign, open_regular};
use crate::error::{Error, Result};
use std::io::Read as _;
use std::path::{Path, PathBuf};

const KINDS: &str =
    "a recording: an NWB file, a MAT or npz file of named arrays, a folder of suite2p or in the layout of Tili et al.";
const PICKLE: &str =
    "Reading a pickle runs what is in it. Save its arrays in Python: np.savez(\"recording.npz\", activity=…, times=…).";

/// A kind of recording.
enum Kind {
    /// Planes of suite2p.
    Suite2p(Vec<PathBuf>),
    /// Named arrays, MAT or npz.
    Arrays,
    /// NWB.
    Nwb,
    /// A folder in the layout of Tili et al. 2025.
    Tili,
}

/// Reads the sessions of the recording at `path`, whatever its format, with the tables that belong to it: those that the
/// settings name, looked for beside the recording, then in `beside`, the folder of the settings; and `STEM.bouts.csv` and
/// others beside it, which are taken without any.
///
/// # Errors
/// If it is of no kind that can be read, or says something that cannot be; the sentence names the file, the place in it, what
/// was expected and found, and what to do.
pub fn read(path: &Path, settings: &RecordingSettings, beside: Option<&Path>) -> Result<Vec<Session>> {
    assemble::check_settings(settings)?;
    let kind = recognise(path)?;
    let mut folders =
        vec![if path.is_dir() { path.to_path_buf() } else { path.parent().unwrap_or(Path::new("")).into() }];
    let mut sessions = match &kind {
        Kind::Suite2p(planes) => {
            folders.push(suite2p::session_folder(path));
            no_variables(path, settings)?;
            vec![suite2p::read(path, planes, &settings.source)?]
        }
        Kind::Arrays => vec![arrays::read(path, settings)?],
        Kind::Nwb => nwb::read(path, settings)?,
        Kind::Tili => tili::read(path, settings)?,
    };
    let usual = usual_name(path, &kind);
    let places = Places::new(path, folders, beside);
    match &mut sessions[..] {
        [session] => {
            assemble::name(session, settings, &usual);
            places.add(settings, session)?;
        }
        all if settings.bouts.file.is_some() || settings.covariates.iter().any(|c| c.file.is_some()) => {
            return Err(Error::input(format!(
                "{}: expected one session for `bouts.file` and `covariates.file`, found {}. Give sessions one by one.",
                path.display(),
                all.len()
            )));
        }
        all => all.iter_mut().for_each(|session| assemble::name(session, settings, &usual)),
    }
    for session in &mut sessions {
        places.identify(settings, session)?;
        assemble::finish(session, settings)?;
    }
    Ok(sessions)
}

/// Refuses settings that name variables of a recording which has none beside its activity.
fn no_variables(path: &Path, settings: &RecordingSettings) -> Result<()> {
    let covariate = settings.covariates.iter().find(|c| c.file.is_none());
    let labels = (!settings.bouts.labels.is_empty() && settings.bouts.file.is_none()).then_some("`bouts.labels`");
    match covariate.map(|c| format!("the covariate `{}`", c.name)).or(labels.map(String::from)) {
        Some(what) => Err(Error::input(format!(
            "{}: expected a `file` for {what}, found none: a folder of suite2p has no other variables.",
            path.display()
        ))),
        None => Ok(()),
    }
}

/// The name of a session that no file names.
fn usual_name(path: &Path, kind: &Kind) -> String {
    let path = match kind {
        Kind::Suite2p(_) => suite2p::session_folder(path),
        Kind::Arrays | Kind::Nwb | Kind::Tili => path.to_path_buf(),
    };
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    name.map_or_else(|| "session".into(), |n| n.to_string_lossy().into_owned())
}

fn recognise(path: &Path) -> Result<Kind> {
    let metadata = std::fs::metadata(path).map_err(Error::io("read", path))?;
    if metadata.is_dir() { folder(path) } else { file(path) }
}

fn folder(path: &Path) -> Result<Kind> {
    let planes = suite2p::planes(path);
    if !planes.is_empty() {
        return Ok(Kind::Suite2p(planes));
    }
    if tili::is_tili(path) {
        return Ok(Kind::Tili);
    }
    let has = |name: &str| path.join(name).exists();
    let (found, remedy) = if [".zgroup", ".zarray", ".zattrs", ".zmetadata", "zarr.json"].iter().any(|name| has(name)) {
        let remedy = "Export it to HDF5: hdmf_zarr reads it with NWBZarrIO, and pynwb's NWBHDF5IO.export writes it.";
        ("a Zarr directory", remedy)
    } else {
        ("a folder of other things", "Give the file or the folder of one recording.")
    };
    Err(Error::variable(path, "folder", KINDS, found, remedy))
}

fn file(path: &Path) -> Result<Kind> {
    let mut start = Vec::new();
    open_regular(path)?.take(foreign::START).read_to_end(&mut start).map_err(Error::io("read", path))?;
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let refuse = |found: &str, remedy: &str| Err(Error::variable(path, "header", KINDS, found, remedy));
    if name == "ops.npy" || name == "stat.npy" {
        let remedy = "It is never opened. Give the folder that it lies in, and the frame rate as `source.frame_rate`.";
        return refuse("a Python pickle of suite2p", remedy);
    }
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    if ["pkl", "pickle"].iter().any(|e| ending.eq_ignore_ascii_case(e)) {
        return refuse("a Python pickle", PICKLE);
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"MATLAB ") {
        return Ok(Kind::Arrays);
    }
    if hdf5_kind::is_hdf5(path)? {
        return match hdf5_kind::of(path)? {
            Hdf5::Nwb => Ok(Kind::Nwb),
            Hdf5::Matlab => Ok(Kind::Arrays),
            Hdf5::Caiman => refuse("an object of CaImAn", CAIMAN),
            Hdf5::Other(groups) => refuse(
                &format!("an HDF5 file of another kind, with {groups}"),
                "Save its arrays in Python: np.savez(\"recording.npz\", activity=…, times=…).",
            ),
        };
    }
    match foreign::name(&start) {
        ("a Python pickle", _) => refuse("a Python pickle", PICKLE),
        ("plain text", _) => {
            refuse("a text", "Tables of bouts and others lie beside a recording, or are named by the settings.")
        }
        (found, _) if start.starts_with(b"\x93NUMPY") => {
            refuse(found, "Of suite2p, give the folder; others save with np.savez.")
        }
        // What looks like a MAT file of version 4 or 5 without its text is for its reader to refuse.
        ("a file of another kind", _) => Ok(Kind::Arrays),
        (found, remedy) => refuse(found, remedy),
    }
}

const CAIMAN: &str = "Save its activity in Python: cnm = load_CNMF(\"file.hdf5\"); e = cnm.estimates; \
                      np.savez(\"recording.npz\", activity=e.S[e.idx_components], frame_rate=cnm.params.data[\"fr\"]).";
