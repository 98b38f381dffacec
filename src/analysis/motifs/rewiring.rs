//! Random graphs with the degrees and blocks of a given one, by swaps of edges.

use super::Graph;
use crate::error::{Result, ensure};
use crate::rng::{Rng, Stream};

/// How graphs are rewired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RewiringSettings {
    /// Rewired graphs.
    pub rewirings: usize,
    /// Attempted swaps per edge from one to the next.
    pub swaps_per_edge: usize,
    /// Attempted swaps per edge before the first, in addition.
    pub burn_in_per_edge: usize,
    /// Seed.
    pub seed: u64,
    /// Number of the network under that seed.
    pub network: u32,
}

impl Default for RewiringSettings {
    fn default() -> Self {
        Self { rewirings: 100, swaps_per_edge: 10, burn_in_per_edge: 100, seed: 0, network: 0 }
    }
}

/// A chain of random graphs. A swap replaces a→b and c→d, a and c of one block and b and d of one block, by a→d and c→b:
/// every node keeps its in-degree and out-degree, into and from every block, and blocks the number of edges between them.
/// Proposals are symmetric, and one that would make a self-loop or double edge leaves the graph as it is, so that all
/// graphs that swaps can reach are equally likely in the long run (Maslov & Sneppen 2002; Artzy-Randrup & Stone 2005).
/// Swaps alone do not reverse a directed cycle of three nodes in graphs so constrained that nothing else can move.
#[derive(Clone, Debug)]
pub struct Rewirer {
    graph: Graph,
    /// The edges of a pair of blocks stand together: first and number of each edge's pair, `[edges]`.
    group: Vec<(u32, u32)>,
    swaps_per_edge: usize,
    rng: Rng,
    made: u32,
}

impl Rewirer {
    /// A chain that starts at `graph`, whose node i is in block `block_of[i]`, and has its burn-in behind it.
    ///
    /// # Errors
    /// If `block_of` has another length than the graph has nodes, or there are too many swaps to number them.
    pub fn new(graph: &Graph, block_of: &[usize], settings: &RewiringSettings) -> Result<Self> {
        let (given, nodes, edges) = (block_of.len(), graph.nodes(), graph.edges().len());
        ensure!(given == nodes, "rewiring: {given} nodes have blocks, the graph has {nodes}.");
        let most = settings.swaps_per_edge.max(settings.burn_in_per_edge);
        ensure!(
            edges.checked_mul(most).is_some_and(|swaps| u32::try_from(swaps).is_ok()),
            "rewiring: {most} swaps of each of {edges} edges are too many; ask for fewer per edge."
        );
        let blocks = |(a, b): &(u32, u32)| (block_of[*a as usize], block_of[*b as usize]);
        let mut edges = graph.edges().to_vec();
        edges.sort_by_key(blocks);
        let group = edges
            .chunk_by(|e, f| blocks(e) == blocks(f))
            .scan(0, |first, chunk| {
                let size = chunk.len() as u32;
                *first += size;
                Some(std::iter::repeat_n((*first - size, size), size as usize))
            })
            .flatten()
            .collect();
        let edges: Vec<(usize, usize)> = edges.iter().map(|(a, b)| (*a as usize, *b as usize)).collect();
        let mut chain = Self {
            graph: Graph::new(graph.nodes(), &edges)?,
            group,
            swaps_per_edge: settings.swaps_per_edge,
            rng: Rng::new(settings.seed, settings.network, Stream::Rewiring),
            made: 0,
        };
        chain.attempt(settings.burn_in_per_edge);
        Ok(chain)
    }

    /// The next graph of the chain.
    pub fn next_graph(&mut self) -> &Graph {
        self.attempt(self.swaps_per_edge);
        &self.graph
    }

    /// Attempts so many swaps per edge.
    fn attempt(&mut self, per_edge: usize) {
        let rng = self.rng.at_step(self.made);
        self.made += 1;
        let edges = self.group.len() as u32;
        for k in 0..edges * per_edge as u32 {
            let [one, other, ..] = rng.words(k);
            let e = below(one, edges);
            let (first, size) = self.group[e as usize];
            self.graph.swap(e as usize, (first + below(other, size)) as usize);
        }
    }
}

/// Maps a word to 0 … `limit − 1`; with fewer than 2²⁰ edges no number is favoured by more than 2⁻¹².
fn below(word: u32, limit: u32) -> u32 {
    ((u64::from(word) * u64::from(limit)) >> 32) as u32
}
