//! Damaged NWB files: bytes of good ones are changed at random, and reading them ends in a session or a sentence. `AON_MUTATIONS=100000`
//! asks for more of them than every test run tries.
#![cfg(feature = "hdf5")]

mod nwb_support;

use aon::data::recording::{RecordingSettings, read_nwb};
use nwb_support::{bytes, with};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

const MUTATIONS: usize = 3000;

/// xorshift64*: numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() >> 16) as usize % most
    }
}

/// One to four changes; most of them where the file is not empty.
fn mutate(original: &[u8], filled: &[usize], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = if numbers.below(8) == 0 {
            numbers.below(bytes.len())
        } else {
            filled[numbers.below(filled.len())].min(bytes.len() - 1)
        };
        match numbers.below(8) {
            0..3 => bytes[at] ^= 1 << numbers.below(8),
            3 => bytes[at] = [0, 1, 0x7f, 0xff][numbers.below(4)],
            4 => bytes[at] = numbers.next() as u8,
            5 => {
                let word = [u64::MAX, 0, 1 << 30, 1 << 40, u64::MAX >> 1, bytes.len() as u64][numbers.below(6)];
                bytes[at..].iter_mut().zip(word.to_le_bytes()).for_each(|(byte, new)| *byte = new);
            }
            6 => {
                let (from, length) = (numbers.below(bytes.len()), numbers.below(64));
                let piece: Vec<u8> = bytes[from..].iter().take(length).copied().collect();
                bytes[at..].iter_mut().zip(piece).for_each(|(byte, new)| *byte = new);
            }
            _ if numbers.below(8) == 0 => bytes.truncate(at.max(1)),
            _ => bytes[at] = bytes[at].wrapping_add(1),
        }
    }
    bytes
}

fn cases() -> Vec<(Vec<u8>, RecordingSettings)> {
    let named = |name: &str| with(|s| s.source.activity = Some(name.into()));
    let newest = with(|s| {
        s.source.activity = Some("Deconvolved".into());
        s.source.accepted_only = false;
    });
    vec![
        (bytes("spikes"), RecordingSettings::default()),
        (bytes("calcium"), named("Deconvolved")),
        (bytes("calcium"), named("RoiResponseSeries")),
        (bytes("planes"), named("dff1")),
        (bytes("newest"), newest),
    ]
}

#[test]
fn damaged_files_end_in_sentences_and_never_in_panics() {
    let mutations = std::env::var("AON_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(MUTATIONS);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("damaged.nwb");
    let cases: Vec<_> = cases()
        .into_iter()
        .map(|(bytes, settings)| {
            let filled: Vec<usize> = (0..bytes.len()).filter(|k| bytes[*k] != 0).collect();
            (bytes, filled, settings)
        })
        .collect();
    let (mut refused, mut panics, mut slowest) = (0, Vec::new(), Duration::ZERO);
    for k in 0..mutations {
        let (original, filled, settings) = &cases[k % cases.len()];
        let mutated = mutate(original, filled, &mut Numbers(0x9e37_79b9_7f4a_7c15 ^ (k as u64 + 1)));
        std::fs::write(&path, mutated).unwrap();
        let begin = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| read_nwb(&path, settings))) {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                assert_eq!(error.exit_code(), 2, "mutation {k}: {error}");
                refused += 1;
            }
            Err(_) => panics.push(k),
        }
        slowest = slowest.max(begin.elapsed());
    }
    println!("{mutations} mutations: {refused} refused, {} panics, the slowest took {slowest:?}", panics.len());
    assert!(panics.is_empty(), "panics: {panics:?}");
    assert!(refused > mutations / 20, "{refused} of {mutations} were refused");
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
}
