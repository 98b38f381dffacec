//! `checkpoint.safetensors`: everything that a resumed run starts from, in one file, so that a crash leaves either the
//! old state or the new one. Weights for use elsewhere are in files of their own (see [`super::write_weights`]).

use super::tensors::{TensorFile, write_tensors};
use crate::engine::{NetworkState, StopReason};
use crate::error::{Error, Result};
use crate::network::Layout;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the file's layout.
const FORMAT: u32 = 1;

/// The name that the file knows itself by.
const FILE: &str = "checkpoint";

/// The counters beside the arrays. The lowest loss is an array of one, which keeps its bits (and infinity).
#[derive(Debug, Serialize, Deserialize)]
struct Counters {
    format: u32,
    step: u32,
    best_step: u32,
    steps_since_best: u32,
    stop: Option<StopReason>,
    /// Files of earlier versions have none.
    #[serde(default)]
    history: Option<String>,
}

/// A network after some steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Its state.
    pub network: NetworkState,
    /// SHA-256 of the rows of `history.csv` up to that step, without their seconds.
    pub history: Option<String>,
}

impl Checkpoint {
    /// Writes it; `run` names the run as [`Stamp`](super::Stamp) does.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path, run: &str) -> Result<()> {
        let network = &self.network;
        let best_loss = [network.best_loss];
        let array =
            |name: &str, values| -> (String, Vec<usize>, &[f32]) { (name.into(), vec![<[f32]>::len(values)], values) };
        let arrays = [
            array("parameters", &network.parameters[..]),
            array("first_moment", &network.first_moment),
            array("second_moment", &network.second_moment),
            array("best_parameters", &network.best_parameters),
            array("best_loss", &best_loss),
        ];
        let counters = Counters {
            format: FORMAT,
            step: network.step,
            best_step: network.best_step,
            steps_since_best: network.steps_since_best,
            stop: network.stop,
            history: self.history.clone(),
        };
        write_tensors(path, &arrays, &counters, FILE, run)
    }

    /// Reads the checkpoint of a network of `layout`.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or belongs to a network of other sizes, or to another run than `run`.
    pub fn read(path: &Path, layout: &Layout, run: &str) -> Result<Self> {
        let mut file = open(path)?;
        file.check_origin(FILE, run)?;
        let n = layout.len();
        let network = NetworkState {
            step: file.note.step,
            parameters: file.take("parameters", n)?,
            first_moment: file.take("first_moment", n)?,
            second_moment: file.take("second_moment", n)?,
            best_parameters: file.take("best_parameters", n)?,
            best_loss: file.number("best_loss")?,
            best_step: file.note.best_step,
            steps_since_best: file.note.steps_since_best,
            stop: file.note.stop,
        };
        Ok(Self { network, history: file.note.history })
    }
}

/// How far the checkpoint in `path` is: its step, and why its network stopped, if it did.
///
/// # Errors
/// If the file cannot be read, or is damaged.
pub fn read_progress(path: &Path) -> Result<(u32, Option<StopReason>)> {
    open(path).map(|file| (file.note.step, file.note.stop))
}

fn open(path: &Path) -> Result<TensorFile<Counters>> {
    let file = TensorFile::<Counters>::read(path)?;
    if file.note.format == FORMAT {
        return Ok(file);
    }
    Err(Error::run(format!(
        "{}: expected checkpoint format {FORMAT}, found {}. Resume with the version of the program that wrote it.",
        path.display(),
        file.note.format
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(n: usize) -> Checkpoint {
        Checkpoint { network: state(n), history: Some("the sum of some rows".into()) }
    }

    fn state(n: usize) -> NetworkState {
        let ramp = |from: f32| (0..n).map(|i| from + i as f32 / 3.0).collect::<Vec<f32>>();
        NetworkState {
            step: 7,
            parameters: ramp(0.1),
            first_moment: ramp(-2.0),
            second_moment: ramp(1e-9),
            best_parameters: ramp(7.0),
            best_loss: f32::INFINITY,
            best_step: 3,
            steps_since_best: 4,
            stop: Some(StopReason::Patience),
        }
    }

    #[test]
    fn a_checkpoint_comes_back_as_it_was_and_the_same_bytes_each_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("checkpoint.safetensors");
        let layout = Layout { neurons: 3, channels: 2, input_groups: 1 };
        let written = checkpoint(layout.len());
        written.write(&path, "of this run").unwrap();
        assert_eq!(Checkpoint::read(&path, &layout, "of this run").unwrap(), written);
        assert_eq!(read_progress(&path).unwrap(), (7, Some(StopReason::Patience)));
        let bytes = std::fs::read(&path).unwrap();
        written.write(&path, "of this run").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn damaged_and_foreign_checkpoints_are_refused_in_words() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("checkpoint.safetensors");
        let layout = Layout { neurons: 3, channels: 2, input_groups: 1 };
        checkpoint(layout.len()).write(&path, "of this run").unwrap();
        let other = Layout { neurons: 4, ..layout };
        let refused = |layout, run| Checkpoint::read(&path, layout, run).unwrap_err().to_string();
        assert!(refused(&other, "of this run").contains("other sizes"));
        assert!(refused(&layout, "of that run").contains("another run"));
        let bytes = std::fs::read(&path).unwrap();
        for length in [0, 7, 60, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(refused(&layout, "of this run").contains("damaged"));
        }
        for at in (0..bytes.len()).step_by(7) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            std::fs::write(&path, flipped).unwrap();
            assert!(Checkpoint::read(&path, &layout, "of this run").is_err(), "byte {at}");
        }
    }
}
