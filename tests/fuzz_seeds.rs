//! The seeds and the findings of the fuzz targets, as they are and with damages: a short run of each target. (A long one:
//! scripts/fuzz.sh.)
#![allow(missing_docs)]

#[path = "../fuzz/src/lib.rs"]
#[allow(dead_code, unreachable_pub)]
mod targets;

use std::path::Path;
use std::time::{Duration, Instant};

/// Each input is also read so many times damaged.
const DAMAGES: usize = 60;

/// A hang is found by whoever runs the tests; this finds what is merely slow.
const SLOW: Duration = Duration::from_secs(5);

fn mixed(seed: u64) -> u64 {
    let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// `bytes` with a few bytes changed, and maybe cut.
fn damaged(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for k in 0..=mixed(seed) % 5 {
        let (at, to) = (mixed(seed * 31 + k), mixed(seed * 37 + k));
        if let Some(length) = (bytes.len() as u64).checked_sub(1).filter(|l| *l > 0) {
            bytes[(at % length) as usize] = to as u8;
        }
    }
    if seed.is_multiple_of(7) {
        bytes.truncate(mixed(seed + 1) as usize % bytes.len().max(1));
    }
    bytes
}

#[test]
fn seeds_and_findings_are_read_or_refused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (name, read) in targets::TARGETS {
        let mut files: Vec<_> = std::fs::read_dir(root.join(name)).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{name} has no seeds");
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            for k in 0..=DAMAGES as u64 {
                let input = if k == 0 { bytes.clone() } else { damaged(&bytes, k * 7919 + bytes.len() as u64) };
                let started = Instant::now();
                read(&input);
                assert!(started.elapsed() < SLOW, "{} with damage {k} takes long", file.display());
            }
        }
    }
}
