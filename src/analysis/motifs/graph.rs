//! A directed graph without self-loops and double edges, as bit sets of successors and predecessors.

use crate::analysis::connectivity::{Blocks, threshold};
use crate::error::{Result, ensure};
use crate::network::Population;

/// Share of the possible connections from block to block that a network's graph keeps, unless told otherwise.
pub const STRONGEST_SHARE: f64 = 0.1;

/// A simple directed graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    nodes: usize,
    words: usize,
    /// Edges (from, to).
    edges: Vec<(u32, u32)>,
    /// Successors, `[nodes][words]`.
    out: Vec<u64>,
    /// Predecessors, `[nodes][words]`.
    into: Vec<u64>,
}

impl Graph {
    /// The graph of `nodes` nodes with `edges` (from, to).
    ///
    /// # Errors
    /// If an edge is given twice, leads to where it starts, or names a node that does not exist.
    pub fn new(nodes: usize, edges: &[(usize, usize)]) -> Result<Self> {
        let words = nodes.div_ceil(64);
        let empty = vec![0; nodes * words];
        let mut graph = Self { nodes, words, edges: Vec::with_capacity(edges.len()), out: empty.clone(), into: empty };
        for &(a, b) in edges {
            ensure!(
                a < nodes && b < nodes && a != b && !graph.has_edge(a, b),
                "graph: the edge from node {a} to node {b} is double, leads to where it starts, or leaves the {nodes} nodes."
            );
            graph.edges.push((a as u32, b as u32));
            graph.flip(a, b);
        }
        Ok(graph)
    }

    /// The graph of a network's strongest connections, effective weights `[N post × N pre]`; an edge leads from the sending
    /// to the receiving neuron. From each block to each other (and to itself) the strongest `share` of the possible
    /// connections is kept, rounded to whole connections, so that blocks keep their relative density; of equal weights
    /// the first in file order. Weights of at most `relative_threshold · max |w|` never count.
    ///
    /// # Errors
    /// If the sizes differ, a weight is not finite, or a share is not in 0…1.
    pub fn of_strongest(
        effective: &[f32],
        population: &Population,
        share: f64,
        relative_threshold: f64,
    ) -> Result<Self> {
        let n = population.len();
        let threshold = threshold(effective, n, relative_threshold)?;
        ensure!(
            (0.0..=1.0).contains(&share),
            "motifs: the share of the strongest connections should be in 0…1, found {share}."
        );
        let blocks = Blocks::of(population);
        let mut edges = Vec::new();
        for pre in blocks.list() {
            for post in blocks.list() {
                let pairs = post.neurons.iter().flat_map(|i| pre.neurons.iter().map(move |j| (*j, *i)));
                let mut pairs: Vec<(usize, usize)> = pairs.filter(|(j, i)| i != j).collect();
                let kept = (share * pairs.len() as f64).round() as usize;
                let strength = |(j, i): &(usize, usize)| f64::from(effective[i * n + j].abs());
                pairs.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
                edges.extend(pairs.into_iter().take(kept).take_while(|pair| strength(pair) > threshold));
            }
        }
        Self::new(n, &edges)
    }

    /// Number of nodes.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// The edges (from, to).
    pub fn edges(&self) -> &[(u32, u32)] {
        &self.edges
    }

    /// Whether there is an edge from `a` to `b`.
    pub fn has_edge(&self, a: usize, b: usize) -> bool {
        self.out[a * self.words + b / 64] >> (b % 64) & 1 == 1
    }

    /// Words of a bit set of nodes.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// The successors of `a`.
    pub(super) fn out_bits(&self, a: usize) -> &[u64] {
        &self.out[a * self.words..(a + 1) * self.words]
    }

    /// The predecessors of `a`.
    pub(super) fn in_bits(&self, a: usize) -> &[u64] {
        &self.into[a * self.words..(a + 1) * self.words]
    }

    /// Replaces the edges number `e`, a→b, and `f`, c→d, by a→d and c→b, unless that makes a self-loop or a double edge.
    pub(super) fn swap(&mut self, e: usize, f: usize) {
        let ((a, b), (c, d)) = (self.edges[e], self.edges[f]);
        let [a, b, c, d] = [a, b, c, d].map(|node| node as usize);
        if a == d || c == b || self.has_edge(a, d) || self.has_edge(c, b) {
            return;
        }
        self.edges[e].1 = d as u32;
        self.edges[f].1 = b as u32;
        for (from, to) in [(a, b), (c, d), (a, d), (c, b)] {
            self.flip(from, to);
        }
    }

    /// Adds the edge to the bit sets, or takes it out.
    fn flip(&mut self, a: usize, b: usize) {
        self.out[a * self.words + b / 64] ^= 1 << (b % 64);
        self.into[b * self.words + a / 64] ^= 1 << (a % 64);
    }
}
