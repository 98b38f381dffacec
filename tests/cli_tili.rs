//! From the files of Tili et al. 2025 to a trained and lesioned network, by the commands of docs/recordings.md: a made-up
//! directory in their layout, whose units are known.
#![cfg(feature = "hdf5")]
#![allow(missing_docs)]

mod cli_support;

use aon::data::{RecordedCondition, read_mask};
use cli_support::{aon, json, table};
use hdf5_pure::FileBuilder;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const AREAS: [&str; 3] = ["AIP", "F5", "F6"];
const SESSIONS: [(&str, &str); 4] = [("A", "01"), ("A", "02"), ("B", "01"), ("B", "02")];
/// Trials of each kind: context, condition and object.
const TRIALS: usize = 12;
const CLASSES: [&str; 4] = ["self", "other", "mirror", "none"];
/// Units of each class in each area and session.
const UNITS: usize = 1;
/// Background, and beyond it in a unit's own movements, in spikes per second.
const BACKGROUND: f64 = 4.0;
const RESPONSE: f64 = 30.0;

/// A sequence of numbers from 0 to below 1.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Times of a Poisson process.
    fn spikes(&mut self, (from, to): (f64, f64), rate: f64) -> Vec<f64> {
        let (mut t, mut times) = (from, Vec::new());
        loop {
            t -= (1.0 - self.next()).ln() / rate;
            if t >= to {
                return times;
            }
            times.push(t);
        }
    }
}

fn put(path: &Path, dataset: &str, times: &[f64]) {
    let mut builder = FileBuilder::new();
    builder.create_dataset(dataset).with_f64_data(times);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, builder.finish().unwrap()).unwrap();
}

/// The trials of a session: executed Go, then observed Go and No-Go, of two objects in random order. Returns the onsets of
/// movements in each context, and when the session ends.
fn events(root: &Path, name: &str, draws: &mut Draws) -> ([Vec<f64>; 2], f64) {
    let (mut onsets, mut t) = ([Vec::new(), Vec::new()], 10.0);
    for context in [1, 2] {
        let conditions: &[u32] = if context == 1 { &[1] } else { &[1, 2] };
        let kinds = conditions.iter().flat_map(|condition| [(*condition, 1), (*condition, 2)]);
        let mut order: Vec<(u32, u32)> = kinds.flat_map(|kind| [kind; TRIALS]).collect();
        for k in (1..order.len()).rev() {
            order.swap(k, (draws.next() * (k + 1) as f64) as usize);
        }
        let mut times: BTreeMap<(u32, u32, u32), Vec<f64>> = BTreeMap::new();
        for (condition, object) in order {
            let mut add = |event: u32, at: f64| times.entry((condition, object, event)).or_default().push(at);
            let movement = t + 1.4 + 0.3 * draws.next();
            add(1, t);
            add(3, t + 1.0);
            if condition == 1 {
                add(4, movement);
                add(5, movement + 0.5);
                onsets[context - 1].push(movement);
            }
            t += 5.0 + 3.0 * draws.next();
        }
        for ((condition, object, event), times) in times {
            let file = format!("{name}_Context{context}_Condition{condition}_Object{object}_Event{event}.h5");
            for area in AREAS {
                put(&root.join("Events").join(area).join(&file), "events_data", &times);
            }
        }
        t += 20.0;
    }
    (onsets, t)
}

/// A directory in the layout of Tili et al.; returns what each unit is, by animal, session and neuron.
fn made(root: &Path) -> BTreeMap<[String; 3], &'static str> {
    let (mut draws, mut truth) = (Draws(7), BTreeMap::new());
    for (monkey, session) in SESSIONS {
        let name = format!("Monkey{monkey}_Session{session}");
        let (onsets, end) = events(root, &name, &mut draws);
        for area in AREAS {
            for unit in 1..=CLASSES.len() * UNITS {
                let class = CLASSES[(unit - 1) / UNITS];
                let contexts: &[usize] = match class {
                    "self" => &[0],
                    "other" => &[1],
                    "mirror" => &[0, 1],
                    _ => &[],
                };
                let mut spikes = draws.spikes((0.5, end), BACKGROUND);
                for onset in contexts.iter().flat_map(|context| &onsets[*context]) {
                    spikes.extend(draws.spikes((onset - 0.2, onset + 0.6), RESPONSE));
                }
                spikes.sort_by(f64::total_cmp);
                put(&root.join("Spikes").join(area).join(format!("{name}_Spk_{unit}.h5")), "spike_data", &spikes);
                let neuron = [format!("Monkey{monkey}"), format!("Session{session}"), format!("{area}_Spk_{unit}")];
                truth.insert(neuron, class);
            }
        }
    }
    truth
}

/// What the command prints; it must succeed.
fn ran(directory: &Path, arguments: &[&str]) -> String {
    let output = aon().current_dir(directory).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "aon {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The rows of a table, by the names of its columns.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut all = table(path).into_iter();
    let header = all.next().unwrap();
    all.map(|row| header.iter().cloned().zip(row).collect()).collect()
}

fn key(row: &BTreeMap<String, String>) -> [String; 3] {
    ["animal", "session", "neuron"].map(|column| row[column].clone())
}

/// What was planted is found, and untuned units are no mirror neurons.
fn check_labels(labels: &[BTreeMap<String, String>], truth: &BTreeMap<[String; 3], &str>) {
    assert_eq!(labels.len(), truth.len());
    let right = labels.iter().filter(|row| row["class"] == truth[&key(row)]).count();
    assert!(10 * right >= 9 * labels.len(), "{right} of {} units have their class", labels.len());
    for row in labels {
        assert_eq!(row["area"], row["neuron"].split('_').next().unwrap(), "{row:?}");
        assert!(truth[&key(row)] != "none" || row["class"] != "mirror", "untuned, and called mirror: {row:?}");
    }
}

/// Rates and masks have a row for each unit, with its class, in the order of areas.
fn check_training(training: &Path, labels: &[BTreeMap<String, String>]) {
    let neurons = rows(&training.join("neurons.csv"));
    let class: BTreeMap<[String; 3], &str> = labels.iter().map(|row| (key(row), row["class"].as_str())).collect();
    assert_eq!(neurons.len(), labels.len());
    assert!(neurons.is_sorted_by_key(|row| &row["area"]));
    let mask = |file: &str, name: &str| read_mask(&training.join(file), name, neurons.len()).unwrap();
    let (mirror, inhibitory) = (mask("Mirror.mat", "mirror"), mask("InhibitoryMask.mat", "inhibitory"));
    for (k, row) in neurons.iter().enumerate() {
        assert_eq!(row["class"], class[&key(row)], "{row:?}");
        assert_eq!((mirror[k], inhibitory[k]), (row["class"] == "mirror", row["cell_type"] == "inhibitory"), "{row:?}");
    }
    let names = ["FR1", "FR2", "FR3", "FR4", "FR5", "FR6"].map(String::from);
    for condition in RecordedCondition::read_all(&training.join("Firing_Rates.mat"), &names).unwrap() {
        assert_eq!(condition.rates.dim(), (neurons.len(), 350), "{}", condition.variable);
    }
    // There are no executed No-Go trials.
    let task = fs::read_to_string(training.join("task.toml")).unwrap();
    assert!(task.contains("\"observe no-go object 2\"") && !task.contains("execute no-go"), "{task}");
}

/// The lesions are those of the areas and mirror neurons of the labels.
fn check_lesions(effects: &Path, labels: &[BTreeMap<String, String>]) {
    let mut sizes: BTreeMap<[String; 3], usize> = BTreeMap::new();
    for row in rows(effects).iter().filter(|row| row["lesion"] != "intact") {
        sizes.insert(["area", "class", "cell_type"].map(|c| row[c].clone()), row["size"].parse().unwrap());
    }
    for area in AREAS {
        for class in ["mirror", "non-mirror"] {
            let lesioned: usize = sizes.iter().filter(|(k, _)| k[0] == area && k[1] == class).map(|(_, n)| n).sum();
            let is_of = |row: &&BTreeMap<String, String>| {
                row["area"] == area && (row["class"] == "mirror") == (class == "mirror")
            };
            assert_eq!(lesioned, labels.iter().filter(is_of).count(), "{area} {class}: {sizes:?}");
        }
    }
}

#[test]
fn recordings_become_labels_rates_networks_and_lesions() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tili");
    let _ = fs::remove_dir_all(&root);
    let truth = made(&root.join("recordings"));
    let checked = ran(&root, &["tuning", "recordings", "--check"]);
    assert!(checked.contains("session Session02 of animal MonkeyB"), "{checked}");
    let said = ran(&root, &["tuning", "recordings", "--output-dir", "tuning"]);
    assert!(said.contains("24 executed and 48 observed trials"), "{said}");
    let tuning = root.join("tuning");
    assert_eq!(json(&tuning.join("summary.json"))["verdict"], "found");
    let labels = rows(&tuning.join("labels.csv"));
    check_labels(&labels, &truth);
    check_training(&tuning.join("training"), &labels);

    // The command that is printed.
    let command = said.lines().skip_while(|line| *line != "train with:").nth(1).unwrap();
    let command: Vec<&str> = command.trim().strip_prefix("aon ").unwrap().split(' ').collect();
    let brief = ["--n-trials", "20", "--engine", "cpu", "--output-dir", "run"];
    ran(&root, &[&command[..], &brief].concat());
    ran(&root, &["perturb", "run", "--controls", "0", "--trials", "0", "--engine", "cpu"]);
    check_lesions(&root.join("run/perturb/effects.csv"), &labels);
}

/// A user who knows the names of events and objects, and pairs each movement with the time before it.
#[test]
fn names_and_baselines_are_settings() {
    let place = tempfile::tempdir().unwrap();
    let truth = made(&place.path().join("recordings"));
    // As docs/recordings.md has it.
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recordings.md")).unwrap();
    let settings = docs.split("```toml").map(|part| part.split("```").next().unwrap());
    let settings = settings.into_iter().find(|part| part.contains("[recording.trials.events]")).unwrap();
    let brief = settings.replace("[tuning]\n", "[tuning]\nmost_shifts = 20000\n");
    assert!(brief.contains("most_shifts"), "{brief}");
    fs::write(place.path().join("tili.toml"), brief).unwrap();
    let said = ran(place.path(), &["tuning", "recordings", "--config", "tili.toml", "--output-dir", "out"]);
    assert!(said.contains("\"movement onset\"") && said.contains("train with:"), "{said}");
    check_labels(&rows(&place.path().join("out/labels.csv")), &truth);
    let tested = rows(&place.path().join("out/tuning.csv"));
    assert!(tested.iter().all(|row| ["ring", "cone"].contains(&row["behaviour"].as_str())), "{:?}", tested[0]);
}
