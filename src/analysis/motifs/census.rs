//! Counting the triads of a directed graph by intersections of bit sets.
//!
//! For every dyad u, v with an edge, the other nodes w are counted by their relations to u and to v. A triad is so met once
//! for each of its dyads with an edge (the counting by pairs of Batagelj & Mrvar 2001); what has none is the rest.

use super::Graph;

/// The 16 triads by their MAN names, in the usual order.
pub const TRIADS: [&str; 16] = [
    "003", "012", "102", "021D", "021U", "021C", "111D", "111U", "030T", "030C", "201", "120D", "120U", "120C", "210",
    "300",
];

/// Those among [`TRIADS`] whose three nodes are connected.
pub const CONNECTED: [usize; 13] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// How two nodes are related: bit 0 the edge from the first to the second, bit 1 the edge back.
type Dyad = usize;

/// Number of triads of each of the 16 types, in the order of [`TRIADS`]: induced subgraphs of three different nodes.
pub fn triadic_census(graph: &Graph) -> [u64; 16] {
    let n = graph.nodes();
    let table = triad_table();
    let related = Relations::of(graph);
    let mut met = [0_u64; 16];
    for u in 0..n {
        for v in u + 1..n {
            let dyad = usize::from(graph.has_edge(u, v)) | usize::from(graph.has_edge(v, u)) << 1;
            if dyad != 0 {
                for (cell, count) in related.third_nodes(u, v, dyad).into_iter().enumerate() {
                    met[table[dyad][cell / 4][cell % 4]] += count;
                }
            }
        }
    }
    let mut census = [0; 16];
    for (t, name) in TRIADS.iter().enumerate().skip(1) {
        let null_dyads = u64::from(name.as_bytes()[2] - b'0');
        census[t] = met[t] / (3 - null_dyads);
    }
    let nodes = n as u64;
    census[0] = nodes * nodes.saturating_sub(1) * nodes.saturating_sub(2) / 6 - census.iter().sum::<u64>();
    census
}

/// Which nodes each node is related to, and how.
struct Relations {
    words: usize,
    /// `[N][dyad 1…3][words]`.
    bits: Vec<u64>,
    /// `[N][dyad 0…3]`, the node itself not counted.
    sizes: Vec<[u64; 4]>,
}

impl Relations {
    fn of(graph: &Graph) -> Self {
        let (n, words) = (graph.nodes(), graph.words());
        let mut bits = vec![0; n * 3 * words];
        let mut sizes = Vec::with_capacity(n);
        for (u, sets) in bits.chunks_exact_mut((3 * words).max(1)).enumerate() {
            for (k, (out, into)) in graph.out_bits(u).iter().zip(graph.in_bits(u)).enumerate() {
                sets[k] = out & !into;
                sets[words + k] = into & !out;
                sets[2 * words + k] = out & into;
            }
            let mut size = [0; 4];
            for (size, set) in size[1..].iter_mut().zip(sets.chunks_exact(words)) {
                *size = set.iter().map(|w| u64::from(w.count_ones())).sum();
            }
            size[0] = n as u64 - 1 - size.iter().sum::<u64>();
            sizes.push(size);
        }
        Self { words, bits, sizes }
    }

    fn set(&self, node: usize, dyad: Dyad) -> &[u64] {
        let start = (node * 3 + dyad - 1) * self.words;
        &self.bits[start..start + self.words]
    }

    /// How many nodes other than `u` and `v` have each relation to `u` (slow) and to `v` (fast), `[4][4]`; `dyad` is the
    /// relation of `u` to `v`. Sets without an edge are what the other sets leave.
    fn third_nodes(&self, u: usize, v: usize, dyad: Dyad) -> [u64; 16] {
        let mut cells = [0; 16];
        let (mut left_u, mut left_v) = (self.sizes[u], self.sizes[v]);
        // v is in one set of u, and u in one of v, with the edges read the other way.
        left_u[dyad] -= 1;
        left_v[reversed(dyad)] -= 1;
        for a in 1..4 {
            for b in 1..4 {
                let both =
                    self.set(u, a).iter().zip(self.set(v, b)).map(|(x, y)| u64::from((x & y).count_ones())).sum();
                cells[4 * a + b] = both;
                left_u[a] -= both;
                left_v[b] -= both;
            }
        }
        for k in 1..4 {
            cells[4 * k] = left_u[k];
            cells[k] = left_v[k];
        }
        cells[0] = left_u[0] - left_v[1] - left_v[2] - left_v[3];
        cells
    }
}

/// The dyad seen from its other node.
fn reversed(dyad: Dyad) -> Dyad {
    dyad >> 1 | (dyad & 1) << 1
}

/// Index in [`TRIADS`] of the triad u, v, w with the dyads u–v, u–w and v–w.
fn triad_table() -> [[[usize; 4]; 4]; 4] {
    let mut table = [[[0; 4]; 4]; 4];
    for (uv, plane) in table.iter_mut().enumerate() {
        for (uw, row) in plane.iter_mut().enumerate() {
            for (vw, entry) in row.iter_mut().enumerate() {
                *entry = triad_of([uv, uw, vw]);
            }
        }
    }
    table
}

/// The type of a triad from its dyads u–v, u–w and v–w.
fn triad_of(dyads: [Dyad; 3]) -> usize {
    let count = |wanted: &[Dyad]| dyads.iter().filter(|d| wanted.contains(d)).count();
    let name = format!("{}{}{}{}", count(&[3]), count(&[1, 2]), count(&[0]), direction(dyads));
    TRIADS.iter().position(|t| *t == name).unwrap_or(0)
}

/// The letter that tells triads of equal dyads apart, empty where there is nothing to tell. D: a node sends both
/// asymmetric edges; U: a node receives both; C: they form a chain or cycle; T: three are transitive. With one asymmetric
/// and one mutual dyad, D: the node of both dyads receives the edge; U: it sends it.
fn direction(dyads: [Dyad; 3]) -> &'static str {
    let ends = [(0, 1), (0, 2), (1, 2)];
    let (mut sent, mut received, mut mutual) = ([0; 3], [0; 3], [0; 3]);
    for (dyad, (a, b)) in dyads.into_iter().zip(ends) {
        match dyad {
            1 => (sent[a], received[b]) = (sent[a] + 1, received[b] + 1),
            2 => (sent[b], received[a]) = (sent[b] + 1, received[a] + 1),
            3 => (mutual[a], mutual[b]) = (mutual[a] + 1, mutual[b] + 1),
            _ => {}
        }
    }
    let asymmetric: usize = sent.iter().sum();
    let mutual_dyads: usize = mutual.iter().sum::<usize>() / 2;
    match (asymmetric, mutual_dyads) {
        (1, 1) if (0..3).any(|k| mutual[k] == 1 && received[k] == 1) => "D",
        (1, 1) => "U",
        (2, _) if sent.contains(&2) => "D",
        (2, _) if received.contains(&2) => "U",
        (2, _) => "C",
        (3, _) if sent == [1; 3] => "C",
        (3, _) => "T",
        _ => "",
    }
}
