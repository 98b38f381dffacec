//! What reports say about conditions.

use crate::task::{ConditionClass, TaskSpec};

/// A moment of a trial that figures mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Steps after the end of the warm-up.
    pub step: usize,
    /// What happens, e.g. `channels 0, 5 on`.
    pub label: String,
}

/// What the report says about a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionInfo {
    /// Its name.
    pub name: String,
    /// What the animal does.
    pub class: ConditionClass,
    /// The moments to mark.
    pub events: Vec<Event>,
}

impl ConditionInfo {
    /// The conditions of a task, marked where its stimulus epochs begin and end (before they are smoothed).
    pub fn of_task(task: &TaskSpec) -> Vec<Self> {
        let info = |c: &crate::task::Condition| Self {
            name: c.name.clone(),
            class: c.class,
            events: task.stimulus.sequences.iter().find(|s| s.name == c.sequence).map_or_else(Vec::new, events),
        };
        task.conditions.iter().map(info).collect()
    }
}

/// Beginnings and ends of a sequence's epochs; those at the same step are one event.
fn events(sequence: &crate::task::Sequence) -> Vec<Event> {
    let mut changes: Vec<(usize, &str, Vec<usize>)> = Vec::new();
    for epoch in &sequence.epochs {
        for (step, change) in [(Some(epoch.from), "on"), (epoch.to, "off")] {
            let Some(step) = step else { continue };
            match changes.iter_mut().find(|(s, c, _)| *s == step && *c == change) {
                Some((_, _, channels)) => channels.extend(&epoch.channels),
                None => changes.push((step, change, epoch.channels.clone())),
            }
        }
    }
    changes.sort_by_key(|(step, ..)| *step);
    let event = |(step, change, mut channels): (usize, &str, Vec<usize>)| {
        channels.sort_unstable();
        channels.dedup();
        let list: Vec<String> = channels.iter().map(ToString::to_string).collect();
        let noun = if list.len() == 1 { "channel" } else { "channels" };
        Event { step, label: format!("{noun} {} {change}", list.join(", ")) }
    };
    changes.into_iter().map(event).collect()
}

/// The word for a class of conditions in headings and tables.
pub(super) fn class_name(class: ConditionClass) -> &'static str {
    match class {
        ConditionClass::Execution => "execution",
        ConditionClass::Observation => "observation",
        ConditionClass::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Epoch, Sequence};

    #[test]
    fn epochs_that_change_together_are_one_event() {
        let epoch = |channel, from, to| Epoch { channels: vec![channel], value: 1.0, from, to };
        let sequence = Sequence {
            name: "go".into(),
            epochs: vec![epoch(5, 120, Some(480)), epoch(0, 120, Some(480)), epoch(1, 280, None)],
        };
        let found: Vec<(usize, String)> = events(&sequence).into_iter().map(|e| (e.step, e.label)).collect();
        let expected = [(120, "channels 0, 5 on"), (280, "channel 1 on"), (480, "channels 0, 5 off")];
        assert_eq!(found, expected.map(|(s, l)| (s, l.to_string())));
    }
}
