//! Which population drives which: the input of every neuron split by its source (current-based decomposition, CURBD;
//! docs/perturbation.md#anatomy). A current counts where it is sent: it moves x one step later (docs/model.md#dynamics).

use super::connectivity::{Block, Blocks, check_square};
use crate::engine::Problem;
use crate::error::{Error, Result, ensure};
use crate::network::Population;
use rayon::prelude::*;

/// What a decomposition needs of a network and its activity. B may be bins or steps.
#[derive(Clone, Copy, Debug)]
pub struct Activity<'a> {
    /// Who the neurons are.
    pub population: &'a Population,
    /// Effective weights, `[N post × N pre]`.
    pub effective: &'a [f32],
    /// Input matrices, `[G][N][U]`, as they stand in the flat parameters.
    pub input_matrices: &'a [f32],
    /// Input matrix of each condition, `[C]`.
    pub input_group: &'a [usize],
    /// I_ext, `[N]`.
    pub constant: &'a [f32],
    /// Rates, `[C][B][N]`.
    pub rates: &'a [f32],
    /// Stimulus over the same bins, `[C][B][U]`; see [`binned_stimulus`].
    pub stimulus: &'a [f32],
    /// Bins that count, `[C]`, each at most B.
    pub bins: &'a [usize],
}

/// Where a current comes from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Source {
    /// The area, `stimulus`, or `constant`.
    pub source: String,
    /// The cell type, or `external`.
    pub source_type: &'static str,
}

/// The current from one source into one group of neurons in one condition. NaN without neurons or bins.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct CurrentRow {
    /// Index of the condition.
    pub condition: usize,
    /// The area, `stimulus`, or `constant`.
    pub source: String,
    /// The cell type, or `external`.
    pub source_type: &'static str,
    /// Area of the receiving neurons.
    pub target: String,
    /// Their cell type, or `all`.
    pub target_type: &'static str,
    /// Mean over neurons and bins.
    pub mean: f64,
    /// Mean magnitude over neurons and bins.
    pub mean_absolute: f64,
    /// Standard deviation over bins of each neuron's current, averaged over neurons.
    pub sd_in_time: f64,
    /// `mean_absolute` as a fraction of its sum over all sources; currents of opposite sign both count. NaN where nothing
    /// arrives.
    pub share: f64,
}

/// The mean current from one source into the neurons of one area, over time.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentTrace {
    /// From where.
    pub source: Source,
    /// Index of the receiving area.
    pub area: usize,
    /// `[C][B]`; NaN past a condition's bins.
    pub values: Vec<f64>,
}

/// The currents of one network.
#[derive(Clone, Debug, PartialEq)]
pub struct Currents {
    /// `[C][targets][S]`: targets are the areas and then the blocks; sources S are the blocks, the stimulus and the
    /// constant current.
    pub rows: Vec<CurrentRow>,
    /// `[S][areas]`.
    pub traces: Vec<CurrentTrace>,
}

/// An activity whose sizes belong together.
#[derive(Clone, Debug)]
pub struct Drive<'a> {
    activity: Activity<'a>,
    blocks: Blocks,
    /// B.
    longest: usize,
    /// U.
    channels: usize,
}

/// The neurons that receive.
struct Target {
    area: String,
    cell_type: &'static str,
    neurons: Vec<usize>,
}

/// The currents of one condition.
struct Condition {
    /// Statistics over time of each source's current into each neuron, `[S][N]`.
    moments: Vec<Vec<Moments>>,
    /// Mean current into each area, `[S][A][B]`.
    traces: Vec<Vec<Vec<f64>>>,
}

/// Running mean and sum of squared deviations (Welford 1962).
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
    absolute: f64,
}

impl Moments {
    fn include(&mut self, value: f64) {
        self.count += 1.0;
        let deviation = value - self.mean;
        self.mean += deviation / self.count;
        self.squares += deviation * (value - self.mean);
        self.absolute += value.abs();
    }
}

impl<'a> Drive<'a> {
    /// Holds the arrays of `activity` against each other.
    ///
    /// # Errors
    /// If their sizes do not belong together, or a number that would be used is not finite.
    pub fn new(activity: Activity<'a>) -> Result<Self> {
        let (n, c) = (activity.population.len(), activity.bins.len());
        let longest = activity.rates.len() / (n * c).max(1);
        let channels = activity.stimulus.len() / (c * longest).max(1);
        let groups = activity.input_group.iter().map(|g| g + 1).max().unwrap_or(0);
        check_square("effective weights", activity.effective, n)?;
        let fits = activity.rates.len() == c * longest * n
            && activity.stimulus.len() == c * longest * channels
            && activity.input_matrices.len() >= groups * n * channels
            && activity.input_group.len() == c
            && activity.constant.len() == n
            && activity.bins.iter().all(|b| *b <= longest);
        ensure!(
            n > 0 && c > 0 && fits,
            "currents: {} rates, {} stimulus values, {} input weights and {} constant currents do not belong to {c} conditions of {n} neurons.",
            activity.rates.len(),
            activity.stimulus.len(),
            activity.input_matrices.len(),
            activity.constant.len()
        );
        let drive = Self { blocks: Blocks::of(activity.population), longest, channels, activity };
        drive.refuse_non_finite()?;
        Ok(drive)
    }

    fn refuse_non_finite(&self) -> Result<()> {
        let a = &self.activity;
        let recorded = |c: usize, width: usize| c * self.longest * width..(c * self.longest + a.bins[c]) * width;
        let finite = |values: &[f32]| values.iter().all(|v| v.is_finite());
        for c in 0..a.bins.len() {
            let (rates, stimulus) =
                (&a.rates[recorded(c, a.population.len())], &a.stimulus[recorded(c, self.channels)]);
            if !finite(rates) || !finite(stimulus) {
                return Err(Error::run(format!(
                    "currents: the rates or the stimulus of condition {} are not finite.",
                    c + 1
                )));
            }
        }
        ensure!(
            finite(a.input_matrices) && finite(a.constant),
            "currents: the input weights or constant currents are not finite."
        );
        Ok(())
    }

    /// The sources in order: the blocks, the stimulus, the constant current.
    pub fn sources(&self) -> Vec<Source> {
        let block = |b: &Block| Source { source: b.area_name.clone(), source_type: b.cell_type };
        let external = |name: &str| Source { source: name.into(), source_type: "external" };
        self.blocks.list().iter().map(block).chain([external("stimulus"), external("constant")]).collect()
    }

    /// The current from each source into each neuron, `[S][N]`, in one bin of one condition. Their sum over the sources is
    /// the neuron's input `W_eff r + W_in u + I_ext`.
    ///
    /// # Panics
    /// If there is no such condition or bin.
    pub fn by_source(&self, condition: usize, bin: usize) -> Vec<Vec<f64>> {
        let (a, n, u) = (&self.activity, self.activity.population.len(), self.channels);
        let at = condition * self.longest + bin;
        let (rates, stimulus) = (&a.rates[at * n..(at + 1) * n], &a.stimulus[at * u..(at + 1) * u]);
        let input = &a.input_matrices[a.input_group[condition] * n * u..][..n * u];
        let from_block = |block: &Block| -> Vec<f64> {
            let sum = |row: &[f32]| block.neurons.iter().map(|j| f64::from(row[*j]) * f64::from(rates[*j])).sum();
            a.effective.chunks_exact(n).map(sum).collect()
        };
        let from_stimulus = |i: usize| -> f64 {
            input[i * u..(i + 1) * u].iter().zip(stimulus).map(|(w, s)| f64::from(*w) * f64::from(*s)).sum()
        };
        let mut currents: Vec<Vec<f64>> = self.blocks.list().iter().map(from_block).collect();
        currents.push((0..n).map(from_stimulus).collect());
        currents.push(a.constant.iter().map(|i| f64::from(*i)).collect());
        currents
    }

    /// The currents between all sources and targets, summarised by condition and over time.
    pub fn currents(&self) -> Currents {
        let conditions: Vec<Condition> =
            (0..self.activity.bins.len()).into_par_iter().map(|c| self.condition(c)).collect();
        let (sources, targets) = (self.sources(), self.targets());
        let rows = conditions.iter().enumerate().flat_map(|(c, condition)| {
            targets.iter().flat_map(|target| rows(c, condition, target, &sources)).collect::<Vec<_>>()
        });
        let areas = self.activity.population.areas().len();
        let pairs = sources.iter().enumerate().flat_map(|(s, source)| (0..areas).map(move |area| (s, source, area)));
        let traces = pairs.map(|(s, source, area)| CurrentTrace {
            source: source.clone(),
            area,
            values: conditions.iter().flat_map(|condition| &condition.traces[s][area]).copied().collect(),
        });
        Currents { rows: rows.collect(), traces: traces.collect() }
    }

    fn condition(&self, c: usize) -> Condition {
        let (population, sources) = (self.activity.population, self.blocks.list().len() + 2);
        let areas = population.areas();
        let mut moments = vec![vec![Moments::default(); population.len()]; sources];
        let mut traces = vec![vec![Vec::with_capacity(self.longest); areas.len()]; sources];
        for b in 0..self.activity.bins[c] {
            for (s, currents) in self.by_source(c, b).iter().enumerate() {
                moments[s].iter_mut().zip(currents).for_each(|(m, current)| m.include(*current));
                let mut sums = vec![0.0; areas.len()];
                currents.iter().zip(population.area_of()).for_each(|(current, area)| sums[*area as usize] += current);
                for (k, area) in areas.iter().enumerate() {
                    traces[s][k].push(sums[k] / area.size as f64);
                }
            }
        }
        traces.iter_mut().flatten().for_each(|trace: &mut Vec<f64>| trace.resize(self.longest, f64::NAN));
        Condition { moments, traces }
    }

    /// The areas, then the blocks.
    fn targets(&self) -> Vec<Target> {
        let population = self.activity.population;
        let area = |(k, area): (usize, &crate::network::Area)| Target {
            area: area.name.clone(),
            cell_type: "all",
            neurons: population.members(k),
        };
        let block = |block: &Block| Target {
            area: block.area_name.clone(),
            cell_type: block.cell_type,
            neurons: block.neurons.clone(),
        };
        population.areas().iter().enumerate().map(area).chain(self.blocks.list().iter().map(block)).collect()
    }
}

/// The currents from all sources into one target in one condition.
fn rows(condition: usize, currents: &Condition, target: &Target, sources: &[Source]) -> Vec<CurrentRow> {
    let over_neurons = |s: usize, value: &dyn Fn(&Moments) -> f64| -> f64 {
        let sum: f64 = target.neurons.iter().map(|i| value(&currents.moments[s][*i])).sum();
        sum / target.neurons.len() as f64
    };
    let absolute: Vec<f64> = (0..sources.len()).map(|s| over_neurons(s, &|m| m.absolute / m.count)).collect();
    let all: f64 = absolute.iter().sum();
    let row = |(s, source): (usize, &Source)| CurrentRow {
        condition,
        source: source.source.clone(),
        source_type: source.source_type,
        target: target.area.clone(),
        target_type: target.cell_type,
        mean: over_neurons(s, &|m| if m.count > 0.0 { m.mean } else { f64::NAN }),
        mean_absolute: absolute[s],
        sd_in_time: over_neurons(s, &|m| (m.squares / m.count).sqrt()),
        share: absolute[s] / all,
    };
    sources.iter().enumerate().map(row).collect()
}

/// The stimulus of each condition averaged over the steps of each bin, `[C][B][U]`, as the engine averages rates.
pub fn binned_stimulus(problem: &Problem) -> Vec<f32> {
    let d = &problem.dims;
    let mut binned = Vec::with_capacity(d.conditions * d.bins * d.channels);
    for sequence in &problem.sequence {
        for b in 0..d.bins {
            let first = sequence * d.time_steps + d.thermal + b * d.steps_per_bin;
            let value = |t: usize, u: usize| f64::from(problem.stimulus[t * d.channels + u]);
            let mean = |u| (first..first + d.steps_per_bin).map(|t| value(t, u)).sum::<f64>() / d.steps_per_bin as f64;
            binned.extend((0..d.channels).map(|u| mean(u) as f32));
        }
    }
    binned
}
