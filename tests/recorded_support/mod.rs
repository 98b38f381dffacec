//! Recordings as files, written from the numbers that tests then expect.
#![allow(dead_code, missing_docs, unreachable_pub)] // each program uses a part

use aon::data::recording::{Agent, Bout, RecordingSettings, Session, read};
use aon::data::{NamedArray, write_arrays};
use ndarray::{Array2, ArrayD};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder of files.
pub struct Folder(pub TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub fn arrays(self, name: &str, arrays: &[NamedArray]) -> Self {
        write_arrays(&self.path(name), arrays).unwrap();
        self
    }

    /// The one session of the recording `name`.
    pub fn session(&self, name: &str, settings: &str) -> aon::error::Result<Session> {
        let mut sessions = read(&self.path(name), &parsed(settings), Some(&self.path("settings")))?;
        assert_eq!(sessions.len(), 1);
        Ok(sessions.remove(0))
    }

    /// The sentence in which `name` is refused, which must contain all `words`.
    pub fn refused(&self, name: &str, settings: &str, words: &[&str]) {
        let error = read(&self.path(name), &parsed(settings), None).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
        let sentence = error.to_string();
        for word in words {
            assert!(sentence.contains(word), "\"{word}\" is not in: {sentence}");
        }
        assert!(sentence.contains("expected"), "{sentence}");
    }
}

/// Settings from TOML.
pub fn parsed(text: &str) -> RecordingSettings {
    toml::from_str(text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// Numbers that no one would mix up, `[neurons × frames]`.
pub fn values(neurons: usize, frames: usize) -> Array2<f32> {
    Array2::from_shape_fn((neurons, frames), |(i, t)| (i * 1000 + t * t % 97) as f32 + 0.25)
}

/// Activity of ten seconds at 10 Hz of three neurons.
pub fn activity() -> Vec<NamedArray> {
    vec![NamedArray::new("activity", values(3, 100)), vector("frame_rate", &[10.0])]
}

pub fn vector(name: &str, numbers: &[f64]) -> NamedArray {
    NamedArray::new(name, ndarray::Array1::from(numbers.to_vec()))
}

pub fn texts(name: &str, all: &[&str]) -> NamedArray {
    NamedArray::new(name, all.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// Everything that a file of named arrays can hold beside frames.
pub fn rich() -> Vec<NamedArray> {
    let mut arrays = vec![
        NamedArray::new("activity", values(3, 100)),
        vector("times", &(0..100).map(|i| 5.0 + f64::from(i) / 10.0).collect::<Vec<_>>()),
        texts("areas", &["AIP", "F5", "F5"]),
        texts("neurons", &["a", "b", "größe"]),
        texts("identities", &["x", "", "z"]),
        texts("animal", &["Zara"]),
        NamedArray::new("session", "day 2"),
        vector("bout_start", &[6.0, 9.0, 8.0]),
        vector("bout_stop", &[7.0, 9.5, 8.5]),
        texts("bout_behaviour", &["eat", "run", "eat"]),
        texts("bout_agent", &["self", "OTHER", "self"]),
        texts("bout_object", &["pellet", "", ""]),
        vector("context_start", &[5.0, 10.0]),
        vector("context_stop", &[10.0, 15.0]),
        texts("context_name", &["alone", "together"]),
        vector("pupil", &[1.0, f64::NAN, 3.0]),
        vector("pupil_times", &[5.0, 6.0, 7.0]),
    ];
    arrays.push(texts("trial_agent", &["self", "other"]));
    arrays.push(vector("trial_go", &[1.0, 0.0]));
    arrays.push(vector("event_go", &[6.0, f64::NAN]));
    arrays
}

/// The array as NumPy writes it.
pub fn npy(array: &ArrayD<f32>) -> Vec<u8> {
    let shape: Vec<String> = array.shape().iter().map(|d| format!("{d},")).collect();
    npy_of("<f4", &shape.concat(), &array.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
}

pub fn npy_of(descr: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), values].concat()
}

/// Bouts as `agent behaviour start stop` texts.
pub fn listed(bouts: &[Bout]) -> Vec<String> {
    let text = |b: &Bout| {
        let object = b.object.as_ref().map(|o| format!(" ({o})")).unwrap_or_default();
        format!("{} {} {:.3} {:.3}{object}", b.agent, b.behaviour, b.start, b.stop)
    };
    bouts.iter().map(text).collect()
}

pub fn bout(agent: Agent, behaviour: &str, start: f64, stop: f64) -> Bout {
    Bout { agent, behaviour: behaviour.into(), start, stop, object: None }
}

/// Whether a remark holds all `words`.
pub fn told(session: &Session, words: &[&str]) {
    let found = session.remarks.iter().any(|remark| words.iter().all(|word| remark.contains(word)));
    assert!(found, "{words:?} are not in {:#?}", session.remarks);
}

pub fn mixed(seed: u64) -> u64 {
    let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Whether a file of `../shared` is there; says so where it is not.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("NOT TESTED: ../shared/{name} is not there.");
    None
}
