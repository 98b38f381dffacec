//! Frames that models are made from and frames that they are tested on.

use super::super::axis::Axis;
use std::ops::Range;

/// One fold: 1 for frames that count, `[frames]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fold {
    /// To fit.
    pub(super) train: Vec<f64>,
    /// To test.
    pub(super) test: Vec<f64>,
}

/// Blocks of about `block` frames of each part, dealt to `count` folds in turn; frames of other blocks within `margin` of a tested one are
/// in neither set of that fold.
pub(super) fn folds(axis: &Axis, count: usize, block: usize, margin: usize) -> Vec<Fold> {
    let frames = axis.len();
    let mut folds = vec![Fold { train: vec![1.0; frames], test: vec![0.0; frames] }; count];
    for part in axis.parts.iter().map(|p| &p.frames) {
        let rounds = ((part.len() as f64 / (count * block.max(1)) as f64).round() as usize).max(1);
        let blocks = count * rounds;
        let border = |k: usize| part.start + k * part.len() / blocks;
        for k in 0..blocks {
            // A later round begins with another fold, so that no fold is always after the same one.
            let fold = &mut folds[(k + k / count) % count];
            let tested: Range<usize> = border(k)..border(k + 1);
            let near = tested.start.saturating_sub(margin).max(part.start)..(tested.end + margin).min(part.end);
            fold.train[near].fill(0.0);
            fold.test[tested].fill(1.0);
        }
    }
    folds
}

#[cfg(test)]
mod tests {
    use super::super::super::axis::Part;
    use super::*;

    #[test]
    fn every_frame_is_tested_once_and_its_neighbours_are_not_fitted() {
        let part = |frames: Range<usize>| Part { name: String::new(), frames };
        let axis = Axis {
            frames: (0..1000).collect(),
            times: (0..1000).map(f64::from).collect(),
            parts: vec![part(0..603), part(603..1000)],
            interval: 1.0,
        };
        let folds = folds(&axis, 10, 20, 7);
        for t in 0..1000 {
            assert_eq!(folds.iter().map(|f| f.test[t]).sum::<f64>(), 1.0);
        }
        for fold in &folds {
            for t in (0..1000).filter(|t| fold.test[*t] == 1.0) {
                let part = if t < 603 { 0..603 } else { 603..1000 };
                let near = t.saturating_sub(7).max(part.start)..(t + 8).min(part.end);
                assert!(fold.train[near].iter().all(|w| *w == 0.0));
            }
            assert!(fold.train.iter().sum::<f64>() > 600.0);
        }
    }
}
