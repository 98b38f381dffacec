//! Whether p values mean what they say.

use super::wiring::Draw;
use super::{Kind, Teacher, examine};
use crate::error::Result;
use crate::lab::OpenEngine;
use crate::perturb::{ControlSettings, Lesion};

/// Silences random neurons of null teacher `number`: five sets, each from an area and type of its own, so that no two
/// share a neuron or are compared with one: halves and quarters. Returns their p values.
///
/// # Errors
/// If the engine fails.
pub fn null_lesions(number: u32, neurons: usize, seed: u64, slots: usize, open: &OpenEngine) -> Result<Vec<f64>> {
    let teacher = Teacher::new(Kind::Null, neurons, seed, number, open)?;
    let subject = &teacher.subject;
    let population = &subject.problem.population;
    let mut lesions = Vec::new();
    for stratum in 0..2 * population.areas().len() - 1 {
        let (area, inhibitory) = (stratum / 2, stratum % 2 == 1);
        let like = |i: &usize| population.area_of()[*i] as usize == area && population.inhibitory()[*i] == inhibitory;
        let cells: Vec<usize> = (0..population.len()).filter(like).collect();
        let parts = if (number as usize + area).is_multiple_of(2) { 2 } else { 4 };
        let first = (stratum * population.len()) as u32;
        let neurons = teacher.rng.at_step(Draw::Lesion as u32).subset(&cells, cells.len() / parts, first);
        lesions.push(Lesion {
            area: population.areas()[area].name.clone(),
            cell_type: population.cell_type(cells[0]).into(),
            ..Lesion::silencing(&format!("1/{parts}"), neurons, subject.dims().time_steps)
        });
    }
    // Nothing but p is asked for, which needs no control sets: as few as can be.
    let controls = ControlSettings { count: 1, subsets: 1, matched: false, seed };
    let effects = examine(subject, &lesions, &controls, slots, open)?;
    Ok(effects.iter().filter_map(|e| Some(e.comparison?.p)).collect())
}
