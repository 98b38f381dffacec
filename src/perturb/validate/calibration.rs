//! Whether p values mean what they say.

use super::wiring::Draw;
use super::{Kind, Teacher, examine};
use crate::analysis::statistics::ks_uniform;
use crate::error::Result;
use crate::perturb::{ControlSettings, Lesion, Mode, OpenEngine};

/// The p value of a lesion that means nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NullLesion {
    /// Whether it had to be subsampled to be compared.
    pub subsampled: bool,
    /// Its p value.
    pub p: f64,
}

/// Silences random neurons of null teacher `number`: five sets, each from an area and type of its own, so that no two
/// share a neuron or a control. Halves, which are subsampled as classes are, and quarters, which are not.
///
/// # Errors
/// If the engine fails.
pub fn null_lesions(
    number: u32,
    neurons: usize,
    controls: &ControlSettings,
    slots: usize,
    open: &OpenEngine,
) -> Result<Vec<NullLesion>> {
    let teacher = Teacher::new(Kind::Null, neurons, controls.seed, number, open)?;
    let subject = &teacher.subject;
    let population = &subject.problem.population;
    let mut lesions = Vec::new();
    for stratum in 0..2 * population.areas().len() - 1 {
        let (area, inhibitory) = (stratum / 2, stratum % 2 == 1);
        let like = |i: &usize| population.area_of()[*i] as usize == area && population.inhibitory()[*i] == inhibitory;
        let cells: Vec<usize> = (0..population.len()).filter(like).collect();
        let parts = if (number as usize + area).is_multiple_of(2) { 2 } else { 4 };
        let first = (stratum * population.len()) as u32;
        lesions.push(Lesion {
            name: format!("1/{parts}"),
            area: population.areas()[area].name.clone(),
            cell_type: population.cell_type(cells[0]).into(),
            class: "all".into(),
            neurons: teacher.rng.at_step(Draw::Lesion as u32).subset(&cells, cells.len() / parts, first),
            from: 0,
            to: subject.dims().time_steps,
            mode: Mode::Silence,
        });
    }
    let effects = examine(subject, &lesions, controls, slots, open)?;
    let of = |e: &crate::perturb::Effect| {
        let subsampled = e.size < lesions[e.lesion].neurons.len();
        e.comparison.map(|c| NullLesion { subsampled, p: c.p })
    };
    Ok(effects.iter().filter_map(of).collect())
}

/// The p value of the Kolmogorov–Smirnov test that the p values of `lesions` are uniform.
pub fn uniformity(lesions: &[NullLesion]) -> f64 {
    ks_uniform(&lesions.iter().map(|l| l.p).collect::<Vec<_>>())
}
