//! One cell at a time: which of them matter, and whether a lesion's labels say which.

use super::controls::{Stratum, strata};
use super::{Damage, Lesion, MeasureKey};
use crate::analysis::statistics::{RankSum, Ranked, labellings};
use crate::data::{csv, csv_number, csv_text};
use crate::lab::Subject;
use crate::network::Population;

/// What lesions of one manner (their window and mode) do to single cells, one at a time.
///
/// They are lesioned without regard to labels, and tell whether labels mean anything: if the label that made a lesion (mirror
/// or not, say) has nothing to do with how much harm the loss of a cell does, the lesion's cells are as good as drawn at
/// random from all cells of their areas and types. [`RankSum`] tests that, exactly
/// (docs/perturbation.md#what-a-lesion-is-held-against).
#[derive(Clone, Debug, PartialEq)]
pub struct CellOutcome {
    /// The manner. Its neurons are those that were lesioned.
    pub lesion: Lesion,
    /// The measures of each, `[neurons of the lesion][measures]`.
    pub damages: Vec<Damage>,
}

impl CellOutcome {
    /// Whether `lesion` acts in the same way at the same time.
    pub fn is_of(&self, lesion: &Lesion) -> bool {
        is_alike(&self.lesion, lesion)
    }
}

/// The cells of a lesion that can be compared, and the like cells that it spares; both ascending in each area and type.
pub fn compared_cells(lesion: &Lesion, population: &Population) -> (Vec<usize>, Vec<usize>) {
    let (own, like): (Vec<_>, Vec<_>) = comparable(lesion, population).into_iter().map(|s| (s.own, s.pool)).unzip();
    (own.concat(), like.concat())
}

/// Random labellings of a test: p is at least 1 / 20000.
const LABELLINGS: usize = 19_999;

/// How labels are dealt anew.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deal {
    /// How often.
    pub labellings: usize,
    /// By which random numbers.
    pub seed: u64,
}

impl Deal {
    /// As often as tables and pages say.
    pub(super) fn of(seed: u64) -> Self {
        Self { labellings: LABELLINGS, seed }
    }
}

/// For each manner of lesion the cells that must be lesioned alone: all cells of the areas and types in which `lesions` of the
/// manner leave cells to compare with.
pub fn cell_lesions(lesions: &[Lesion], population: &Population) -> Vec<Lesion> {
    let mut manners: Vec<Lesion> = Vec::new();
    for lesion in lesions {
        let strata = comparable(lesion, population);
        let cells = strata.iter().flat_map(|s| s.own.iter().chain(&s.pool)).copied();
        if let Some(manner) = manners.iter_mut().find(|m| is_alike(m, lesion)) {
            manner.neurons.extend(cells);
        } else if !strata.is_empty() {
            let Lesion { from, to, mode, .. } = lesion.clone();
            manners.push(Lesion { from, to, mode, ..Lesion::silencing("single cells", cells.collect(), 0) });
        }
    }
    for manner in &mut manners {
        manner.neurons.sort_unstable();
        manner.neurons.dedup();
    }
    manners
}

/// Whether both lesion in the same way at the same time.
fn is_alike(manner: &Lesion, lesion: &Lesion) -> bool {
    (manner.from, manner.to, &manner.mode) == (lesion.from, lesion.to, &lesion.mode)
}

/// The areas and types of which a lesion takes some cells and spares some.
fn comparable(lesion: &Lesion, population: &Population) -> Vec<Stratum> {
    strata(lesion, population).into_iter().filter(|s| !s.pool.is_empty()).collect()
}

/// Labelled cells and all cells of each stratum.
fn sizes(strata: &[Stratum]) -> Vec<(usize, usize)> {
    strata.iter().map(|s| (s.own.len(), s.own.len() + s.pool.len())).collect()
}

/// The smallest p that so few cells allow a lesion, whatever they do.
pub fn smallest_p(lesion: &Lesion, population: &Population) -> f64 {
    (1.0 / labellings(&sizes(&comparable(lesion, population)))).max(1.0 / (LABELLINGS + 1) as f64)
}

/// About the smallest superiority that gives p < 0.05 with so few cells (of distinct ranks): what lies below is not found,
/// whatever else is. By the normal approximation of the rank sum's distribution if labels mean nothing; NaN without like cells.
pub fn smallest_superiority(lesion: &Lesion, population: &Population) -> f64 {
    /// 95 % of a normal distribution lies below it.
    const Z: f64 = 1.645;
    let (mut pairs, mut variance) = (0.0, 0.0);
    for (own, items) in sizes(&comparable(lesion, population)) {
        let of_stratum = (own * (items - own)) as f64;
        pairs += of_stratum;
        variance += of_stratum * (items + 1) as f64 / 12.0;
    }
    0.5 + Z * f64::sqrt(variance) / pairs
}

/// Tests whether a lesion's cells do more harm than like cells that it spares.
pub(super) struct CellTest<'a> {
    /// The measures of the lesion's cells and the like ones in each network, in the order of the test.
    damages: Vec<Vec<&'a Damage>>,
    ranks: RankSum,
}

impl<'a> CellTest<'a> {
    /// The test of lesion `number` in one network, or in several of the same neurons: where the labels say which cells
    /// matter, they say so in each. `None` where it has no like cells, or a network's were not lesioned in its manner.
    pub(super) fn new(
        lesion: &Lesion,
        number: usize,
        networks: &[&'a [CellOutcome]],
        population: &Population,
        deal: Deal,
    ) -> Option<Self> {
        let strata = comparable(lesion, population);
        let damages: Option<Vec<_>> = networks.iter().map(|outcomes| damages_of(lesion, &strata, outcomes)).collect();
        Some(Self {
            damages: damages?,
            ranks: RankSum::new(&sizes(&strata), deal.labellings, deal.seed, number as u32),
        })
    }

    /// By one measure; `harm` says which way harm lies.
    pub(super) fn by(&self, measure: usize, harm: f64) -> Ranked {
        let harms = |damages: &Vec<&Damage>| damages.iter().map(|d| harm * d[measure]).collect();
        self.ranks.test_together(&self.damages.iter().map(harms).collect::<Vec<Vec<f64>>>())
    }
}

/// The measures of the lesion's cells and the like ones in the order of the strata; `None` where there are none.
fn damages_of<'a>(lesion: &Lesion, strata: &[Stratum], outcomes: &'a [CellOutcome]) -> Option<Vec<&'a Damage>> {
    let outcome = outcomes.iter().find(|o| o.is_of(lesion))?;
    let damage = |i: &usize| Some(&outcome.damages[outcome.lesion.neurons.binary_search(i).ok()?]);
    let damages: Option<Vec<_>> = strata.iter().flat_map(|s| s.own.iter().chain(&s.pool)).map(damage).collect();
    damages.filter(|d| !d.is_empty())
}

/// `cells.csv`: what single cells do to all neurons (spectral radii: while the agent executes or observes).
pub fn cells_csv(subject: &Subject, keys: &[MeasureKey], outcomes: &[CellOutcome]) -> String {
    let population = &subject.problem.population;
    let is_shown = |k: &MeasureKey| k.scope == "all" || k.measure == "spectral_radius_change";
    let shown: Vec<usize> = (0..keys.len()).filter(|k| is_shown(&keys[*k])).collect();
    let mut rows = Vec::new();
    for outcome in outcomes {
        let (window, mode) = (outcome.lesion.window(subject), outcome.lesion.mode.label());
        for (i, damage) in outcome.lesion.neurons.iter().zip(&outcome.damages) {
            let texts = [population.area_name(*i), population.cell_type(*i), population.class(*i), &window, &mode]
                .map(csv_text);
            for k in &shown {
                let mut row = vec![(i + 1).to_string()];
                row.extend(texts.iter().cloned());
                row.extend([keys[*k].measure, &keys[*k].scope].map(csv_text));
                row.push(csv_number(damage[*k]));
                rows.push(row);
            }
        }
    }
    csv("neuron,area,cell_type,class,window,mode,measure,scope,value", rows.into_iter())
}
