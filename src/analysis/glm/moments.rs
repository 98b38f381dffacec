//! Sums of products over frames, which responses and choices of columns share.

use super::problem::Problem;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, s};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Frames that are held at a time; sums run over them in order, so that they do not depend on threads.
pub(super) const FRAMES: usize = 512;
/// Responses that are held at a time.
const RESPONSES: usize = 64;

/// Weighted sums of the columns of a design (in standard units), of responses, and of their products. The responses are taken less
/// their first value with a weight, so that a large mean does not drown what varies.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Σ w.
    pub(super) weight: f64,
    /// Σ w z, `[P]`.
    pub(super) columns: Array1<f64>,
    /// Σ w z zᵀ, `[P × P]`.
    pub(super) gram: Array2<f64>,
    /// What is taken off each response, `[N]`.
    pub(super) origin: Vec<f64>,
    /// Σ w y, `[N]`.
    pub(super) responses: Array1<f64>,
    /// Σ w y z, `[N × P]`.
    pub(super) products: Array2<f64>,
    /// Σ w y², `[N]`.
    pub(super) squares: Array1<f64>,
}

impl Moments {
    /// Of `problem`; `None` if it was asked to stop. `origin` is taken off the responses (`[N]`): only sums with the same can be
    /// subtracted from each other.
    pub fn new(problem: &Problem, origin: &[f64], stop: &AtomicBool) -> Option<Self> {
        let mut moments = Self::of_columns(problem);
        let (responses, spans) = (problem.responses.nrows(), spans(problem.weights));
        let blocks: Vec<Range<usize>> =
            (0..responses).step_by(RESPONSES).map(|first| first..responses.min(first + RESPONSES)).collect();
        let of_block = |block: &Range<usize>| {
            (!stop.load(Ordering::Relaxed)).then(|| block_products(problem, origin, block.clone(), &spans))
        };
        let found: Option<Vec<_>> = blocks.par_iter().map(of_block).collect();
        moments.origin = origin.to_vec();
        moments.responses = Array1::zeros(responses);
        moments.squares = Array1::zeros(responses);
        moments.products = Array2::zeros((responses, problem.design.columns()));
        for (block, (sums, squares, products)) in blocks.into_iter().zip(found?) {
            moments.responses.slice_mut(s![block.clone()]).assign(&sums);
            moments.squares.slice_mut(s![block.clone()]).assign(&squares);
            moments.products.slice_mut(s![block, ..]).assign(&products);
        }
        Some(moments)
    }

    /// What each response may be taken less: its mean over all frames that have a number, `[N]`.
    pub fn origin(problem: &Problem) -> Vec<f64> {
        let mean = |row: ndarray::ArrayView1<f32>| {
            let finite = || row.iter().filter(|v| v.is_finite());
            finite().map(|v| f64::from(*v)).sum::<f64>() / finite().count().max(1) as f64
        };
        problem.responses.rows().into_iter().map(mean).collect()
    }

    /// Of the columns alone.
    pub(super) fn of_columns(problem: &Problem) -> Self {
        let (design, count) = (problem.design.standard(), problem.design.columns());
        let spans = spans(problem.weights);
        // A fixed number of parts, whatever the number of threads.
        let parts: Vec<&[Range<usize>]> = spans.chunks(64).collect();
        let of_part = |part: &&[Range<usize>]| {
            let (mut columns, mut gram) = (Array1::zeros(count), Array2::zeros((count, count)));
            for span in *part {
                let z = design.slice(s![.., span.clone()]);
                let mut weighted = z.to_owned();
                for mut row in weighted.rows_mut() {
                    row.iter_mut().zip(&problem.weights[span.clone()]).for_each(|(v, w)| *v *= w);
                }
                columns += &weighted.sum_axis(ndarray::Axis(1));
                general_mat_mul(1.0, &weighted, &z.t(), 1.0, &mut gram);
            }
            (columns, gram)
        };
        let found: Vec<(Array1<f64>, Array2<f64>)> = parts.par_iter().map(of_part).collect();
        let (mut columns, mut gram) = (Array1::zeros(count), Array2::zeros((count, count)));
        for (own_columns, own_gram) in found {
            columns += &own_columns;
            gram += &own_gram;
        }
        Self {
            weight: problem.weights.iter().sum(),
            columns,
            gram,
            origin: Vec::new(),
            responses: Array1::zeros(0),
            products: Array2::zeros((0, count)),
            squares: Array1::zeros(0),
        }
    }

    /// Those of the frames that `other`, of some of them, is not of.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self {
            weight: self.weight - other.weight,
            columns: &self.columns - &other.columns,
            gram: &self.gram - &other.gram,
            origin: self.origin.clone(),
            responses: &self.responses - &other.responses,
            products: &self.products - &other.products,
            squares: &self.squares - &other.squares,
        }
    }

    /// Σ w.
    pub fn weight(&self) -> f64 {
        self.weight
    }
}

/// Stretches of frames that have weights, none longer than [`FRAMES`].
pub(super) fn spans(weights: &[f64]) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for (t, _) in weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
        match spans.last_mut() {
            Some(span) if span.end == t && span.len() < FRAMES => span.end += 1,
            _ => spans.push(t..t + 1),
        }
    }
    spans
}

/// Sums of responses, of their squares, and of their products with columns.
fn block_products(
    problem: &Problem,
    origin: &[f64],
    block: Range<usize>,
    spans: &[Range<usize>],
) -> (Array1<f64>, Array1<f64>, Array2<f64>) {
    let design = problem.design.standard();
    let mut sums = Array1::zeros(block.len());
    let mut squares = Array1::zeros(block.len());
    let mut products = Array2::zeros((block.len(), design.nrows()));
    let mut held = Array2::<f64>::zeros((block.len(), FRAMES));
    for span in spans {
        let mut held = held.slice_mut(s![.., ..span.len()]);
        let weights = &problem.weights[span.clone()];
        for (k, i) in block.clone().enumerate() {
            let values = problem.responses.slice(s![i, span.clone()]);
            let (mut sum, mut square) = (0.0, 0.0);
            for ((held, value), w) in held.row_mut(k).iter_mut().zip(values).zip(weights) {
                let centred = f64::from(*value) - origin[i];
                *held = w * centred;
                sum += *held;
                square += *held * centred;
            }
            sums[k] += sum;
            squares[k] += square;
        }
        general_mat_mul(1.0, &held, &design.slice(s![.., span.clone()]).t(), 1.0, &mut products);
    }
    (sums, squares, products)
}
