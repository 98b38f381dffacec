//! The files that a configuration names.

use super::Config;
use crate::error::{Error, Result};
use std::path::PathBuf;

/// The setting of the file that parameters start from. Once a network has begun, nothing depends on it.
pub const INIT: &str = "init";

impl Config {
    /// The input files that are named, by their settings.
    pub fn files(&mut self) -> Vec<(&'static str, &mut PathBuf)> {
        let d = &mut self.data;
        let files = [
            ("firing_rates", &mut d.firing_rates),
            ("inhibitory_mask", &mut d.inhibitory_mask),
            ("mirror", &mut d.mirror),
            ("stimulus", &mut d.stimulus),
            (INIT, &mut self.network.init),
        ];
        files.into_iter().filter_map(|(setting, path)| path.as_mut().map(|path| (setting, path))).collect()
    }

    /// Makes paths absolute, so that the configuration means the same from any directory.
    pub(super) fn resolve_paths(&mut self) -> Result<()> {
        for (_, path) in self.files() {
            *path = std::path::absolute(&*path).map_err(Error::io("read", path))?;
        }
        Ok(())
    }
}
