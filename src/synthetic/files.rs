//! Synthetic data as the files that a recording would come in.

use super::Synthetic;
use crate::data::{NamedArray, mat, write_atomically};
use crate::error::{Error, Result};
use ndarray::{Array1, Array2};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The files.
const NAMES: [&str; 5] = ["Firing_Rates.mat", "InhibitoryMask.mat", "Mirror.mat", "task.toml", "README.txt"];

/// How the description of the data begins.
const MADE_BY: &str = "Synthetic firing rates, made by aon";

impl Synthetic {
    /// Writes `Firing_Rates.mat` (FR1 …, IC_FR1 …, IC_X1 …), `InhibitoryMask.mat`, `Mirror.mat`, `task.toml` and
    /// `README.txt` into `directory`, which is made where it is not there. Returns the files.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        std::fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        let path = |name: &str| directory.join(name);
        let text = |name: &str, text: &str| write_atomically(&path(name), |to| to.write_all(text.as_bytes()));
        mat::write(&path("Firing_Rates.mat"), &self.rate_arrays())?;
        let (inhibitory, mirror) = (self.population.inhibitory(), self.population.mirror().unwrap_or_default());
        mat::write(&path("InhibitoryMask.mat"), &[mask("inhibitory", inhibitory)])?;
        mat::write(&path("Mirror.mat"), &[mask("mirror", mirror)])?;
        text("task.toml", &self.task.to_toml()?)?;
        text("README.txt", &self.readme())?;
        Ok(NAMES.map(path).to_vec())
    }

    /// Refuses a directory with files of such names that no synthetic data left there.
    ///
    /// # Errors
    /// Naming one.
    pub fn check_place(directory: &Path) -> Result<()> {
        let is_ours =
            std::fs::read(directory.join("README.txt")).is_ok_and(|text| text.starts_with(MADE_BY.as_bytes()));
        let theirs = NAMES.iter().map(|name| directory.join(name)).find(|path| !is_ours && path.exists());
        theirs.map_or(Ok(()), |path| {
            Err(Error::input(format!(
                "{} is there, and was not made here. Choose another `output_dir`.",
                path.display()
            )))
        })
    }

    fn rate_arrays(&self) -> Vec<NamedArray> {
        let mut arrays = Vec::new();
        for condition in &self.recording.conditions {
            let variable = &condition.variable;
            let number = variable.trim_start_matches("FR");
            let vector = |state: &Array1<f32>| -> Array2<f64> { state.mapv(f64::from).insert_axis(ndarray::Axis(1)) };
            arrays.push(NamedArray::new(variable, condition.rates.mapv(f64::from)));
            arrays.extend(condition.initial_r.as_ref().map(|r| NamedArray::new(format!("IC_FR{number}"), vector(r))));
            arrays.extend(condition.initial_x.as_ref().map(|x| NamedArray::new(format!("IC_X{number}"), vector(x))));
        }
        arrays
    }

    fn readme(&self) -> String {
        let s = &self.settings;
        let areas: Vec<String> = s.areas.iter().map(|a| format!("{} {}", a.name, a.size)).collect();
        let given = s.masks.is_some();
        let share = |f: f64| if given { "as it was given".into() } else { format!("{} % of each area", 100.0 * f) };
        let flags: Vec<String> = s.areas.iter().map(|a| format!("{}={}", a.name, a.size)).collect();
        let mut text = format!(
            "{MADE_BY} {} with seed {}.\n\n\
             {} neurons ({}), {} conditions of {} bins of {} ms.\n\n\
             Firing_Rates.mat    FR1 … FR{} [neurons × bins], rates in 0…1; IC_FR1 …, IC_X1 … the state at the first step\n\
             InhibitoryMask.mat  inhibitory [neurons × 1], {}\n\
             Mirror.mat          mirror [neurons × 1], {}\n\
             task.toml           the task that the population performs\n\n\
             Conditions, in order:\n",
            env!("CARGO_PKG_VERSION"),
            s.seed,
            self.population.len(),
            areas.join(", "),
            self.task.conditions.len(),
            super::settings::BINS,
            self.task.time.bin_ms(),
            self.task.conditions.len(),
            share(s.inhibitory),
            share(s.mirror),
        );
        for condition in &self.task.conditions {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {:<5} {}", condition.firing_rates, condition.name);
        }
        let _ = write!(
            text,
            "\nWhat is in them: a wave of activity that runs around a ring of neurons, each at its own phase, from before the\n\
             first cue to the end of the trial, kept up by the population itself; Go and No-Go tones that strengthen and weaken\n\
             it for longer than they last; responses to tone and object, each neuron with its own time constant. Mirror neurons\n\
             receive the same input in execution and observation, the others are driven down in the class that is not theirs.\n\
             Input weights, currents and time constants alone cannot reproduce this: a fit needs recurrent weights. The noise\n\
             on each rate has a standard deviation of {}.\n\n\
             Train on them from this directory:\n\n\
             aon train --task task.toml --firing-rates-mat Firing_Rates.mat --inhibitory-mask-mat InhibitoryMask.mat --mirror-mat Mirror.mat\n\n\
             or, with the built-in task, --areas {} in place of --task task.toml.\n",
            s.noise,
            flags.join(",")
        );
        text
    }
}

fn mask(name: &str, values: &[bool]) -> NamedArray {
    NamedArray::new(name, Array2::from_shape_fn((values.len(), 1), |(i, _)| u8::from(values[i])))
}
