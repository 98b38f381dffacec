//! Like cells to lesion instead: same area, same type, same number.

use super::Lesion;
use crate::analysis::statistics::{mean, sd};
use crate::lab::Subject;
use crate::network::Population;
use crate::rng::{Rng, Stream};
use std::collections::{BTreeSet, HashSet};

/// Largest standardised difference at which controls count as matched.
const MATCHED: f64 = 0.1;

/// How controls are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControlSettings {
    /// Control sets of each lesion; with none nothing is compared.
    pub count: usize,
    /// Sets of the lesion itself, where it must be subsampled.
    pub subsets: usize,
    /// Whether sets are chosen to be alike in mean rate, peak rate and outgoing weight.
    pub matched: bool,
    /// Seed.
    pub seed: u64,
}

/// Mean differences between controls and lesion, in standard deviations over the cells of both.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Balance {
    /// Of the neurons' mean rates in the intact network.
    pub mean_rate: f64,
    /// Of their peak rates.
    pub peak_rate: f64,
    /// Of the summed magnitudes of their outgoing weights.
    pub outgoing: f64,
}

impl Balance {
    /// Whether all three are at most 0.1.
    pub fn is_matched(&self) -> bool {
        self.worst() <= MATCHED
    }

    /// The largest magnitude.
    pub fn worst(&self) -> f64 {
        [self.mean_rate, self.peak_rate, self.outgoing].iter().fold(0.0, |m: f64, d| m.max(d.abs()))
    }
}

/// What a lesion is compared with: sets of cells of its areas and types that it spares, hence what losing other cells of
/// the kind does.
///
/// At most half of a pool is taken, and where that is less than the lesion, the lesion is subsampled to the same size.
/// Sets from one pool resemble each other more than the lesion resembles them, so that their deviations from their mean are
/// widened; that makes their spread right, not its tails. p values therefore do not come from here, but from the effects of
/// single cells ([`CellOutcome`](super::CellOutcome)): docs/perturbation.md#what-a-lesion-is-held-against.
#[derive(Clone, Debug, PartialEq)]
pub struct Controls {
    /// Neurons in each set that is compared.
    pub size: usize,
    /// Sets of the lesion's own neurons: one, the lesion itself, unless it is subsampled.
    pub subsets: Vec<Vec<usize>>,
    /// Control sets, all different. Fewer than asked for where there are not as many.
    pub sets: Vec<Vec<usize>>,
    /// Factor by which the controls' deviations from their mean are widened.
    pub widening: f64,
    /// How alike controls and lesion are.
    pub balance: Balance,
}

impl Controls {
    /// The sets that are simulated besides the lesion itself: its subsets where it is subsampled, and controls.
    pub fn simulated<'a>(&'a self, lesion: &Lesion) -> impl Iterator<Item = &'a Vec<usize>> + use<'a> {
        let subsets = if self.size == lesion.neurons.len() { &[] } else { self.subsets.as_slice() };
        subsets.iter().chain(&self.sets)
    }
}

/// Lesion cells and spared cells of one area and type.
pub(super) struct Stratum {
    /// Cells of the lesion.
    pub(super) own: Vec<usize>,
    /// Like cells that it spares.
    pub(super) pool: Vec<usize>,
    /// How many of either are compared as sets.
    size: usize,
}

/// Draws the controls of lesion `number`; `None` where there are none to draw: no like cells are spared, the lesion has no
/// neurons, it cuts connections, which have no like, or no sets are asked for. A pool of a single cell gives no set.
pub fn draw_controls(
    lesion: &Lesion,
    number: usize,
    subject: &Subject,
    settings: &ControlSettings,
) -> Option<Controls> {
    let strata = strata(lesion, &subject.problem.population);
    if settings.count == 0 || strata.iter().all(|s| s.pool.is_empty()) {
        return None;
    }
    let (size, whole): (usize, bool) =
        (strata.iter().map(|s| s.size).sum(), strata.iter().all(|s| s.size == s.own.len()));
    let rng = Rng::new(settings.seed, number as u32, Stream::Subsets);
    let compared = |cells: fn(&Stratum) -> &Vec<usize>, rng: Rng| joined(&strata, |s| (cells(s).clone(), s.size), rng);
    let subsets = if whole {
        vec![lesion.neurons.clone()]
    } else {
        distinct(if size == 0 { 0 } else { settings.subsets.max(1) }, |k| {
            compared(|s| &s.own, rng.at_step(SUBSETS + k))
        })
    };
    let features = Features::new(subject, &strata);
    let sets = distinct(if size == 0 { 0 } else { settings.count }, |k| {
        let set = compared(|s| &s.pool, rng.at_step(k));
        if settings.matched { features.matched(set, &strata, rng.at_step(k)) } else { set }
    });
    let widening = widening(&strata, subsets.len(), whole);
    let balance = features.balance(&sets);
    Some(Controls { size, subsets, sets, widening, balance })
}

/// First step in the keys of what is drawn besides controls.
const SUBSETS: u32 = 1_000_000;

/// The areas and types of a lesion; none of one that cuts connections, which have no like.
pub(super) fn strata(lesion: &Lesion, population: &Population) -> Vec<Stratum> {
    if lesion.mode.cut_off().is_some() {
        return Vec::new();
    }
    let key = |i: usize| (population.area_of()[i], population.inhibitory()[i]);
    let keys: BTreeSet<_> = lesion.neurons.iter().map(|i| key(*i)).collect();
    let stratum = |k: (u32, bool)| {
        let (own, pool): (Vec<usize>, Vec<usize>) =
            (0..population.len()).filter(|i| key(*i) == k).partition(|i| lesion.neurons.binary_search(i).is_ok());
        Stratum { size: own.len().min(pool.len() / 2), own, pool }
    };
    keys.into_iter().map(stratum).collect()
}

/// A random set, ascending: of each stratum as many of its cells as `from` says.
fn joined(strata: &[Stratum], from: impl Fn(&Stratum) -> (Vec<usize>, usize), rng: Rng) -> Vec<usize> {
    let mut first = 0;
    let mut set = Vec::new();
    for stratum in strata {
        let (cells, size) = from(stratum);
        set.extend(rng.subset(&cells, size, first));
        first += size as u32;
    }
    set.sort_unstable();
    set
}

/// Up to `count` different sets. Ends when draws have brought nothing new for long: of a few possible sets each would
/// have been drawn by then.
fn distinct(count: usize, draw: impl Fn(u32) -> Vec<usize>) -> Vec<Vec<usize>> {
    const IN_VAIN: u32 = 300;
    let (mut seen, mut sets) = (HashSet::new(), Vec::with_capacity(count));
    let (mut drawn, mut in_vain) = (0, 0);
    while sets.len() < count && in_vain < IN_VAIN {
        let set = draw(drawn);
        drawn += 1;
        in_vain += 1;
        if seen.insert(set.clone()) {
            sets.push(set);
            in_vain = 0;
        }
    }
    sets
}

/// Were effects sums over neurons of equal variance, `m` of `M` pool cells would vary by `m (1 − m/M)`, and the difference
/// between `m` cells' worth of a lesion of `s` cells and the pool by `m² (1/s + 1/M)` (both from sampling without replacement),
/// plus `m (1 − m/s)/R` for R subsets in place of all: the root of their ratio, strata added up.
fn widening(strata: &[Stratum], subsets: usize, whole: bool) -> f64 {
    let (mut lesion, mut control) = (0.0, 0.0);
    for s in strata.iter().filter(|s| s.size > 0) {
        let (m, own, pool) = (s.size as f64, s.own.len() as f64, s.pool.len() as f64);
        lesion += m * m * (1.0 / own + 1.0 / pool);
        if !whole {
            lesion += m * (1.0 - m / own) / subsets as f64;
        }
        control += m * (1.0 - m / pool);
    }
    (lesion / control).sqrt()
}

/// What sets are matched on: mean rate, peak rate, outgoing weight, standardised.
struct Features {
    /// `[N][3]`.
    values: Vec<[f64; 3]>,
    /// Mean over the lesion, weighted as it is sampled.
    target: [f64; 3],
}

impl Features {
    fn new(subject: &Subject, strata: &[Stratum]) -> Self {
        let raw = |i: usize| [subject.mean_rate[i], subject.peak_rate[i], subject.outgoing[i]].map(f64::from);
        let mut values: Vec<[f64; 3]> = (0..subject.dims().neurons).map(raw).collect();
        // Within each area and type, since sets never mix them.
        for stratum in strata {
            let cells = || stratum.own.iter().chain(&stratum.pool);
            let scale = |f: usize| {
                let column: Vec<f64> = cells().map(|i| values[*i][f]).collect();
                let sd = sd(&column);
                (mean(&column), if sd > 0.0 { sd } else { 1.0 })
            };
            let scales = [0, 1, 2].map(scale);
            for i in cells() {
                for (value, (mean, sd)) in values[*i].iter_mut().zip(scales) {
                    *value = (*value - mean) / sd;
                }
            }
        }
        let size: usize = strata.iter().map(|s| s.size).sum();
        let mut target = [0.0; 3];
        for s in strata {
            let weight = s.size as f64 / (s.own.len() as f64 * size as f64);
            for i in &s.own {
                (0..3).for_each(|f| target[f] += weight * values[*i][f]);
            }
        }
        Self { values, target }
    }

    fn mean(&self, set: &[usize]) -> [f64; 3] {
        let mut mean = [0.0; 3];
        for i in set {
            (0..3).for_each(|f| mean[f] += self.values[*i][f] / set.len() as f64);
        }
        mean
    }

    fn difference(&self, set: &[usize]) -> f64 {
        let mean = self.mean(set);
        (0..3).fold(0.0, |worst: f64, f| worst.max((mean[f] - self.target[f]).abs()))
    }

    /// Exchanges random cells of `set` for spared ones of their area and type as long as that brings the set closer to the
    /// lesion, until it is matched or nothing has helped for long.
    fn matched(&self, mut set: Vec<usize>, strata: &[Stratum], rng: Rng) -> Vec<usize> {
        const PROPOSALS: u32 = 2000;
        let mut difference = self.difference(&set);
        for proposal in 0..PROPOSALS {
            if difference <= MATCHED {
                break;
            }
            let counter = 1_000_000 + 2 * proposal;
            let at = rng.below(set.len(), counter);
            let Some(stratum) = strata.iter().find(|s| s.pool.contains(&set[at])) else { continue };
            let other = stratum.pool[rng.below(stratum.pool.len(), counter + 1)];
            if set.contains(&other) {
                continue;
            }
            let before = std::mem::replace(&mut set[at], other);
            let now = self.difference(&set);
            if now < difference {
                difference = now;
            } else {
                set[at] = before;
            }
        }
        set.sort_unstable();
        set
    }

    fn balance(&self, sets: &[Vec<usize>]) -> Balance {
        let mut sum = [0.0; 3];
        for set in sets {
            let mean = self.mean(set);
            (0..3).for_each(|f| sum[f] += (mean[f] - self.target[f]) / sets.len() as f64);
        }
        Balance { mean_rate: sum[0], peak_rate: sum[1], outgoing: sum[2] }
    }
}
