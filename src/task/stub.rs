//! Temporary.
use super::*;
use crate::error::{Error, Result};
impl TaskSpec {
    /// x
    pub fn load(name: &str) -> Result<Self> {
        let conditions = (1..=12)
            .map(|k| Condition {
                name: format!("c{k}"),
                firing_rates: format!("FR{k}"),
                input: (k - 1) / 6,
                sequence: format!("s{}", (k - 1) % 6),
                class: ConditionClass::Execution,
            })
            .collect();
        let sequences = (0..6)
            .map(|k| Sequence {
                name: format!("s{k}"),
                epochs: vec![Epoch { channels: vec![k], value: 1.0, from: 100, to: Some(400) }],
            })
            .collect();
        let area = |name: &str, size| crate::network::Area { name: name.into(), size };
        Ok(Self {
            name: name.into(),
            time: TimeSpec { step_ms: 5.0, steps_per_bin: 4, thermal: 100 },
            areas: vec![area("AIP", 86), area("F5", 106), area("F6", 163)],
            stimulus: StimulusSpec { channels: 10, smoothing: None, noise: 0.0, sequences },
            conditions,
        })
    }
    /// x
    pub fn check(&self) -> Result<()> {
        Ok(())
    }
    /// x
    pub fn sequence_indices(&self) -> Result<Vec<usize>> {
        self.conditions
            .iter()
            .map(|c| {
                self.stimulus.sequences.iter().position(|s| s.name == c.sequence).ok_or_else(|| Error::input("seq"))
            })
            .collect()
    }
}
impl StimulusSpec {
    /// x
    pub fn render(&self, time: &TimeSpec, time_steps: usize, _seed: u64) -> Result<Stimulus> {
        let mut values = vec![0.0; self.sequences.len() * time_steps * self.channels];
        for (s, q) in self.sequences.iter().enumerate() {
            for e in &q.epochs {
                for c in &e.channels {
                    for t in e.from + time.thermal..e.to.map_or(time_steps, |t| t + time.thermal) {
                        values[(s * time_steps + t) * self.channels + c] = e.value;
                    }
                }
            }
        }
        Ok(Stimulus { sequences: self.sequences.len(), time_steps, channels: self.channels, values })
    }
}
