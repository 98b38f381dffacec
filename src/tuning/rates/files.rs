//! What networks are trained on, as files.

use super::unit::RateUnit;
use crate::data::recording::Neuron;
use crate::data::{NamedArray, RecordedCondition, csv, csv_text, mat, write_atomically};
use crate::error::{Error, Result};
use crate::task::TaskSpec;
use crate::tuning::Class;
use ndarray::{Array1, Array2, Axis};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The files.
const NAMES: [&str; 6] =
    ["Firing_Rates.mat", "InhibitoryMask.mat", "Mirror.mat", "task.toml", "neurons.csv", "training.txt"];

/// A row of the rates.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingNeuron {
    /// Whose.
    pub animal: String,
    /// Recorded in.
    pub session: String,
    /// Which.
    pub neuron: Neuron,
    /// Its area, as the task names it.
    pub area: String,
    /// What it is tuned to.
    pub class: Class,
    /// Whether it counts as inhibitory.
    pub inhibitory: bool,
    /// Whether that was drawn at random.
    pub drawn: bool,
    /// Trials that its rates are means of, in the order of conditions.
    pub trials: Vec<usize>,
}

/// Rates, masks and a task of recorded neurons. What was assumed or left out is told in `remarks`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingFiles {
    /// The task, which passes [`TaskSpec::check`].
    pub task: TaskSpec,
    /// What each channel of its stimulus shows.
    pub channels: Vec<String>,
    /// Mean rates of each condition, `[N × bins]`, filtered, in `unit`; those of neurons whose activity goes below 0 are
    /// shifted so that the lowest is 0.
    pub rates: Vec<Array2<f64>>,
    /// Their unit.
    pub unit: RateUnit,
    /// The rows, by area, then in the order of sessions and files.
    pub neurons: Vec<TrainingNeuron>,
    /// The middle of each bin, in s from the alignment.
    pub times: Vec<f64>,
    /// What trials are aligned to.
    pub align: String,
    /// Length of a bin, in ms.
    pub bin_ms: f64,
    /// Standard deviation of the filter, in ms.
    pub smoothing_ms: f64,
    /// What was assumed, drawn or left out, a sentence each.
    pub remarks: Vec<String>,
}

impl TrainingFiles {
    /// Which neurons are inhibitory, `[N]`.
    pub fn inhibitory(&self) -> Vec<bool> {
        self.neurons.iter().map(|n| n.inhibitory).collect()
    }

    /// Which are mirror neurons, `[N]`; untestable ones count as others.
    pub fn mirror(&self) -> Vec<bool> {
        self.neurons.iter().map(|n| n.class == Class::Mirror).collect()
    }

    /// The rates as a plan takes them.
    pub fn conditions(&self) -> Vec<RecordedCondition> {
        let condition = |(c, rates): (usize, &Array2<f64>)| RecordedCondition {
            variable: self.task.conditions[c].firing_rates.clone(),
            rates: rates.clone(),
            initial_r: None,
            initial_x: None,
        };
        self.rates.iter().enumerate().map(condition).collect()
    }

    /// The arguments of `aon train` for the files in `directory`.
    pub fn flags(&self, directory: &Path) -> Vec<String> {
        let path = |name: &str| directory.join(name).display().to_string();
        let flags = [
            ("--task", path("task.toml")),
            ("--firing-rates-mat", path("Firing_Rates.mat")),
            ("--inhibitory-mask-mat", path("InhibitoryMask.mat")),
            ("--mirror-mat", path("Mirror.mat")),
            ("--normalize", self.unit.normalization().into()),
        ];
        flags.into_iter().flat_map(|(flag, value)| [flag.to_string(), value]).collect()
    }

    /// The command that trains on the files in `directory`, in one line.
    pub fn command(&self, directory: &Path) -> String {
        let plain = |c: char| c.is_alphanumeric() || "-_./=:,".contains(c);
        let quoted =
            |flag: String| if flag.chars().all(plain) { flag } else { format!("'{}'", flag.replace('\'', r"'\''")) };
        let flags: Vec<String> = self.flags(directory).into_iter().map(quoted).collect();
        format!("aon train {}", flags.join(" "))
    }

    /// Writes `Firing_Rates.mat` (FR1 …; `times`, and texts with a line for each neuron), `InhibitoryMask.mat`,
    /// `Mirror.mat`, `task.toml`, `neurons.csv` and `training.txt` into `directory`, which is made where it is not there.
    /// Returns the files.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        std::fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        let path = |name: &str| directory.join(name);
        let text = |name: &str, text: &str| write_atomically(&path(name), |to| to.write_all(text.as_bytes()));
        mat::write(&path("Firing_Rates.mat"), &self.arrays())?;
        mat::write(&path("InhibitoryMask.mat"), &[mask("inhibitory", &self.inhibitory())])?;
        mat::write(&path("Mirror.mat"), &[mask("mirror", &self.mirror())])?;
        text("task.toml", &self.task_text()?)?;
        text("neurons.csv", &self.neurons_csv())?;
        text("training.txt", &self.description(directory))?;
        Ok(NAMES.map(path).to_vec())
    }

    fn arrays(&self) -> Vec<NamedArray> {
        let rates = self.conditions().into_iter().map(|c| NamedArray::new(c.variable, c.rates));
        let lines = |name: &str, line: &dyn Fn(&TrainingNeuron) -> String| {
            let lines: Vec<String> = self.neurons.iter().map(|n| line(n).replace(['\n', '\r'], " ")).collect();
            NamedArray::new(name, lines.join("\n").as_str())
        };
        let times = Array1::from(self.times.clone()).insert_axis(Axis(0));
        let about = [
            NamedArray::new("times", times),
            NamedArray::new("bin_ms", Array1::from(vec![self.bin_ms])),
            NamedArray::new("smoothing_ms", Array1::from(vec![self.smoothing_ms])),
            NamedArray::new("aligned_to", self.align.as_str()),
            NamedArray::new("unit", self.unit.name()),
            lines("animals", &|n| n.animal.clone()),
            lines("sessions", &|n| n.session.clone()),
            lines("neurons", &|n| n.neuron.name.clone()),
            lines("areas", &|n| n.area.clone()),
        ];
        rates.chain(about).collect()
    }

    fn task_text(&self) -> Result<String> {
        let (time, bins) = (&self.task.time, self.times.len());
        let begin = 1000.0 * self.times.first().unwrap_or(&0.0) - self.bin_ms / 2.0;
        let mut text = format!(
            "# The task of recorded neurons. Rates are aligned to {}: it is at step {:.0}. Steps of {} ms count from the end of\n\
             # the warm-up, when the first of {bins} bins of {} ms begins. Times of the stimulus are medians over trials.\n\
             # Change what the animals did not perceive, or perceived otherwise.\n\
             #\n# Channels of the stimulus:\n",
            self.align,
            -begin / time.step_ms,
            time.step_ms,
            self.bin_ms,
        );
        for (number, shown) in self.channels.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "#   {number} {shown}");
        }
        Ok(text + "\n" + &self.task.to_toml()?)
    }

    fn neurons_csv(&self) -> String {
        let rows = self.neurons.iter().enumerate().map(|(row, n)| {
            let cell_type = if n.inhibitory { "inhibitory" } else { "excitatory" };
            vec![
                (row + 1).to_string(),
                csv_text(&n.animal),
                csv_text(&n.session),
                csv_text(&n.neuron.name),
                csv_text(&n.area),
                csv_text(n.neuron.identity.as_deref().unwrap_or("")),
                n.class.name().into(),
                u8::from(n.class == Class::Mirror).to_string(),
                cell_type.into(),
                (if n.drawn { "drawn" } else { "recorded" }).into(),
                n.trials.iter().min().copied().unwrap_or(0).to_string(),
            ]
        });
        csv("row,animal,session,neuron,area,identity,class,mirror,cell_type,cell_type_is,least_trials", rows)
    }

    fn description(&self, directory: &Path) -> String {
        let areas: Vec<String> = self.task.areas.iter().map(|a| format!("{} {}", a.name, a.size)).collect();
        let mut text = format!(
            "Rates of recorded neurons, made by aon {}.\n\n\
             {} neurons ({}), {} conditions of {} bins of {} ms, aligned to {}.\n\
             Means over trials, filtered with a Gaussian of standard deviation {} ms, in {}.\n\nConditions, in order:\n",
            env!("CARGO_PKG_VERSION"),
            self.neurons.len(),
            areas.join(", "),
            self.rates.len(),
            self.times.len(),
            self.bin_ms,
            self.align,
            self.smoothing_ms,
            self.unit.name(),
        );
        for condition in &self.task.conditions {
            let _ = writeln!(text, "  {:<5} {}", condition.firing_rates, condition.name);
        }
        text.push_str("\nWhat was assumed, drawn or left out:\n");
        for remark in &self.remarks {
            let _ = writeln!(text, "  * {remark}");
        }
        let _ = writeln!(text, "\nTrain on them:\n\n{}", self.command(directory));
        text
    }
}

fn mask(name: &str, values: &[bool]) -> NamedArray {
    NamedArray::new(name, Array2::from_shape_fn((values.len(), 1), |(i, _)| u8::from(values[i])))
}
