//! What neurons do, and what is recorded of it.

use super::scene::{LEVELS, Scene, arousal_at};
use super::settings::{Draw, Kind, RecordingSynthesis};
use super::truth::TrueCell;
use crate::data::recording::Activity;
use crate::rng::Draws;
use ndarray::Array2;
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};
use std::sync::OnceLock;

/// What `cells` do in a session, in their order; each comes with its number in its animal.
pub(super) fn record(
    settings: &RecordingSynthesis,
    (animal, session): (usize, usize),
    scene: &Scene,
    cells: &[(usize, &TrueCell)],
) -> Activity {
    let (frames, interval) = (scene.state.len(), 1.0 / settings.rate_hz);
    let shared = Shared::new(settings, scene);
    let draws = |draw, cell| settings.draws(draw, animal, Some(session), cell);
    let spiking = |&(number, cell): &(usize, &TrueCell)| {
        let participation = draws(Draw::Participation, number);
        Spiking { shared: &shared, rates: Rates::new(settings, scene, cell, participation), interval }
    };
    let in_frames = |observe: &(dyn Fn(&mut [f32], usize, f64) + Sync)| {
        let mut values = Array2::zeros((cells.len(), frames));
        let rows = values.as_slice_mut().unwrap_or_default().par_chunks_mut(frames.max(1));
        rows.zip(cells).for_each(|(row, cell)| {
            spiking(cell).events(draws(Draw::Events, cell.0), 0.0, |frame, _| row[frame] += 1.0);
            observe(row, cell.0, cell.1.event_rate);
        });
        Activity::Frames { values: values.into(), times: (0..frames).map(|f| settings.time_of(f)).collect() }
    };
    let noise = settings.noise as f32;
    match settings.kind {
        Kind::Calcium => in_frames(&|row, cell, rate| {
            let kept = (-interval / settings.decay_s).exp();
            // What earlier events have left on average.
            let left = rate * interval / (1.0 - kept);
            fluoresce(row, kept as f32, left as f32, &shared.baseline);
            add_noise(row, noise, draws(Draw::Noise, cell));
        }),
        Kind::Deconvolved => in_frames(&|row, cell, _| {
            spread(row);
            add_noise(row, noise, draws(Draw::Noise, cell));
            // What a deconvolution takes for noise.
            for value in row {
                *value = (*value - noise).max(0.0);
            }
        }),
        Kind::Spikes => {
            let train = |cell: &(usize, &TrueCell)| {
                let mut times = Vec::new();
                let refractory = settings.refractory_s;
                spiking(cell).events(draws(Draw::Events, cell.0), refractory, |_, time| times.push(time));
                times
            };
            Activity::Spikes { times: cells.par_iter().map(train).collect(), span: (0.0, settings.duration_s) }
        }
    }
}

/// What is alike for all neurons.
struct Shared<'a> {
    scene: &'a Scene,
    /// Factor of run-down, `[frames]`.
    run_down: Vec<f64>,
    /// Baseline of fluorescence, `[frames]`.
    baseline: Vec<f32>,
}

impl<'a> Shared<'a> {
    fn new(settings: &RecordingSynthesis, scene: &'a Scene) -> Self {
        let frames = scene.state.len();
        let course = |end: f64| (0..frames).map(move |f| end.powf(f as f64 / frames as f64));
        let (rate_end, baseline_end) = (settings.nuisance.rate_end, settings.nuisance.baseline_end);
        Self { scene, run_down: course(rate_end).collect(), baseline: course(baseline_end).map(|b| b as f32).collect() }
    }
}

/// What the event rate of a neuron is a product of, besides run-down.
struct Rates {
    /// Events a second in each state.
    state: Vec<f64>,
    /// Factor of each level of arousal.
    arousal: Vec<f64>,
    /// Factor of each burst; 1 for none.
    burst: Vec<f64>,
}

impl Rates {
    fn new(settings: &RecordingSynthesis, scene: &Scene, cell: &TrueCell, mut participation: Draws) -> Self {
        let effect = |effects: &[f64], behaviour: Option<usize>| 1.0 + behaviour.map_or(0.0, |b| effects[b]);
        let state = scene.states.iter().map(|s| {
            let context = if s.watching { cell.watching } else { 1.0 };
            let object = if s.object { 1.0 + cell.object } else { 1.0 };
            cell.event_rate * context * object * effect(&cell.executed, s.executed) * effect(&cell.observed, s.observed)
        });
        // The mean over arousal is 1.
        let gain = settings.nuisance.arousal.activity * cell.arousal;
        let arousal = (0..LEVELS).map(|level| (gain * arousal_at(level) - gain * gain / 2.0).exp());
        let in_burst = settings.nuisance.bursts.map_or(1.0, |b| 1.0 + b.size);
        let share = settings.nuisance.bursts.map_or(0.0, |b| b.share);
        let mut burst = vec![1.0];
        burst.extend((0..scene.bursts).map(|_| if participation.uniform() <= share { in_burst } else { 1.0 }));
        Self { state: state.collect(), arousal: arousal.collect(), burst }
    }
}

/// A neuron in a session.
struct Spiking<'a> {
    shared: &'a Shared<'a>,
    rates: Rates,
    /// Length of a frame, in s.
    interval: f64,
}

impl Spiking<'_> {
    /// Calls `at` with the frame and the time of each event: an inhomogeneous Poisson process by rescaling of time, in which
    /// no event follows another within `refractory`. The rate is made up for that, as far as that is possible.
    fn events(&self, mut draws: Draws, refractory: f64, mut at: impl FnMut(usize, f64)) {
        /// The largest share of the time that is refractory.
        const MOST: f64 = 0.9;
        let scene = self.shared.scene;
        let of_frame = scene.state.iter().zip(&scene.level).zip(scene.burst.iter().zip(&self.shared.run_down));
        let mut left = draws.exponential();
        let mut free = 0.0_f64;
        for (frame, ((state, level), (burst, run_down))) in of_frame.enumerate() {
            let factors = self.rates.arousal[*level as usize] * self.rates.burst[*burst as usize] * run_down;
            let rate = self.rates.state[*state as usize] * factors;
            let hazard = if refractory > 0.0 { rate / (1.0 - (rate * refractory).min(MOST)) } else { rate };
            let end = (frame + 1) as f64 * self.interval;
            let mut time = free.max(frame as f64 * self.interval);
            loop {
                let passes = hazard * (end - time).max(0.0);
                if left >= passes {
                    left -= passes;
                    break;
                }
                time += left / hazard;
                at(frame, time);
                left = draws.exponential();
                time += refractory;
                free = time;
            }
        }
    }
}

/// Events in frames to fluorescence: `c ← kept c + events`, on a baseline.
fn fluoresce(row: &mut [f32], kept: f32, left: f32, baseline: &[f32]) {
    let mut calcium = left;
    for (value, baseline) in row.iter_mut().zip(baseline) {
        calcium = kept * calcium + *value;
        *value = calcium + baseline;
    }
}

/// Each event over three frames, a quarter, a half and a quarter.
fn spread(row: &mut [f32]) {
    let mut before = 0.0;
    for f in 0..row.len() {
        let (now, after) = (row[f], row.get(f + 1).copied().unwrap_or(0.0));
        row[f] = 0.25 * before + 0.5 * now + 0.25 * after;
        before = now;
    }
}

/// Adds normal noise of standard deviation `sd`.
fn add_noise(row: &mut [f32], sd: f32, mut draws: Draws) {
    if sd == 0.0 {
        return;
    }
    let quantiles = quantiles();
    for pair in row.chunks_mut(2) {
        let word = draws.word();
        for (value, half) in pair.iter_mut().zip([word & 0xffff, word >> 16]) {
            *value += sd * quantiles[half as usize];
        }
    }
}

/// The normal distribution in 65,536 equal parts: a recording needs ten million numbers, and none beyond 4.3 standard
/// deviations.
fn quantiles() -> &'static [f32] {
    static TABLE: OnceLock<Vec<f32>> = OnceLock::new();
    const PARTS: u32 = 1 << 16;
    TABLE.get_or_init(|| {
        let normal = Normal::standard();
        (0..PARTS).map(|k| normal.inverse_cdf((f64::from(k) + 0.5) / f64::from(PARTS)) as f32).collect()
    })
}
