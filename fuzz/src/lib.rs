//! What the fuzz targets do, one function each: they read bytes as a file of some kind. A file that is refused is fine;
//! a panic, a hang and an allocation without bounds are not. The tests of the project run the same functions on
//! `fuzz/seeds`.

use aon::data::{ArrayFile, read_mask, read_stimulus};
use aon::dims::Dims;
use aon::engine::{Adam, BatchState, Device, LossKind, NetworkSettings, Problem, TimeConstants};
use aon::lab::Subject;
use aon::network::{Area, Constraint, Layout, Population, read_parameters};
use aon::perturb::read_lesions;
use aon::task::{Condition, ConditionClass, TaskSpec};
use aon::train::{Checkpoint, WeightsFile, read_progress};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A function that reads bytes.
pub type Target = fn(&[u8]);

/// All of them, by name.
pub const TARGETS: [(&str, Target); 6] = [
    ("mat", read_mat),
    ("npz", read_npz),
    ("hdf5", read_hdf5),
    ("task", read_task),
    ("lesion", read_lesion),
    ("checkpoint", read_checkpoint),
];

/// A file of this process and thread that holds `bytes`, shown to `read`.
fn with_file(ending: &str, bytes: &[u8], read: impl FnOnce(&Path)) {
    thread_local!(static DIRECTORY: tempfile::TempDir = tempfile::tempdir().expect("a temporary directory"));
    let path: PathBuf = DIRECTORY.with(|directory| directory.path().join(format!("input.{ending}")));
    std::fs::write(&path, bytes).expect("a temporary file");
    read(&path);
}

fn read_arrays(path: &Path) {
    if let Ok(file) = ArrayFile::open(path) {
        let names: Vec<String> = file.names().into_iter().map(String::from).collect();
        for name in names {
            let _ = file.array(&name).map(|array| array.sum());
            let _ = file.vector(&name, "values", None);
        }
    }
    let _ = read_mask(path, "inhibitory", 4);
    let _ = read_stimulus(path);
    let _ = read_parameters(path, &layout());
}

/// A MAT file of version 5.
pub fn read_mat(bytes: &[u8]) {
    with_file("mat", bytes, read_arrays);
}

/// A NumPy archive.
pub fn read_npz(bytes: &[u8]) {
    with_file("npz", bytes, read_arrays);
}

/// A MAT file of version 7.3.
pub fn read_hdf5(bytes: &[u8]) {
    with_file("mat", bytes, read_arrays);
}

/// A task. What is taken comes back from its own text, and its stimulus can be drawn.
pub fn read_task(bytes: &[u8]) {
    with_file("toml", bytes, |path| {
        let Ok(task) = TaskSpec::load(&path.display().to_string()) else { return };
        if let Ok(text) = task.to_toml() {
            assert_eq!(TaskSpec::parse(&text, "its own text").expect("its own text"), task);
        }
        let steps = task.time.time_steps(2);
        if steps * task.stimulus.channels * task.stimulus.sequences.len() < 1 << 16 {
            let _ = task.stimulus.render(steps, task.time.thermal);
        }
    });
}

/// Lesions of a network of four neurons.
pub fn read_lesion(bytes: &[u8]) {
    static SUBJECT: OnceLock<Subject> = OnceLock::new();
    let subject = SUBJECT.get_or_init(subject);
    with_file("toml", bytes, |path| {
        for lesion in read_lesions(path, subject, 0).unwrap_or_default() {
            let _ = lesion.perturbation(&lesion.neurons, subject);
        }
    });
}

/// A checkpoint, or weights, as a run keeps them.
pub fn read_checkpoint(bytes: &[u8]) {
    with_file("safetensors", bytes, |path| {
        let _ = read_progress(path);
        let _ = Checkpoint::read(path, &layout(), "");
        let _ = WeightsFile::read(path).and_then(|file| file.parameters(&layout(), &Constraint::default()));
    });
}

fn layout() -> Layout {
    Layout::new(&problem().dims)
}

fn problem() -> Problem {
    let areas = vec![Area { name: "A".into(), size: 3 }, Area { name: "B".into(), size: 1 }];
    let mirror = Some(vec![true, false, false, true]);
    let dims = Dims {
        networks: 1,
        neurons: 4,
        conditions: 2,
        time_steps: 6,
        thermal: 2,
        steps_per_bin: 2,
        bins: 2,
        channels: 2,
        sequences: 1,
        input_groups: 2,
    };
    Problem {
        dims,
        population: Population::new(areas, vec![false, true, false, true], mirror).expect("a population"),
        constraint: Constraint::default(),
        time_constants: TimeConstants::default(),
        loss: LossKind::L2,
        adam: Adam::default(),
        input_group: vec![0, 1],
        sequence: vec![0, 0],
        bins: vec![2, 2],
        stimulus: vec![0.5; 12],
        targets: vec![0.5; 16],
        initial_x: vec![0.0; 8],
        initial_r: vec![0.0; 8],
        recurrent: true,
    }
}

fn subject() -> Subject {
    let condition = |(input, class): (usize, ConditionClass)| Condition {
        name: format!("condition {input}"),
        firing_rates: format!("FR{input}"),
        input,
        sequence: "go".into(),
        class,
        go: None,
        object: None,
    };
    let conditions = [(0, ConditionClass::Execution), (1, ConditionClass::Observation)].map(condition).to_vec();
    let open = |p: &Problem, s: &[NetworkSettings], start: &BatchState| Device::Cpu { threads: 1 }.open(p, s, start);
    let parameters = vec![0.1; layout().len()];
    Subject::new(&problem(), parameters, conditions, &[], 5.0, &open).expect("a network of four neurons")
}
