//! Malformed files: each must end as an error of exit code 2 that names the file, in less than a second and 200 MB,
//! and never in a panic.
//!
//! The cases are read in a child process (this program again), so that its peak memory can be told and a crash be seen.

mod mat_builder;

use aon::data::mat::MatFile;
use aon::data::{FiringRates, Normalization, RecordedCondition, read_mask};
use aon::error::Result;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use mat_builder::{Order, compressed, deflate, double, element, file, header, long_tag, numeric, start, variable};
use proptest::prelude::*;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const LE: Order = Order::Little;
const CHILD: &str = "AON_TEST_READ_MALFORMED";

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cli/small_A_clean").join(name)).unwrap()
}

/// A file of which every part is right: FR1 and FR2 `[2×3]`.
fn good(compress: bool) -> Vec<u8> {
    let variables = [("FR1", 0.5), ("FR2", 0.25)].map(|(n, v)| double(&[2, 3], n, &[v; 6]));
    file(&variables.map(|v| if compress { compressed(LE, &v) } else { v }))
}

/// FR1 with other parts than it should have; FR2 is right.
fn with_fr1(fr1: Vec<u8>) -> Vec<u8> {
    file(&[fr1, double(&[2, 3], "FR2", &[0.25; 6])])
}

fn values(kind: u32, count: usize) -> Vec<u8> {
    element(LE, kind, &mat_builder::numbers(LE, kind, &vec![0.5; count]))
}

/// A zlib stream of `head`, then `zeros` zero bytes, built without holding them.
fn bomb(head: &[u8], zeros: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(head).unwrap();
    let block = vec![0; 1 << 20];
    for _ in 0..zeros >> 20 {
        encoder.write_all(&block).unwrap();
    }
    let stream = encoder.finish().unwrap();
    [long_tag(LE, 15, stream.len() as u32), stream].concat()
}

/// The first bytes of FR1 `[1 × count]` of class `flags`, up to the first value of `kind`.
fn head(flags: u32, kind: u32, count: i32, size: u32) -> Vec<u8> {
    let start = start(LE, flags, &[1, count], "FR1");
    let inside = [start, long_tag(LE, kind, count.cast_unsigned() * size)].concat();
    [long_tag(LE, 14, inside.len() as u32 + count.cast_unsigned() * size), inside].concat()
}

/// What a file of version 7.3 starts with, and no more.
fn version_7_3() -> Vec<u8> {
    let mut file = header(LE);
    file[124..126].copy_from_slice(&[0, 2]);
    file.resize(512, 0);
    file.extend_from_slice(b"\x89HDF\r\n\x1a\n");
    file
}

/// Files that are wrong in one way each.
#[allow(clippy::too_many_lines)] // A table.
fn named_cases() -> Vec<(&'static str, Vec<u8>)> {
    let long_name = "a".repeat(2000);
    let fr1 = |flags, dims: &[i32], parts: &[Vec<u8>]| with_fr1(variable(LE, flags, dims, "FR1", parts));
    let doubles = |dims: &[i32], count| fr1(6, dims, &[values(9, count)]);
    let part = |bytes: Vec<u8>| with_fr1(element(LE, 14, &bytes));
    let flags = |kind: u32, bytes: &[u8]| part([element(LE, kind, bytes), values(9, 6)].concat());
    let (gib, zeros) = (1 << 30, 1 << 30);
    let mut wrong_checksum = compressed(LE, &double(&[2, 3], "FR1", &[0.5; 6]));
    *wrong_checksum.last_mut().unwrap() ^= 1;
    let cut_stream = {
        let stream = deflate(&double(&[2, 3], "FR1", &[0.5; 6]));
        [long_tag(LE, 15, stream.len() as u32 - 9), stream[..stream.len() - 9].to_vec()].concat()
    };
    let inside = double(&[2, 3], "FR1", &[0.5; 6]);
    let header_with = |range: std::ops::Range<usize>, bytes: &[u8]| {
        let mut file = good(false);
        file[range].copy_from_slice(bytes);
        file
    };
    let mut v4 = [0_i32, 1, 1, 0, 4].map(i32::to_le_bytes).concat();
    v4.extend_from_slice(b"FR1\0");
    v4.extend_from_slice(&0.5_f64.to_le_bytes());
    vec![
        ("empty file", vec![]),
        ("text file", b"FR1 = [0.5 0.25; 1 0];\n".repeat(20)),
        ("short text file", b"hello\n".to_vec()),
        ("picture", [b"\x89PNG\r\n\x1a\n".to_vec(), vec![7; 200]].concat()),
        ("only zeros", vec![0; 4096]),
        ("zip archive cut off", [b"PK\x03\x04".to_vec(), vec![9; 300]].concat()),
        ("header only", header(LE)),
        ("version 4", v4.clone()),
        ("version 4, longer than a header", [v4, vec![1; 200]].concat()),
        ("version 7.3", version_7_3()),
        ("version 7.3 by its number only", header_with(124..126, &[0, 2])),
        ("unknown version", header_with(124..126, &[7, 9])),
        ("byte order that is none", header_with(126..128, b"XX")),
        ("big-endian mark on a little-endian file", header_with(124..128, b"\x01\x00MI")),
        ("one byte too many", [good(false), vec![0]].concat()),
        ("seven bytes too many", [good(true), vec![1; 7]].concat()),
        ("unknown element after the variables", [good(false), element(LE, 9, &[0; 16])].concat()),
        ("element larger than the file", file(&[long_tag(LE, 14, 1 << 20), start(LE, 6, &[2, 3], "FR1")])),
        ("compressed element larger than the file", file(&[long_tag(LE, 15, u32::MAX), vec![1; 100]])),
        (
            "values larger than their variable",
            part([start(LE, 6, &[2, 3], "FR1"), long_tag(LE, 9, 48), vec![0; 8]].concat()),
        ),
        ("more values declared than there are", doubles(&[2, 4], 6)),
        ("fewer values declared than there are", doubles(&[2, 2], 6)),
        ("no values declared", doubles(&[0, 3], 6)),
        ("negative dimension", doubles(&[-2, -3], 6)),
        ("dimensions that overflow 32 bits", doubles(&[65536, 65536], 0)),
        ("dimensions that overflow 64 bits", doubles(&[i32::MAX; 3], 6)),
        ("dimensions that overflow to the right number", doubles(&[1 << 30, 1 << 30, 16, 6], 6)),
        ("one dimension", doubles(&[6], 6)),
        (
            "no dimensions",
            part(
                [element(LE, 6, &[6, 0, 0, 0, 0, 0, 0, 0]), long_tag(LE, 5, 0), element(LE, 1, b"FR1"), values(9, 6)]
                    .concat(),
            ),
        ),
        ("a thousand dimensions", doubles(&[1; 1000], 1)),
        (
            "dimensions of type double",
            part(
                [element(LE, 6, &[6, 0, 0, 0, 0, 0, 0, 0]), values(9, 2), element(LE, 1, b"FR1"), values(9, 6)]
                    .concat(),
            ),
        ),
        ("array flags of the wrong type", flags(5, &[6, 0, 0, 0, 0, 0, 0, 0])),
        ("array flags that are too short", flags(6, &[6, 0, 0, 0])),
        ("array flags that are too long", flags(6, &[6; 4096])),
        ("class number 0", fr1(0, &[2, 3], &[values(9, 6)])),
        ("class number 99", fr1(99, &[2, 3], &[values(9, 6)])),
        ("name that is too long", with_fr1(variable(LE, 6, &[2, 3], &long_name, &[values(9, 6)]))),
        ("name with control characters", with_fr1(variable(LE, 6, &[2, 3], "FR\x1b[31m", &[values(9, 6)]))),
        ("no name", with_fr1(double(&[2, 3], "", &[0.5; 6]))),
        ("nothing after the name", fr1(6, &[2, 3], &[])),
        ("values of type text", fr1(6, &[2, 3], &[element(LE, 16, &[b'x'; 48])])),
        ("values of an unknown type", fr1(6, &[2, 3], &[element(LE, 200, &[0; 48])])),
        ("doubles stored as singles", fr1(6, &[2, 3], &[values(7, 6)])),
        ("a short element of five bytes", fr1(6, &[1, 1], &[[LE.u32(2 | 5 << 16), [0; 4]].concat()])),
        ("more data after the values", fr1(6, &[2, 3], &[values(9, 6), values(9, 6)])),
        ("struct", fr1(2, &[1, 1], &[element(LE, 5, &[8, 0, 0, 0]), double(&[1, 1], "", &[0.5])])),
        ("cell", fr1(1, &[1, 1], &[double(&[1, 1], "", &[0.5])])),
        ("char", fr1(4, &[1, 3], &[element(LE, 16, b"abc")])),
        ("sparse", fr1(5, &[2, 3], &[values(9, 6)])),
        ("function handle", fr1(16, &[1, 1], &[])),
        (
            "opaque object",
            part(
                [element(LE, 6, &[17, 0, 0, 0, 0, 0, 0, 0]), element(LE, 1, b"FR1"), element(LE, 1, b"MCOS")].concat(),
            ),
        ),
        ("complex", fr1(0x0806, &[2, 3], &[values(9, 6), values(9, 6)])),
        ("NaN", with_fr1(double(&[2, 3], "FR1", &[f64::NAN; 6]))),
        ("no bins", with_fr1(double(&[2, 0], "FR1", &[]))),
        ("three dimensions", doubles(&[1, 2, 3], 6)),
        ("rates of 204 spikes/s", with_fr1(numeric(LE, 9, &[2, 3], "FR1", 2, &[204.0; 6]))),
        ("wrong checksum", with_fr1(wrong_checksum)),
        ("stream cut off", with_fr1(cut_stream)),
        ("compressed, but no stream", with_fr1([long_tag(LE, 15, 64), vec![0x55; 64]].concat())),
        ("compressed nothing", with_fr1(compressed(LE, &[]))),
        ("compressed twice", with_fr1(compressed(LE, &compressed(LE, &inside)))),
        ("compressed values without a variable", with_fr1(compressed(LE, &values(9, 6)))),
        ("more in the stream than the variable", with_fr1(compressed(LE, &[inside.clone(), vec![0; 64]].concat()))),
        ("variable larger than its stream", with_fr1(compressed(LE, &head(6, 9, 30_000_000, 8)))),
        ("bomb of 1 GiB that says so, as double", with_fr1(bomb(&head(6, 9, gib / 8, 8), zeros))),
        ("bomb of 1 GiB that says so, as uint8", with_fr1(bomb(&head(9, 2, gib, 1), zeros))),
        ("bomb of 1 GiB behind a small variable", with_fr1(bomb(&inside, zeros))),
        (
            "bomb of 1 GiB in place of a name",
            with_fr1(bomb(
                &[
                    long_tag(LE, 14, u32::MAX),
                    start(LE, 6, &[2, 3], "")[..32].to_vec(),
                    long_tag(LE, 1, gib.cast_unsigned()),
                ]
                .concat(),
                zeros,
            )),
        ),
    ]
}

fn read_rates(path: &Path) -> Result<FiringRates> {
    read_conditions(path, &["FR1".into(), "FR2".into()])
}

fn read_conditions(path: &Path, conditions: &[String]) -> Result<FiringRates> {
    FiringRates::new(path, RecordedCondition::read_all(path, conditions)?, &[], Normalization::None)
}

/// Reads `bytes` as the file `path`, and checks that it is refused as it should be.
fn refuse(path: &Path, name: &str, bytes: &[u8], read: impl Fn(&Path) -> Result<()>) {
    std::fs::write(path, bytes).unwrap();
    let begun = Instant::now();
    let result = read(path);
    let took = begun.elapsed();
    let Err(error) = result else { panic!("{name}: was accepted") };
    let sentence = error.to_string();
    assert_eq!(error.exit_code(), 2, "{name}: {sentence}");
    assert!(sentence.contains("case.mat") && !sentence.contains('\n'), "{name}: {sentence}");
    assert!(took < Duration::from_secs(1), "{name}: {took:?}");
    println!("{name}: {}", sentence.rsplit('/').next().unwrap());
}

#[test]
#[ignore = "run by the test below in a process of its own"]
fn read_malformed_files() {
    let Some(directory) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let path = directory.join("case.mat");
    for (name, bytes) in named_cases() {
        refuse(&path, name, &bytes, |p| read_rates(p).map(drop));
    }
    let rates = golden("Firing_Rates.mat");
    let conditions: Vec<String> = (1..=12).map(|c| format!("FR{c}")).collect();
    for length in (0..rates.len()).step_by(64) {
        refuse(&path, &format!("rates cut to {length} bytes"), &rates[..length], |p| {
            read_conditions(p, &conditions).map(drop)
        });
    }
    let mask = golden("InhibitoryMask.mat");
    for length in 0..mask.len() {
        refuse(&path, &format!("mask cut to {length} bytes"), &mask[..length], |p| {
            read_mask(p, "inhibitory", 12).map(drop)
        });
    }
    println!("peak memory: {} kB", peak_memory_kb().map_or("unknown".into(), |kb| kb.to_string()));
}

/// Peak resident memory of this process, where the system tells it.
fn peak_memory_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn malformed_files_are_refused_within_a_second_and_200_mb() {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "read_malformed_files", "--ignored", "--nocapture"])
        .env(CHILD, directory.path())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    print!("{out}");
    assert!(output.status.success(), "{err}");
    assert!(!err.contains("panicked"), "{err}");
    let peak = out.lines().find_map(|l| l.strip_prefix("peak memory: ")).expect("the child ran to its end");
    match peak.strip_suffix(" kB").and_then(|kb| kb.parse::<u64>().ok()) {
        Some(kb) => assert!(kb < 200_000, "{kb} kB"),
        None => println!("not tested: this system does not tell a process's peak memory"),
    }
}

/// A task of the two conditions that the cases are about.
const TASK: &str = r#"
name = "two"
time = { step_ms = 5.0, steps_per_bin = 2, thermal = 4 }
areas = [{ name = "A", size = 2 }]

[stimulus]
channels = 1
sequences = [{ name = "on", epochs = [{ channels = [0], value = 1.0, from = 0 }] }]

[[conditions]]
name = "first"
firing_rates = "FR1"
input = 0
sequence = "on"
class = "execution"

[[conditions]]
name = "second"
firing_rates = "FR2"
input = 0
sequence = "on"
class = "observation"
"#;

/// Runs `aon train` for one step on the rates and the mask at `directory`.
fn train(directory: &Path) -> std::process::Output {
    let path = |name| directory.join(name);
    Command::new(env!("CARGO_BIN_EXE_aon"))
        .args(["train", "--n-trials", "1", "--engine", "cpu"])
        .arg("--task")
        .arg(path("task.toml"))
        .arg("--firing-rates-mat")
        .arg(path("case.mat"))
        .arg("--inhibitory-mask-mat")
        .arg(path("mask.mat"))
        .arg("--output-dir")
        .arg(path("out"))
        .output()
        .unwrap()
}

#[test]
fn the_program_ends_with_exit_code_2_and_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes).unwrap();
    write("task.toml", TASK.as_bytes());
    write("mask.mat", &file(&[double(&[2, 1], "inhibitory", &[0.0, 1.0])]));
    write("case.mat", &good(true));
    let output = train(directory.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::remove_dir_all(directory.path().join("out")).unwrap();

    for (name, bytes) in named_cases() {
        write("case.mat", &bytes);
        let output = train(directory.path());
        let sentence = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {sentence}");
        assert!(sentence.contains("case.mat") && sentence.lines().count() == 1, "{name}: {sentence}");
        assert!(!sentence.contains("panicked"), "{name}: {sentence}");
        assert!(!directory.path().join("out").exists(), "{name}: left a directory behind");
    }
}

#[test]
fn what_has_a_name_but_is_no_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for (path, words) in [
        (directory.path().to_path_buf(), "a directory"),
        (directory.path().join("missing.mat"), "cannot read"),
        (directory.path().join("missing.mat/FR1"), "cannot read"),
    ] {
        let error = read_rates(&path).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(words), "{error}");
    }
    #[cfg(unix)]
    assert!(read_rates(Path::new("/dev/zero")).unwrap_err().to_string().contains("device"));
}

#[cfg(not(feature = "hdf5"))]
#[test]
fn the_ways_out_of_version_7_3_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("case.mat");
    std::fs::write(&path, version_7_3()).unwrap();
    let sentence = read_rates(&path).unwrap_err().to_string();
    assert!(sentence.contains("save -v7") && sentence.contains("--features hdf5"), "{sentence}");
}

/// All single bit flips: of a compressed file none may change what is read (unless it is refused); of a plain one a
/// flip may change a value, which nothing can notice, but not how many there are.
#[test]
fn bit_flips_are_refused_or_harmless() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("case.mat");
    for compress in [true, false] {
        let bytes = good(compress);
        std::fs::write(&path, &bytes).unwrap();
        let original = read_rates(&path).unwrap();
        let mut accepted = 0;
        let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let mut put = |at: usize, byte: u8| {
            file.seek(SeekFrom::Start(at as u64)).unwrap();
            file.write_all(&[byte]).unwrap();
        };
        for bit in 0..bytes.len() * 8 {
            let at = bit / 8;
            put(at, bytes[at] ^ (1 << (bit % 8)));
            let result = read_rates(&path);
            put(at, bytes[at]);
            match result {
                Err(error) => assert_eq!(error.exit_code(), 2, "bit {bit}: {error}"),
                Ok(recording) if compress => assert_eq!(recording, original, "bit {bit}"),
                Ok(recording) => {
                    accepted += usize::from(recording != original);
                    let shapes = |r: &FiringRates| r.conditions.iter().map(|c| c.rates.len()).collect::<Vec<_>>();
                    assert_eq!(shapes(&recording), shapes(&original), "bit {bit}");
                }
            }
        }
        // The only undetectable flips are those inside the 12 values, of 64 bits each.
        assert!(accepted <= 12 * 64, "{accepted} flips changed what was read");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_after_the_header_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), big in any::<bool>()) {
        let order = if big { Order::Big } else { LE };
        survive(&[header(order), bytes].concat());
    }

    #[test]
    fn random_elements_never_panic(
        kinds in prop::collection::vec((0_u32..20, 0_u32..70, prop::collection::vec(any::<u8>(), 0..64)), 0..8),
        flags in 0_u32..20,
        dims in prop::collection::vec(-2_i32..70_000, 0..5),
        compress in any::<bool>(),
    ) {
        // Elements that declare about what they hold, behind a plausible start.
        let parts: Vec<Vec<u8>> = kinds.iter().map(|(kind, size, bytes)| [long_tag(LE, *kind, *size), bytes.clone()].concat()).collect();
        let plain = variable(LE, flags, &dims, "FR1", &parts);
        survive(&file(&[if compress { compressed(LE, &plain) } else { plain }]));
    }
}

/// Reads everything that can be read of a file.
fn survive(bytes: &[u8]) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("case.mat");
    std::fs::write(&path, bytes).unwrap();
    match MatFile::open(&path) {
        Err(error) => assert_eq!(error.exit_code(), 2),
        Ok(mat) => {
            for variable in mat.variables() {
                if let Err(error) = mat.array(&variable.name) {
                    assert_eq!(error.exit_code(), 2);
                }
            }
        }
    }
}
