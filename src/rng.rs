//! Counter-based random numbers (Philox 4×32-10, Salmon et al. 2011): every value is a pure function of
//! its key `(seed, network, stream, step, index)`, so a run repeats whatever the order of the draws, and a
//! GPU can draw the same bits.

/// What a stream of random numbers is for. The number is part of the key: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stream {
    /// Magnitudes of the recurrent weights.
    Weights = 1,
    /// Input matrices.
    InputWeights = 2,
    /// Time-constant parameters θ.
    TimeConstants = 3,
    /// Noise added to the stimulus.
    StimulusNoise = 4,
    /// Synthetic populations and their firing rates.
    Synthetic = 5,
    /// Noise added to the state at t = 0 of a noisy trial.
    InitialState = 6,
    /// Random subsets of neurons: fractions of a lesion, matched controls.
    Subsets = 7,
    /// Folds and label permutations of decoders.
    Decoding = 8,
    /// Rewirings of a connectivity graph.
    Rewiring = 10,
    /// Directions of kicks, starting vectors of iterations.
    Directions = 11,
    /// Teacher networks and what is planted in them.
    Teacher = 12,
    /// Labels dealt anew to the items of a rank-sum test.
    Labels = 13,
    /// Points of a sweep that are drawn at random.
    Points = 14,
    /// Shifts of recorded activity.
    Shifts = 19,
    /// Signs of trials.
    Flips = 20,
    /// Executed responses that are put into observed bouts.
    Responses = 21,
    /// Settings of a sweep dealt anew to what was found under them.
    Relabelling = 16,
    /// Identities of neurons across sessions, dealt anew.
    Identities = 18,
    /// Synthetic recordings of behaving animals.
    Recording = 17,
    /// Inhibitory neurons among those of unknown type.
    CellTypes = 22,
    /// Spikes of the units of a trained network.
    Spikes = 33,
    /// Bouts of execution and observation that are matched.
    Matchings = 31,
    /// Animals, sessions and neurons drawn anew.
    Resamplings = 32,
    /// Labels of bouts dealt anew, their weights, matched subsets, random subspaces.
    Population = 27,
}

/// A generator for one stream of one network.
#[derive(Clone, Copy, Debug)]
pub struct Rng {
    key: [u32; 2],
    network: u32,
    stream: u32,
    step: u32,
}

impl Rng {
    /// The generator of `stream` for network number `network` under `seed`, at step 0.
    pub fn new(seed: u64, network: u32, stream: Stream) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32], network, stream: stream as u32, step: 0 }
    }

    /// The same stream at another training step.
    #[must_use]
    pub fn at_step(self, step: u32) -> Self {
        Self { step, ..self }
    }

    /// Four independent words for counter value `index`.
    pub fn words(&self, index: u32) -> [u32; 4] {
        philox4x32([index, self.step, self.stream, self.network], self.key)
    }

    /// A uniform number in (0, 1], never 0.
    pub fn uniform(&self, index: u32) -> f64 {
        unit(self.words(index)[0])
    }

    /// A standard normal number (Box–Muller on one counter value).
    pub fn normal(&self, index: u32) -> f64 {
        let [a, b, ..] = self.words(index);
        (-2.0 * unit(a).ln()).sqrt() * (std::f64::consts::TAU * unit(b)).cos()
    }

    /// Element `index` of a sequence of standard normal numbers, four to a counter value; see [`Self::normal_block`].
    pub fn normal_element(&self, index: u32) -> f32 {
        self.normal_block(index / 4)[index as usize % 4]
    }

    /// Four standard normal numbers from one counter value: Box–Muller on both pairs of words, in f32, so that a GPU
    /// computes the same up to the rounding of its logarithm and cosine.
    pub fn normal_block(&self, index: u32) -> [f32; 4] {
        let [a, b, c, d] = self.words(index).map(|word| ((word >> 8) as f32 + 0.5) * (1.0 / 16_777_216.0));
        let (r, s) = ((-2.0 * a.ln()).sqrt(), (-2.0 * c.ln()).sqrt());
        let (sin_b, cos_b) = (std::f32::consts::TAU * b).sin_cos();
        let (sin_d, cos_d) = (std::f32::consts::TAU * d).sin_cos();
        [r * cos_b, r * sin_b, s * cos_d, s * sin_d]
    }

    /// A number below `below` (at most 2³²), counter value `index`.
    pub fn below(&self, below: usize, index: u32) -> usize {
        ((u64::from(self.words(index)[0]) * below as u64) >> 32) as usize
    }

    /// `size` of `items`, all sets alike likely, in their order; uses as many counter values from `first` on as are taken.
    pub fn subset(&self, items: &[usize], size: usize, first: u32) -> Vec<usize> {
        let mut order: Vec<usize> = (0..items.len()).collect();
        let size = size.min(items.len());
        for k in 0..size {
            order.swap(k, k + self.below(items.len() - k, first + k as u32));
        }
        let mut chosen = order[..size].to_vec();
        chosen.sort_unstable();
        chosen.iter().map(|k| items[*k]).collect()
    }

    /// A Gamma(shape 2, scale 1) number: the sum of two exponential ones.
    pub fn gamma2(&self, index: u32) -> f64 {
        let [a, b, ..] = self.words(index);
        -unit(a).ln() - unit(b).ln()
    }
}

/// The numbers of one stream and step, one after another, where how many are needed shows only as they are drawn.
#[derive(Clone, Debug)]
pub struct Draws {
    rng: Rng,
    next: u32,
    words: [u32; 4],
    left: usize,
}

impl Draws {
    /// From counter value 0 on.
    pub fn new(rng: Rng) -> Self {
        Self { rng, next: 0, words: [0; 4], left: 0 }
    }

    /// Four words to a counter value.
    pub fn word(&mut self) -> u32 {
        if self.left == 0 {
            self.words = self.rng.words(self.next);
            self.next = self.next.wrapping_add(1);
            self.left = 4;
        }
        self.left -= 1;
        self.words[3 - self.left]
    }

    /// A uniform number in (0, 1], never 0.
    pub fn uniform(&mut self) -> f64 {
        unit(self.word())
    }

    /// A whole number in 0 … n − 1; n from 1 to 2³². The bias of the product method is below n / 2³².
    pub fn below(&mut self, n: usize) -> usize {
        ((u64::from(self.word()) * n as u64) >> 32) as usize
    }

    /// Puts `items` in random order (Fisher and Yates; every order is equally probable).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// An exponential number of mean 1.
    pub fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    /// A standard normal number (Box–Muller on two words).
    pub fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Maps a word to (0, 1].
fn unit(word: u32) -> f64 {
    (f64::from(word) + 1.0) / 4_294_967_296.0
}

/// Ten rounds of Philox 4×32.
fn philox4x32(mut c: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let p0 = u64::from(c[0]) * 0xD251_1F53;
        let p1 = u64::from(c[2]) * 0xCD9E_8D57;
        c = [(p1 >> 32) as u32 ^ c[1] ^ key[0], p1 as u32, (p0 >> 32) as u32 ^ c[3] ^ key[1], p0 as u32];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers published with the Random123 library.
    #[test]
    fn philox_matches_the_published_known_answers() {
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    }

    #[test]
    fn normal_numbers_have_unit_variance_and_no_mean() {
        let rng = Rng::new(7, 0, Stream::Weights);
        let n = 20_000u32;
        let (mut mean, mut square) = (0.0, 0.0);
        for i in 0..n {
            let z = rng.normal(i);
            mean += z / f64::from(n);
            square += z * z / f64::from(n);
        }
        // Standard errors: 0.007 and 0.01.
        assert!(mean.abs() < 0.03, "mean {mean}");
        assert!((square - 1.0).abs() < 0.04, "second moment {square}");
    }

    #[test]
    fn blocks_of_normal_numbers_are_normal_and_uncorrelated() {
        let rng = Rng::new(9, 3, Stream::StimulusNoise);
        let n = 40_000u32;
        let z: Vec<f64> = (0..n).map(|k| f64::from(rng.normal_element(k))).collect();
        let mean = |f: &dyn Fn(usize) -> f64| (0..z.len() - 1).map(f).sum::<f64>() / f64::from(n);
        // Standard errors: 0.005, 0.007, 0.005, 0.02.
        assert!(mean(&|k| z[k]).abs() < 0.02);
        assert!((mean(&|k| z[k] * z[k]) - 1.0).abs() < 0.03);
        assert!(mean(&|k| z[k] * z[k + 1]).abs() < 0.02);
        assert!((mean(&|k| z[k].powi(4)) - 3.0).abs() < 0.15);
    }

    #[test]
    fn draws_are_the_words_of_their_stream_in_order() {
        let rng = Rng::new(5, 1, Stream::Recording).at_step(9);
        let mut draws = Draws::new(rng);
        let words: Vec<u32> = (0..12).map(|_| draws.word()).collect();
        assert_eq!(words, [rng.words(0), rng.words(1), rng.words(2)].concat());
        let (mut exponential, mut square) = (0.0, 0.0);
        for _ in 0..20_000 {
            exponential += draws.exponential() / 20_000.0;
            square += draws.normal().powi(2) / 20_000.0;
        }
        // Standard errors: 0.007 and 0.01.
        assert!((exponential - 1.0).abs() < 0.03 && (square - 1.0).abs() < 0.04, "{exponential} {square}");
    }

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

    #[test]
    fn subsets_are_drawn_without_replacement_and_all_alike_likely() {
        let rng = Rng::new(3, 0, Stream::Subsets);
        let items = [2, 3, 5, 7, 11];
        let mut counts = std::collections::BTreeMap::new();
        for draw in 0..5000 {
            *counts.entry(rng.at_step(draw).subset(&items, 2, 0)).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 10);
        // 500 each, with a standard deviation of 21.
        assert!(counts.values().all(|n| (410..590).contains(n)), "{counts:?}");
        assert_eq!(rng.subset(&items, 9, 0), items);
    }

    #[test]
    fn every_part_of_the_key_changes_the_numbers() {
        let base = Rng::new(1, 0, Stream::Weights);
        let others = [
            Rng::new(2, 0, Stream::Weights),
            Rng::new(1 << 32, 0, Stream::Weights),
            Rng::new(1, 1, Stream::Weights),
            Rng::new(1, 0, Stream::InputWeights),
            base.at_step(1),
        ];
        for other in others {
            assert_ne!(base.words(0), other.words(0));
        }
        assert_ne!(base.words(0), base.words(1));
    }
}
