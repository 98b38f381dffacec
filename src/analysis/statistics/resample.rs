//! Random picks and permutations.

use crate::rng::Rng;

/// The words of one step of a random stream, one after another.
pub(crate) struct Draws {
    rng: Rng,
    drawn: u32,
}

impl Draws {
    /// The draws of `rng` at its step, from the first.
    pub(crate) fn new(rng: Rng) -> Self {
        Self { rng, drawn: 0 }
    }

    /// A whole number in 0 … n − 1; n from 1 to 2³². The bias of the product method is below n / 2³².
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let word = self.rng.words(self.drawn / 4)[self.drawn as usize % 4];
        // 2³² draws later the sequence repeats: no resample is that long.
        self.drawn = self.drawn.wrapping_add(1);
        ((u64::from(word) * n as u64) >> 32) as usize
    }

    /// Puts `items` in random order (Fisher and Yates; every order is equally probable).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn every_order_of_three_is_about_equally_frequent() {
        let mut draws = Draws::new(Rng::new(5, 0, Stream::Decoding));
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let mut items = [0, 1, 2];
            draws.shuffle(&mut items);
            *counts.entry(items).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // 1000 expected, standard deviation 29.
        assert!(counts.values().all(|c| (880..1120).contains(c)), "{counts:?}");
    }
}
