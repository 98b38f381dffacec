//! Which tests more draws could still decide.

use super::design::{Row, Tests};
use crate::analysis::statistics::{benjamini_hochberg, clopper_pearson};
use crate::data::recording::Agent;

/// How sure it must be that more draws would change nothing.
const SURE: f64 = 0.999;
/// So many draws beyond the observed value tell its p well enough.
const ENOUGH: usize = 100;

/// The tests, as (sampler, neuron), that are discoveries if p is as small as its draws allow, and none if it is as large. The
/// families are executed and observed behaviours, and both together; other sessions may hold nothing or as much.
pub(super) fn open(tests: &Tests, rows: &[Vec<Row>], neurons: &[usize]) -> Vec<(usize, usize)> {
    let of = |agent: Agent| {
        let own = tests.contrasts.iter().enumerate().filter(move |(_, c)| c.agent == agent).map(|(s, _)| s);
        own.flat_map(|s| neurons.iter().map(move |i| vec![(s, *i)])).collect::<Vec<_>>()
    };
    let pairs = |s: usize| {
        let own = &tests.contrasts[s];
        let other = tests.contrasts.iter().position(|c| c.agent == Agent::Other && c.behaviour == own.behaviour)?;
        (own.agent == Agent::Own).then(|| neurons.iter().map(move |i| vec![(s, *i), (other, *i)]).collect::<Vec<_>>())
    };
    let both = (0..tests.contrasts.len()).filter_map(pairs).flatten().collect();
    let mut open: Vec<_> = [of(Agent::Own), of(Agent::Other), both]
        .iter()
        .flat_map(|family: &Vec<Vec<(usize, usize)>>| undecided(tests, rows, family))
        .collect();
    open.sort_unstable();
    open.dedup();
    open
}

/// Of a family of tests, each of one p or of the larger of two, those parts that are undecided and can be drawn for.
fn undecided(tests: &Tests, rows: &[Vec<Row>], family: &[Vec<(usize, usize)>]) -> Vec<(usize, usize)> {
    let rate = tests.settings.false_discoveries;
    let bounds = |(s, i): &(usize, usize)| {
        let tally = rows[*s][*i].tally;
        if tally.draws == 0 {
            return (1.0, 1.0);
        }
        let interval = clopper_pearson(tally.above.min(tally.below), tally.draws, SURE);
        (2.0 * interval.low, 2.0 * interval.high)
    };
    let largest = |of: &dyn Fn((f64, f64)) -> f64| {
        family.iter().map(|parts| parts.iter().map(|p| of(bounds(p))).fold(0.0, f64::max)).collect::<Vec<_>>()
    };
    let low = benjamini_hochberg(&largest(&|(low, _)| low));
    let high = benjamini_hochberg(&largest(&|(_, high)| high));
    let can_be_drawn = |(s, i): &&(usize, usize)| {
        let tally = rows[*s][*i].tally;
        let most = tests.samplers[*s].most().unwrap_or(usize::MAX);
        tally.above.min(tally.below) < ENOUGH && tally.draws < most
    };
    let is_open = |k: &usize| low[*k] <= rate && high[*k] * tests.sessions as f64 > rate;
    (0..family.len()).filter(is_open).flat_map(|k| family[k].iter().filter(can_be_drawn).copied()).collect()
}
