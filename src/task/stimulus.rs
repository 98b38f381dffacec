//! The stimulus as the engine sees it.

use super::{Sequence, StimulusSpec};
use crate::rng::{Rng, Stream};

/// Stimulus values, `[S][T][U]` row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Stimulus {
    /// S.
    pub sequences: usize,
    /// T.
    pub time_steps: usize,
    /// U.
    pub channels: usize,
    /// The values.
    pub values: Vec<f32>,
}

impl Stimulus {
    /// The stimulus with `noise`, `[S][T][U]`, added in f32.
    #[must_use]
    pub fn with_noise(&self, noise: &[f32]) -> Self {
        Self { values: self.values.iter().zip(noise).map(|(v, n)| v + n).collect(), ..self.clone() }
    }
}

impl StimulusSpec {
    /// The stimulus for trials of `time_steps` steps, the first `thermal` of them warm-up: epochs, then the filter, then
    /// noise, drawn once from the task's own seed.
    ///
    /// docs/model.md#stimulus. Epochs are cut at the end of the trial.
    pub fn render(&self, time_steps: usize, thermal: usize) -> Stimulus {
        let clean = self.render_clean(time_steps, thermal);
        if self.noise == 0.0 { clean } else { clean.with_noise(&self.draw_noise(time_steps)) }
    }

    /// The stimulus without its noise.
    pub fn render_clean(&self, time_steps: usize, thermal: usize) -> Stimulus {
        let channels = self.channels;
        let mut values = vec![0.0; self.sequences.len() * time_steps * channels];
        let blocks = values.chunks_exact_mut((time_steps * channels).max(1));
        for (sequence, block) in self.sequences.iter().zip(blocks) {
            for channel in 0..channels {
                let mut trace = sequence.trace(channel, time_steps, thermal);
                if let Some(smoothing) = &self.smoothing {
                    smoothing.apply(&mut trace);
                }
                block[channel..].iter_mut().step_by(channels).zip(&trace).for_each(|(v, t)| *v = *t);
            }
        }
        Stimulus { sequences: self.sequences.len(), time_steps, channels, values }
    }

    /// The noise alone, `[S][T][U]`: Normal(0, `noise`) rounded to f32, the value of flat index `index` being number
    /// `index` of the stream [`Stream::StimulusNoise`] of `noise_seed`. Noise that is drawn anew at every training step
    /// is the engine's ([`crate::engine::FreshNoise`]).
    pub fn draw_noise(&self, time_steps: usize) -> Vec<f32> {
        let rng = Rng::new(self.noise_seed, 0, Stream::StimulusNoise);
        let count = self.sequences.len() * time_steps * self.channels;
        (0..count).map(|index| (self.noise * rng.normal(index as u32)) as f32).collect()
    }
}

impl Sequence {
    /// One channel before the filter, `[T]`.
    fn trace(&self, channel: usize, time_steps: usize, thermal: usize) -> Vec<f32> {
        let mut trace = vec![0.0; time_steps];
        let cut = |step: usize| step.saturating_add(thermal).min(time_steps);
        for epoch in self.epochs.iter().filter(|e| e.channels.contains(&channel)) {
            let (from, to) = (cut(epoch.from), epoch.to.map_or(time_steps, cut));
            trace[from..to.max(from)].fill(epoch.value);
        }
        trace
    }
}
