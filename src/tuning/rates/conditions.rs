//! The conditions of a task, as they occur in recordings.

use crate::data::recording::Agent;
use crate::tuning::alignment::Aligned;
use std::cmp::Reverse;

/// A condition. Their order is that of tasks: executed before observed, Go before No-Go, then by what is acted on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) agent: Agent,
    go: Reverse<Option<bool>>,
    pub(super) what: Option<String>,
}

impl Kind {
    pub(super) fn of(aligned: &Aligned) -> Self {
        Self { agent: aligned.agent, go: Reverse(aligned.go), what: aligned.what.as_deref().map(readable) }
    }

    pub(super) fn go(&self) -> Option<bool> {
        self.go.0
    }

    /// `execute go object 1`, `observe eating`.
    pub(super) fn name(&self) -> String {
        let agent = match self.agent {
            Agent::Own => "execute",
            Agent::Other => "observe",
        };
        let go = self.go().map(|go| if go { "go" } else { "no-go" });
        [Some(agent), go, self.what.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// What tables can hold in a cell: no control characters.
pub(super) fn readable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn conditions_have_the_order_of_tasks() {
        let kind = |agent, go, what: Option<&str>| {
            Kind::of(&Aligned { agent, go, what: what.map(Into::into), at: 0.0, events: BTreeMap::new() })
        };
        let mut kinds = [
            kind(Agent::Other, Some(true), Some("a")),
            kind(Agent::Own, None, Some("eating\n")),
            kind(Agent::Own, Some(false), Some("a")),
            kind(Agent::Own, Some(true), Some("b")),
            kind(Agent::Own, Some(true), Some("a")),
            kind(Agent::Other, None, None),
        ];
        kinds.sort();
        let names: Vec<String> = kinds.iter().map(Kind::name).collect();
        let expected = ["execute go a", "execute go b", "execute no-go a", "execute eating", "observe go a", "observe"];
        assert_eq!(names, expected);
    }
}
