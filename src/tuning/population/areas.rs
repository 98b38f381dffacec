//! How much of what neurons of an area do in observation lies along the main axes of what they do in execution, and the reverse.

use super::measure::Draw;
use super::settings::PopulationSettings;
use crate::analysis::population::{AlignmentTest, alignment_test, soft_factors};
use crate::data::recording::Agent;
use crate::error::{Result, ensure};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

/// The window of averages where none is given, in s from the event they are aligned to.
const OF_AVERAGES: [f64; 2] = [0.31, 1.33];
/// Times differ by so little through rounding alone, in s.
const ROUNDING: f64 = 1e-6;

/// What some neurons do in execution and observation, along whose axes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AreaAlignment {
    /// The area; none for all neurons together.
    pub area: Option<String>,
    /// Neurons.
    pub neurons: usize,
    /// Whose axes: `execute` or `observe`, followed by what is done where it is one condition alone.
    pub axes_of: String,
    /// What is projected onto them, in the same words.
    pub projected: String,
    /// The index beside its null distributions.
    pub test: AlignmentTest,
}

/// Average rates of a condition: of recordings, or of a trained network.
#[derive(Clone, Copy, Debug)]
pub struct AveragedCondition<'a> {
    /// Who acts; conditions without anyone (No-Go trials) only show how large rates are.
    pub agent: Option<Agent>,
    /// What is done: conditions of both agents that share it are compared by themselves, too.
    pub what: &'a str,
    /// `[neurons × bins]`, in spikes/s.
    pub rates: ArrayView2<'a, f64>,
    /// The middle of each bin, in s from the event, `[bins]`.
    pub times: &'a [f64],
}

/// Rates of a condition within the window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Windowed {
    pub(super) agent: Agent,
    pub(super) what: String,
    /// `[neurons × bins]`, divided by what makes neurons comparable.
    pub(super) rates: Array2<f64>,
}

/// The alignment of observation onto the axes of execution, and the reverse, in averages: of each area that has more neurons than
/// axes, and of all neurons; of all conditions of an agent side by side, and of each thing that both do. `None` if it was asked to
/// stop.
///
/// Rates of a neuron are divided by their range over all bins of all conditions plus `soften`. Covariances are around the mean
/// over the bins and conditions that they are of, within `window`; conditions that do not last as long are not compared.
///
/// # Errors
/// If a setting is impossible, sizes do not fit together, a rate is not finite, or no condition of an agent lasts through the
/// window.
pub fn align_averages(
    conditions: &[AveragedCondition],
    areas: &[Option<String>],
    settings: &PopulationSettings,
    key: u64,
    stop: &AtomicBool,
) -> Result<Option<Vec<AreaAlignment>>> {
    settings.check()?;
    let (n, [from, to]) = (areas.len(), settings.window.unwrap_or(OF_AVERAGES));
    let mut rows = Vec::new();
    for c in conditions {
        ensure!(
            c.rates.dim() == (n, c.times.len()),
            "Averages of “{}”: expected rates of {n} neurons in {} bins, found {} × {}.",
            c.what,
            c.times.len(),
            c.rates.nrows(),
            c.rates.ncols()
        );
        ensure!(
            c.rates.iter().all(|v| v.is_finite()),
            "Averages of “{}”: expected numbers, found NaN or infinity.",
            c.what
        );
        rows.extend(c.rates.columns().into_iter().flat_map(|bin| bin.to_vec()));
    }
    let factors = soft_factors(&rows, n, settings.soften);
    let windowed = |c: &AveragedCondition| {
        let inside: Vec<usize> =
            (0..c.times.len()).filter(|b| c.times[*b] >= from - ROUNDING && c.times[*b] <= to + ROUNDING).collect();
        let width = c.times.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
        let lasts = c.times.last().is_some_and(|t| *t > to - width - ROUNDING) && c.times[0] < from + width + ROUNDING;
        let rates = Array2::from_shape_fn((n, inside.len()), |(i, b)| c.rates[[i, inside[b]]] / factors[i]);
        Some(Windowed { agent: c.agent?, what: c.what.into(), rates }).filter(|_| lasts && inside.len() > 1)
    };
    let windowed: Vec<Windowed> = conditions.iter().filter_map(windowed).collect();
    for agent in Agent::ALL {
        let word = word(agent);
        ensure!(
            windowed.iter().any(|w| w.agent == agent),
            "`window = [{from}, {to}]`: expected conditions of both agents that last from {from} to {to} s, found none to {word}. Choose another window, or say of which class conditions are."
        );
    }
    let usable: Vec<usize> = (0..n).filter(|i| factors[*i] > 0.0).collect();
    align(&windowed, &usable, areas, settings, key, stop)
}

/// As tasks call what an agent does.
fn word(agent: Agent) -> &'static str {
    match agent {
        Agent::Own => "execute",
        Agent::Other => "observe",
    }
}

/// The alignment of `usable` neurons in `conditions` that were cut and divided already.
pub(super) fn align(
    conditions: &[Windowed],
    usable: &[usize],
    areas: &[Option<String>],
    settings: &PopulationSettings,
    key: u64,
    stop: &AtomicBool,
) -> Result<Option<Vec<AreaAlignment>>> {
    let names: BTreeSet<&String> = usable.iter().filter_map(|i| areas[*i].as_ref()).collect();
    let of_agent = |agent: Agent| conditions.iter().filter(move |c| c.agent == agent).map(|c| c.what.as_str());
    let both: BTreeSet<&str> = of_agent(Agent::Own).filter(|what| of_agent(Agent::Other).any(|w| w == *what)).collect();
    let kinds = of_agent(Agent::Own).chain(of_agent(Agent::Other)).collect::<BTreeSet<_>>().len();
    let alone = both.into_iter().map(Some).filter(|_| kinds > 1);
    let whats: Vec<Option<&str>> = std::iter::once(None).chain(alone).collect();
    let (mut found, mut number) = (Vec::new(), 0_u32);
    for area in std::iter::once(None).chain(names.into_iter().map(Some)) {
        let neurons: Vec<usize> =
            usable.iter().copied().filter(|i| area.is_none() || areas[*i].as_ref() == area).collect();
        for what in &whats {
            for axes_of in Agent::ALL {
                number += 1;
                let projected = if axes_of == Agent::Own { Agent::Other } else { Agent::Own };
                let [onto, points] = [axes_of, projected].map(|agent| points(conditions, &neurons, agent, *what));
                if neurons.len() <= settings.axes || onto.len() < 2 * neurons.len() || points.len() < 2 * neurons.len()
                {
                    continue;
                }
                let drawn = (settings.draws, key, number << 8 | Draw::Axes as u32);
                let Some(test) = alignment_test(&points, &onto, neurons.len(), settings.axes, drawn, stop)? else {
                    return Ok(None);
                };
                let name =
                    |agent: Agent| [Some(word(agent)), *what].into_iter().flatten().collect::<Vec<_>>().join(" ");
                let (axes_of, projected) = (name(axes_of), name(projected));
                // Without variance there is no index.
                let row = AreaAlignment { area: area.cloned(), neurons: neurons.len(), axes_of, projected, test };
                found.extend(Some(row).filter(|row| row.test.index.is_finite()));
            }
        }
    }
    Ok(Some(found))
}

/// The bins of the conditions of an agent, one after another, `[bins][neurons]`.
fn points(conditions: &[Windowed], neurons: &[usize], agent: Agent, what: Option<&str>) -> Vec<f64> {
    let of = conditions.iter().filter(|c| c.agent == agent && what.is_none_or(|what| c.what == what));
    let bins = of.flat_map(|c| c.rates.columns().into_iter());
    bins.flat_map(|bin| neurons.iter().map(move |i| bin[*i]).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Stream};

    /// Rates of 40 neurons in 60 bins of 50 ms from −1 s on, along two axes of `seed`.
    fn rates(seed: u64) -> Array2<f64> {
        let axis = |k: u32, i: usize| Rng::new(seed, k, Stream::Synthetic).normal(i as u32);
        let value = |(i, b): (usize, usize)| {
            let t = b as f64 / 10.0;
            20.0 + 5.0 * (axis(0, i) * t.sin() + axis(1, i) * t.cos())
        };
        Array2::from_shape_fn((40, 60), value)
    }

    #[test]
    fn one_subspace_is_found_and_another_is_told_from_it() {
        let times: Vec<f64> = (0..60).map(|b| -1.0 + 0.05 * f64::from(b)).collect();
        let [a, b, c] = [rates(1), rates(1).mapv(|v| 3.0 * v), rates(2)];
        let areas: Vec<Option<String>> = (0..40).map(|i| Some(if i < 38 { "M1" } else { "F5" }.into())).collect();
        let settings = PopulationSettings { axes: 2, draws: 200, ..PopulationSettings::default() };
        let go = AtomicBool::new(false);
        let of = |observed: &Array2<f64>| {
            let (what, times, withheld) = ("grasp", times.as_slice(), a.slice(ndarray::s![.., ..35]));
            let all = [
                AveragedCondition { agent: Some(Agent::Own), what, rates: a.view(), times },
                AveragedCondition { agent: Some(Agent::Own), what: "no-go", rates: withheld, times: &times[..35] },
                AveragedCondition { agent: Some(Agent::Other), what, rates: observed.view(), times },
            ];
            align_averages(&all, &areas, &settings, 1, &go).unwrap().unwrap()
        };
        let found = of(&c);
        let names: Vec<_> =
            found.iter().map(|f| (f.area.as_deref(), f.axes_of.as_str(), f.projected.as_str())).collect();
        let pairs = [("execute", "observe"), ("observe", "execute")];
        let expected: Vec<_> = [None, Some("M1")].into_iter().flat_map(|a| pairs.map(|(x, y)| (a, x, y))).collect();
        assert_eq!(names, expected);
        assert!(found.iter().all(|f| f.test.index < 0.4 && f.test.p_neurons > 0.001), "{found:?}");
        let same = of(&b);
        assert!(same.iter().all(|f| f.test.index > 0.99 && f.test.p_neurons < 0.01), "{same:?}");
        let short = AveragedCondition { agent: None, what: "no-go", rates: a.view(), times: &times };
        let told = align_averages(&[short], &areas, &settings, 1, &go).unwrap_err().to_string();
        assert!(told.contains("`window = [0.31, 1.33]`") && told.contains("none to execute"), "{told}");
    }
}
