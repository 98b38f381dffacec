//! Fits of all responses.

use super::basis::Basis;
use super::design::Design;
use super::dispersion::{self, LEAST};
use super::family::Family;
use super::moments::{Moments, spans};
use super::newton::{Climb, Objective};
use super::problem::{Fit, FitSettings, Penalty, Problem, Status};
use crate::error::{Result, ensure};
use nalgebra::DVector;
use ndarray::{Array2, s};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// Responses that are fitted side by side, whatever the number of threads.
const BLOCK: usize = 32;
/// Rounds of fits and dispersions at most; each takes the dispersion nearer by two digits or more.
const ROUNDS: usize = 50;

/// Fits each response by some `columns` of the design and a constant, `[N]`; `None` if it was asked to stop. `start` (`[N]`) are fits
/// to begin from, by any columns of the same design: it changes how long it takes. What a start knows of frames without weight is not
/// kept: only its values in those that have one.
///
/// # Errors
/// If the sizes of design, responses, weights, start or columns do not go together, or a setting is out of its range.
pub fn fit(
    problem: &Problem,
    columns: &[usize],
    start: Option<&[Fit]>,
    settings: &FitSettings,
    stop: &AtomicBool,
) -> Result<Option<Vec<Fit>>> {
    check(problem, columns, start, settings)?;
    if settings.family == Family::Gaussian {
        let moments = Moments::new(problem, &Moments::origin(problem), stop);
        return Ok(moments.map(|moments| moments.fit(problem.design, columns, settings)));
    }
    let moments = Moments::of_columns(problem);
    if moments.weight <= 0.0 {
        return Ok(Some(vec![Fit::undefined(problem.design.columns()); problem.responses.nrows()]));
    }
    let basis = Basis::new(&moments, columns, settings.ridge, &scale(problem.design, settings.penalty));
    let rows = basis.rows(problem.design.standard());
    let spans = spans(problem.weights);
    let block = Block { problem, basis: &basis, rows: &rows, spans: &spans, start, settings, weight: moments.weight };
    let numbers: Vec<usize> = (0..problem.responses.nrows()).collect();
    let found: Option<Vec<_>> = numbers.par_chunks(BLOCK).map(|numbers| block.fit(numbers, stop)).collect();
    Ok(found.map(|found| found.into_iter().flatten().collect()))
}

fn check(problem: &Problem, columns: &[usize], start: Option<&[Fit]>, settings: &FitSettings) -> Result<()> {
    let Problem { design, responses, weights } = problem;
    ensure!(
        responses.ncols() == design.frames() && weights.len() == design.frames(),
        "Expected responses and weights of {} frames, as the design has; found {} and {}.",
        design.frames(),
        responses.ncols(),
        weights.len()
    );
    ensure!(
        responses.is_standard_layout() || responses.rows().into_iter().all(|row| row.as_slice().is_some()),
        "Expected the frames of each response side by side in memory. Give the array in standard layout."
    );
    ensure!(
        weights.iter().all(|w| w.is_finite() && *w >= 0.0),
        "Expected weights of frames that are numbers from 0 on."
    );
    ensure!(
        columns.iter().all(|k| *k < design.columns()),
        "Expected columns below {}, as many as the design has; found {columns:?}.",
        design.columns()
    );
    ensure!(
        start
            .is_none_or(|s| s.len() == responses.nrows() && s.iter().all(|f| f.coefficients.len() == design.columns())),
        "Expected a start of each of {} responses, with {} coefficients.",
        responses.nrows(),
        design.columns()
    );
    let FitSettings { ridge, tolerance, most_iterations, family, .. } = settings;
    ensure!(ridge.is_finite() && *ridge >= 0.0, "`ridge = {ridge}`: expected a number from 0 on.");
    ensure!(
        tolerance.is_finite() && *tolerance > 0.0 && *most_iterations > 0,
        "Expected a tolerance and a number of iterations above 0; found {tolerance} and {most_iterations}."
    );
    if let Family::NegativeBinomial { dispersion: Some(alpha) } = family {
        ensure!(alpha.is_finite() && *alpha > 0.0, "`dispersion = {alpha}`: expected a number above 0.");
    }
    Ok(())
}

/// What a standard unit of each column is in units of the penalty, `[P]`.
fn scale(design: &Design, penalty: Penalty) -> Vec<f64> {
    match penalty {
        Penalty::Standardised => vec![1.0; design.columns()],
        Penalty::Raw => design.scale().to_vec(),
    }
}

impl Moments {
    /// The Gaussian fit of each response by some `columns` and a constant, `[N]`; the problem is that of `design`, from which the
    /// moments were made. Columns that the design has not are left out.
    pub fn fit(&self, design: &Design, columns: &[usize], settings: &FitSettings) -> Vec<Fit> {
        let count = design.columns();
        let known: Vec<usize> = columns.iter().copied().filter(|k| *k < count).collect();
        let basis = Basis::new(self, &known, settings.ridge, &scale(design, settings.penalty));
        let mut curvature = basis.penalty().clone();
        for k in 0..basis.directions() {
            curvature[(k, k)] += 1.0;
        }
        let Some(factor) = curvature.cholesky() else { return vec![Fit::undefined(count); self.origin.len()] };
        let n = self.weight;
        let of_response = |i: usize| {
            let mean = self.responses[i] / n;
            let variance = self.squares[i] / n - mean * mean;
            if !(mean.is_finite() && variance.is_finite()) || n <= 0.0 {
                return Fit::undefined(count);
            }
            let used = basis.columns().iter().zip(basis.mean().iter());
            let along =
                DVector::from_iterator(basis.columns().len(), used.map(|(k, m)| self.products[[i, *k]] / n - mean * m));
            let along = basis.whitening() * along;
            let coefficients = factor.solve(&along);
            // Mean squared residual: directions are uncorrelated.
            let residual = variance - 2.0 * coefficients.dot(&along) + coefficients.norm_squared();
            let (constant, standard) = basis.columns_of(mean, &coefficients, count);
            let (constant, coefficients) = design.to_own(constant + self.origin[i], &standard);
            // What rounding leaves of a response that never changes.
            let still = variance <= 1e-14 * self.origin[i].powi(2).max(mean * mean);
            Fit {
                status: if still { Status::Constant } else { Status::Converged },
                constant,
                coefficients,
                dispersion: residual.max(0.0),
                mean: mean + self.origin[i],
                variance: variance.max(0.0),
                iterations: 1,
            }
        };
        (0..self.origin.len()).into_par_iter().map(of_response).collect()
    }
}

/// What fits of some responses share.
struct Block<'a, 'p> {
    problem: &'a Problem<'p>,
    basis: &'a Basis,
    rows: &'a Array2<f64>,
    spans: &'a [Range<usize>],
    start: Option<&'a [Fit]>,
    settings: &'a FitSettings,
    weight: f64,
}

impl Block<'_, '_> {
    fn fit(&self, numbers: &[usize], stop: &AtomicBool) -> Option<Vec<Fit>> {
        let family = self.settings.family;
        let mut fits: Vec<Fit> = numbers.iter().map(|i| self.without_columns(*i)).collect();
        let mut climbs: Vec<Climb> = (0..numbers.len())
            .filter(|k| fits[*k].status == Status::Unconverged)
            .map(|k| self.begin(numbers[k], &fits[k]))
            .collect();
        let objective = Objective {
            family,
            rows: self.rows,
            responses: self.problem.responses.view(),
            weights: self.problem.weights,
            weight: self.weight,
            spans: self.spans,
            penalty: self.basis.penalty(),
            tolerance: self.settings.tolerance,
            most: self.settings.most_iterations,
        };
        objective.climb(&mut climbs, stop)?;
        if family == (Family::NegativeBinomial { dispersion: None }) {
            self.find_dispersions(&objective, &mut climbs, stop)?;
        }
        for climb in climbs {
            let Some(k) = numbers.iter().position(|i| *i == climb.response) else { continue };
            let coefficients = climb.at.rows(1, climb.at.len() - 1).into_owned();
            let count = self.problem.design.columns();
            let (constant, standard) = self.basis.columns_of(climb.at[0], &coefficients, count);
            let fit = &mut fits[k];
            (fit.constant, fit.coefficients) = self.problem.design.to_own(constant, &standard);
            fit.status = climb.status.unwrap_or(Status::Unconverged);
            (fit.dispersion, fit.iterations) = (climb.dispersion, climb.iterations);
        }
        Some(fits)
    }

    /// The model of a constant alone; unconverged where there is more to find.
    fn without_columns(&self, response: usize) -> Fit {
        let (family, count) = (self.settings.family, self.problem.design.columns());
        let row = self.problem.responses.row(response);
        let used = || row.iter().zip(self.problem.weights).filter(|(_, w)| **w > 0.0);
        if !used().all(|(y, _)| family.admits(*y)) {
            return Fit::undefined(count);
        }
        let mean = used().map(|(y, w)| w * f64::from(*y)).sum::<f64>() / self.weight;
        let first = used().next().map(|(y, _)| *y);
        let still = used().all(|(y, _)| Some(*y) == first);
        let half = 0.5 / self.weight;
        let bounded = match family {
            Family::Bernoulli => mean.clamp(half, 1.0 - half),
            _ => mean.max(half),
        };
        let dispersion = match family {
            Family::NegativeBinomial { dispersion } => dispersion.unwrap_or_else(|| {
                let square = used().map(|(y, w)| w * (f64::from(*y) - mean).powi(2)).sum::<f64>() / self.weight;
                ((square - mean) / (mean * mean)).max(0.01)
            }),
            _ => 1.0,
        };
        Fit {
            status: if still { Status::Constant } else { Status::Unconverged },
            constant: family.link(bounded),
            coefficients: vec![0.0; count],
            dispersion: if dispersion.is_finite() { dispersion } else { LEAST },
            mean: bounded,
            variance: f64::NAN,
            iterations: 0,
        }
    }

    fn begin(&self, response: usize, alone: &Fit) -> Climb {
        let unit = self.settings.family.curvature(alone.mean, alone.dispersion);
        let start = self.start.map(|s| &s[response]).filter(|f| f.status == Status::Converged);
        let from = start.unwrap_or(alone);
        let (constant, standard) = self.problem.design.to_standard(from.constant, &from.coefficients);
        let (constant, directions) = self.basis.nearest(constant, &standard);
        let mut at = DVector::zeros(directions.len() + 1);
        at[0] = constant;
        at.rows_mut(1, directions.len()).copy_from(&directions);
        let dispersion = match self.settings.family {
            Family::NegativeBinomial { dispersion: None } => from.dispersion,
            _ => alone.dispersion,
        };
        Climb::new(response, dispersion, at, unit)
    }

    /// Fits and dispersions in turn, until neither changes.
    fn find_dispersions(&self, objective: &Objective, climbs: &mut [Climb], stop: &AtomicBool) -> Option<()> {
        for climb in climbs.iter_mut() {
            for round in 0..ROUNDS {
                let eta = self.rows.t().dot(&ndarray::ArrayView1::from(climb.at.as_slice()));
                let found = dispersion::most_likely(
                    &self.problem.responses.row(climb.response),
                    &eta,
                    self.problem.weights,
                    climb.dispersion,
                );
                let change = (found / climb.dispersion).ln().abs();
                if change < 1e-8 || climb.status == Some(Status::Unbounded) {
                    break;
                }
                let mut next = Climb::new(climb.response, found, climb.at.clone(), climb.unit);
                objective.climb(std::slice::from_mut(&mut next), stop)?;
                next.iterations += climb.iterations;
                *climb = next;
                if round + 1 == ROUNDS {
                    climb.status = Some(Status::Unconverged);
                }
            }
        }
        Some(())
    }
}

/// The linear predictors of `fits` by all columns, `[N × T]` of the frames `span`.
pub fn linear_predictors(design: &Design, fits: &[Fit], span: Range<usize>) -> Array2<f64> {
    let mut coefficients = Array2::zeros((fits.len(), design.columns()));
    let mut constants = Vec::with_capacity(fits.len());
    for (fit, mut row) in fits.iter().zip(coefficients.rows_mut()) {
        let (constant, standard) = design.to_standard(fit.constant, &fit.coefficients);
        constants.push(constant);
        row.iter_mut().zip(standard).for_each(|(c, s)| *c = s);
    }
    let mut eta = coefficients.dot(&design.standard().slice(s![.., span]));
    for (mut row, constant) in eta.rows_mut().into_iter().zip(constants) {
        row += constant;
    }
    eta
}

/// A constant and what some `columns` of a design span, as columns that are uncorrelated and have variance 1 over all frames,
/// `[1 + r][T]`; r is less than the number of columns where others make some of them up.
pub fn uncorrelated(design: &Design, columns: &[usize]) -> Array2<f64> {
    let weights = vec![1.0; design.frames()];
    let none = Array2::zeros((0, design.frames()));
    let problem = Problem { design, responses: none.view(), weights: &weights };
    Basis::new(&Moments::of_columns(&problem), columns, 0.0, &scale(design, Penalty::Standardised))
        .rows(design.standard())
}
