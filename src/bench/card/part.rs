//! The parts of a report, in the order in which they are measured: what matters most comes first.

use super::Series;
use crate::bench::Case;
use crate::engine::gpu::{Strategy, Trajectory};
use std::fmt;

/// Networks of the main series, as far as they fit.
const NETWORKS: [usize; 9] = [1, 4, 16, 64, 128, 256, 512, 1024, 2048];
/// Neurons of small and of wide networks where the main series has those of the reference size, and how many networks.
const SMALL: (usize, usize) = (64, 128);
const WIDE: (usize, usize) = (1024, 8);

/// Something that is measured on its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    /// The golden case, or the twin of the measured size.
    Check(bool, Strategy, Trajectory),
    /// The card's limits.
    Peak,
    /// The choice of strategy and tiles.
    Tune(Series, Case),
    /// The speed of what was chosen.
    Chosen(Series, Case),
    /// The speed of the best of the other strategy.
    Other(Series, Case),
}

/// All of them, for a main series of `case`.
pub(super) fn parts(case: Case) -> Vec<Part> {
    let checks = |golden| {
        let of = move |trajectory| {
            [Strategy::Resident, Strategy::Stepwise].map(|strategy| Part::Check(golden, strategy, trajectory))
        };
        [Trajectory::F32, Trajectory::F16].into_iter().flat_map(of)
    };
    let as_reference = |(neurons, networks): (usize, usize)| Case {
        networks,
        neurons: (case.neurons * neurons / Case::default().neurons).max(3),
        ..case
    };
    let mut sizes: Vec<(Series, Case)> =
        NETWORKS.iter().map(|networks| (Series::Networks, Case { networks: *networks, ..case })).collect();
    sizes.splice(1..1, [(Series::Small, as_reference(SMALL)), (Series::Wide, as_reference(WIDE))]);
    let speeds = |(series, case)| [Part::Tune(series, case), Part::Chosen(series, case), Part::Other(series, case)];
    let judged = checks(true).chain([Part::Peak]).chain(checks(false));
    judged.chain(sizes.into_iter().flat_map(speeds)).collect()
}

impl Part {
    /// Whether it holds numbers against known ones.
    pub(super) fn is_check(&self) -> bool {
        match self {
            Self::Check(..) => true,
            Self::Peak | Self::Tune(..) | Self::Chosen(..) | Self::Other(..) => false,
        }
    }

    /// The size at which it is measured, where it has one.
    pub(super) fn size(&self) -> Option<(Series, Case)> {
        match self {
            Self::Check(..) | Self::Peak => None,
            Self::Tune(series, case) | Self::Chosen(series, case) | Self::Other(series, case) => Some((*series, *case)),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Check(golden, strategy, trajectory) => {
                let case = if *golden { "golden case" } else { "f64 twin" };
                write!(f, "{case}, {}, {}", strategy.name(), trajectory.name())
            }
            Self::Peak => write!(f, "most multiply-adds and copies"),
            Self::Tune(_, case) => write!(f, "{}, tuning", size(case)),
            Self::Chosen(_, case) => write!(f, "{}, as tuned", size(case)),
            Self::Other(_, case) => write!(f, "{}, the other strategy", size(case)),
        }
    }
}

fn size(case: &Case) -> String {
    format!("K = {}, N = {}", case.networks, case.neurons)
}
