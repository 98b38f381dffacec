//! Points that cannot be trained: which they are, and how to leave them out.

use super::product::Product;
use super::space::assignment;
use crate::error::Error;
use std::fmt::Write as _;

/// Most exclusions that are proposed.
const MOST_PROPOSED: usize = 8;

/// A point, and why it cannot be trained if it cannot.
pub(super) type Judged = (Vec<u32>, Option<String>);

/// A point, and the settings by whose values it is left out.
type Proposal<'a> = (&'a Vec<u32>, Vec<usize>);

/// The sentence on points that cannot be trained, if there are any.
pub(super) fn refusal(product: &Product, judged: &[Judged]) -> Option<Error> {
    let failed: Vec<(&Vec<u32>, &String)> = judged.iter().filter_map(|(p, why)| Some((p, why.as_ref()?))).collect();
    let (point, why) = failed.first()?;
    let all: Vec<usize> = (0..product.varied.len()).collect();
    let settings = text(product, point, &all);
    let (exclusions, rest) = proposals(product, judged, &failed);
    let points = format!("{} of {} points cannot be trained", failed.len(), judged.len());
    if exclusions.is_empty() {
        let at = if settings.is_empty() { String::new() } else { format!(", such as {settings}") };
        return Some(Error::input(format!("none of the points can be trained{at}: {why}")));
    }
    let mut sentence = format!("{points}, such as {settings}: {why}\nGive other values, or leave such points out:\n");
    for (point, axes) in &exclusions {
        sentence.push_str("\n[[exclude]]\n");
        for axis in axes {
            let (key, value) = (product.varied[*axis].key, product.value(point, *axis));
            // A list in brackets is several values; as one value it needs its own.
            let value = if value.is_array() { format!("[{value}]") } else { value.to_string() };
            let _ = writeln!(sentence, "\"{key}\" = {value}");
        }
    }
    let drawn: Vec<&str> = exclusions
        .iter()
        .flat_map(|(_, axes)| axes)
        .map(|a| &product.varied[*a])
        .filter(|v| v.is_drawn)
        .map(|v| v.key)
        .collect();
    if let Some(key) = drawn.first() {
        let _ = write!(sentence, "\nValues of `{key}` are drawn: a narrower range leaves them out for good.");
    }
    if rest > 0 {
        let _ = write!(sentence, "\nAnd {rest} more, which are not listed.");
    }
    Some(Error::input(sentence.trim_end()))
}

/// Exclusions that leave out points that cannot be trained and no others, each with as few settings as do, and how many
/// points they leave. None if all points are impossible.
fn proposals<'a>(
    product: &Product,
    judged: &[Judged],
    failed: &[(&'a Vec<u32>, &String)],
) -> (Vec<Proposal<'a>>, usize) {
    let good: Vec<&Vec<u32>> = judged.iter().filter(|(_, why)| why.is_none()).map(|(p, _)| p).collect();
    let mut open: Vec<&'a Vec<u32>> = failed.iter().map(|(p, _)| *p).collect();
    let mut found = Vec::new();
    if good.is_empty() {
        return (found, open.len());
    }
    while let (Some(point), true) = (open.first().copied(), found.len() < MOST_PROPOSED) {
        let axes = fewest(product, point, &good);
        open.retain(|other| axes.iter().any(|a| other[*a] != point[*a]));
        found.push((point, axes));
    }
    (found, open.len())
}

/// The fewest settings, found by leaving out one after another, by whose values at `point` no good point is left out.
fn fewest(product: &Product, point: &[u32], good: &[&Vec<u32>]) -> Vec<usize> {
    let mut axes: Vec<usize> = (0..product.varied.len()).collect();
    let mut order = axes.clone();
    // Drawn values first: each of them is of one point alone.
    order.sort_by_key(|a| !product.varied[*a].is_drawn);
    for axis in order {
        let fewer: Vec<usize> = axes.iter().copied().filter(|a| *a != axis).collect();
        if !good.iter().any(|other| fewer.iter().all(|a| other[*a] == point[*a])) {
            axes = fewer;
        }
    }
    axes
}

/// The settings of a point, in one line.
fn text(product: &Product, point: &[u32], axes: &[usize]) -> String {
    let keys: Vec<String> = axes.iter().map(|a| product.varied[*a].key.to_string()).collect();
    assignment(keys.iter().zip(axes.iter().map(|a| product.value(point, *a))))
}
