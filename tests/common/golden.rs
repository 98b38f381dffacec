//! The golden arrays (`tests/golden/README.md`): read, and posed as a problem.

use aon::dims::Dims;
use aon::engine::{Adam, BatchState, LossKind, NetworkSettings, Problem, TimeConstants};
use aon::network::{Area, Constraint, Dale, Group, Layout, Population, SignConstraint};
use std::collections::HashMap;
use std::path::PathBuf;

/// The variables of one or more MAT files, row-major.
pub struct Golden {
    arrays: HashMap<String, (Vec<usize>, Vec<f64>)>,
}

/// The folder of golden arrays that is not part of the project, where it is there.
pub fn outside(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/golden").join(name);
    path.exists().then_some(path)
}

/// A golden file of the project.
pub fn inside(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

impl Golden {
    pub fn read(files: &[PathBuf]) -> Self {
        let mut arrays = HashMap::new();
        for file in files {
            let mat = matfile::MatFile::parse(std::fs::File::open(file).unwrap()).unwrap();
            for array in mat.arrays() {
                let values = numbers(array.data());
                arrays.insert(array.name().to_string(), (array.size().clone(), row_major(array.size(), &values)));
            }
        }
        Self { arrays }
    }

    /// The golden case `name`, from the project or from outside it; says so and returns `None` where it is missing.
    pub fn case(name: &str) -> Option<Self> {
        if name.starts_with("small") {
            return Some(Self::read(&[inside(&format!("{name}.mat"))]));
        }
        let files =
            [format!("{name}.mat"), "full_A_targets.mat".into(), format!("{name}_adam.mat"), format!("{name}_f64.mat")];
        let found: Vec<PathBuf> = files.iter().filter_map(|f| outside(f)).collect();
        if found.is_empty() {
            eprintln!("NOT TESTED: golden case {name}: ../shared/golden is not there.");
            return None;
        }
        Some(Self::read(&found))
    }

    pub fn has(&self, name: &str) -> bool {
        self.arrays.contains_key(name)
    }

    pub fn array(&self, name: &str) -> &[f64] {
        &self.arrays.get(name).unwrap_or_else(|| panic!("golden arrays lack {name}")).1
    }

    pub fn shape(&self, name: &str) -> &[usize] {
        &self.arrays[name].0
    }

    pub fn single(&self, name: &str) -> Vec<f32> {
        self.array(name).iter().map(|v| *v as f32).collect()
    }

    fn scalar(&self, name: &str) -> usize {
        self.array(name)[0] as usize
    }

    /// The case as a problem: published constraints, rows signed.
    pub fn problem(&self, networks: usize) -> Problem {
        let (n, thermal) = (self.scalar("N"), self.scalar("thermal"));
        let dims = Dims {
            networks,
            neurons: n,
            conditions: 12,
            time_steps: thermal + 700,
            thermal,
            steps_per_bin: 4,
            bins: 175,
            channels: 10,
            sequences: 6,
            input_groups: 2,
        };
        let areas = self.array("areas").iter().zip(["A", "B", "C"]);
        let areas = areas.map(|(size, name)| Area { name: name.into(), size: *size as usize }).collect();
        let inhibitory = self.array("inhibitory").iter().map(|v| *v != 0.0).collect();
        // [sequence][channel][time] → [sequence][time][channel]; [condition][neuron][bin] → [condition][bin][neuron].
        Problem {
            dims,
            population: Population::new(areas, inhibitory, None).unwrap(),
            constraint: Constraint { dale: Dale::Postsynaptic, sign: SignConstraint::Reflect },
            time_constants: TimeConstants::default(),
            loss: LossKind::L2,
            adam: Adam::default(),
            input_group: (0..12).map(|c| c / 6).collect(),
            sequence: (0..12).map(|c| c % 6).collect(),
            bins: vec![175; 12],
            stimulus: swap_last_two(&self.single("stim"), self.shape("stim")),
            targets: swap_last_two(&self.single("targets"), self.shape("targets")),
            initial_x: self.single("IC_x"),
            initial_r: self.single("IC_r"),
            recurrent: true,
        }
    }

    /// The five groups named `prefix` + group + `suffix`, flat.
    pub fn groups(&self, prefix: &str, suffix: &str) -> Vec<f64> {
        ["W", "W_in", "W_in2", "I_ext", "taus_param"]
            .iter()
            .flat_map(|group| self.array(&format!("{prefix}{group}{suffix}")))
            .copied()
            .collect()
    }

    /// `networks` copies of the start.
    pub fn state(&self, networks: usize) -> BatchState {
        let start: Vec<f32> = self.groups("", "").iter().map(|v| *v as f32).collect();
        BatchState::fresh(vec![start; networks])
    }

    /// Settings of the case: nothing stops early.
    pub fn settings() -> NetworkSettings {
        NetworkSettings { target: 0.0, ..NetworkSettings::default() }
    }
}

/// Tolerances of `tests/golden/README.md`; `saturated` for the case `full_A`.
pub struct Tolerances {
    pub rates: f64,
    pub loss: f64,
    pub losses: f64,
    pub norm: f64,
    pub norms: f64,
    pub gradient: f64,
    pub gradient_max: f64,
    pub tau_gradient: f64,
    pub parameters: f64,
}

impl Tolerances {
    pub fn of(case: &str) -> Self {
        let saturated = case == "full_A";
        Self {
            rates: 5e-6,
            loss: 2e-6,
            losses: 5e-6,
            norm: 1e-5,
            norms: 2e-5,
            gradient: if saturated { 5e-5 } else { 1e-5 },
            gradient_max: if saturated { 1e-4 } else { 2e-5 },
            tau_gradient: if saturated { 2e-4 } else { 3e-5 },
            parameters: 5e-5,
        }
    }
}

/// The groups of a flat vector with their names.
pub fn by_group<'a, T>(layout: &Layout, flat: &'a [T]) -> Vec<(Group, &'a [T])> {
    layout.groups().into_iter().map(|g| (g, &flat[layout.range(g)])).collect()
}

fn swap_last_two(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let (a, b) = (shape[1], shape[2]);
    let block = |block: &[f32]| (0..a * b).map(|k| block[(k % a) * b + k / a]).collect::<Vec<f32>>();
    values.chunks_exact(a * b).flat_map(block).collect()
}

fn numbers(data: &matfile::NumericData) -> Vec<f64> {
    use matfile::NumericData as D;
    match data {
        D::Double { real, .. } => real.clone(),
        D::Single { real, .. } => real.iter().map(|v| f64::from(*v)).collect(),
        D::UInt8 { real, .. } => real.iter().map(|v| f64::from(*v)).collect(),
        other => panic!("unexpected class in a golden file: {other:?}"),
    }
}

fn row_major(shape: &[usize], column_major: &[f64]) -> Vec<f64> {
    let mut out = Vec::with_capacity(column_major.len());
    for flat in 0..column_major.len() {
        let (mut rest, mut at) = (flat, vec![0; shape.len()]);
        for axis in (0..shape.len()).rev() {
            at[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        let (mut offset, mut stride) = (0, 1);
        for axis in 0..shape.len() {
            offset += at[axis] * stride;
            stride *= shape[axis];
        }
        out.push(column_major[offset]);
    }
    out
}
