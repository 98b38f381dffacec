//! Settings that are allowed, and that experience says to think about.

use super::{Config, Plan, Preset};
use crate::engine::LossKind;
use crate::network::{Dale, InitScheme, SignConstraint};
use crate::train::ScheduleKind;

impl Plan {
    /// What a user should know before these networks are trained: of the settings, the task and the data, a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let of_the_task = self.task.warnings(self.problem.dims.bins);
        warnings(&self.config).into_iter().chain(of_the_task).chain(self.silenced()).collect()
    }

    /// Silent neurons are no news where a file says 0; here the program does.
    fn silenced(&self) -> Option<String> {
        const LISTED: usize = 10;
        let rows: Vec<String> = self.silenced.iter().take(LISTED).map(|i| (i + 1).to_string()).collect();
        let more = if self.silenced.len() > LISTED { ", …" } else { "" };
        (!rows.is_empty()).then(|| {
            format!(
                "{} of {} neurons ({}{more}) count as silent: beside the largest rate in the file, theirs are rounding \
                 errors. Is that rate right?",
                self.silenced.len(),
                self.problem.dims.neurons,
                rows.join(", ")
            )
        })
    }
}

/// What was found to fail or to mislead about these settings, a sentence each
/// (docs/model.md#the-default-recipe-and-why).
pub fn warnings(config: &Config) -> Vec<String> {
    let (n, t) = (&config.network, &config.training);
    let mut list = Vec::new();
    if t.learning_rate >= 1.0 {
        list.push(format!(
            "learning rate {}: 1.0 fitted worse than 0.1 to 0.3, which suit all data tried.",
            t.learning_rate
        ));
    }
    if t.learning_rate < 0.01 && t.n_trials < 1000 {
        let (rate, steps) = (t.learning_rate, t.n_trials);
        let under = |schedule: &str| {
            format!(
                "learning rate {rate} with a {schedule} schedule over {steps} steps moves the weights too little to fit; leave `learning_rate` out (0.1), or take `preset = published` with 1000 steps or more."
            )
        };
        list.push(match t.schedule {
            ScheduleKind::Cosine => under("falling"),
            ScheduleKind::Plateau => under("plateau"),
            ScheduleKind::Constant => format!(
                "{steps} steps at learning rate {rate} end long before a fit: the published optimiser needs 1000 steps where the default preset needs 50."
            ),
        });
    }
    if n.init.is_none() && n.init_scheme == InitScheme::Published && n.gain >= 0.5 && t.n_trials < 1000 {
        list.push(format!(
            "the published start saturates most excitatory neurons of a large network; {} steps will hardly leave it (`init_scheme = balanced` with `gain = 0.1` does not saturate).",
            t.n_trials
        ));
    }
    if t.target > 0.0 {
        list.push(format!(
            "target {}: on noisy data the loss of a perfect fit is higher (13 on the synthetic reference data), so training ends by `patience` or by `n_trials`.",
            t.target
        ));
    }
    if n.sign_constraint == SignConstraint::Clamp {
        list.push(
            "with clamp, weights between areas that reach zero get no gradient and stay there; softplus has no such end."
                .into(),
        );
    }
    if n.dale == Dale::Postsynaptic && config.preset != Preset::Published {
        list.push(
            "postsynaptic signs belong to the receiving neuron, so inhibitory neurons receive only inhibition: the published code's reading, needed for its checkpoints only."
                .into(),
        );
    }
    if t.loss_fn == LossKind::L1 && config.preset == Preset::Published {
        list.push(
            "loss l1 is a true sum of absolute errors here; the published program computes l2 under that name.".into(),
        );
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_quiet_and_known_failures_are_not() {
        assert!(warnings(&Preset::Default.config()).is_empty());
        let warned = |change: fn(&mut Config), word: &str| {
            let mut config = Preset::Default.config();
            change(&mut config);
            let list = warnings(&config);
            assert!(list.iter().any(|w| w.contains(word)), "{word}: {list:?}");
        };
        warned(|c| c.training.learning_rate = 1e-3, "too little");
        warned(|c| c.training.learning_rate = 2.0, "worse");
        warned(|c| c.network.sign_constraint = SignConstraint::Clamp, "clamp");
        warned(|c| c.network.dale = Dale::Postsynaptic, "receive only inhibition");
        warned(|c| (c.network.init_scheme, c.network.gain) = (InitScheme::Published, 1.0), "saturates");
        warned(|c| c.training.target = 1.0, "noisy");
    }
}
