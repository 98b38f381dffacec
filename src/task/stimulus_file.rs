//! A ready-made stimulus from a file.

use super::Stimulus;
use crate::data::read_stimulus;
use crate::error::Result;
use std::path::Path;

impl Stimulus {
    /// Reads `stim` `[sequences × channels × steps]` from a MAT or npz file, used as it is: no noise is added.
    ///
    /// # Errors
    /// See [`read_stimulus`].
    pub fn read(path: &Path) -> Result<Self> {
        let stimulus = read_stimulus(path)?;
        let (sequences, time_steps, channels) = stimulus.dim();
        Ok(Self { sequences, time_steps, channels, values: stimulus.into_raw_vec_and_offset().0 })
    }
}
