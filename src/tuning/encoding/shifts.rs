//! Whether regressors help: their score statistic among those of the same regressors, shifted.
//!
//! A model without the regressors is fitted once; what it leaves of the activity is r. The statistic of regressors X is
//! rᵀX (Xᵀ M X)⁻¹ Xᵀr, where M takes out of X what the columns of that model make up: how much one step from the fitted model towards one
//! with X gains, in the metric of the design (of the Gaussian family twice the gain of the likelihood, up to the variance of r). In a
//! draw, all bouts of a window are moved by one amount around it, those of all behaviours alike, and neither activity nor other regressors
//! are. Every neuron of a session sees the same draws.

use super::regressors::{Placed, Unit};
use crate::engine::cpu::Real;
use crate::engine::cpu::real::Kernel;
use crate::engine::cpu::simd::Vector;
use nalgebra::{Cholesky, DMatrix, DVector};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView1, s};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// This share of their squares is added to those of the regressors, so that what other columns make up counts for nothing.
const RIDGE: f64 = 1e-4;
/// Statistics that differ by less than this share are equal.
const TIE: f64 = 1e-9;

/// Regressors in what was recorded (draw 0) and in draws, ready for any neuron.
pub(super) struct Shifts<'a> {
    units: &'a [&'a Unit],
    /// K of all units.
    size: usize,
    draws: Vec<Draw>,
}

struct Draw {
    /// Unit, event, place.
    placed: Vec<(usize, usize, Placed)>,
    /// L⁻¹ of Xᵀ M X = L Lᵀ.
    whitening: DMatrix<f64>,
}

/// What a test found in one neuron.
#[derive(Clone, Debug)]
pub(super) struct Tested {
    pub(super) p: f64,
    /// Mean over bouts of what the model leaves in them, unit by unit.
    pub(super) effect: Vec<f64>,
    /// Whether p of what was recorded (0) and of each draw, as if that had been recorded, is below the level.
    pub(super) extreme: Vec<bool>,
}

impl<'a> Shifts<'a> {
    /// Of `units`, in `count` draws; `rows` are a constant and the uncorrelated columns of the model without them, `[1 + r][frames]`.
    /// `None` if it was asked to stop.
    pub(super) fn new(
        units: &'a [&'a Unit],
        rows: &Array2<f32>,
        count: usize,
        key: u64,
        stop: &AtomicBool,
    ) -> Option<Self> {
        let size = units.iter().map(|u| u.size).sum();
        let draw = |draw: usize| {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let mut placed: Vec<(usize, usize, Placed)> = Vec::new();
            for (u, unit) in units.iter().enumerate() {
                let by = draw.checked_sub(1).map(|draw| (key, draw));
                placed.extend(unit.events.iter().enumerate().map(|(e, event)| (u, e, event.placed(by))));
            }
            placed.sort_by_key(|(u, e, place)| (place.frames.start, *u, *e));
            let whitening = whitening(units, size, &placed, rows);
            Some(Draw { placed, whitening })
        };
        let draws: Option<Vec<Draw>> = (0..=count).into_par_iter().map(draw).collect();
        Some(Self { units, size, draws: draws? })
    }

    /// Tests one neuron by what the model without the units leaves of it, `[frames]`.
    pub(super) fn test(&self, left: &ArrayView1<f32>, level: f64) -> Tested {
        let Some(left) = left.as_slice().filter(|left| left.iter().all(|v| v.is_finite())) else {
            return Tested { p: f64::NAN, effect: vec![f64::NAN; self.units.len()], extreme: Vec::new() };
        };
        let mut statistics = Vec::with_capacity(self.draws.len());
        let mut effect = Vec::new();
        for (number, draw) in self.draws.iter().enumerate() {
            let along = <f32 as Real>::dispatch(<f32 as Real>::detect(), Along { shifts: self, draw, left });
            if number == 0 {
                effect = self.effects(&along);
            }
            statistics.push((&draw.whitening * DVector::from_vec(along)).norm_squared());
        }
        let mut sorted = statistics.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let p = p_of(&sorted, statistics[0]);
        let extreme = statistics.iter().map(|v| p_of(&sorted, *v) < level).collect();
        Tested { p, effect, extreme }
    }

    /// The first column of a unit is the boxcar of its bouts.
    fn effects(&self, along: &[f64]) -> Vec<f64> {
        let mut first = 0;
        let mut effects = Vec::with_capacity(self.units.len());
        for unit in self.units {
            let frames: usize = unit.events.iter().map(|e| e.length).sum();
            effects.push(along[first] / frames.max(1) as f64);
            first += unit.size;
        }
        effects
    }
}

/// The share of descending values that are as large as one of them.
fn p_of(sorted: &[f64], value: f64) -> f64 {
    sorted.partition_point(|v| *v >= value * (1.0 - TIE)) as f64 / sorted.len() as f64
}

/// L⁻¹ of X'X − X'Q Q'X / frames, and a little of the diagonal of X'X.
fn whitening(units: &[&Unit], size: usize, placed: &[(usize, usize, Placed)], rows: &Array2<f32>) -> DMatrix<f64> {
    let offsets: Vec<usize> = units
        .iter()
        .scan(0, |first, unit| {
            *first += unit.size;
            Some(*first - unit.size)
        })
        .collect();
    let piece = |(u, e, place): &(usize, usize, Placed)| {
        let last = place.from + place.frames.len();
        units[*u].events[*e].template.slice(s![.., place.from..last])
    };
    let mut own = DMatrix::<f64>::zeros(size, size);
    let mut along = Array2::<f32>::zeros((size, rows.nrows()));
    for (k, first) in placed.iter().enumerate() {
        let at = offsets[first.0]..offsets[first.0] + units[first.0].size;
        let template = piece(first);
        general_mat_mul(
            1.0,
            &template,
            &rows.slice(s![.., first.2.frames.clone()]).t(),
            1.0,
            &mut along.slice_mut(s![at.clone(), ..]),
        );
        for second in placed[k..].iter().take_while(|second| second.2.frames.start < first.2.frames.end) {
            let same = std::ptr::eq(first, second);
            let shared = second.2.frames.start..first.2.frames.end.min(second.2.frames.end);
            let others = piece(second);
            for (a, template) in template.rows().into_iter().enumerate() {
                let mine = template.slice(s![shared.start - first.2.frames.start..shared.end - first.2.frames.start]);
                for (b, other) in others.rows().into_iter().enumerate() {
                    let dot = f64::from(mine.dot(&other.slice(s![..shared.len()])));
                    let (a, b) = (at.start + a, offsets[second.0] + b);
                    own[(a, b)] += dot;
                    if !same {
                        own[(b, a)] += dot;
                    }
                }
            }
        }
    }
    let frames = rows.ncols() as f64;
    let diagonal = own.diagonal();
    let mut left = own;
    for a in 0..size {
        for b in 0..size {
            let shared: f64 = along.row(a).iter().zip(along.row(b)).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            left[(a, b)] -= shared / frames;
        }
        left[(a, a)] += RIDGE * diagonal[a] + f64::MIN_POSITIVE;
    }
    let symmetric = (&left + left.transpose()) * 0.5;
    let inverse = Cholesky::new(symmetric).and_then(|c| c.l().try_inverse());
    // Of regressors without any frame nothing is known.
    inverse.unwrap_or_else(|| DMatrix::zeros(size, size))
}

/// Xᵀr of one draw, compiled for the widest vectors that the processor has.
struct Along<'a> {
    shifts: &'a Shifts<'a>,
    draw: &'a Draw,
    left: &'a [f32],
}

impl Kernel<f32> for Along<'_> {
    type Output = Vec<f64>;

    #[allow(clippy::inline_always)] // It takes on the instructions of what it is inlined into.
    #[inline(always)]
    unsafe fn run<V: Vector<Real = f32>>(self) -> Vec<f64> {
        let mut along = vec![0.0; self.shifts.size];
        let mut firsts = Vec::with_capacity(self.shifts.units.len());
        let mut first = 0;
        for unit in self.shifts.units {
            firsts.push(first);
            first += unit.size;
        }
        for (u, e, place) in &self.draw.placed {
            let template = &self.shifts.units[*u].events[*e].template;
            let length = template.ncols();
            let values = template.as_slice().unwrap_or_default();
            let left = &self.left[place.frames.clone()];
            for (k, row) in values.chunks_exact(length.max(1)).enumerate() {
                along[firsts[*u] + k] += f64::from(dot(&row[place.from..place.from + left.len()], left));
            }
        }
        along
    }
}

/// In sixteen sums, which a processor adds at once.
#[allow(clippy::inline_always)] // It takes on the instructions of what it is inlined into.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (whole, rest) = a.as_chunks::<16>();
    let (others, of_rest) = b.as_chunks::<16>();
    for (a, b) in whole.iter().zip(others) {
        for k in 0..16 {
            sums[k] += a[k] * b[k];
        }
    }
    sums.iter().sum::<f32>() + rest.iter().zip(of_rest).map(|(a, b)| a * b).sum::<f32>()
}
