//! Triads counted as networkx counts them, rewirings that preserve what they should, motifs that are found where they are.
#![allow(missing_docs)]

use aon::analysis::motifs::{
    CONNECTED, Graph, MotifRow, Rewirer, RewiringSettings, STRONGEST_SHARE, TRIADS, motifs, triadic_census,
};
use aon::network::{Area, Population};
use aon::rng::{Rng, Stream};
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct Reference {
    names: Vec<String>,
    graphs: Vec<ReferenceGraph>,
}

#[derive(Deserialize)]
struct ReferenceGraph {
    nodes: usize,
    edges: Vec<(usize, usize)>,
    census: [u64; 16],
}

/// A graph in which each ordered pair is an edge with that probability.
fn random_edges(nodes: usize, density: f64, seed: u64) -> BTreeSet<(usize, usize)> {
    let rng = Rng::new(seed, 0, Stream::Synthetic);
    let pairs = (0..nodes * nodes).map(|k| (k / nodes, k % nodes));
    pairs.filter(|(a, b)| a != b && rng.uniform((a * nodes + b) as u32) <= density).collect()
}

fn graph(nodes: usize, edges: &BTreeSet<(usize, usize)>) -> Graph {
    Graph::new(nodes, &edges.iter().copied().collect::<Vec<_>>()).unwrap()
}

#[test]
fn triads_are_counted_as_networkx_counts_them() {
    let reference: Reference = serde_json::from_str(include_str!("reference/motifs.json")).unwrap();
    assert_eq!(reference.names, TRIADS);
    for g in &reference.graphs {
        assert_eq!(triadic_census(&Graph::new(g.nodes, &g.edges).unwrap()), g.census, "{} nodes", g.nodes);
    }
    let all = reference.graphs.iter().fold([0; 16], |sum: [u64; 16], g| std::array::from_fn(|t| sum[t] + g.census[t]));
    assert!(all.iter().all(|count| *count > 0), "every triad occurs: {all:?}");
}

#[test]
fn graphs_without_triads_have_none() {
    for nodes in 0..3 {
        assert_eq!(triadic_census(&Graph::new(nodes, &[]).unwrap()), [0; 16]);
    }
    assert_eq!(triadic_census(&Graph::new(2, &[(0, 1)]).unwrap()), [0; 16]);
}

/// Successors and predecessors by block: what a rewiring preserves (of which the edges between blocks are sums).
fn degrees(graph: &Graph, block_of: &[usize]) -> BTreeMap<(bool, u32, usize), usize> {
    let mut degrees = BTreeMap::new();
    for (a, b) in graph.edges() {
        *degrees.entry((true, *a, block_of[*b as usize])).or_default() += 1;
        *degrees.entry((false, *b, block_of[*a as usize])).or_default() += 1;
    }
    degrees
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rewired_graphs_are_simple_and_keep_degrees_and_blocks(
        nodes in 2_usize..70, density in 0.0..0.9, seed in any::<u64>(), blocks in 1_usize..5,
    ) {
        let start = graph(nodes, &random_edges(nodes, density, seed));
        let block_of: Vec<usize> = (0..nodes).map(|i| i * blocks / nodes).collect();
        let settings = RewiringSettings { seed, burn_in_per_edge: 3, swaps_per_edge: 2, ..RewiringSettings::default() };
        let mut rewirer = Rewirer::new(&start, &block_of, &settings).unwrap();
        for _ in 0..3 {
            let rewired = rewirer.next_graph();
            let edges: Vec<(usize, usize)> = rewired.edges().iter().map(|(a, b)| (*a as usize, *b as usize)).collect();
            // Graph::new refuses self-loops and double edges; equality compares the bit sets with the list.
            prop_assert_eq!(&Graph::new(nodes, &edges).unwrap(), rewired);
            prop_assert_eq!(degrees(rewired, &block_of), degrees(&start, &block_of));
        }
    }
}

/// All simple graphs with the degrees of four nodes are equally likely: two successors and two predecessors each.
#[test]
fn the_chain_visits_all_graphs_equally_often() {
    let start = Graph::new(4, &[(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (2, 0), (1, 3), (3, 1)]).unwrap();
    let settings = RewiringSettings { seed: 3, swaps_per_edge: 3, ..RewiringSettings::default() };
    let mut rewirer = Rewirer::new(&start, &[0; 4], &settings).unwrap();
    let mut visits = BTreeMap::<BTreeSet<(u32, u32)>, u32>::new();
    for _ in 0..9000 {
        *visits.entry(rewirer.next_graph().edges().iter().copied().collect()).or_default() += 1;
    }
    // The complement of such a graph is a permutation without fixed points: 9 of them, 1000 visits each; standard
    // deviation 30 of independent visits, some more of those of a chain.
    assert_eq!(visits.len(), 9);
    assert!(visits.values().all(|v| v.abs_diff(1000) < 180), "{:?}", visits.values());
}

fn row<'a>(rows: &'a [MotifRow], motif: &str) -> &'a MotifRow {
    rows.iter().find(|r| r.motif == motif).unwrap()
}

#[test]
fn planted_feed_forward_loops_are_found_in_excess() {
    let nodes = 60;
    let mut edges = random_edges(nodes, 0.04, 8);
    let rng = Rng::new(8, 1, Stream::Synthetic);
    for k in 0..80 {
        let [a, b, c, _] = rng.words(k).map(|w| w as usize % nodes);
        if a < b && b < c {
            edges.extend([(a, b), (b, c), (a, c)]);
        }
    }
    let block_of: Vec<usize> = (0..nodes).map(|i| i / 30).collect();
    let rows = motifs(&graph(nodes, &edges), &block_of, &RewiringSettings::default()).unwrap();
    assert_eq!(rows.len(), CONNECTED.len());
    let loops = row(&rows, "030T");
    assert!(loops.z > 4.0 && loops.p < 0.02 && loops.count as f64 > loops.null_mean, "{loops:?}");
    assert!(row(&rows, "030C").z < 2.0);
}

/// Random graphs have no motifs: with 101 equally likely ranks p < 0.05 has a probability of 4 %. Of 10 graphs × 13
/// dependent motifs about 5 are expected.
#[test]
fn random_graphs_have_no_motifs() {
    let mut small = 0;
    for seed in 0..10 {
        let g = graph(40, &random_edges(40, 0.12, 100 + seed));
        let block_of: Vec<usize> = (0..40).map(|i| i % 3).collect();
        let settings = RewiringSettings { seed, ..RewiringSettings::default() };
        small += motifs(&g, &block_of, &settings).unwrap().iter().filter(|r| r.p < 0.05).count();
    }
    assert!(small <= 16, "{small} of 130 are small");
}

#[test]
fn the_graph_of_a_network_keeps_the_strongest_connections_between_blocks() {
    let area = |name: &str, size| Area { name: name.into(), size };
    let population =
        Population::new(vec![area("A", 20), area("B", 10)], (0..30).map(|i| i % 5 == 4).collect(), None).unwrap();
    let weight = |(i, j): (usize, usize)| match (i / 20 == j / 20, j % 5 == 4) {
        _ if i == j => 9.0,
        (false, true) => 0.0,
        (_, inhibitory) => (if inhibitory { -1.0 } else { 1.0 }) * (0.01 + ((i * 31 + j * 17) % 97) as f32),
    };
    let weights: Vec<f32> = (0..900).map(|k| weight((k / 30, k % 30))).collect();
    let g = Graph::of_strongest(&weights, &population, STRONGEST_SHARE, 1e-3).unwrap();
    let between = |pre: fn(usize) -> bool, post: fn(usize) -> bool| {
        g.edges().iter().filter(|(a, b)| pre(*a as usize) && post(*b as usize)).count()
    };
    // A excitatory → A excitatory: 16 · 15 possible; B inhibitory → B excitatory: 2 · 8; inhibition does not leave A.
    assert_eq!(between(|j| j < 20 && j % 5 != 4, |i| i < 20 && i % 5 != 4), 24);
    assert_eq!(between(|j| j >= 20 && j % 5 == 4, |i| i >= 20 && i % 5 != 4), 2);
    assert_eq!(between(|j| j < 20 && j % 5 == 4, |i| i >= 20), 0);
    let strength = |a: usize, b: usize| weights[b * 30 + a].abs();
    let inside = |k: usize| k < 20 && k % 5 != 4;
    let weakest_kept =
        g.edges().iter().map(|(a, b)| (*a as usize, *b as usize)).filter(|(a, b)| inside(*a) && inside(*b));
    let weakest_kept = weakest_kept.map(|(a, b)| strength(a, b)).fold(f32::MAX, f32::min);
    let left_out =
        (0..900).map(|k| (k / 30, k % 30)).filter(|(a, b)| a != b && inside(*a) && inside(*b) && !g.has_edge(*a, *b));
    assert!(left_out.map(|(a, b)| strength(a, b)).fold(0.0, f32::max) <= weakest_kept);
    // A threshold that only the largest weights pass.
    let few = Graph::of_strongest(&weights, &population, 1.0, 0.99).unwrap();
    assert!(!few.edges().is_empty() && few.edges().iter().all(|(a, b)| strength(*a as usize, *b as usize) > 95.0));
}

#[test]
fn what_is_no_graph_is_refused() {
    for edges in [vec![(0, 0)], vec![(0, 3)], vec![(0, 1), (0, 1)]] {
        assert!(Graph::new(3, &edges).is_err());
    }
    let g = Graph::new(3, &[(0, 1)]).unwrap();
    assert!(motifs(&g, &[0; 2], &RewiringSettings::default()).is_err());
    assert!(motifs(&g, &[0; 3], &RewiringSettings { rewirings: 1, ..RewiringSettings::default() }).is_err());
    let population = Population::new(vec![Area { name: "A".into(), size: 2 }], vec![false; 2], None).unwrap();
    assert!(Graph::of_strongest(&[0.0; 4], &population, 1.5, 0.0).is_err());
    assert!(Graph::of_strongest(&[0.0; 4], &population, f64::NAN, 0.0).is_err());
    assert!(Graph::of_strongest(&[0.0, f32::NAN, 0.0, 0.0], &population, 0.1, 0.0).is_err());
    // A network without weights has a graph without edges, and no motifs.
    let empty = Graph::of_strongest(&[0.0; 4], &population, 0.1, 1e-3).unwrap();
    assert!(motifs(&empty, &[0; 2], &RewiringSettings::default()).unwrap().iter().all(|r| r.count == 0 && r.p == 1.0));
}
