//! The input-only networks that the fits of runs are held against. Runs that differ in nothing that such a network knows of
//! share one: it is trained once and kept.

use super::home::Home;
use crate::config::{FitNetwork, FitPlan, Plan};
use crate::data::{NamedArray, npz::NpzFile, write_arrays};
use crate::engine::Device;
use crate::error::Result;
use crate::run::{FittedNetwork, Silent, TrainingStage, has_baseline, train_in_memory};
use crate::train::{Settled, WeightsNote, sha256};
use ndarray::{Array1, arr0};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

/// Finds or trains the baselines of runs of one group.
pub(super) struct Baselines<'a> {
    pub(super) home: &'a Home,
    /// The name of what the networks of the group share.
    pub(super) group: &'a str,
    /// Threads to train them with.
    pub(super) threads: usize,
}

impl Baselines<'_> {
    /// The baselines of these runs, of one network each, in their order; none of runs that have none. `None` if `stop` is
    /// set before they are trained.
    ///
    /// # Errors
    /// If the engine fails, or a file cannot be read or written.
    pub(super) fn of(&self, plans: &[&Plan], stop: &AtomicBool) -> Result<Option<Vec<Option<FittedNetwork>>>> {
        let fits: Vec<Option<(String, FitPlan)>> = plans.iter().map(|plan| self.wanted(plan)).collect();
        let mut known: BTreeMap<String, FittedNetwork> = BTreeMap::new();
        let mut missing: BTreeMap<String, FitNetwork> = BTreeMap::new();
        for (key, fit) in fits.iter().flatten() {
            match (known.contains_key(key), self.read(key)) {
                (true, _) => {}
                (false, Some(found)) => drop(known.insert(key.clone(), found)),
                (false, None) => drop(missing.insert(key.clone(), fit.networks[0].clone())),
            }
        }
        if let Some((_, first)) = fits.iter().flatten().next().filter(|_| !missing.is_empty()) {
            let (problem, whole) = (first.problem.clone(), first.whole.clone());
            let plan = FitPlan { problem, whole, networks: missing.values().cloned().collect() };
            let device = Device::Cpu { threads: self.threads };
            let trained = train_in_memory(plan, &device, TrainingStage::Baselines, stop, &mut Silent)?;
            let Some(trained) = trained else { return Ok(None) };
            for (key, network) in missing.into_keys().zip(trained) {
                self.write(&key, &network)?;
                known.insert(key, network);
            }
        }
        Ok(Some(fits.into_iter().map(|fit| fit.and_then(|(key, _)| known.get(&key).cloned())).collect()))
    }

    /// The baseline of a run, and its name: a hash of all that decides it.
    fn wanted(&self, plan: &Plan) -> Option<(String, FitPlan)> {
        has_baseline(plan).then(|| {
            let fit = plan.baseline(&[0]);
            let FitNetwork { settings, steps, initial, schedule } = &fit.networks[0];
            let initial: Vec<u8> = initial.iter().flat_map(|p| p.to_le_bytes()).collect();
            let initial = sha256(&initial);
            let mut key = sha256(format!("{} {initial} {steps} {settings:?} {schedule:?}", self.group).as_bytes());
            key.truncate(16);
            (key, fit)
        })
    }

    /// One that is kept. What is damaged, or another's, is trained again and takes its place.
    fn read(&self, key: &str) -> Option<FittedNetwork> {
        let file = NpzFile::open(&self.home.baseline(key)).ok()?;
        let values = |name: &str| file.array(name).ok().map(|array| array.iter().copied().collect::<Vec<f64>>());
        let (rates, loss, steps) = (values("rates")?, *values("loss")?.first()?, *values("steps")?.first()?);
        let rates: Vec<f32> = rates.into_iter().map(|r| r as f32).collect();
        let sum: String = values("sum")?.into_iter().map(|byte| char::from(byte as u8)).collect();
        if sum != checksum(key, &rates, loss, steps as u32) {
            return None;
        }
        let note = WeightsNote { updates: 0, loss: Some(loss) };
        let settled = Settled { best: Vec::new(), best_note: note, last: Vec::new(), last_note: note };
        Some(FittedNetwork { settled, rates, steps: steps as u32 })
    }

    fn write(&self, key: &str, network: &FittedNetwork) -> Result<()> {
        let loss = network.settled.best_note.loss.unwrap_or(f64::NAN);
        let sum = checksum(key, &network.rates, loss, network.steps);
        let arrays = [
            NamedArray::new("rates", Array1::from(network.rates.clone())),
            NamedArray::new("loss", arr0(loss)),
            NamedArray::new("steps", arr0(f64::from(network.steps))),
            NamedArray::new("sum", sum.as_str()),
        ];
        write_arrays(&self.home.baseline(key), &arrays)
    }
}

/// Of all that a file of a baseline says, and of which it is.
fn checksum(key: &str, rates: &[f32], loss: f64, steps: u32) -> String {
    let rates: Vec<u8> = rates.iter().flat_map(|r| r.to_le_bytes()).collect();
    sha256(format!("{key} {} {loss} {steps}", sha256(&rates)).as_bytes())
}
