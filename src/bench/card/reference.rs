//! Problems with known losses and gradients, against which a card's numbers are held.

use super::super::Case;
use crate::dims::Dims;
use crate::engine::cpu::CpuEngine;
use crate::engine::{Adam, BatchState, LossKind, NetworkSettings, Problem, TimeConstants};
use crate::error::{Error, Result};
use crate::network::{Area, Constraint, Dale, Population, SignConstraint};
use safetensors::SafeTensors;
use std::io::Read;

/// The golden case, packed by scripts/golden_case.py.
const GOLDEN: &[u8] = include_bytes!("golden.safetensors.gz");
/// Time steps of the reference that is computed here: enough for every kernel, few enough for the processor.
const TWIN_STEPS: usize = 100;

/// One network at its start, and what is known of it in double precision.
#[derive(Clone, Debug)]
pub struct Reference {
    /// What it is, in words.
    pub name: &'static str,
    /// Where its numbers are from, in words.
    pub source: &'static str,
    /// The problem, K = 1.
    pub problem: Problem,
    /// Settings that stop nothing.
    pub settings: NetworkSettings,
    /// Parameters at the start.
    pub parameters: Vec<f32>,
    /// The unclipped gradient there.
    pub gradient: Vec<f64>,
    /// The loss before each update, and after the last.
    pub losses: Vec<f64>,
    /// The norm of the gradient at each update, before clipping; of none where the start alone is known.
    pub norms: Vec<f64>,
}

impl Reference {
    /// The small case of `tests/golden`: twelve neurons, ten updates at a rate of [`Self::LEARNING_RATE`], by a program that
    /// is none of ours.
    ///
    /// # Errors
    /// If what is embedded is damaged.
    pub fn golden() -> Result<Self> {
        let fault =
            |e: &dyn std::fmt::Display| Error::run(format!("the golden case inside the program is damaged: {e}."));
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(GOLDEN).read_to_end(&mut bytes).map_err(|e| fault(&e))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|e| fault(&e))?;
        let data = |name: &str| file.tensor(name).map(|t| t.data()).map_err(|e| fault(&e));
        let single = |name: &str| data(name).map(|d| numbers(d, f32::from_le_bytes));
        let double = |name: &str| data(name).map(|d| numbers(d, f64::from_le_bytes));
        let areas = single("areas")?.into_iter().zip(["A", "B", "C"]);
        let areas = areas.map(|(size, name)| Area { name: name.into(), size: size as usize }).collect();
        let inhibitory = single("inhibitory")?.into_iter().map(|v| v != 0.0).collect();
        let dims = Dims {
            networks: 1,
            neurons: 12,
            conditions: 12,
            time_steps: 800,
            thermal: 100,
            steps_per_bin: 4,
            bins: 175,
            channels: 10,
            sequences: 6,
            input_groups: 2,
        };
        let problem = Problem {
            dims,
            population: Population::new(areas, inhibitory, None)?,
            constraint: Constraint { dale: Dale::Postsynaptic, sign: SignConstraint::Reflect },
            time_constants: TimeConstants::default(),
            loss: LossKind::L2,
            adam: Adam::default(),
            input_group: (0..12).map(|c| c / 6).collect(),
            sequence: (0..12).map(|c| c % 6).collect(),
            bins: vec![175; 12],
            stimulus: single("stimulus")?,
            targets: single("targets")?,
            initial_x: single("initial_x")?,
            initial_r: single("initial_r")?,
            recurrent: true,
        };
        Ok(Self {
            name: "golden case",
            source: "a double-precision program that is no part of aon",
            problem,
            settings: NetworkSettings { target: 0.0, ..NetworkSettings::default() },
            parameters: single("parameters")?,
            gradient: double("gradient")?,
            losses: double("losses")?,
            norms: double("norms")?,
        })
    }

    /// Adam's rate over the updates.
    pub const LEARNING_RATE: f64 = 1e-3;

    /// One network of `case`, cut short, and what the CPU engine makes of it in double precision, now. The golden case is
    /// independent, but so small that it fills no tile: this one has as many neurons as what is measured.
    ///
    /// # Errors
    /// If the sizes make no problem.
    pub fn twin(case: Case) -> Result<Self> {
        let (problem, mut settings, mut state) =
            Case { networks: 1, time_steps: case.time_steps.min(TWIN_STEPS), ..case }.pose()?;
        let mut engine = CpuEngine::<f64>::new(problem.clone(), settings.clone(), &state, 0)?;
        let (loss, _, gradient) = engine.exact_gradients().remove(0);
        Ok(Self {
            name: "f64 twin",
            source: "aon's CPU engine in double precision, there and then",
            problem,
            settings: settings.remove(0),
            parameters: state.networks.remove(0).parameters,
            gradient,
            losses: vec![loss.loss],
            norms: Vec::new(),
        })
    }

    /// The start.
    pub(super) fn state(&self) -> BatchState {
        BatchState::fresh(vec![self.parameters.clone()])
    }
}

fn numbers<const BYTES: usize, T>(data: &[u8], read: fn([u8; BYTES]) -> T) -> Vec<T> {
    data.chunks_exact(BYTES).filter_map(|chunk| chunk.try_into().ok()).map(read).collect()
}
