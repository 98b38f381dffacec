//! Which strategy and tiles are fastest on an adapter: every candidate trains the problem, cut short, for a moment.
//!
//! No candidate changes the order of a sum, so the choice changes nothing but the time that a step takes.

use super::adapter::AdapterInfo;
use super::device::GpuDevice;
use super::engine::GpuEngine;
use super::plan::{GpuOptions, GpuPlan, SMALL_FOR_SOFTWARE};
use super::tiles::{Loads, Strategy, Tiles};
use crate::dims::Dims;
use crate::engine::{BatchState, Engine, NetworkSettings, Problem};
use crate::error::{Error, Result};
use crate::network::Layout;
use crate::rng::{Rng, Stream};

/// A strategy with its tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Choice {
    /// How recurrences advance.
    pub strategy: Strategy,
    /// How operands are loaded.
    pub loads: Loads,
    /// Work per invocation and workgroup.
    pub tiles: Tiles,
}

impl Choice {
    fn of(plan: &GpuPlan) -> Self {
        Self { strategy: plan.strategy, loads: plan.loads, tiles: plan.tiles }
    }

    /// `options` with this choice.
    pub fn apply(self, options: &GpuOptions) -> GpuOptions {
        let Self { strategy, loads, tiles } = self;
        GpuOptions { strategy: Some(strategy), loads: Some(loads), tiles: Some(tiles), ..*options }
    }
}

impl std::fmt::Display for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let t = &self.tiles;
        let loads = match self.loads {
            Loads::Storage => "buffers",
            Loads::Texture => "textures",
        };
        let (rows, group) = match self.strategy {
            Strategy::Stepwise if t.split > 1 => {
                (4 * t.row_quads, format!(", {} invocations, sums divided among {}", t.workgroup, t.split))
            }
            Strategy::Stepwise => (4 * t.row_quads, format!(", {} invocations", t.workgroup)),
            Strategy::Resident => (t.resident_rows, format!(", {} rows a turn", t.unroll)),
        };
        write!(
            f,
            "{} from {loads}, {rows} × {}{group}, gradient {} × {} by {} × {}",
            self.strategy.name(),
            4 * t.tile_quads,
            t.gradient_tile,
            t.gradient_tile,
            t.gradient_workgroup.0,
            t.gradient_workgroup.1
        )
    }
}

/// A choice, measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// What was measured.
    pub choice: Choice,
    /// Seconds of a training step of the whole problem, as far as the shortened one tells.
    pub seconds: f64,
}

/// Most networks that leave so much of a card idle that their sums may be worth dividing among invocations.
const FEW_NETWORKS: usize = 16;

/// What is worth measuring for `problem` on `adapter`; what `options` name is kept.
pub fn candidates(problem: &Problem, adapter: &AdapterInfo, options: &GpuOptions) -> Vec<Choice> {
    let stepwise = |loads, tiles| (Strategy::Stepwise, loads, tiles);
    let resident = |tiles| (Strategy::Resident, Loads::Storage, tiles);
    let (hard, soft) = (Tiles::HARDWARE, Tiles::SOFTWARE);
    let wanted = if adapter.software {
        let mut list = vec![
            stepwise(Loads::Texture, soft),
            stepwise(Loads::Texture, Tiles { row_quads: 1, ..soft }),
            stepwise(Loads::Texture, Tiles { gradient_tile: 8, ..soft }),
            stepwise(Loads::Texture, Tiles { gradient_tile: 4, ..soft }),
        ];
        // The weights of larger networks are loaded many times slower from storage buffers.
        if problem.dims.neurons <= 2 * SMALL_FOR_SOFTWARE {
            for tile_quads in [3, 1] {
                for resident_rows in [1, 2, 4] {
                    list.push(resident(Tiles { tile_quads, resident_rows, gradient_tile: 4, ..hard }));
                }
            }
        }
        list
    } else {
        let mut list = Vec::new();
        // Neurons of an invocation, presynaptic rows of a turn.
        let spread = [(1, 16), (2, 16), (3, 16), (4, 8)];
        for (tile_quads, resident_tiles) in [(3, [(1, 16), (2, 8), (2, 16), (3, 8)]), (1, spread)] {
            for (resident_rows, unroll) in resident_tiles {
                list.push(resident(Tiles { tile_quads, resident_rows, unroll, ..hard }));
            }
            list.push(stepwise(Loads::Storage, Tiles { tile_quads, ..hard }));
            list.push(stepwise(Loads::Texture, Tiles { tile_quads, gradient_workgroup: (8, 8), ..hard }));
        }
        // With more conditions, eight neurons an invocation would not stay in registers.
        list.push(stepwise(Loads::Storage, Tiles { tile_quads: 1, row_quads: 2, workgroup: 32, ..hard }));
        if problem.dims.networks <= FEW_NETWORKS {
            for (tile_quads, workgroup, split, unroll) in [(1, 32, 8, 8), (1, 64, 8, 16), (1, 64, 4, 16), (3, 64, 8, 4)]
            {
                list.push(stepwise(Loads::Storage, Tiles { tile_quads, workgroup, split, unroll, ..hard }));
            }
        }
        list
    };
    let forced = |(strategy, loads, _): &(Strategy, Loads, Tiles)| {
        options.strategy.is_none_or(|s| s == *strategy) && options.loads.is_none_or(|l| l == *loads)
    };
    let mut choices: Vec<Choice> = Vec::new();
    for (strategy, loads, tiles) in wanted.into_iter().filter(forced) {
        // What does not fit the adapter falls away, or comes out as another candidate.
        let planned = GpuPlan::new(problem, adapter, &Choice { strategy, loads, tiles }.apply(options));
        let choice = planned.map(|plan| Choice::of(&plan));
        let sound =
            |c: &Choice| adapter.software || c.strategy == Strategy::Stepwise || c.tiles.stay_in_registers(adapter);
        choices.extend(choice.ok().filter(|c| sound(c) && !choices.contains(c)));
    }
    if choices.is_empty() {
        choices.extend(GpuPlan::new(problem, adapter, options).map(|plan| Choice::of(&plan)));
    }
    choices
}

/// Time steps of the shortened problem.
const STEPS: usize = 64;
/// Most networks of it on a software adapter, whose cores a few keep busy.
const NETWORKS_OF_CORES: usize = 16;
/// Timed training steps of a candidate.
const ROUNDS: usize = 5;
/// A candidate whose first step takes so many times the best's is not timed any further.
const HOPELESS: f64 = 2.0;

/// Measures every candidate, and tells `seen` of each; the fastest comes first.
///
/// # Errors
/// If no candidate runs.
pub fn tune(
    device: &GpuDevice,
    problem: &Problem,
    options: &GpuOptions,
    mut seen: impl FnMut(&Candidate),
) -> Result<Vec<Candidate>> {
    let short = shortened(problem, most_networks(problem, device.info(), options));
    let (mut measured, mut failure) = (Vec::new(), None);
    let mut best = f64::INFINITY;
    for choice in candidates(problem, device.info(), options) {
        match seconds(device, problem, &short, &choice.apply(options), best) {
            Ok(seconds) => {
                best = best.min(seconds);
                let candidate = Candidate { choice, seconds };
                seen(&candidate);
                measured.push(candidate);
            }
            Err(error) => failure = Some(error),
        }
    }
    measured.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    match failure {
        Some(error) if measured.is_empty() => Err(error),
        _ if measured.is_empty() => Err(Error::run(format!("nothing fits {}.", device.info().name))),
        _ => Ok(measured),
    }
}

/// Stages that take as long as there are time steps.
const OVER_TIME: [&str; 4] = ["forward", "loss", "adjoint", "weight_gradient"];

/// The least time of a training step of `whole`, by the stages of the `short` problem.
fn seconds(device: &GpuDevice, whole: &Problem, short: &Problem, options: &GpuOptions, best: f64) -> Result<f64> {
    let networks = short.dims.networks;
    let longer = (whole.dims.time_steps - 1) as f64 / (short.dims.time_steps - 1) as f64;
    let more = whole.dims.networks as f64 / networks as f64;
    let rng = Rng::new(0, 0, Stream::Synthetic);
    let layout = Layout::new(&short.dims);
    let start: Vec<f32> = (0..layout.len() as u32).map(|k| (0.05 * rng.normal(k)) as f32).collect();
    let state = BatchState::fresh(vec![start; networks]);
    let mut engine = GpuEngine::new(device, short, &vec![NetworkSettings::default(); networks], &state, options)?;
    let rates = vec![Some(0.0); networks];
    let mut step = || -> Result<f64> {
        let stages = engine.profile(&rates)?;
        let scale = |stage: &str| if OVER_TIME.contains(&stage) { longer } else { 1.0 };
        Ok(stages.iter().map(|s| more * scale(&s.stage) * s.seconds).sum())
    };
    // Kernels may be compiled at their first use.
    step()?;
    let mut least = step()?;
    if least < HOPELESS * best {
        for _ in 1..ROUNDS {
            least = least.min(step()?);
        }
    }
    Ok(least)
}

/// Networks that are measured together: all, or where a set of buffers holds fewer, so many; what is fastest for few is not so
/// for many, which share a card's multiprocessors and its caches.
fn most_networks(problem: &Problem, adapter: &AdapterInfo, options: &GpuOptions) -> usize {
    let bank = GpuPlan::new(problem, adapter, options).map_or(1, |plan| plan.bank);
    if adapter.software { bank.min(NETWORKS_OF_CORES) } else { bank }
}

/// The problem with fewer time steps, of a recurrence each costs the same, and at most so many networks.
fn shortened(problem: &Problem, networks: usize) -> Problem {
    let d = problem.dims;
    let thermal = d.thermal.min(d.steps_per_bin);
    let bins = (STEPS.saturating_sub(thermal) / d.steps_per_bin).clamp(1, d.bins);
    let time_steps = (thermal + bins * d.steps_per_bin).max(2).min(d.time_steps);
    let dims = Dims { networks: d.networks.min(networks), time_steps, thermal, bins, ..d };
    let cut = |values: &[f32], row: usize, kept: usize| -> Vec<f32> {
        values.chunks_exact(row).flat_map(|part| &part[..kept]).copied().collect()
    };
    Problem {
        dims,
        stimulus: match d.channels {
            0 => Vec::new(),
            u => cut(&problem.stimulus, d.time_steps * u, time_steps * u),
        },
        targets: cut(&problem.targets, d.bins * d.neurons, bins * d.neurons),
        bins: problem.bins.iter().map(|b| (*b).min(bins)).collect(),
        ..problem.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Case;
    use crate::engine::gpu::adapter::typical;

    #[test]
    fn candidates_fit_the_adapter_and_keep_what_is_forced() {
        let (problem, ..) = Case::default().pose().unwrap();
        let choices = |software, options| candidates(&problem, &typical(software), &options);
        let hardware = choices(false, GpuOptions::default());
        assert!(hardware.iter().any(|c| c.strategy == Strategy::Resident));
        assert!(hardware.iter().any(|c| c.strategy == Strategy::Stepwise));
        for (k, choice) in hardware.iter().enumerate() {
            assert!(!hardware[..k].contains(choice), "{choice} comes twice");
            let plan = GpuPlan::new(&problem, &typical(false), &choice.apply(&GpuOptions::default())).unwrap();
            assert_eq!(Choice::of(&plan), *choice, "a plan does what was chosen");
        }
        assert!(choices(true, GpuOptions::default()).iter().all(|c| c.loads == Loads::Texture));
        let (small, ..) = Case { neurons: SMALL_FOR_SOFTWARE, ..Case::default() }.pose().unwrap();
        let of_small = candidates(&small, &typical(true), &GpuOptions::default());
        let usual = Choice::of(&GpuPlan::new(&small, &typical(true), &GpuOptions::default()).unwrap());
        assert!(usual.strategy == Strategy::Resident && of_small.iter().any(|c| c.loads == Loads::Texture));
        assert!(of_small.iter().any(|c| c.strategy == Strategy::Resident));
        for strategy in [Strategy::Stepwise, Strategy::Resident] {
            for software in [false, true] {
                let forced = choices(software, GpuOptions { strategy: Some(strategy), ..GpuOptions::default() });
                assert!(!forced.is_empty() && forced.iter().all(|c| c.strategy == strategy));
            }
        }
    }

    #[test]
    fn the_shortened_problem_is_sound() {
        for time_steps in [16, 50, 800] {
            let (problem, ..) = Case { networks: 100, time_steps, neurons: 9, ..Case::default() }.pose().unwrap();
            let short = shortened(&problem, 64);
            short.check().unwrap();
            assert!(short.dims.time_steps <= STEPS.min(time_steps) && short.dims.networks == 64);
        }
    }
}
