//! Goodness of fit of modelled firing rates, per neuron.

use super::held_out::{HeldOut, HeldOutFit};
use super::score::{Score, Summary, Sums};
use crate::engine::Problem;
use crate::error::{Error, Result, ensure};

/// Recorded rates as the engine holds them, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    rates: &'a [f32],
    bins: &'a [usize],
    neurons: usize,
    longest: usize,
    held_out: &'a [HeldOut],
}

impl<'a> Recorded<'a> {
    /// Rates `[C][B][N]` with `bins[c] ≤ B` of them recorded in condition `c`; what stands past them is never read.
    ///
    /// # Errors
    /// If the sizes do not belong together, or a recorded rate is not finite.
    pub fn new(rates: &'a [f32], bins: &'a [usize], neurons: usize) -> Result<Self> {
        let rows = rates.len() / neurons.max(1);
        let longest = rows / bins.len().max(1);
        let (found, conditions) = (rates.len(), bins.len());
        ensure!(
            neurons > 0 && conditions > 0 && found == conditions * longest * neurons,
            "recorded rates: {found} values are not a whole number of bins for {conditions} conditions of {neurons} neurons."
        );
        if let Some(c) = bins.iter().position(|b| *b > longest) {
            let (number, given) = (c + 1, bins[c]);
            return Err(Error::input(format!(
                "recorded rates: condition {number} should have {given} bins, but at most {longest} are stored."
            )));
        }
        let recorded = Self { rates, bins, neurons, longest, held_out: &[] };
        recorded.refuse_non_finite("recorded", rates).map_err(Error::input)?;
        Ok(recorded)
    }

    /// The targets of a training problem.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(problem: &'a Problem) -> Result<Self> {
        Self::new(&problem.targets, &problem.bins, problem.dims.neurons)
    }

    /// The same rates, of conditions some of which are held out: scores over all conditions, and means, leave these out.
    /// Their numbers must be below C.
    pub fn holding_out(self, held_out: &'a [HeldOut]) -> Self {
        Self { held_out, ..self }
    }

    /// The conditions that are held out.
    pub fn held_out(&self) -> &'a [HeldOut] {
        self.held_out
    }

    /// N.
    pub fn neurons(&self) -> usize {
        self.neurons
    }

    /// Recorded bins per condition, `[C]`.
    pub fn bins(&self) -> &'a [usize] {
        self.bins
    }

    /// Goodness of fit of `modelled`, `[C][B][N]` like the recorded rates.
    ///
    /// # Errors
    /// If the sizes differ from the recorded ones, or a modelled rate inside the recorded bins is not finite.
    pub fn score(&self, modelled: &[f32]) -> Result<Fit> {
        let (expected, found) = (self.rates.len(), modelled.len());
        if found != expected {
            return Err(Error::run(format!("modelled rates: expected {expected} values, as recorded, found {found}.")));
        }
        self.refuse_non_finite("modelled", modelled).map_err(Error::run)?;
        let mut by_condition: Vec<Vec<Sums>> = (0..self.bins.len()).map(|c| self.sums(c, modelled)).collect();
        let overall = self.over_training(&by_condition);
        for HeldOut { condition, .. } in self.held_out {
            by_condition[*condition].iter_mut().zip(&overall).for_each(|(sums, training)| *sums = sums.about(training));
        }
        let held_out: Vec<&Vec<Sums>> = self.held_out.iter().map(|h| &by_condition[h.condition]).collect();
        Ok(Fit {
            held_out: (!held_out.is_empty()).then(|| HeldOutFit::of(&held_out)),
            overall: overall.iter().map(Sums::score).collect(),
            by_condition: by_condition.iter().map(|sums| sums.iter().map(Sums::score).collect()).collect(),
        })
    }

    /// How well the siblings of held-out conditions predict them: in each bin, a neuron fires at its mean over the
    /// siblings that last so long, and past these at its training mean. Chosen by the task alone, and not by whose rates
    /// are nearest, it is what one could say without a model. NaN where a condition has no siblings; `None` where nothing
    /// is held out or no condition has any.
    ///
    /// # Errors
    /// As [`Self::score`].
    pub fn score_siblings(&self) -> Result<Option<HeldOutFit>> {
        let held_out = self.held_out;
        if held_out.iter().all(|h| h.siblings.is_empty()) {
            return Ok(None);
        }
        let mut rates = self.mean_rate();
        for HeldOut { condition, siblings } in held_out {
            for b in 0..self.bins[*condition] {
                let rows: Vec<&[f32]> = siblings.iter().filter_map(|c| self.row(*c, b)).collect();
                if !rows.is_empty() {
                    let start = self.offset(*condition, b);
                    for (i, rate) in rates[start..start + self.neurons].iter_mut().enumerate() {
                        *rate = (rows.iter().map(|row| f64::from(row[i])).sum::<f64>() / rows.len() as f64) as f32;
                    }
                }
            }
        }
        let Fit { held_out: Some(mut fit), .. } = self.score(&rates)? else { return Ok(None) };
        for (r2, _) in fit.r2_by_condition.iter_mut().zip(held_out).filter(|(_, h)| h.siblings.is_empty()) {
            *r2 = f64::NAN;
        }
        if held_out.iter().any(|h| h.siblings.is_empty()) {
            fit.r2 = f64::NAN;
            fit.overall.iter_mut().for_each(|score| score.r2 = f64::NAN);
        }
        Ok(Some(fit))
    }
    /// The prediction of the mean-rate baseline, `[C][B][N]`: every neuron fires at its mean over all recorded bins of
    /// the conditions that are not held out.
    pub fn mean_rate(&self) -> Vec<f32> {
        let by_condition: Vec<Vec<Sums>> = (0..self.bins.len()).map(|c| self.sums(c, self.rates)).collect();
        let mean: Vec<f32> = self.over_training(&by_condition).iter().map(|s| s.mean as f32).collect();
        mean.repeat(self.bins.len() * self.longest)
    }

    /// The sums `[N]` over the conditions that are not held out, from those of every condition, `[C][N]`.
    fn over_training(&self, by_condition: &[Vec<Sums>]) -> Vec<Sums> {
        let is_held_out = |c: usize| self.held_out.iter().any(|h| h.condition == c);
        let training: Vec<&Vec<Sums>> =
            by_condition.iter().enumerate().filter(|(c, _)| !is_held_out(*c)).map(|(_, sums)| sums).collect();
        (0..self.neurons).map(|i| Sums::joined(training.iter().map(|sums| &sums[i]))).collect()
    }

    /// Where bin `b` of condition `c` begins in an array `[C][B][N]`.
    fn offset(&self, c: usize, b: usize) -> usize {
        (c * self.longest + b) * self.neurons
    }

    /// The recorded rates `[N]` in bin `b` of condition `c`, if it lasts so long.
    fn row(&self, c: usize, b: usize) -> Option<&'a [f32]> {
        let start = self.offset(c, b);
        (b < self.bins[c]).then(|| &self.rates[start..start + self.neurons])
    }

    /// The recorded bins of condition `c` in an array `[C][B][N]`, as rows `[N]`.
    fn rows<'b>(&self, c: usize, values: &'b [f32]) -> std::slice::ChunksExact<'b, f32> {
        let start = self.offset(c, 0);
        values[start..start + self.bins[c] * self.neurons].chunks_exact(self.neurons)
    }

    fn refuse_non_finite(&self, what: &str, values: &[f32]) -> std::result::Result<(), String> {
        for c in 0..self.bins.len() {
            for (b, row) in self.rows(c, values).enumerate() {
                if let Some(i) = row.iter().position(|v| !v.is_finite()) {
                    return Err(format!(
                        "{what} rates: expected finite numbers, found {} for neuron {} in condition {}, bin {}.",
                        row[i],
                        i + 1,
                        c + 1,
                        b + 1
                    ));
                }
            }
        }
        Ok(())
    }

    /// One pass for the means, one for the deviations: the textbook one-pass formula cancels for small variances.
    fn sums(&self, c: usize, modelled: &[f32]) -> Vec<Sums> {
        let mut sums = vec![Sums::default(); self.neurons];
        for row in self.rows(c, self.rates) {
            sums.iter_mut().zip(row).for_each(|(s, r)| s.include(*r));
        }
        for s in &mut sums {
            s.mean /= s.count.max(1) as f64;
        }
        for (recorded, modelled) in self.rows(c, self.rates).zip(self.rows(c, modelled)) {
            for (s, (r, m)) in sums.iter_mut().zip(recorded.iter().zip(modelled)) {
                s.sst += (f64::from(*r) - s.mean).powi(2);
                s.sse += (f64::from(*r) - f64::from(*m)).powi(2);
            }
        }
        sums
    }
}

/// The fit of one network.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Each neuron over all bins of all conditions that are not held out, `[N]`.
    pub overall: Vec<Score>,
    /// Each neuron over the bins of one condition, `[C][N]`. SST is around its mean *in that condition*, but in a held-out
    /// condition around its mean over those that are not.
    pub by_condition: Vec<Vec<Score>>,
    /// The fit in the held-out conditions, where there are any.
    pub held_out: Option<HeldOutFit>,
}

impl Fit {
    /// The summary over all neurons, conditions that are not held out, and bins.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.overall)
    }

    /// Neurons with a defined R² from the worst to the best; equal ones in file order.
    pub fn ranking(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.overall.len()).filter(|i| !self.overall[*i].r2.is_nan()).collect();
        order.sort_by(|a, b| self.overall[*a].r2.total_cmp(&self.overall[*b].r2));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two conditions of 4 and 2 bins, three neurons; the padding of the second holds numbers that must not be read.
    const BINS: [usize; 2] = [4, 2];
    #[rustfmt::skip]
    const RECORDED: [f32; 24] = [
        0.0, 0.5, 0.3,   0.2, 0.5, 0.3,   0.4, 0.5, 0.3,   0.6, 0.5, 0.3,
        0.8, 0.5, 0.1,   1.0, 0.5, 0.5,   f32::NAN, 9.0, 9.0,   9.0, 9.0, 9.0,
    ];

    fn fit(modelled: &[f32]) -> Fit {
        Recorded::new(&RECORDED, &BINS, 3).unwrap().score(modelled).unwrap()
    }

    /// f32 rates of order 1 carry errors of 6e-8; every R² here multiplies them by less than 100.
    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-5
    }

    #[test]
    fn r2_and_rmse_match_the_closed_forms() {
        let mut modelled = RECORDED;
        modelled.iter_mut().step_by(3).for_each(|r| *r += 0.1);
        let fit = fit(&modelled);
        // Rates 0, 0.2, … 1 around 0.5: SST = 2 (0.25 + 0.09 + 0.01) = 0.7; six errors of 0.1: SSE = 0.06.
        assert!(close(fit.overall[0].r2, 1.0 - 0.06 / 0.7), "{:?}", fit.overall[0]);
        assert!(close(fit.overall[0].rmse, 0.1));
        // Within condition 1: 0 … 0.6 around 0.3: SST = 0.2; within condition 2: 0.8, 1 around 0.9: SST = 0.02.
        assert!(close(fit.by_condition[0][0].r2, 1.0 - 0.04 / 0.2));
        assert!(close(fit.by_condition[1][0].r2, 1.0 - 0.02 / 0.02));
        assert!(close(fit.by_condition[1][0].rmse, 0.1));
    }

    #[test]
    fn a_perfect_model_has_r2_1_and_the_mean_rate_0() {
        let perfect = fit(&RECORDED);
        assert_eq!((perfect.overall[0].r2, perfect.overall[0].rmse), (1.0, 0.0));
        let baseline = fit(&Recorded::new(&RECORDED, &BINS, 3).unwrap().mean_rate());
        assert!(close(baseline.overall[0].r2, 0.0) && close(baseline.overall[2].r2, 0.0));
        // Within a condition the overall mean 0.5 is off by 0.2 (SST 0.2) and by 0.4 (SST 0.02).
        assert!(close(baseline.by_condition[0][0].r2, -4.0 * 0.04 / 0.2));
        assert!(close(baseline.by_condition[1][0].r2, -2.0 * 0.16 / 0.02));
    }

    #[test]
    fn r2_of_a_constant_neuron_is_undefined_counted_and_left_out() {
        let fit = fit(&[0.4; 24]);
        assert!(fit.overall[1].r2.is_nan() && close(fit.overall[1].rmse, 0.1));
        // Constant in one condition only.
        assert!(fit.by_condition[0][2].r2.is_nan() && fit.by_condition[1][2].r2.is_finite());
        let summary = fit.summary();
        assert_eq!((summary.neurons, summary.undefined), (3, 1));
        assert!(close(summary.median_r2, f64::midpoint(fit.overall[0].r2, fit.overall[2].r2)));
        assert_eq!(fit.ranking().len(), 2);
    }

    /// 0.3 to its last digits, as rounding leaves it.
    #[test]
    fn r2_of_a_neuron_that_is_constant_but_for_rounding_is_undefined_too() {
        let near = |k: i32| f32::from_bits(0.3_f32.to_bits().wrapping_add_signed(k));
        let recorded = [near(0), 0.3, near(1), 0.3001, near(-1), 0.3, near(0), 0.3];
        let fit = Recorded::new(&recorded, &[2, 2], 2).unwrap().score(&[0.31; 8]).unwrap();
        assert!(fit.overall[0].r2.is_nan() && fit.by_condition.iter().all(|scores| scores[0].r2.is_nan()));
        // What is small and there counts.
        assert!(fit.overall[1].r2 < -100.0 && fit.by_condition[0][1].r2.is_finite());
        let held_out = [HeldOut { condition: 1, siblings: vec![0] }];
        let rates = [near(0), near(1), near(-1), near(0)];
        let fit = Recorded::new(&rates, &[2, 2], 1).unwrap().holding_out(&held_out).score(&[0.31; 4]).unwrap();
        let held_out = fit.held_out.unwrap();
        assert!(held_out.r2.is_nan() && held_out.r2_by_condition[0].is_nan() && held_out.overall[0].r2.is_nan());
    }

    #[test]
    fn sizes_that_do_not_fit_and_numbers_that_are_not_finite_are_refused() {
        assert!(Recorded::new(&RECORDED, &[5, 2], 3).unwrap_err().to_string().contains("condition 1"));
        assert!(Recorded::new(&RECORDED[..23], &BINS, 3).is_err());
        assert!(Recorded::new(&RECORDED, &[4, 3], 3).unwrap_err().to_string().contains("condition 2, bin 3"));
        let recorded = Recorded::new(&RECORDED, &BINS, 3).unwrap();
        assert_eq!(recorded.score(&RECORDED[..21]).unwrap_err().exit_code(), 1);
        let mut modelled = [0.5; 24];
        modelled[4] = f32::INFINITY;
        let message = recorded.score(&modelled).unwrap_err().to_string();
        assert!(message.contains("neuron 2 in condition 1, bin 2"), "{message}");
    }
}
