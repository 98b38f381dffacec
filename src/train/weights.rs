//! `best.safetensors` and `last.safetensors`: plain weights, as MATLAB, Python or another run would want them.

use super::tensors::{TensorFile, write_tensors};
use crate::error::Result;
use crate::network::{Constraint, Group, Layout, Population};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is known of a set of weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightsNote {
    /// Updates that led to these weights.
    pub updates: u32,
    /// Their loss, where it was measured.
    pub loss: Option<f64>,
}

/// Writes the parameters of one network: `W` `[N post × N pre]`, `W_in`, `W_in2`, … `[N × U]`, `I_ext` `[N]`, `taus_param` `[N]`,
/// and under `softplus` the trained `V` `[N × N]`, from which `W` follows.
///
/// # Errors
/// If the file cannot be written.
pub fn write_weights(
    path: &Path,
    layout: &Layout,
    population: &Population,
    constraint: &Constraint,
    parameters: &[f32],
    note: &WeightsNote,
) -> Result<()> {
    let trained = &parameters[layout.range(Group::Recurrent)];
    let weights = constraint.weights(population, trained);
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
    write_tensors(path, &arrays, note)
}

/// Reads the parameters of a network of `layout`, flat as it says, and what is known of them.
///
/// # Errors
/// If the file cannot be read, is damaged, or belongs to a network of other sizes.
pub fn read_weights(path: &Path, layout: &Layout, constraint: &Constraint) -> Result<(Vec<f32>, WeightsNote)> {
    let mut file = TensorFile::<WeightsNote>::read(path)?;
    let mut parameters = vec![0.0; layout.len()];
    for group in layout.groups() {
        let range = layout.range(group);
        let values = match group {
            Group::Recurrent if constraint.sign.is_implied() && file.has("V") => file.take("V", range.len())?,
            Group::Recurrent => constraint.stored(&file.take("W", range.len())?),
            Group::Input(_) | Group::Current | Group::TimeConstant => file.take(&group.name(), range.len())?,
        };
        parameters[range].copy_from_slice(&values);
    }
    Ok((parameters, file.note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Area, Dale, SignConstraint};

    #[test]
    fn weights_come_back_exactly_under_every_constraint() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("best.safetensors");
        let layout = Layout { neurons: 4, channels: 3, input_groups: 2 };
        let areas = vec![Area { name: "A".into(), size: 3 }, Area { name: "B".into(), size: 1 }];
        let population = Population::new(areas, vec![false, true, false, true], None).unwrap();
        let parameters: Vec<f32> = (0..layout.len()).map(|i| 0.3 - i as f32 / 7.0).collect();
        for sign in [SignConstraint::Softplus, SignConstraint::Reflect, SignConstraint::Clamp] {
            let constraint = Constraint { dale: Dale::Presynaptic, sign };
            let note = WeightsNote { updates: 5, loss: Some(1.0 / 3.0) };
            write_weights(&path, &layout, &population, &constraint, &parameters, &note).unwrap();
            assert_eq!(read_weights(&path, &layout, &constraint).unwrap(), (parameters.clone(), note));
            // Plain W, not V, is what other programs find under "W".
            let w = TensorFile::<WeightsNote>::read(&path).unwrap().take("W", 16).unwrap();
            assert_eq!(w, constraint.weights(&population, &parameters[..16]));
        }
    }
}
