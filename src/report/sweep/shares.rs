//! What the objective varies with: settings as a whole, seeds, and each axis.

use super::data::{RunState, SweepReport};
use super::factors::{Factor, shown};
use super::scale::Scale;
use super::standings::{SeedValues, seed_values};
use crate::analysis::statistics::{Components, Explained, Predictor, benjamini_hochberg, explained, mean};

/// Relabellings of the settings behind each p value.
pub(super) const RELABELLINGS: usize = 999;
/// The false discovery rate at which an axis is said to matter.
pub(super) const SIGNIFICANT: f64 = 0.05;

/// What was found.
///
/// Values are those at the end of training; of a sweep with halving those at the first rung, which every setting reached,
/// because what trained to its end was chosen by what is asked about. Values beyond the robust range of the figures count as
/// its ends: one run that nearly diverged would be all the variance. Where the figures have a logarithmic axis, logarithms
/// are parted. Held-out conditions are averaged first.
///
/// *Settings, seeds and rest* are the shares of unbiased variance components of the table settings × seeds
/// ([`Components`]), of those settings that have all seeds. *Axes* are what each explains of the settings' means over seeds
/// ([`explained`]): ω² of choices, adjusted R² of a quadratic in the number (its logarithm on a logarithmic axis), with a
/// permutation p beside the other axes and q after Benjamini and Hochberg over all axes.
pub(super) struct Shares {
    /// What varies, in words.
    pub(super) response: String,
    /// Whether it is the value at the first rung.
    pub(super) at_rung: Option<u32>,
    /// Settings with a value.
    pub(super) settings: usize,
    /// Values that lie beyond the robust range.
    pub(super) clipped: usize,
    /// Shares of settings, seeds and rest, with the size of the table.
    pub(super) parts: Option<([f64; 3], usize, usize)>,
    /// Of each factor.
    pub(super) axes: Vec<AxisShare>,
}

/// What is found of a factor.
pub(super) struct AxisShare {
    /// Its number.
    pub(super) factor: usize,
    pub(super) share: f64,
    pub(super) p: f64,
    pub(super) q: f64,
}

impl AxisShare {
    /// Whether it matters beyond what relabelled settings show.
    pub(super) fn matters(&self) -> bool {
        self.q < SIGNIFICANT
    }
}

impl Shares {
    pub(super) fn of(report: &SweepReport, factors: &[Factor], relabellings: usize) -> Self {
        let (response, at_rung, seeds) = response(report);
        let all: Vec<f64> = seeds.iter().flatten().map(|(_, v)| *v).collect();
        let scale = Scale::of_quantity(&all);
        let seen = |v: f64| if scale.log { scale.within(v).log10() } else { scale.within(v) };
        let seeds: SeedValues =
            seeds.into_iter().map(|s| s.into_iter().map(|(seed, v)| (seed, seen(v))).collect()).collect();
        let response = if scale.log { format!("logarithm of the {response}") } else { response };
        let settings: Vec<usize> = (0..seeds.len()).filter(|s| !seeds[*s].is_empty()).collect();
        Self {
            response,
            at_rung,
            settings: settings.len(),
            clipped: scale.beyond.0,
            parts: parts(&seeds),
            axes: axes(&seeds, &settings, factors, relabellings),
        }
    }

    /// The factors that matter, the largest share first.
    pub(super) fn mattering(&self) -> Vec<usize> {
        let mut found: Vec<&AxisShare> = self.axes.iter().filter(|a| a.matters()).collect();
        found.sort_by(|a, b| b.share.total_cmp(&a.share));
        found.into_iter().map(|a| a.factor).collect()
    }
}

/// What is asked about: its name, the rung, and the values of each setting's seeds.
fn response(report: &SweepReport) -> (String, Option<u32>, SeedValues) {
    let was_halved = report.runs.iter().any(|r| r.state == RunState::Halved);
    let first = report.halving.as_ref().and_then(|h| Some((h, h.rungs.first()?)));
    if let (true, Some((halving, rung))) = (was_halved, first) {
        let label = format!("{} at step {}", shown(&halving.measure.label), rung.step);
        let values = seed_values(report, |r| r.rung_values.first().copied().flatten());
        return (label, Some(rung.step), values);
    }
    let ended = seed_values(report, |r| r.objective.filter(|_| r.state == RunState::Ended));
    (shown(&report.objective.label), None, ended)
}

/// Shares of the table of settings that have all seeds: a seed counts that at least half of the settings have.
fn parts(seeds: &[Vec<(u64, f64)>]) -> Option<([f64; 3], usize, usize)> {
    let mut counts = std::collections::BTreeMap::<u64, usize>::new();
    seeds.iter().flatten().for_each(|(seed, _)| *counts.entry(*seed).or_default() += 1);
    let some = seeds.iter().filter(|s| !s.is_empty()).count();
    let columns: Vec<u64> = counts.into_iter().filter(|(_, n)| 2 * n >= some).map(|(seed, _)| seed).collect();
    let row = |values: &Vec<(u64, f64)>| -> Option<Vec<f64>> {
        columns.iter().map(|seed| values.iter().find(|(s, _)| s == seed).map(|(_, v)| *v)).collect()
    };
    let table: Vec<Vec<f64>> = seeds.iter().filter_map(row).collect();
    let shares = Components::of(&table)?.shares();
    shares[0].is_finite().then_some((shares, table.len(), columns.len()))
}

fn axes(seeds: &[Vec<(u64, f64)>], settings: &[usize], factors: &[Factor], relabellings: usize) -> Vec<AxisShare> {
    let means: Vec<f64> =
        settings.iter().map(|s| mean(&seeds[*s].iter().map(|(_, v)| *v).collect::<Vec<f64>>())).collect();
    let predictors: Vec<Predictor> = factors.iter().map(|f| f.predictor(settings)).collect();
    let found: Vec<Explained> = explained(&means, &predictors, relabellings, 0);
    let q = benjamini_hochberg(&found.iter().map(|f| f.p).collect::<Vec<f64>>());
    let one = |(factor, (f, q)): (usize, (&Explained, &f64))| AxisShare { factor, share: f.share, p: f.p, q: *q };
    found.iter().zip(&q).enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::factors::Values;
    use super::*;
    use crate::rng::{Rng, Stream};

    const SETTINGS: usize = 24;

    /// Two drawn numbers and two choices.
    fn factors(trial: u32) -> Vec<Factor> {
        let rng = Rng::new(4, trial, Stream::Synthetic).at_step(9);
        let numbers = |from: u32| (from..from + SETTINGS as u32).map(|i| rng.uniform(i)).collect();
        let choices = |n: usize| Values::Choices {
            of: (0..SETTINGS).map(|s| s % n).collect(),
            labels: (0..n).map(|k| k.to_string()).collect(),
        };
        let values = [
            Values::Numbers { of: numbers(0), log: true },
            Values::Numbers { of: numbers(100), log: false },
            choices(2),
            choices(3),
        ];
        let factor = |(k, values)| Factor { axes: vec![k], name: k.to_string(), values };
        values.into_iter().enumerate().map(factor).collect()
    }

    /// Values of three seeds, which are good or bad as a whole, with what a setting adds.
    fn seeds(trial: u32, of_setting: impl Fn(usize) -> f64) -> Vec<Vec<(u64, f64)>> {
        let rng = Rng::new(4, trial, Stream::Synthetic);
        let value = |s: usize, k: u64| {
            // Heavy tails.
            let own = rng.at_step(k as u32).normal(s as u32).powi(3);
            own + rng.at_step(8).normal(k as u32) + of_setting(s)
        };
        (0..SETTINGS).map(|s| (0..3).map(|k| (k, value(s, k))).collect()).collect()
    }

    fn found(trial: u32, of_setting: impl Fn(usize) -> f64) -> Vec<AxisShare> {
        axes(&seeds(trial, of_setting), &(0..SETTINGS).collect::<Vec<_>>(), &factors(trial), 199)
    }

    /// In 200 sweeps without any influence an axis is found in at most one of twenty; standard error 3 of 10 expected.
    #[test]
    fn axes_that_do_not_matter_are_found_as_seldom_as_promised() {
        let wrong = (0..200).filter(|trial| found(*trial, |_| 0.0).iter().any(AxisShare::matters)).count();
        assert!(wrong <= 10 + 9, "{wrong} of 200");
    }

    /// Where one axis matters, it is found, and of the discoveries about one in twenty is another.
    #[test]
    fn an_axis_that_matters_is_found_and_others_are_not() {
        let (mut right, mut wrong) = (0, 0);
        for trial in 0..100 {
            for axis in found(trial, |s| if s % 2 == 0 { 6.0 } else { 0.0 }).iter().filter(|a| a.matters()) {
                if axis.factor == 2 { right += 1 } else { wrong += 1 }
            }
        }
        assert!(right > 90 && f64::from(wrong) < 0.12 * f64::from(right + wrong), "{right} {wrong}");
    }

    #[test]
    fn parts_are_of_the_settings_that_have_all_seeds() {
        let mut table = seeds(0, |s| 4.0 * s as f64);
        let (shares, rows, columns) = parts(&table).unwrap();
        assert_eq!((rows, columns), (SETTINGS, 3));
        assert!(shares[0] > 0.9 && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{shares:?}");
        table[0].pop();
        table[1].clear();
        table[2].push((99, 1.0));
        assert_eq!(parts(&table).unwrap().1, SETTINGS - 2);
        assert!(parts(&[]).is_none() && parts(&table[..1]).is_none());
        assert!(parts(&vec![vec![(0, 1.0), (1, 1.0)]; 4]).is_none());
    }
}
