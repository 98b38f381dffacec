//! What covariates do not explain: least squares of many responses on one design.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayViewMut2, s};
use rayon::prelude::*;
use std::ops::Range;

/// Covariates whose linear influence is taken out of responses, and a constant. Powers and lags are columns of their own.
#[derive(Clone, Debug)]
pub struct Covariates {
    /// Orthonormal columns over the frames that are used, the constant first, `[1 + kept][used]`.
    basis: Array2<f64>,
    /// The frames that are used, ascending.
    used: Vec<usize>,
    frames: usize,
    dropped: Vec<usize>,
}

/// A column is dropped of which others leave less than this share of its variance.
const COLLINEAR: f64 = 1e-10;
/// A column that varies by less than this share of its largest value is constant.
const CONSTANT: f64 = 1e-12;
/// Neurons and frames that are held in 64 bits at a time, so that they stay in a core's cache. Sums run over blocks in
/// order, so that they depend on these numbers, and not on threads.
const NEURONS: usize = 16;
const FRAMES: usize = 4096;

impl Covariates {
    /// Of columns `[columns][frames]` in the frames that are `valid`. Frames in which a column is not finite are not used
    /// either. None is used where a column has another length than `valid`.
    pub fn new(design: &[Vec<f64>], valid: &[bool]) -> Self {
        let frames = valid.len();
        let whole = design.iter().all(|column| column.len() == frames);
        let usable = |t: &usize| whole && valid[*t] && design.iter().all(|column| column[*t].is_finite());
        let used: Vec<usize> = (0..frames).filter(usable).collect();
        let mut columns = vec![vec![1.0 / (used.len() as f64).sqrt(); used.len()]];
        let mut dropped = Vec::new();
        for (k, column) in design.iter().enumerate() {
            let new = whole.then(|| used.iter().map(|t| column[*t]).collect()).and_then(|own| new_part(own, &columns));
            match new {
                Some(new) => columns.push(new),
                None => dropped.push(k),
            }
        }
        let mut basis = Array2::zeros((columns.len(), used.len()));
        for (mut row, column) in basis.rows_mut().into_iter().zip(&columns) {
            row.iter_mut().zip(column).for_each(|(v, c)| *v = *c);
        }
        Self { basis, used, frames, dropped }
    }

    /// The columns that were dropped, since they are constant or linear in those before them.
    pub fn dropped(&self) -> &[usize] {
        &self.dropped
    }

    /// The frames that are used, ascending.
    pub fn used(&self) -> &[usize] {
        &self.used
    }

    /// What the covariates leave of `activity`, `[neurons × frames]`, less each neuron's mean. Frames that are not used are NaN,
    /// so is a neuron with a value among those used that is not finite, and everything where the frames are not as many as
    /// those of the covariates.
    pub fn residuals(&self, activity: &Array2<f32>) -> Array2<f32> {
        let (neurons, frames) = activity.dim();
        let mut values: Vec<f32> = activity.iter().copied().collect();
        if frames == self.frames {
            self.take_out(&mut values);
        } else {
            values.fill(f32::NAN);
        }
        Array2::from_shape_vec((neurons, frames), values)
            .unwrap_or_else(|_| Array2::from_elem((neurons, frames), f32::NAN))
    }

    /// [`Self::residuals`] in place, of values `[neurons][frames]`, one neuron after another: for who has no memory for both.
    /// What is more than whole neurons is left as it is.
    pub fn take_out(&self, values: &mut [f32]) {
        if self.frames > 0 {
            values.par_chunks_mut(NEURONS * self.frames).for_each(|block| self.take_out_of_block(block));
        }
    }

    fn take_out_of_block(&self, block: &mut [f32]) {
        let neurons = block.len() / self.frames;
        let mut held = Array2::zeros((neurons, FRAMES));
        // [neurons × columns]
        let mut along = Array2::zeros((neurons, self.basis.nrows()));
        for (tile, used) in self.used.chunks(FRAMES).enumerate() {
            let mut held = held.slice_mut(s![.., ..used.len()]);
            self.hold(block, used, &mut held);
            general_mat_mul(1.0, &held, &self.tile(tile, used.len()).t(), 1.0, &mut along);
        }
        for mut along in along.rows_mut() {
            if along.iter().any(|v: &f64| !v.is_finite()) {
                along.fill(f64::NAN);
            }
        }
        let mut unused = vec![true; self.frames];
        for (tile, used) in self.used.chunks(FRAMES).enumerate() {
            let mut held = held.slice_mut(s![.., ..used.len()]);
            self.hold(block, used, &mut held);
            general_mat_mul(-1.0, &along, &self.tile(tile, used.len()), 1.0, &mut held);
            for (values, held) in block.chunks_exact_mut(self.frames).zip(held.rows()) {
                match without_gaps(used) {
                    Some(frames) => values[frames].iter_mut().zip(held).for_each(|(value, v)| *value = *v as f32),
                    None => used.iter().zip(held).for_each(|(t, v)| values[*t] = *v as f32),
                }
            }
            for t in used {
                unused[*t] = false;
            }
        }
        for values in block.chunks_exact_mut(self.frames) {
            values.iter_mut().zip(&unused).filter(|(_, unused)| **unused).for_each(|(v, _)| *v = f32::NAN);
        }
    }

    fn hold(&self, block: &[f32], used: &[usize], held: &mut ArrayViewMut2<f64>) {
        for (values, mut held) in block.chunks_exact(self.frames).zip(held.rows_mut()) {
            match without_gaps(used) {
                Some(frames) => held.iter_mut().zip(&values[frames]).for_each(|(v, value)| *v = f64::from(*value)),
                None => held.iter_mut().zip(used).for_each(|(v, t)| *v = f64::from(values[*t])),
            }
        }
    }

    fn tile(&self, tile: usize, length: usize) -> ndarray::ArrayView2<'_, f64> {
        self.basis.slice(s![.., tile * FRAMES..tile * FRAMES + length])
    }
}

/// What covariates `[columns][frames]` leave of `activity`, `[neurons × frames]`: see [`Covariates`].
pub fn residuals(activity: &Array2<f32>, design: &[Vec<f64>], valid: &[bool]) -> Array2<f32> {
    Covariates::new(design, valid).residuals(activity)
}

/// Frames as a range, if none is missing: copied at once, as most are.
fn without_gaps(frames: &[usize]) -> Option<Range<usize>> {
    let (first, last) = (*frames.first()?, *frames.last()?);
    (last - first + 1 == frames.len()).then_some(first..last + 1)
}

/// What is new in a column, of length 1 (Gram and Schmidt, twice, which is enough); none if that is rounding.
fn new_part(mut column: Vec<f64>, basis: &[Vec<f64>]) -> Option<Vec<f64>> {
    let reach = |column: &[f64]| column.iter().fold(0.0_f64, |reach, v| reach.max(v.abs()));
    let largest = reach(&column);
    // Scaled, so that no square overflows.
    scale(&mut column, 1.0 / largest);
    let mean = column.iter().sum::<f64>() / column.len() as f64;
    for v in &mut column {
        *v -= mean;
    }
    let varies = reach(&column);
    if largest == 0.0 || varies.is_nan() || varies <= CONSTANT {
        return None;
    }
    scale(&mut column, 1.0 / varies);
    let whole = dot(&column, &column);
    for _ in 0..2 {
        for old in basis {
            let along = dot(old, &column);
            column.iter_mut().zip(old).for_each(|(v, o)| *v -= along * o);
        }
    }
    let left = dot(&column, &column);
    (left > COLLINEAR * whole && basis.len() < column.len()).then(|| {
        scale(&mut column, 1.0 / left.sqrt());
        column
    })
}

fn scale(column: &mut [f64], factor: f64) {
    for v in column {
        *v *= factor;
    }
}

/// In four sums, which a processor adds at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (whole, rest) = a.as_chunks::<4>();
    let (others, of_rest) = b.as_chunks::<4>();
    for (a, b) in whole.iter().zip(others) {
        for k in 0..4 {
            sums[k] += a[k] * b[k];
        }
    }
    sums.iter().sum::<f64>() + rest.iter().zip(of_rest).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Stream};

    fn normal(n: usize, number: u32) -> Vec<f64> {
        let rng = Rng::new(2, number, Stream::Synthetic);
        (0..n as u32).map(|i| rng.normal(i)).collect()
    }

    /// More frames than a tile holds, more neurons than a block.
    #[test]
    fn what_covariates_make_is_taken_out_and_what_they_do_not_is_left() {
        let frames = FRAMES + 700;
        let pupil = normal(frames, 0);
        let square: Vec<f64> = pupil.iter().map(|v| v * v).collect();
        let mut valid = vec![true; frames];
        valid[17] = false;
        let own: Vec<Vec<f64>> = (0..NEURONS as u32 + 3).map(|i| normal(frames, 1 + i)).collect();
        let activity = Array2::from_shape_fn((own.len(), frames), |(i, t)| {
            (100.0 + i as f64 * pupil[t] - 3.0 * square[t] + 0.1 * own[i][t]) as f32
        });
        let covariates = Covariates::new(&[pupil.clone(), square.clone()], &valid);
        let found = covariates.residuals(&activity);
        assert_eq!((covariates.dropped(), covariates.used().len()), (&[][..], frames - 1));
        for (i, own) in own.iter().enumerate() {
            assert!(found[[i, 17]].is_nan());
            let mut along = [0.0; 4];
            for t in (0..frames).filter(|t| *t != 17) {
                let v = f64::from(found[[i, t]]);
                // What three columns take of noise by chance.
                assert!((v - 0.1 * own[t]).abs() < 0.05, "{i} {t}");
                along.iter_mut().zip([1.0, pupil[t], square[t], own[t]]).for_each(|(sum, c)| *sum += v * c);
            }
            // Rounding of 5 000 values in 32 bits.
            assert!(along[..3].iter().all(|v| v.abs() < 0.02) && along[3] > 400.0, "{along:?}");
        }
    }

    #[test]
    fn constant_and_collinear_columns_are_dropped_and_named() {
        let (a, b) = (normal(50, 0), normal(50, 1));
        let sum: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 1e9 + 3.0 * a - b).collect();
        let huge: Vec<f64> = normal(50, 2).iter().map(|v| v * 1e200).collect();
        let design = [vec![0.1; 50], a.clone(), b.clone(), sum, vec![0.0; 50], huge.clone(), a.clone()];
        let covariates = Covariates::new(&design, &[true; 50]);
        assert_eq!(covariates.dropped(), [0, 3, 4, 6]);
        let activity = Array2::from_shape_fn((2, 50), |(i, t)| (t * (i + 1) % 7) as f32);
        let found = covariates.residuals(&activity);
        assert_eq!(found, residuals(&activity, &[a, b, huge], &[true; 50]));
        // More columns than frames: nothing is left.
        let few = residuals(&activity.slice(s![.., ..3]).to_owned(), &[0, 1, 2, 3].map(|k| normal(3, k)), &[true; 3]);
        assert!(few.iter().all(|v| v.abs() < 1e-5), "{few}");
    }

    #[test]
    fn frames_and_neurons_without_numbers_stay_without() {
        let mut pupil = normal(30, 0);
        pupil[4] = f64::NAN;
        let mut activity = Array2::from_shape_fn((3, 30), |(i, t)| (t * (i + 2) % 5) as f32);
        (activity[[0, 4]], activity[[1, 5]]) = (f32::NAN, f32::INFINITY);
        let found = residuals(&activity, &[pupil.clone()], &[true; 30]);
        for t in 0..30 {
            assert!(found[[0, t]].is_nan() == (t == 4) && found[[1, t]].is_nan() && found[[2, t]].is_nan() == (t == 4));
        }
        let all_nan = |found: Array2<f32>, shape: (usize, usize)| {
            assert!(found.dim() == shape && found.iter().all(|v| v.is_nan()));
        };
        all_nan(residuals(&activity, &[pupil.clone()], &[true; 29]), (3, 30));
        all_nan(residuals(&activity, &[vec![1.0; 29]], &[true; 30]), (3, 30));
        all_nan(residuals(&activity, &[pupil.clone()], &[false; 30]), (3, 30));
        all_nan(residuals(&Array2::zeros((3, 0)), &[], &[]), (3, 0));
        all_nan(residuals(&Array2::zeros((0, 30)), &[pupil], &[true; 30]), (0, 30));
    }

    #[test]
    fn the_order_of_memory_does_not_matter() {
        let pupil = [normal(40, 0)];
        let activity = Array2::from_shape_fn((2, 40), |(i, t)| (t * (i + 3) % 11) as f32);
        let turned = activity.t().as_standard_layout().into_owned().reversed_axes();
        assert_eq!(residuals(&activity, &pupil, &[true; 40]), residuals(&turned, &pupil, &[true; 40]));
    }
}
