//! What a lesion does to the neurons that it spares.

use crate::data::rounding::is_constant;
use crate::lab::Subject;
use std::collections::BTreeMap;

/// A number that a lesion is measured by.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureKey {
    /// Its name, as tables write it.
    pub measure: &'static str,
    /// The neurons or conditions that it is about.
    pub scope: String,
    /// Which way harm lies: 1 where a larger number is worse, −1 where a smaller one is.
    pub harm: f64,
}

/// The measures that one simulation gives. All are taken over neurons that the lesion spares and compare with the intact
/// network over the same neurons, so that silent neurons do not count as badly fitted ones. NaN where no such neuron is
/// left, or nothing to compare.
#[derive(Debug)]
pub struct Measures<'a> {
    subject: &'a Subject,
    keys: Vec<MeasureKey>,
    /// Neurons of each scope of neurons, `[scopes][N]`: all, the areas, the classes.
    scopes: Vec<(String, Vec<bool>)>,
    /// Areas among them, and all.
    regions: usize,
    /// Squared errors of the intact network, `[C][N]`.
    intact_sse: Vec<f64>,
    /// Squares around each neuron's mean over the conditions of the training, `[C][N]`.
    sst: Vec<f64>,
    pairs: Vec<(usize, usize)>,
}

/// Rates at or beyond these count as saturated: the slope of the logistic function is below a twelfth of its largest.
const SATURATED_LOW: f32 = 0.02;
const SATURATED_HIGH: f32 = 0.98;

/// The scope of all neurons in the conditions that the network was not trained on.
const HELD_OUT: &str = "held-out conditions";

/// The measures of one network's damage, by [`Measures::keys`].
pub type Damage = Vec<f64>;

impl<'a> Measures<'a> {
    /// The measures of lesions of `subject`.
    pub fn new(subject: &'a Subject) -> Self {
        let scopes = scopes(subject);
        let regions = 1 + subject.problem.population.areas().len();
        let pairs = subject.self_other_pairs();
        let mut keys = Vec::new();
        let mut add = |measure, scope: &str, harm| keys.push(MeasureKey { measure, scope: scope.into(), harm });
        for (measure, harm) in [("r2_change", -1.0), ("rmse_change", 1.0)] {
            for (name, _) in &scopes {
                add(measure, name, harm);
            }
            if subject.held_out.contains(&true) {
                add(measure, HELD_OUT, harm);
            }
            for c in &subject.conditions {
                add(measure, &c.name, harm);
            }
        }
        for (measure, harm) in [("self_other_distance_change", -1.0), ("saturated_fraction_change", 1.0)] {
            for (name, _) in &scopes[..regions] {
                add(measure, name, harm);
            }
        }
        let intact_sse = squared_errors(subject, &subject.intact);
        Self { keys, regions, intact_sse, sst: squares(subject), pairs, scopes, subject }
    }

    /// What [`Self::of`] gives, in order.
    pub fn keys(&self) -> &[MeasureKey] {
        &self.keys
    }

    /// Names of the scopes that are areas, with `all` first.
    pub fn regions(&self) -> impl Iterator<Item = (&str, &[bool])> {
        self.scopes[..self.regions].iter().map(|(name, mask)| (name.as_str(), mask.as_slice()))
    }

    /// Measures binned rates `[C][B][N]` of the network with a lesion of the marked neurons.
    pub fn of(&self, rates: &[f32], lesioned: &[bool]) -> Damage {
        let sse = squared_errors(self.subject, rates);
        let fit = self.fit(&sse, lesioned);
        let intact = self.fit(&self.intact_sse, lesioned);
        let mut damage: Damage = fit.iter().zip(&intact).map(|(f, i)| f.0 - i.0).collect();
        damage.extend(fit.iter().zip(&intact).map(|(f, i)| f.1 - i.1));
        let (now, before) = (self.distances(rates, lesioned), self.distances(&self.subject.intact, lesioned));
        damage.extend(now.iter().zip(&before).map(|(now, before)| now / before - 1.0));
        let (now, before) = (self.saturated(rates, lesioned), self.saturated(&self.subject.intact, lesioned));
        damage.extend(now.iter().zip(&before).map(|(now, before)| now - before));
        damage
    }

    /// Fit of the intact network itself, R² and RMSE by scope and condition, as (scope, R², RMSE).
    pub fn intact_fit(&self) -> Vec<(&str, f64, f64)> {
        let none = vec![false; self.subject.dims().neurons];
        let names = self.keys.iter().map(|k| k.scope.as_str());
        names.zip(self.fit(&self.intact_sse, &none)).map(|(name, (r2, rmse))| (name, r2, rmse)).collect()
    }

    /// Fit of other rates of the same neurons, in the order of [`Self::intact_fit`].
    pub fn fit_of(&self, rates: &[f32]) -> Vec<(f64, f64)> {
        self.fit(&squared_errors(self.subject, rates), &vec![false; self.subject.dims().neurons])
    }

    /// R² = 1 − ΣSSE/ΣSST and RMSE over the spared neurons of each scope in the conditions of the training, then of all
    /// held-out conditions where there are any, then of each condition.
    fn fit(&self, sse: &[f64], lesioned: &[bool]) -> Vec<(f64, f64)> {
        let n = self.subject.dims().neurons;
        let bins = &self.subject.problem.bins;
        let sums = |conditions: &[usize], mask: &dyn Fn(usize) -> bool| {
            let (mut error, mut total, mut count) = (0.0, 0.0, 0.0);
            for c in conditions.iter().copied() {
                for i in (0..n).filter(|i| !lesioned[*i] && mask(*i)) {
                    error += sse[c * n + i];
                    total += self.sst[c * n + i];
                    count += bins[c] as f64;
                }
            }
            (1.0 - error / total, (error / count).sqrt())
        };
        let (held_out, trained): (Vec<usize>, Vec<usize>) = (0..bins.len()).partition(|c| self.subject.held_out[*c]);
        let mut fit: Vec<_> = self.scopes.iter().map(|(_, mask)| sums(&trained, &|i| mask[i])).collect();
        if !held_out.is_empty() {
            fit.push(sums(&held_out, &|_| true));
        }
        fit.extend((0..bins.len()).map(|c| sums(&[c], &|_| true)));
        fit.into_iter().map(|(r2, rmse)| (if r2.is_finite() { r2 } else { f64::NAN }, rmse)).collect()
    }

    /// Root mean square distance over spared neurons between executed and observed trajectories, averaged over time and
    /// pairs: of all, and of each area.
    fn distances(&self, rates: &[f32], lesioned: &[bool]) -> Vec<f64> {
        let (d, bins) = (self.subject.dims(), &self.subject.problem.bins);
        let mut sums = vec![0.0; self.regions];
        let mut count = 0.0;
        let sizes = self.spared(lesioned);
        for (own, other) in &self.pairs {
            for b in 0..bins[*own].min(bins[*other]) {
                let row = |c: usize| &rates[(c * d.bins + b) * d.neurons..][..d.neurons];
                let squares =
                    self.by_region(row(*own).iter().zip(row(*other)).zip(lesioned).map(|((a, o), lesioned)| {
                        let difference = if *lesioned { 0.0 } else { f64::from(a - o) };
                        difference * difference
                    }));
                sums.iter_mut().zip(squares.iter().zip(&sizes)).for_each(|(sum, (s, n))| *sum += (s / n).sqrt());
                count += 1.0;
            }
        }
        sums.iter().map(|sum| sum / count).collect()
    }

    /// Fraction of the spared neurons' bins in which the rate is close to 0 or 1: of all, and of each area.
    fn saturated(&self, rates: &[f32], lesioned: &[bool]) -> Vec<f64> {
        let d = self.subject.dims();
        let mut counts = vec![0.0; d.neurons];
        let mut bins = 0.0;
        for c in 0..d.conditions {
            for row in rows(self.subject, c, rates) {
                let is_saturated = |r: f32| r <= SATURATED_LOW || r >= SATURATED_HIGH;
                counts.iter_mut().zip(row).for_each(|(n, r)| *n += f64::from(u8::from(is_saturated(*r))));
                bins += 1.0;
            }
        }
        let spared = counts.iter().zip(lesioned).map(|(n, lesioned)| if *lesioned { 0.0 } else { *n });
        self.by_region(spared).iter().zip(self.spared(lesioned)).map(|(n, size)| n / (size * bins)).collect()
    }

    /// Spared neurons: all, and those of each area.
    fn spared(&self, lesioned: &[bool]) -> Vec<f64> {
        self.by_region(lesioned.iter().map(|lesioned| f64::from(u8::from(!lesioned))))
    }

    /// Sums of a number of each neuron: over all, and over those of each area.
    fn by_region(&self, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut sums = vec![0.0; self.regions];
        for (value, area) in values.zip(self.subject.problem.population.area_of()) {
            sums[1 + *area as usize] += value;
        }
        sums[0] = sums[1..].iter().sum();
        sums
    }
}

/// All neurons, those of each area, and those of each area, type and class.
fn scopes(subject: &Subject) -> Vec<(String, Vec<bool>)> {
    let population = &subject.problem.population;
    let n = population.len();
    let mut scopes = vec![("all".to_string(), vec![true; n])];
    let area = |i: usize| population.area_name(i);
    for a in population.areas() {
        scopes.push((a.name.clone(), (0..n).map(|i| area(i) == a.name).collect()));
    }
    let class = |i: usize| match population.class(i) {
        "unknown" => format!("{} {}", area(i), population.cell_type(i)),
        class => format!("{} {} {class}", area(i), population.cell_type(i)),
    };
    let mut classes: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for i in 0..n {
        classes.entry(class(i)).or_insert_with(|| vec![false; n])[i] = true;
    }
    scopes.extend(classes);
    scopes
}

/// Sums of squared errors over scored bins, `[C][N]`.
fn squared_errors(subject: &Subject, rates: &[f32]) -> Vec<f64> {
    let d = subject.dims();
    let mut sse = vec![0.0; d.conditions * d.neurons];
    for (c, sse) in sse.chunks_exact_mut(d.neurons).enumerate() {
        let rows = |values| rows(subject, c, values);
        for (modelled, recorded) in rows(rates).zip(rows(&subject.problem.targets)) {
            for i in 0..d.neurons {
                let error = f64::from(modelled[i] - recorded[i]);
                sse[i] += error * error;
            }
        }
    }
    sse
}

/// Sums of squares of the recorded rates around each neuron's mean over the conditions of the training, `[C][N]`.
fn squares(subject: &Subject) -> Vec<f64> {
    let d = subject.dims();
    let mut trained = subject.problem.clone();
    trained.bins.iter_mut().zip(&subject.held_out).filter(|(_, out)| **out).for_each(|(bins, _)| *bins = 0);
    let mean: Vec<f64> = trained.mean_rate().into_iter().map(f64::from).collect();
    let mut sst = vec![0.0; d.conditions * d.neurons];
    for (c, sst) in sst.chunks_exact_mut(d.neurons).enumerate() {
        let (mut least, mut largest): (Vec<f32>, Vec<f32>) = mean.iter().map(|m| (*m as f32, *m as f32)).unzip();
        for row in rows(subject, c, &subject.problem.targets) {
            for i in 0..d.neurons {
                sst[i] += (f64::from(row[i]) - mean[i]).powi(2);
                (least[i], largest[i]) = (least[i].min(row[i]), largest[i].max(row[i]));
            }
        }
        (0..d.neurons).filter(|i| is_constant(least[*i], largest[*i])).for_each(|i| sst[i] = 0.0);
    }
    sst
}

/// The scored bins of condition `c` in an array `[C][B][N]`.
fn rows<'a>(subject: &Subject, c: usize, values: &'a [f32]) -> impl Iterator<Item = &'a [f32]> + use<'a> {
    let d = subject.dims();
    values[c * d.bins * d.neurons..].chunks_exact(d.neurons).take(subject.problem.bins[c])
}
