//! Who projects to whom, how densely and how strongly: the effective weights in blocks of area × cell type.

use crate::error::{Error, Result, ensure};
use crate::network::Population;

/// A connection exists where its weight exceeds this share of the network's largest |w|, unless told otherwise. Under
/// `softplus` no weight is exactly zero, and density is a matter of such a threshold: results should not hinge on it.
pub const RELATIVE_THRESHOLD: f64 = 1e-3;

/// The neurons of one cell type of one area; may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Index of the area.
    pub area: usize,
    /// The area's name.
    pub area_name: String,
    /// `excitatory` or `inhibitory`.
    pub cell_type: &'static str,
    /// Its neurons, ascending.
    pub neurons: Vec<usize>,
}

/// The blocks of a population: of each area in file order the excitatory neurons, then the inhibitory ones. Empty blocks
/// are kept, so that every network of the same areas has the same blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    blocks: Vec<Block>,
    block_of: Vec<usize>,
}

impl Blocks {
    /// The blocks of `population`.
    pub fn of(population: &Population) -> Self {
        let block_of: Vec<usize> = (0..population.len())
            .map(|i| 2 * population.area_of()[i] as usize + usize::from(population.inhibitory()[i]))
            .collect();
        let block = |k: usize| Block {
            area: k / 2,
            area_name: population.areas()[k / 2].name.clone(),
            cell_type: ["excitatory", "inhibitory"][k % 2],
            neurons: (0..population.len()).filter(|i| block_of[*i] == k).collect(),
        };
        Self { blocks: (0..2 * population.areas().len()).map(block).collect(), block_of }
    }

    /// The blocks in order.
    pub fn list(&self) -> &[Block] {
        &self.blocks
    }

    /// Index of the block of each neuron, `[N]`.
    pub fn block_of(&self) -> &[usize] {
        &self.block_of
    }
}

/// The connections from one block to another. Sums and means of no connections are 0 and NaN.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ConnectionRow {
    /// Area of the sending neurons.
    pub pre_area: String,
    /// Their cell type.
    pub pre_type: &'static str,
    /// Area of the receiving neurons.
    pub post_area: String,
    /// Their cell type.
    pub post_type: &'static str,
    /// Ordered pairs of different neurons, whether or not the constraint lets them connect.
    pub possible: usize,
    /// Fraction of the possible connections that exist, |w| > threshold.
    pub density: f64,
    /// Mean weight over the possible connections.
    pub mean: f64,
    /// Mean weight over the connections that exist.
    pub mean_existing: f64,
    /// Sum of the weights over the possible connections.
    pub total: f64,
    /// That sum per receiving neuron.
    pub per_neuron: f64,
}

/// Where the input of an area's neurons comes from, and its sign. Sums of |w| over the neurons of the area; a ratio
/// with nothing below the line is infinite, or NaN with nothing above it either.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct BalanceRow {
    /// The area, or `all` for the whole network.
    pub area: String,
    /// Incoming from the same area.
    pub local: f64,
    /// Incoming from other areas.
    pub inter_areal: f64,
    /// `local / inter_areal`.
    pub local_ratio: f64,
    /// Incoming weights above zero.
    pub excitatory: f64,
    /// Magnitude of the incoming weights below zero.
    pub inhibitory: f64,
    /// `excitatory / inhibitory`.
    pub ei_ratio: f64,
}

/// The connectivity of one network.
#[derive(Clone, Debug, PartialEq)]
pub struct Connectivity {
    /// |w| above which a connection counts as existing.
    pub threshold: f64,
    /// Every ordered pair of blocks: sending block slowest, `[2A pre][2A post]`.
    pub connections: Vec<ConnectionRow>,
    /// Every area, and the whole network last.
    pub balance: Vec<BalanceRow>,
}

impl Connectivity {
    /// The connectivity of effective weights `[N post × N pre]` (see
    /// [`Constraint::effective_weights`](crate::network::Constraint::effective_weights)), whose diagonal is not looked at.
    /// A connection exists where `|w| > relative_threshold · max |w|`.
    ///
    /// # Errors
    /// If the sizes differ, a weight is not finite, or the threshold is not in 0…1.
    pub fn of(effective: &[f32], population: &Population, relative_threshold: f64) -> Result<Self> {
        let threshold = threshold(effective, population.len(), relative_threshold)?;
        let blocks = Blocks::of(population);
        let pairs = blocks.list().iter().flat_map(|pre| blocks.list().iter().map(move |post| (pre, post)));
        let connections = pairs.map(|(pre, post)| row(effective, population.len(), threshold, pre, post)).collect();
        Ok(Self { threshold, connections, balance: balance(effective, population) })
    }
}

/// The weights from `pre` to `post` without autapses.
fn row(effective: &[f32], n: usize, threshold: f64, pre: &Block, post: &Block) -> ConnectionRow {
    let (mut possible, mut existing, mut total, mut total_existing) = (0, 0, 0.0, 0.0);
    for i in &post.neurons {
        for j in pre.neurons.iter().filter(|j| *j != i) {
            let w = f64::from(effective[i * n + j]);
            possible += 1;
            total += w;
            if w.abs() > threshold {
                existing += 1;
                total_existing += w;
            }
        }
    }
    ConnectionRow {
        pre_area: pre.area_name.clone(),
        pre_type: pre.cell_type,
        post_area: post.area_name.clone(),
        post_type: post.cell_type,
        possible,
        density: existing as f64 / possible as f64,
        mean: total / possible as f64,
        mean_existing: total_existing / existing as f64,
        total,
        per_neuron: total / post.neurons.len() as f64,
    }
}

/// Sums of |w| that arrive at some neurons.
#[derive(Clone, Copy, Default)]
struct Incoming {
    local: f64,
    inter_areal: f64,
    excitatory: f64,
    inhibitory: f64,
}

impl Incoming {
    fn row(self, area: String) -> BalanceRow {
        let Self { local, inter_areal, excitatory, inhibitory } = self;
        let (local_ratio, ei_ratio) = (local / inter_areal, excitatory / inhibitory);
        BalanceRow { area, local, inter_areal, local_ratio, excitatory, inhibitory, ei_ratio }
    }
}

fn balance(effective: &[f32], population: &Population) -> Vec<BalanceRow> {
    let (n, area) = (population.len(), population.area_of());
    let mut sums = vec![Incoming::default(); population.areas().len()];
    for i in 0..n {
        let sum = &mut sums[area[i] as usize];
        for j in (0..n).filter(|j| *j != i) {
            let w = f64::from(effective[i * n + j]);
            *(if area[i] == area[j] { &mut sum.local } else { &mut sum.inter_areal }) += w.abs();
            *(if w > 0.0 { &mut sum.excitatory } else { &mut sum.inhibitory }) += w.abs();
        }
    }
    let all = sums.iter().fold(Incoming::default(), |a, s| Incoming {
        local: a.local + s.local,
        inter_areal: a.inter_areal + s.inter_areal,
        excitatory: a.excitatory + s.excitatory,
        inhibitory: a.inhibitory + s.inhibitory,
    });
    let names = population.areas().iter().map(|a| a.name.clone());
    names.zip(&sums).map(|(name, s)| s.row(name)).chain([all.row("all".into())]).collect()
}

/// The |w| above which a connection exists: `relative` times the largest |w| off the diagonal.
///
/// # Errors
/// If `effective` is not N × N finite weights, or `relative` not in 0…1.
pub(super) fn threshold(effective: &[f32], neurons: usize, relative: f64) -> Result<f64> {
    check_square("effective weights", effective, neurons)?;
    ensure!(
        (0.0..=1.0).contains(&relative),
        "the threshold of a connection is a share of the largest weight, from 0 to 1; found {relative}."
    );
    let off_diagonal = effective.iter().enumerate().filter(|(k, _)| k / neurons != k % neurons);
    let largest = off_diagonal.map(|(_, w)| f64::from(w.abs())).fold(0.0, f64::max);
    Ok(relative * largest)
}

/// Whether `values` are N × N finite numbers.
pub(super) fn check_square(what: &str, values: &[f32], n: usize) -> Result<()> {
    ensure!(values.len() == n * n, "{what}: expected {n} × {n} = {} values, found {}.", n * n, values.len());
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(k) => Err(Error::input(format!(
            "{what}: the value from neuron {} to neuron {} is {}, not a finite number.",
            k % n + 1,
            k / n + 1,
            values[k]
        ))),
    }
}
