//! All points of a specification: one row of each block, the last one changing fastest.

use super::keys::set;
use super::space::{AxisKind, Block};
use crate::error::{Result, ensure};
use std::collections::HashMap;
use toml::{Table, Value};

/// Most points that are looked at, however many runs are allowed.
const MOST_POINTS: usize = 100_000;

/// A setting that varies, and its values with numbers.
#[derive(Debug)]
pub(super) struct Varied<'a> {
    pub(super) key: &'a str,
    pub(super) kind: AxisKind,
    /// Whether its values were drawn.
    pub(super) is_drawn: bool,
    /// Whether settings are called by it: not where another one that goes with it tells as much.
    pub(super) is_telling: bool,
    /// Its values, each once.
    pub(super) values: Vec<&'a Value>,
    block: usize,
    /// The number of its value in each row of its block.
    numbers: Vec<u32>,
}

/// The points.
#[derive(Debug)]
pub(super) struct Product<'a> {
    /// What varies, in order.
    pub(super) varied: Vec<Varied<'a>>,
    rows: Vec<usize>,
    /// How many there are.
    pub(super) count: usize,
}

impl<'a> Product<'a> {
    /// Those of `blocks`.
    ///
    /// # Errors
    /// If there are more than anybody can mean.
    pub(super) fn of(blocks: &'a [Block]) -> Result<Self> {
        let rows: Vec<usize> = blocks.iter().map(|block| block.rows.len()).collect();
        let count = rows.iter().try_fold(1_usize, |count, rows| count.checked_mul(*rows)).filter(|n| *n <= MOST_POINTS);
        let factors: Vec<String> =
            blocks.iter().map(|b| format!("{} ({} {})", b.rows.len(), b.place, b.keys.join(", "))).collect();
        ensure!(
            count.is_some(),
            "sections multiply: {} are more than {MOST_POINTS} points. Leave out values or settings, or draw fewer points.",
            factors.join(" × ")
        );
        let varied = blocks.iter().enumerate().flat_map(|(b, block)| varied(b, block)).collect();
        Ok(Self { varied, rows, count: count.unwrap_or_default() })
    }

    /// The numbers of a point's values, one for everything that varies.
    pub(super) fn point(&self, number: usize) -> Vec<u32> {
        let mut rest = number;
        let mut rows = vec![0; self.rows.len()];
        for (row, count) in rows.iter_mut().zip(&self.rows).rev() {
            (*row, rest) = (rest % count, rest / count);
        }
        self.varied.iter().map(|v| v.numbers[rows[v.block]]).collect()
    }

    /// The value of what varies as number `axis` at a point.
    pub(super) fn value(&self, point: &[u32], axis: usize) -> &'a Value {
        self.varied[axis].values[point[axis] as usize]
    }

    /// Puts the values of a point into settings.
    pub(super) fn apply(&self, point: &[u32], settings: &mut Table) {
        for (axis, varied) in self.varied.iter().enumerate() {
            set(settings, varied.key, self.value(point, axis).clone());
        }
    }
}

fn varied(b: usize, block: &Block) -> impl Iterator<Item = Varied<'_>> {
    // The first column whose values are all different tells the rows apart.
    let mut is_told = false;
    block.keys.iter().zip(&block.kinds).enumerate().map(move |(k, (key, kind))| {
        let (values, numbers) = numbered(block.rows.iter().map(|row| &row[k]));
        let is_telling = block.is_drawn || !is_told;
        is_told |= values.len() == block.rows.len();
        Varied { key, kind: *kind, is_drawn: block.is_drawn, is_telling, values, block: b, numbers }
    })
}

/// Different values, and which of them each is.
fn numbered<'a>(all: impl Iterator<Item = &'a Value>) -> (Vec<&'a Value>, Vec<u32>) {
    let (mut values, mut known) = (Vec::new(), HashMap::new());
    let mut number = |value: &'a Value| {
        *known.entry(value.to_string()).or_insert_with(|| {
            values.push(value);
            values.len() as u32 - 1
        })
    };
    let numbers = all.map(&mut number).collect();
    (values, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(key: &str, rows: usize) -> Block {
        let rows = (0..rows).map(|r| vec![Value::Integer(r as i64)]).collect();
        let kinds = vec![AxisKind::Linear];
        Block { place: "[grid]".into(), keys: vec![key.into()], kinds, rows, is_drawn: false, repeated: 0 }
    }

    #[test]
    fn the_last_block_changes_fastest_and_nothing_is_one_point() {
        let blocks = [block("a", 2), block("b", 3)];
        let product = Product::of(&blocks).unwrap();
        let points: Vec<Vec<u32>> = (0..product.count).map(|p| product.point(p)).collect();
        assert_eq!(points, [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]);
        let nothing = Product::of(&[]).unwrap();
        assert_eq!((nothing.count, nothing.point(0)), (1, vec![]));
    }

    #[test]
    fn products_beyond_any_machine_are_refused_before_they_are_listed() {
        for rows in [400, 60_000] {
            let blocks: Vec<Block> = (0..8).map(|k| block(&format!("k{k}"), rows)).collect();
            let error = Product::of(&blocks).unwrap_err();
            assert!(error.to_string().contains("[grid] k7") && error.exit_code() == 2, "{error}");
        }
    }
}
