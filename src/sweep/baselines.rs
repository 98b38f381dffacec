//! The input-only networks that the fits of runs are held against. Runs that differ in nothing that such a network knows of
//! share one: it is trained once and kept.

use super::home::Home;
use crate::config::{FitNetwork, FitPlan, Plan};
use crate::data::{NamedArray, npz::NpzFile, write_arrays};
use crate::engine::Device;
use crate::error::{Error, Result};
use crate::run::{FittedNetwork, Silent, TrainingStage, has_baseline, train_in_memory};
use crate::train::{Settled, WeightsNote, sha256};
use ndarray::{ArrayD, IxDyn, arr0};
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
            match (known.contains_key(key), self.read(key)?) {
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
            let FitNetwork { settings, steps, .. } = &fit.networks[0];
            let mut key = sha256(format!("{} {} {steps} {settings:?}", self.group, plan.seeds[0]).as_bytes());
            key.truncate(16);
            (key, fit)
        })
    }

    fn read(&self, key: &str) -> Result<Option<FittedNetwork>> {
        let path = self.home.baseline(key);
        if !path.exists() {
            return Ok(None);
        }
        let file = NpzFile::open(&path)?;
        let number = |name: &str| file.array(name)?.first().copied().ok_or_else(|| Error::run("an empty array"));
        let (loss, steps) = (number("loss")?, number("steps")? as u32);
        let rates = file.array("rates")?.iter().map(|r| *r as f32).collect();
        let note = WeightsNote { updates: 0, loss: Some(loss) };
        let settled = Settled { best: Vec::new(), best_note: note, last: Vec::new(), last_note: note };
        Ok(Some(FittedNetwork { settled, rates, steps }))
    }

    fn write(&self, key: &str, network: &FittedNetwork) -> Result<()> {
        let rates = ArrayD::from_shape_vec(IxDyn(&[network.rates.len()]), network.rates.clone());
        let rates = rates.map_err(|e| Error::run(format!("cannot write a baseline: {e}.")))?;
        let loss = network.settled.best_note.loss.unwrap_or(f64::NAN);
        let arrays = [
            NamedArray::new("rates", rates),
            NamedArray::new("loss", arr0(loss)),
            NamedArray::new("steps", arr0(f64::from(network.steps))),
        ];
        write_arrays(&self.home.baseline(key), &arrays)
    }
}
