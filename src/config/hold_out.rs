//! Conditions that are held out: which they are.

use super::{Config, TaskSource};
use crate::analysis::HeldOut;
use crate::error::{Error, Result};
use crate::network::Group;
use crate::task::TaskSpec;

impl Config {
    /// Takes the task in whole, and calls the conditions that are held out by their names; they are returned.
    ///
    /// # Errors
    /// If there is no such condition, or too few are left to train on.
    pub(crate) fn settle_task(&mut self, task: TaskSpec) -> Result<Vec<HeldOut>> {
        let held_out = held_out(self, &task)?;
        self.training.hold_out = held_out.iter().map(|h| task.conditions[h.condition].name.clone()).collect();
        self.task = TaskSource::Spec(Box::new(task));
        Ok(held_out)
    }
}

/// The conditions that `config` holds out, in the task's order.
///
/// Holding out all conditions of an input matrix is refused and not only warned of: nothing but the regulariser, which
/// drives it to zero, would train that matrix, and an R² of conditions that reach the network through it means nothing.
/// One that is frozen is no business of the training, and may be left to held-out conditions.
///
/// # Errors
/// If there is no such condition, or too few are left to train on.
fn held_out(config: &Config, task: &TaskSpec) -> Result<Vec<HeldOut>> {
    let conditions = &task.conditions;
    let mut is_held_out = vec![false; conditions.len()];
    for name in &config.training.hold_out {
        is_held_out[find(name, task)?] = true;
    }
    if is_held_out.iter().all(|held| *held) {
        return Err(Error::input(format!(
            "`hold_out` holds out all {} conditions, which leaves nothing to train on. Name fewer.",
            conditions.len()
        )));
    }
    let trained = || (0..conditions.len()).filter(|c| !is_held_out[*c]);
    for group in (0..task.input_groups()).map(Group::Input) {
        let is_trained = trained().any(|c| Group::Input(conditions[c].input) == group);
        if !is_trained && !config.network.freeze.contains(&group.name()) {
            return Err(Error::input(format!(
                "`hold_out` holds out every condition of the input matrix {0}, which would then not be trained: what the network does in them would mean nothing. Name fewer, or give {0} with `init` and keep it with `freeze = {0}`.",
                group.name()
            )));
        }
    }
    let held_out = (0..conditions.len()).filter(|c| is_held_out[*c]);
    let is_sibling = |c: usize, other: usize| {
        (conditions[other].class, conditions[other].go) == (conditions[c].class, conditions[c].go)
    };
    let siblings = |c: usize| trained().filter(|other| is_sibling(c, *other)).collect();
    Ok(held_out.map(|c| HeldOut { condition: c, siblings: siblings(c) }).collect())
}

/// The number of the condition of that name, or else of that number from 1.
fn find(name: &str, task: &TaskSpec) -> Result<usize> {
    let conditions = &task.conditions;
    let named = conditions.iter().position(|c| c.name == name);
    let numbered = || name.parse::<usize>().ok().filter(|k| (1..=conditions.len()).contains(k)).map(|k| k - 1);
    named.or_else(numbered).ok_or_else(|| {
        let names: Vec<String> = conditions.iter().zip(1..).map(|(c, k)| format!("{k} `{}`", c.name)).collect();
        Error::input(format!(
            "`hold_out`: task {} has no condition `{name}`. Give names or numbers of: {}.",
            task.name,
            names.join(", ")
        ))
    })
}
