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

/// The counters beside the arrays. The lowest loss is an array of one, which keeps its bits (and infinity).
#[derive(Debug, Serialize, Deserialize)]
struct Counters {
    format: u32,
    step: u32,
    best_step: u32,
    steps_since_best: u32,
    stop: Option<StopReason>,
}

/// Writes the state of one network after `step` steps.
///
/// # Errors
/// If the file cannot be written.
pub fn write_checkpoint(path: &Path, step: u32, network: &NetworkState) -> Result<()> {
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
        step,
        best_step: network.best_step,
        steps_since_best: network.steps_since_best,
        stop: network.stop,
    };
    write_tensors(path, &arrays, &counters)
}

/// Reads the state of a network of `layout`, and the number of steps it has done.
///
/// # Errors
/// If the file cannot be read, is damaged, or belongs to a network of other sizes.
pub fn read_checkpoint(path: &Path, layout: &Layout) -> Result<(u32, NetworkState)> {
    let mut file = TensorFile::<Counters>::read(path)?;
    if file.note.format != FORMAT {
        return Err(Error::run(format!(
            "{}: expected checkpoint format {FORMAT}, found {}. Resume with the version of the program that wrote it.",
            path.display(),
            file.note.format
        )));
    }
    let n = layout.len();
    let state = NetworkState {
        parameters: file.take("parameters", n)?,
        first_moment: file.take("first_moment", n)?,
        second_moment: file.take("second_moment", n)?,
        best_parameters: file.take("best_parameters", n)?,
        best_loss: file.take("best_loss", 1)?[0],
        best_step: file.note.best_step,
        steps_since_best: file.note.steps_since_best,
        stop: file.note.stop,
    };
    Ok((file.note.step, state))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(n: usize) -> NetworkState {
        let ramp = |from: f32| (0..n).map(|i| from + i as f32 / 3.0).collect::<Vec<f32>>();
        NetworkState {
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
        let written = state(layout.len());
        write_checkpoint(&path, 7, &written).unwrap();
        assert_eq!(read_checkpoint(&path, &layout).unwrap(), (7, written.clone()));
        let bytes = std::fs::read(&path).unwrap();
        write_checkpoint(&path, 7, &written).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn damaged_and_foreign_checkpoints_are_refused_in_words() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("checkpoint.safetensors");
        let layout = Layout { neurons: 3, channels: 2, input_groups: 1 };
        write_checkpoint(&path, 7, &state(layout.len())).unwrap();
        let other = Layout { neurons: 4, ..layout };
        assert!(read_checkpoint(&path, &other).unwrap_err().to_string().contains("other sizes"));
        let bytes = std::fs::read(&path).unwrap();
        for length in [0, 7, 60, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(read_checkpoint(&path, &layout).unwrap_err().to_string().contains("damaged"));
        }
    }
}
