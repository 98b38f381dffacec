//! `best.safetensors` and `last.safetensors`: plain weights, as MATLAB, Python or another run would want them, and what
//! decides how they are read.

use super::reading::Reading;
use super::tensors::{TensorFile, write_tensors};
use crate::engine::Problem;
use crate::error::Result;
use crate::network::{Constraint, Group, Layout};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The array of what each neuron's rates were divided by.
const DIVISORS: &str = "divisors";

/// What is known of a set of weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightsNote {
    /// Updates that led to these weights.
    pub updates: u32,
    /// Their loss, where it was measured.
    pub loss: Option<f64>,
}

/// What the files of a run carry of it, so that none is taken for that of another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stamp {
    /// Names the run: a digest of its settings and inputs. Empty for networks that are kept by nobody's plan.
    pub run: String,
    /// What each neuron's rates were divided by, `[N]`, where they were normalised.
    pub divisors: Option<Vec<f32>>,
}

/// The note as the file has it.
#[derive(Debug, Serialize, Deserialize)]
struct Noted {
    #[serde(flatten)]
    note: WeightsNote,
    /// Files of earlier versions have none.
    #[serde(default)]
    reading: Option<Reading>,
}

/// Writes the parameters of one network: `W` `[N post × N pre]`, `W_in`, `W_in2`, … `[N × U]`, `I_ext` `[N]`, `taus_param` `[N]`,
/// under `softplus` the trained `V` `[N × N]`, from which `W` follows, and `divisors` `[N]` where rates were normalised. `file`
/// is the name without its ending: `best` or `last`.
///
/// # Errors
/// If the file cannot be written.
pub fn write_weights(
    path: &Path,
    file: &str,
    problem: &Problem,
    parameters: &[f32],
    note: WeightsNote,
    stamp: &Stamp,
) -> Result<()> {
    let (layout, constraint) = (Layout::new(&problem.dims), &problem.constraint);
    let trained = &parameters[layout.range(Group::Recurrent)];
    let weights = constraint.weights(&problem.population, trained);
    let square = vec![layout.neurons; 2];
    let mut arrays = vec![("W".to_string(), square.clone(), &weights[..])];
    if constraint.sign.is_implied() {
        arrays.push(("V".into(), square, trained));
    }
    for group in layout.groups().into_iter().filter(|g| *g != Group::Recurrent) {
        let (rows, columns) = layout.shape(group);
        let shape = if matches!(group, Group::Input(_)) { vec![rows, columns] } else { vec![rows] };
        arrays.push((group.name(), shape, &parameters[layout.range(group)]));
    }
    arrays.extend(stamp.divisors.iter().map(|d| (DIVISORS.to_string(), vec![d.len()], &d[..])));
    let noted = Noted { note, reading: Some(Reading::of(problem)) };
    write_tensors(path, &arrays, &noted, file, &stamp.run)
}

/// A file of weights.
#[derive(Debug)]
pub struct WeightsFile(TensorFile<Noted>);

impl WeightsFile {
    /// Reads it whole.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged.
    pub fn read(path: &Path) -> Result<Self> {
        TensorFile::read(path).map(Self)
    }

    /// Refuses a file that says to be another one than `file` (`best` or `last`) of the run that `stamp` names.
    ///
    /// # Errors
    /// Naming what it says to be.
    pub fn check_origin(&self, file: &str, run: &str) -> Result<()> {
        self.0.check_origin(file, run)
    }

    /// What is known of the weights.
    pub fn note(&self) -> WeightsNote {
        self.0.note.note
    }

    /// What decided how they were read when they were trained; files of earlier versions do not say.
    pub fn reading(&self) -> Option<&Reading> {
        self.0.note.reading.as_ref()
    }

    /// What each neuron's rates were divided by, `[N]`.
    pub fn divisors(&self) -> Option<&[f32]> {
        self.0.get(DIVISORS)
    }

    /// W, the weights themselves, `[N × N]`.
    pub fn weights(&self) -> Option<&[f32]> {
        self.0.get("W")
    }

    /// The parameters of a network of `layout`, flat as it says.
    ///
    /// # Errors
    /// If it is one of other sizes, or a parameter is not finite.
    pub fn parameters(mut self, layout: &Layout, constraint: &Constraint) -> Result<Vec<f32>> {
        let (file, mut parameters) = (&mut self.0, vec![0.0; layout.len()]);
        for group in layout.groups() {
            let range = layout.range(group);
            let values = match group {
                Group::Recurrent if constraint.sign.is_implied() && file.has("V") => file.take("V", range.len())?,
                Group::Recurrent => constraint.stored(&file.take("W", range.len())?),
                Group::Input(_) | Group::Current | Group::TimeConstant => file.take(&group.name(), range.len())?,
            };
            parameters[range].copy_from_slice(&values);
        }
        Ok(parameters)
    }
}
