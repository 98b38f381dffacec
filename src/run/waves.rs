//! Networks that a device does not hold at once are trained in waves.

use super::notice::{Listener, Notice, TrainingStage};
use crate::error::{Error, Result};

/// Networks of the next wave: as many as the others, so that none is left with few.
fn wave_size(networks: usize, most: usize) -> usize {
    networks.div_ceil(networks.div_ceil(most.max(1)).max(1))
}

/// How trainings went.
#[derive(Debug)]
pub(super) enum Trainings<R> {
    /// They were asked to pause; the network that is furthest behind is at this step.
    Paused { step: u32 },
    /// What came of them.
    Ended(Vec<R>),
}

/// Has `train` train `pending` networks wave by wave, at most `most` at once. A wave for which a device has too little
/// memory is trained again in halves: what was trained before is in the checkpoints.
pub(super) fn in_waves<R>(
    pending: &[usize],
    mut most: usize,
    listener: &mut dyn Listener,
    mut train: impl FnMut(&[usize], TrainingStage, &mut dyn Listener) -> Result<Trainings<R>>,
) -> Result<Trainings<R>> {
    let (mut rest, mut results, mut number) = (pending, Vec::new(), 1);
    while !rest.is_empty() {
        let (networks, others) = rest.split_at(wave_size(rest.len(), most));
        let of = number - 1 + rest.len().div_ceil(networks.len());
        let stage = if of == 1 { TrainingStage::Networks } else { TrainingStage::Wave { number, of } };
        match train(networks, stage, listener) {
            Ok(Trainings::Ended(ended)) => {
                results.extend(ended);
                (rest, number) = (others, number + 1);
            }
            Ok(paused) => return Ok(paused),
            Err(Error::OutOfMemory(why)) if networks.len() > 1 => {
                most = networks.len().div_ceil(2);
                listener.notice(&Notice::SmallerWaves { why: &why, most });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Trainings::Ended(results))
}

#[cfg(test)]
mod tests {
    use super::super::notice::Silent;
    use super::*;

    #[test]
    fn waves_are_even_and_no_larger_than_what_fits() {
        let sizes = |mut networks: usize, most| {
            let mut sizes = Vec::new();
            while networks > 0 {
                sizes.push(wave_size(networks, most));
                networks -= sizes[sizes.len() - 1];
            }
            sizes
        };
        assert_eq!(sizes(5, 4), [3, 2]);
        assert_eq!(sizes(8, 8), [8]);
        assert_eq!(sizes(9, 2), [2, 2, 2, 2, 1]);
        assert_eq!(sizes(3, usize::MAX), [3]);
    }

    #[test]
    fn a_wave_that_does_not_fit_is_halved_and_nothing_is_lost() {
        let mut tried = Vec::new();
        let trainings = in_waves(&[0, 1, 2, 3, 4, 5, 6], usize::MAX, &mut Silent, |networks, stage, _| {
            tried.push((networks.to_vec(), stage));
            if networks.len() > 2 {
                return Err(Error::OutOfMemory("too many.".into()));
            }
            Ok(Trainings::Ended(networks.to_vec()))
        });
        let Ok(Trainings::Ended(ended)) = trainings else { panic!("the waves end") };
        assert_eq!(ended, [0, 1, 2, 3, 4, 5, 6]);
        let sizes: Vec<usize> = tried.iter().map(|(networks, _)| networks.len()).collect();
        assert_eq!(sizes, [7, 4, 2, 2, 2, 1]);
        assert_eq!(tried[3].1, TrainingStage::Wave { number: 2, of: 4 });
    }

    #[test]
    fn a_single_network_that_does_not_fit_is_an_error() {
        let refused = in_waves::<()>(&[0, 1], 1, &mut Silent, |_, _, _| Err(Error::OutOfMemory("too large.".into())));
        assert!(matches!(refused, Err(Error::OutOfMemory(_))));
    }
}
