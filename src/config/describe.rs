//! What was chosen, in words.

use super::preset::value_name;
use super::{Plan, StimulusNoise};
use crate::data::Normalization;
use crate::train::ScheduleKind;
use std::path::Path;

impl Plan {
    /// What was chosen, as label and text: data, held-out conditions if any, task, network, start, optimiser, stop.
    pub fn choices(&self) -> Vec<(String, String)> {
        let rows = [
            ("preset", value_name(&self.config.preset)),
            ("data", self.data()),
            ("held out", self.held_out_names().join(", ")),
            ("task", self.task_text()),
            ("network", self.network()),
            ("start", self.start()),
            ("optimiser", self.optimiser()),
            ("stop", self.stop()),
        ];
        rows.into_iter().filter(|(_, text)| !text.is_empty()).map(|(label, text)| (label.to_string(), text)).collect()
    }

    /// The conditions' names, `[C]`.
    pub fn condition_names(&self) -> Vec<String> {
        self.task.conditions.iter().map(|c| c.name.clone()).collect()
    }

    fn data(&self) -> String {
        let (d, data) = (&self.problem.dims, &self.config.data);
        let shortest = self.problem.bins.iter().min().copied().unwrap_or(d.bins);
        let bins = if shortest == d.bins { d.bins.to_string() } else { format!("{shortest} to {}", d.bins) };
        let normalized = match data.normalize {
            Normalization::None => "",
            Normalization::Peak => ", each neuron divided by its peak",
            Normalization::Soft => ", each neuron divided by its peak + 5",
        };
        let file = data.firing_rates.as_deref().map(file_name).unwrap_or_default();
        let inhibitory = self.problem.population.inhibitory().iter().filter(|i| **i).count();
        let mirror = self.problem.population.mirror().map(|m| m.iter().filter(|m| **m).count());
        let mirror = mirror.map_or(String::new(), |m| format!(", {m} mirror"));
        format!(
            "{file}: {} neurons ({inhibitory} inhibitory{mirror}), {} conditions of {bins} bins{normalized}",
            d.neurons, d.conditions
        )
    }

    fn task_text(&self) -> String {
        let (d, task) = (&self.problem.dims, &self.task);
        let areas: Vec<String> = task.areas.iter().map(|a| format!("{} {}", a.name, a.size)).collect();
        let (source, sd) = (&self.config.data.stimulus, task.stimulus.noise);
        let stimulus = source.as_deref().map_or("stimulus".into(), |path| format!("stimulus from {}", file_name(path)));
        let noise = match self.config.training.stimulus_noise {
            StimulusNoise::Fresh => format!("with noise {sd}, drawn anew at each step"),
            StimulusNoise::Frozen if source.is_some() => "as it is".into(),
            StimulusNoise::Frozen if sd > 0.0 => format!("with noise {sd}, drawn once"),
            StimulusNoise::Frozen => "without noise".into(),
        };
        format!(
            "{}: areas {}; {} steps of {} ms, the first {} of warm-up; {} channel{}, {stimulus} {noise}",
            task.name,
            areas.join(", "),
            d.time_steps,
            task.time.step_ms,
            d.thermal,
            d.channels,
            if d.channels == 1 { "" } else { "s" }
        )
    }

    fn network(&self) -> String {
        let n = &self.config.network;
        let frozen = if n.freeze.is_empty() { String::new() } else { format!(", frozen: {}", n.freeze.join(", ")) };
        format!(
            "signs {}, kept by {}; time constants {} to {} steps{frozen}",
            value_name(&n.dale),
            value_name(&n.sign_constraint),
            n.tau_min,
            n.tau_max
        )
    }

    fn start(&self) -> String {
        let n = &self.config.network;
        let seeds = match &self.seeds[..] {
            [first, .., last] => format!("{} networks, seeds {first} to {last}", self.seeds.len()),
            _ => format!("seed {}", self.config.seed),
        };
        match &n.init {
            Some(path) => format!("from {}, {seeds}", file_name(path)),
            None => format!("{}, gain {}, {seeds}", value_name(&n.init_scheme), n.gain),
        }
    }

    fn optimiser(&self) -> String {
        let t = &self.config.training;
        let schedule = match t.schedule {
            ScheduleKind::Constant => "constant".into(),
            ScheduleKind::Cosine => "cosine to 2 %".into(),
            ScheduleKind::Plateau => format!("halved after {} steps without improvement", t.plateau_patience),
        };
        let clip = if t.clip_norm.is_finite() { format!("clip {}", t.clip_norm) } else { "no clip".into() };
        let loss = value_name(&t.loss_fn);
        format!("Adam, learning rate {}, {schedule}; {clip}; loss {loss}, λ {}", t.learning_rate, t.regularisation)
    }

    fn stop(&self) -> String {
        let t = &self.config.training;
        let target = if t.target > 0.0 { format!(", or at a loss of {}", t.target) } else { String::new() };
        let patience = match t.patience {
            u32::MAX => String::new(),
            steps => format!(", or after {steps} steps without improvement"),
        };
        format!("after {} steps{target}{patience}", t.n_trials)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}
