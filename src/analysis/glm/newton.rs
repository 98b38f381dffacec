//! Newton's method for some responses at once.

use super::curve::Stretch;
use super::family::Family;
use super::moments::FRAMES;
use super::problem::Status;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, s};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Halvings of a step at most: then rounding is all that is left.
const HALVINGS: usize = 40;
/// Steps below this many units of the predictor change the curvature by so little that it is kept, unless the gradient falls to more
/// than [`SLOW`] of what it was.
const NEAR: f64 = 0.1;
const SLOW: f64 = 0.3;
/// Where the gradient is zero and the next step is still longer, there is no maximum.
const LONG: f64 = 0.05;
/// So many responses at least share products of columns.
const SHARING: usize = 6;
/// A direction with less than this share of the largest curvature: as of a column in whose frames the rate is a millionth of others'. In 32
/// bits less is rounding.
const FLAT: f64 = 1e-6;
/// Numbers of a stretch of products of columns, which the second cache should hold.
const HELD: usize = 1 << 17;

/// What is maximised: for each response the mean log-likelihood less the penalty.
pub(super) struct Objective<'a> {
    pub(super) family: Family,
    /// A constant and directions, `[1 + r][T]`.
    pub(super) rows: &'a Array2<f64>,
    /// `[N × T]`.
    pub(super) responses: ArrayView2<'a, f32>,
    pub(super) weights: &'a [f64],
    /// Σ w.
    pub(super) weight: f64,
    /// Stretches of frames that have weights.
    pub(super) spans: &'a [Range<usize>],
    /// Of the directions, `[r × r]`.
    pub(super) penalty: &'a DMatrix<f64>,
    pub(super) tolerance: f64,
    pub(super) most: usize,
}

/// One response on its way.
pub(super) struct Climb {
    /// Which, a row of the responses.
    pub(super) response: usize,
    pub(super) dispersion: f64,
    /// Constant and coefficients of the directions.
    pub(super) at: DVector<f64>,
    /// A gradient of this times the tolerance is none.
    pub(super) unit: f64,
    pub(super) iterations: usize,
    /// None while it goes on.
    pub(super) status: Option<Status>,
    value: f64,
    gradient: DVector<f64>,
    step: DVector<f64>,
    scale: f64,
    halvings: usize,
    factor: Option<Cholesky<f64, Dyn>>,
    curvature_wanted: bool,
}

impl Climb {
    pub(super) fn new(response: usize, dispersion: f64, at: DVector<f64>, unit: f64) -> Self {
        Self {
            response,
            dispersion,
            unit,
            iterations: 0,
            status: None,
            value: f64::NEG_INFINITY,
            gradient: DVector::zeros(at.len()),
            step: DVector::zeros(at.len()),
            scale: 1.0,
            halvings: 0,
            factor: None,
            curvature_wanted: true,
            at,
        }
    }

    fn trial(&self) -> DVector<f64> {
        &self.at + &self.step * self.scale
    }
}

/// An objective and its derivatives at some place.
struct Evaluation {
    value: f64,
    gradient: DVector<f64>,
    /// The negative second derivative.
    curvature: Option<DMatrix<f64>>,
}

impl Objective<'_> {
    /// Takes all to their maxima, or as far as it goes; `None` if it was asked to stop.
    pub(super) fn climb(&self, climbs: &mut [Climb], stop: &AtomicBool) -> Option<()> {
        loop {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let (mut open, mut any) = ([Vec::new(), Vec::new()], false);
            for (k, climb) in climbs.iter().enumerate().filter(|(_, c)| c.status.is_none()) {
                open[usize::from(climb.curvature_wanted)].push(k);
                any = true;
            }
            if !any {
                return Some(());
            }
            for (wanted, open) in open.iter().enumerate().filter(|(_, open)| !open.is_empty()) {
                let places: Vec<(usize, f64, DVector<f64>)> =
                    open.iter().map(|k| (climbs[*k].response, climbs[*k].dispersion, climbs[*k].trial())).collect();
                let found = self.evaluate(&places, wanted == 1);
                for ((k, found), place) in open.iter().zip(found).zip(places) {
                    self.advance(&mut climbs[*k], found, place.2);
                }
            }
        }
    }

    /// Takes a step, or halves it.
    fn advance(&self, climb: &mut Climb, found: Evaluation, place: DVector<f64>) {
        climb.iterations += 1;
        let slack = 1e-11 * climb.value.abs().max(climb.unit);
        // NaN is no improvement.
        let improved = found.value >= climb.value - slack || climb.factor.is_none();
        if !improved || !found.value.is_finite() {
            climb.scale /= 2.0;
            climb.halvings += 1;
            if climb.halvings > HALVINGS || climb.iterations >= self.most {
                climb.status = Some(Status::Unconverged);
            }
            return;
        }
        let (before, now) = (climb.gradient.amax(), found.gradient.amax());
        (climb.at, climb.value, climb.gradient) = (place, found.value, found.gradient);
        let fresh = found.curvature.is_some();
        if let Some(curvature) = found.curvature {
            climb.factor = factor(&curvature);
        }
        let Some(factor) = &climb.factor else {
            climb.status = Some(Status::Unconverged);
            return;
        };
        if fresh && is_flat(factor) {
            climb.status = Some(Status::Unbounded);
            return;
        }
        climb.step = factor.solve(&climb.gradient);
        (climb.scale, climb.halvings) = (1.0, 0);
        let length = climb.step.amax();
        climb.curvature_wanted = length > NEAR || (!fresh && now > SLOW * before);
        if now <= self.tolerance * climb.unit {
            climb.status = Some(if length > LONG { Status::Unbounded } else { Status::Converged });
        } else if climb.iterations >= self.most {
            climb.status = Some(Status::Unconverged);
        }
    }

    /// The objective of each (response, dispersion, place).
    fn evaluate(&self, places: &[(usize, f64, DVector<f64>)], curvature_wanted: bool) -> Vec<Evaluation> {
        let (count, n) = (self.rows.nrows(), places.len());
        let coefficients = Array2::from_shape_fn((n, count), |(k, j)| places[k].2[j]);
        let mut values = vec![0.0; n];
        let mut gradients = Array2::<f64>::zeros((n, count));
        let pairs: Vec<(usize, usize)> = (0..count).flat_map(|a| (a..count).map(move |b| (a, b))).collect();
        let wanted = if curvature_wanted { pairs.len() } else { 0 };
        let mut curvatures = Array2::<f64>::zeros((n, wanted));
        let length = HELD.checked_div(wanted).map_or(FRAMES, |length| length.clamp(64, FRAMES));
        // Products of columns pay where enough responses share them.
        let shared = n >= SHARING;
        let mut space = Space::new(n, length, wanted, if shared { wanted } else { 0 });
        for span in self.spans {
            for first in span.clone().step_by(length) {
                let span = first..span.end.min(first + length);
                let z = self.rows.slice(s![.., span.clone()]);
                let mut eta = space.eta.slice_mut(s![.., ..span.len()]);
                general_mat_mul(1.0, &coefficients, &z, 0.0, &mut eta);
                for (k, (response, dispersion, _)) in places.iter().enumerate() {
                    let frames = k * length..k * length + span.len();
                    let curved = if wanted == 0 { 0..0 } else { frames.clone() };
                    values[k] += Stretch {
                        family: self.family,
                        dispersion: *dispersion,
                        eta: &mut space.eta.as_slice_mut().unwrap_or_default()[frames],
                        y: &self.responses.row(*response).to_slice().unwrap_or_default()[span.clone()],
                        weights: &self.weights[span.clone()],
                        curvature: &mut space.curvature.as_slice_mut().unwrap_or_default()[curved],
                    }
                    .evaluate();
                }
                let slope = space.eta.slice(s![.., ..span.len()]);
                general_mat_mul(1.0, &slope, &z.t(), 1.0, &mut gradients);
                if wanted > 0 && shared {
                    space.add_curvature(&z, &pairs, &mut curvatures);
                } else if wanted > 0 {
                    space.add_curvature_each(&z, &pairs, &mut curvatures);
                }
            }
        }
        let each = places.iter().enumerate();
        each.map(|(k, (.., at))| self.penalised(at, values[k], gradients.row(k).iter(), curvatures.row(k).iter()))
            .collect()
    }

    /// Means of sums, less the penalty.
    fn penalised<'a>(
        &self,
        at: &DVector<f64>,
        value: f64,
        gradient: impl Iterator<Item = &'a f64>,
        curvature: impl ExactSizeIterator<Item = &'a f64>,
    ) -> Evaluation {
        let (count, weight) = (at.len(), self.weight);
        let pull = self.penalty * at.rows(1, count - 1);
        let mut gradient = DVector::from_iterator(count, gradient.map(|g| g / weight));
        for (g, pull) in gradient.iter_mut().skip(1).zip(pull.iter()) {
            *g -= pull;
        }
        let curvature = (curvature.len() > 0).then(|| {
            let mut whole = DMatrix::zeros(count, count);
            let pairs = (0..count).flat_map(|a| (a..count).map(move |b| (a, b)));
            for ((a, b), c) in pairs.zip(curvature) {
                let penalty = if a > 0 { self.penalty[(a - 1, b - 1)] } else { 0.0 };
                whole[(a, b)] = c / weight + penalty;
                whole[(b, a)] = whole[(a, b)];
            }
            whole
        });
        Evaluation { value: value / weight - 0.5 * pull.dot(&at.rows(1, count - 1)), gradient, curvature }
    }
}

/// Whether some direction has next to no curvature left: columns are uncorrelated, so that the likelihood rises there for ever.
fn is_flat(factor: &Cholesky<f64, Dyn>) -> bool {
    let diagonal = factor.l_dirty().diagonal();
    let least = diagonal.iter().fold(f64::INFINITY, |least, v| least.min(*v));
    least * least < FLAT * diagonal.amax().powi(2)
}

/// The curvature as a product of triangles; where rounding leaves it a direction without any, with a little more in each.
fn factor(curvature: &DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
    let largest = curvature.diagonal().amax();
    if !largest.is_finite() {
        return None;
    }
    let more = [0.0, 1e-7, 1e-5, 1e-3, 1e-1, 1.0];
    more.into_iter().find_map(|more| {
        let mut damped = curvature.clone();
        for k in 0..damped.nrows() {
            damped[(k, k)] += more * largest + f64::MIN_POSITIVE;
        }
        Cholesky::new(damped)
    })
}

/// What is used again and again for one stretch of frames.
struct Space {
    /// `[N × length]`.
    eta: Array2<f64>,
    curvature: Array2<f32>,
    /// Products of rows, `[pairs × length]`.
    products: Array2<f32>,
    /// `[N × pairs]`.
    sums: Array2<f32>,
    single: Array2<f32>,
}

impl Space {
    fn new(n: usize, length: usize, wanted: usize, products: usize) -> Self {
        let held = if wanted == 0 { 0 } else { length };
        Self {
            eta: Array2::zeros((n, length)),
            curvature: Array2::zeros((n, held)),
            products: Array2::zeros((products, held)),
            sums: Array2::zeros((n, wanted)),
            single: Array2::zeros((0, 0)),
        }
    }

    /// Adds Σ curvature × product of each pair of the rows `z`: one product of matrices for all responses.
    fn add_curvature(&mut self, z: &ArrayView2<f64>, pairs: &[(usize, usize)], curvatures: &mut Array2<f64>) {
        let length = z.ncols();
        self.single = z.mapv(|v| v as f32);
        for (mut product, (a, b)) in self.products.rows_mut().into_iter().zip(pairs) {
            let (a, b) = (self.single.row(*a), self.single.row(*b));
            product.iter_mut().zip(a.iter().zip(b)).for_each(|(p, (a, b))| *p = a * b);
        }
        let curvature = self.curvature.slice(s![.., ..length]);
        general_mat_mul(1.0, &curvature, &self.products.slice(s![.., ..length]).t(), 0.0, &mut self.sums);
        curvatures.iter_mut().zip(&self.sums).for_each(|(all, own)| *all += f64::from(*own));
    }

    /// The same, one response after another.
    fn add_curvature_each(&mut self, z: &ArrayView2<f64>, pairs: &[(usize, usize)], curvatures: &mut Array2<f64>) {
        self.single = z.mapv(|v| v as f32);
        let mut square = Array2::<f32>::zeros((z.nrows(), z.nrows()));
        for (k, mut sums) in curvatures.rows_mut().into_iter().enumerate() {
            let curvature = self.curvature.slice(s![k, ..z.ncols()]);
            let weighted = &self.single * &curvature;
            general_mat_mul(1.0, &weighted, &self.single.t(), 0.0, &mut square);
            sums.iter_mut().zip(pairs).for_each(|(sum, (a, b))| *sum += f64::from(square[[*a, *b]]));
        }
    }
}
