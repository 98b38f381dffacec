//! Sizes to vary one at a time.

use super::{Case, Measurement};

/// A size that is varied while the others stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// K from 1 to 16.
    Networks,
    /// N from an eighth to twice the case's.
    Neurons,
    /// T from a quarter to four times the case's.
    TimeSteps,
}

impl Scale {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Networks, Self::Neurons, Self::TimeSteps];

    /// The cases, `base` among them (for networks: at K = 1).
    pub fn cases(self, base: Case) -> Vec<Case> {
        match self {
            Self::Networks => [1, 2, 4, 8, 16].map(|networks| Case { networks, ..base }).to_vec(),
            Self::Neurons => [8, 4, 2, 1]
                .map(|part| base.neurons / part)
                .into_iter()
                .chain([2 * base.neurons])
                .map(|neurons| Case { neurons, networks: 1, ..base })
                .collect(),
            Self::TimeSteps => [4, 2, 1]
                .map(|part| base.time_steps / part)
                .into_iter()
                .chain([2, 4].map(|times| times * base.time_steps))
                .map(|time_steps| Case { time_steps, networks: 1, ..base })
                .collect(),
        }
    }

    /// The varied size of a measurement.
    pub fn size(self, measurement: &Measurement) -> usize {
        match self {
            Self::Networks => measurement.networks,
            Self::Neurons => measurement.neurons,
            Self::TimeSteps => measurement.time_steps,
        }
    }

    /// What stands along the axis.
    pub fn axis(self) -> &'static str {
        match self {
            Self::Networks => "networks K",
            Self::Neurons => "neurons N of a network",
            Self::TimeSteps => "time steps T of a trial",
        }
    }
}
