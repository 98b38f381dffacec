//! Damaged tables and arrays are read or refused, and never end in a panic.

use crate::recorded_support::{Folder, activity, mixed, parsed, rich, vector};
use aon::data::recording::{read, understood};
use aon::data::{NamedArray, Values};

/// How many damaged files of each kind are read; `AON_MUTATIONS` says another number.
fn count() -> u64 {
    std::env::var("AON_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(400)
}

const BORIS_TABULAR: &str = "Observation id,o\n\nTime,Media file path,Total length,FPS,Subject,Behavior,Comment,Status\n\
    1.0,v,10,25,self,eat,\"a, b\",START\n2.5,v,10,25,self,eat,,STOP\n3,v,10,25,other,run,,START\n4,v,10,25,other,run,,STOP\n";
const BORIS_AGGREGATED: &str = "Subject;Behavior;Behavior type;Start (s);Stop (s);Media duration (s)\n\
    self;eat;STATE;1,0;2,5;10\nother;eat;STATE;3;4;10\nself;sniff;POINT;5;5;10\n";
const PLAIN: &str = "agent,behaviour,start,stop,object\nself,eat,1,2,\"pel\"\"let\"\nother,eat,00:00:03,4,\n";
const LABELS: &str = "time\tdoing\n0\teat\n5\teat\n6\t0\n";
const COVARIATES: &str = "time,pupil,speed\n0,1,nan\n0.5,,2e3\n1,3,-4\n";
const DLC: &str = "scorer,D,D,D,D,D,D\nbodyparts,l,l,l,r,r,r\ncoords,x,y,likelihood,x,y,likelihood\n\
    0,1,2,0.9,3,4,0.99\n1,1,2,0.1,3,4,0.99\n";
const CONTEXTS: &str = "name,start,stop\nalone,0,5\ntogether,5,10\n";
const TRIALS: &str = "agent,go,object,movement\nself,1,ring,2.5\nother,0,cone,\n";
const NEURONS: &str = "neuron,area,identity,session\n1,F5,x,r\n3,AIP,,r\n";

/// The tables, and the settings by which each is read.
const TABLES: [(&str, &str, &str); 9] = [
    ("x.csv", BORIS_TABULAR, "bouts.file = \"x.csv\""),
    ("x.csv", BORIS_AGGREGATED, "bouts.file = \"x.csv\""),
    ("r.bouts.csv", PLAIN, ""),
    ("x.csv", LABELS, "bouts = { file = \"x.csv\", labels = { self = \"doing\" }, video_rate = 0.3 }"),
    ("r.covariates.csv", COVARIATES, ""),
    (
        "x.csv",
        DLC,
        "covariates = [{ name = \"p\", file = \"x.csv\", points = [\"l\", \"r\"], likelihood = 0.5, rate = 0.2 }]",
    ),
    ("r.contexts.csv", CONTEXTS, ""),
    ("r.trials.csv", TRIALS, "trials = { align = \"movement\", window_ms = [0, 100] }"),
    ("r.neurons.csv", NEURONS, ""),
];

/// What is likely to be in the wrong place of a table.
const PIECES: [&[u8]; 16] = [
    b",",
    b";",
    b"\t",
    b"\n",
    b"\"",
    b"\r",
    b"nan",
    b"inf",
    b"-",
    b"1e308",
    b"\xef\xbb\xbf",
    b"\0",
    b"\xff",
    b":",
    b"START",
    b"\xc3\xa9",
];

/// `bytes` with some of them changed, moved, doubled or cut.
fn damaged(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for k in 0..=mixed(seed) % 4 {
        let draw = |what: u64| mixed(seed.wrapping_mul(31).wrapping_add(k * 101 + what)) as usize;
        let at = draw(1) % (bytes.len() + 1);
        let end = (at + draw(2) % 12).min(bytes.len());
        match draw(3) % 5 {
            0 => bytes[at..end].fill(draw(4) as u8),
            1 => drop(bytes.splice(at..end, PIECES[draw(5) % PIECES.len()].iter().copied())),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let copied = bytes[at..end].to_vec();
                let to = draw(6) % (bytes.len() + 1);
                drop(bytes.splice(to..to, copied));
            }
            _ if draw(7).is_multiple_of(8) => bytes.truncate(at),
            _ => drop(bytes.splice(at..at, PIECES[draw(8) % PIECES.len()].iter().copied())),
        }
    }
    bytes
}

/// Reads `name`, of which one file is damaged so many times, and returns how many were read all the same.
fn read_damaged(folder: &Folder, (file, bytes): (&str, &[u8]), settings: &str) -> u64 {
    let (settings, recording, damaged_file) = (parsed(settings), folder.path("r.npz"), folder.path(file));
    let mut fine = 0;
    for seed in 0..count() {
        std::fs::write(&damaged_file, damaged(bytes, seed * 9_176 + bytes.len() as u64)).unwrap();
        match read(&recording, &settings, None).and_then(|sessions| understood(&sessions, 0.05)) {
            Ok(understood) => fine += u64::from(!understood.lines().is_empty()),
            Err(error) => assert_eq!(error.exit_code(), 2, "{error}"),
        }
    }
    fine
}

#[test]
fn damaged_tables_are_read_or_refused() {
    for (file, text, settings) in TABLES {
        let folder = Folder::new().arrays("r.npz", &activity()).with(file, text);
        folder.session("r.npz", settings).unwrap_or_else(|e| panic!("{file}: {e}"));
        let fine = read_damaged(&folder, (file, text.as_bytes()), settings);
        assert!(fine > 0 && fine < count(), "{file}: {fine} of {} were read", count());
    }
}

#[test]
fn damaged_suite2p_arrays_are_read_or_refused() {
    use crate::recorded_support::{npy, values};
    let bytes = npy(&values(2, 3).into_dyn());
    let folder = Folder::new();
    for seed in 0..count() {
        std::fs::write(folder.path("spks.npy"), damaged(&bytes, seed)).unwrap();
        if let Err(error) = read(folder.0.path(), &parsed("source.frame_rate = 1.0"), None) {
            assert_eq!(error.exit_code(), 2, "{error}");
        }
    }
}

/// Values that no recording has.
const ODD: [f64; 12] =
    [0.0, -1.0, 1.5, 1e300, -1e300, 1e-310, 4e9, 1e19, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 7.0];

/// Names that mean something.
const NAMES: [&str; 6] = ["activity", "times", "bout_start", "dff", "event_x", "spike_units"];

/// Everything that named arrays can be, with some of them dropped, shortened, renamed or of odd values.
fn odd_arrays(seed: u64) -> Vec<NamedArray> {
    let mut arrays = rich();
    if seed.is_multiple_of(3) {
        let spikes = [
            vector("spike_times", &[0.5, 6.0, 7.0]),
            vector("spike_index", &[1.0, 3.0, 3.0]),
            vector("span", &[5.0, 15.0]),
        ];
        arrays.splice(..2, spikes);
    }
    for k in 0..=mixed(seed) % 3 {
        let draw = |what: u64| mixed(seed.wrapping_mul(37).wrapping_add(k * 101 + what)) as usize;
        let at = draw(1) % arrays.len();
        match (draw(2) % 4, &mut arrays[at].values) {
            (0, _) => drop(arrays.remove(at)),
            (1, _) => arrays[at].name = NAMES[draw(3) % NAMES.len()].into(),
            (2, Values::Texts(texts)) => texts.truncate(draw(3) % 3),
            (2, Values::F64(numbers)) => {
                let kept = draw(3) % (numbers.len() + 1);
                let numbers: Vec<f64> = numbers.iter().copied().take(kept).collect();
                arrays[at] = vector(&arrays[at].name, &numbers);
            }
            (_, Values::F64(numbers)) => {
                let place = draw(3) % numbers.len().max(1);
                for value in numbers.iter_mut().skip(place).take(1 + draw(4) % 2) {
                    *value = ODD[draw(5) % ODD.len()];
                }
            }
            _ => {}
        }
    }
    let mut names = std::collections::HashSet::new();
    arrays.retain(|array| names.insert(array.name.clone()));
    arrays
}

#[test]
fn odd_arrays_are_read_or_refused() {
    let folder = Folder::new();
    let settings = parsed("trials = { align = \"go\", window_ms = [0, 100] }");
    let mut fine = 0;
    for seed in 0..count() {
        let name = if seed.is_multiple_of(2) { "r.npz" } else { "r.mat" };
        aon::data::write_arrays(&folder.path(name), &odd_arrays(seed)).unwrap();
        match read(&folder.path(name), &settings, None).and_then(|sessions| understood(&sessions, 0.05)) {
            Ok(_) => fine += 1,
            Err(error) => assert_eq!(error.exit_code(), 2, "{error}"),
        }
    }
    assert!(fine > 0 && fine < count(), "{fine} of {} were read", count());
}
