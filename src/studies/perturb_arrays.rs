//! Every number of a study for MATLAB or Python.

use crate::data::{ArrayFormat, NamedArray, write_arrays};
use crate::error::Result;
use crate::perturb::{CellOutcome, ControlComparison, Study};
use ndarray::{Array2, Array3};
use std::path::Path;

/// Writes `perturb.mat` or `perturb.npz`: names one per line, then lesions × measures, `controls` lesions × sets ×
/// measures, `subsets` likewise, `cells` manners × neurons × measures, where a manner is a window and mode of lesions. What
/// is undefined is NaN.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write(place: &Path, format: ArrayFormat, study: &Study) -> Result<()> {
    let (lesions, measures) = (study.lesions.len(), study.keys.len());
    let matrix = |name: &str, of: &dyn Fn(&ControlComparison) -> f64| {
        let mut values = Array2::from_elem((lesions, measures), f64::NAN);
        for effect in &study.effects {
            if let Some(c) = &effect.comparison {
                values[[effect.lesion, effect.measure]] = of(c);
            }
        }
        NamedArray::new(name, values)
    };
    let lines = |names: Vec<String>| names.join("\n");
    let whole = Array2::from_shape_fn((lesions, measures), |(l, m)| study.outcomes[l].whole[m]);
    let arrays = [
        NamedArray::new("lesions", lines(study.lesions.iter().map(|l| l.name.clone()).collect()).as_str()),
        NamedArray::new(
            "measures",
            lines(study.keys.iter().map(|k| format!("{}, {}", k.measure, k.scope)).collect()).as_str(),
        ),
        NamedArray::new("value", whole),
        matrix("control_mean", &|c| c.mean),
        matrix("control_low", &|c| c.low),
        matrix("control_high", &|c| c.high),
        matrix("p", &|c| c.p),
        matrix("q", &|c| c.q),
        matrix("effect_size", &|c| c.effect_size),
        matrix("superiority", &|c| c.superiority),
        NamedArray::new("controls", sets(study, |c| &c.sets)),
        NamedArray::new("subsets", sets(study, |c| &c.subsets)),
        NamedArray::new("manners", lines(study.cells.iter().map(|c| manner(study, c)).collect()).as_str()),
        NamedArray::new("cells", cells(study)),
    ];
    write_arrays(&place.join(format.file_name("perturb")), &arrays)
}

/// Window and mode, as tables write them.
fn manner(study: &Study, cells: &CellOutcome) -> String {
    format!("{}, {}", cells.lesion.window(&study.subject), cells.lesion.mode.label())
}

/// Neurons that no comparison needed have no values.
fn cells(study: &Study) -> Array3<f64> {
    let shape = (study.cells.len(), study.subject.dims().neurons, study.keys.len());
    let mut values = Array3::from_elem(shape, f64::NAN);
    for (k, outcome) in study.cells.iter().enumerate() {
        for (i, damage) in outcome.lesion.neurons.iter().zip(&outcome.damages) {
            damage.iter().enumerate().for_each(|(m, value)| values[[k, *i, m]] = *value);
        }
    }
    values
}

fn sets(study: &Study, of: fn(&crate::perturb::ControlOutcome) -> &Vec<Vec<f64>>) -> Array3<f64> {
    let of_lesion = |l: usize| study.outcomes[l].controls.as_ref().map_or(&[][..], |c| of(c).as_slice());
    let longest = (0..study.lesions.len()).map(|l| of_lesion(l).len()).max().unwrap_or(0);
    Array3::from_shape_fn((study.lesions.len(), longest, study.keys.len()), |(l, s, m)| {
        of_lesion(l).get(s).map_or(f64::NAN, |set| set[m])
    })
}
