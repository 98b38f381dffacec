//! Whether data are those that a run was trained on, by the settings that name them and by content.

use crate::config::Config;
use crate::error::{Error, Result};
use crate::train::Manifest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The settings of files that networks are read with; mirror labels are only labels.
pub(super) const DATA: [&str; 4] = ["firing_rates", "inhibitory_mask", MIRROR, "stimulus"];
pub(super) const MIRROR: &str = "mirror";

/// The hash of the file that a setting named in the training, where the manifest says so.
pub(super) fn file_then<'a>(manifest: &'a Manifest, setting: &str) -> Option<&'a String> {
    let settings = manifest.settings.as_ref()?;
    let section = if DATA.contains(&setting) { "data" } else { "network" };
    manifest.inputs.get(Path::new(settings[section][setting].as_str()?))
}

/// Refuses data, whose `hashes` are given, that are not those of the training for the same settings.
///
/// # Errors
/// Naming the first.
pub(super) fn check_data(
    config: &Config,
    hashes: &BTreeMap<PathBuf, String>,
    manifest: &Manifest,
    directory: &Path,
) -> Result<()> {
    for (setting, path) in config.clone().files().into_iter().filter(|(s, _)| DATA.contains(s) && *s != MIRROR) {
        let Some(hash) = hashes.get(path) else { continue };
        if !file_then(manifest, setting).map_or_else(|| manifest.is_input(path, hash), |then| then == hash) {
            return Err(Error::input(format!(
                "{} (`{setting}`) is not the file that the run in {} was trained with. Put that back, or start a new run.",
                path.display(),
                directory.display()
            )));
        }
    }
    Ok(())
}
