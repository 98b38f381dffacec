//! Lesions as a TOML file states them.

use super::lesion::{Lesion, Mode, marked, members};
use crate::data::{CLASS, read_labels, read_text, toml_fault};
use crate::error::{Error, Result, ensure};
use crate::lab::Subject;
use crate::rng::{Rng, Stream};
use crate::task::Named;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LesionFile {
    lesion: Vec<LesionSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LesionSpec {
    name: Option<String>,
    area: Option<String>,
    cell_type: Option<String>,
    class: Option<String>,
    /// A CSV table with a row for each neuron, beside the file of lesions; of those above, the neurons with this value in `column`.
    labels: Option<PathBuf>,
    column: Option<String>,
    value: Option<String>,
    /// Rows of the firing rates, from 1.
    neurons: Option<Vec<usize>>,
    /// A random share of these.
    fraction: Option<f64>,
    /// Steps from the end of the warm-up.
    from: Option<usize>,
    to: Option<usize>,
    mode: Option<String>,
    gain: Option<f64>,
    current: Option<f64>,
    /// With mode `cut`: the area whose input from these neurons is cut.
    onto: Option<String>,
}

/// Reads the lesions of a file; `seed` draws those that are a fraction of a population.
///
/// # Errors
/// Naming the lesion and what is wrong with it.
pub fn read_lesions(path: &Path, subject: &Subject, seed: u64) -> Result<Vec<Lesion>> {
    let text = read_text(path)?;
    let file: LesionFile = toml::from_str(&text).map_err(|e| {
        let (line, message) = toml_fault(&e, &text);
        let place = path.display();
        Error::input(format!("{place}, line {}: not a list of lesions ([[lesion]] …): {message}.", line.unwrap_or(1)))
    })?;
    let lesion = |(k, spec): (usize, &LesionSpec)| {
        spec.lesion(k, path, subject, seed)
            .map_err(|e| Error::input(format!("{}, lesion {}: {e}", path.display(), k + 1)))
    };
    let lesions: Vec<Lesion> = file.lesion.iter().enumerate().map(lesion).collect::<Result<_>>()?;
    for (k, lesion) in lesions.iter().enumerate() {
        let (path, name) = (path.display(), &lesion.name);
        let is_new = lesions[..k].iter().all(|other| other.name != *name);
        Named::Lesion.verify(name).map_err(|e| Error::input(format!("{path}, lesion {}: {e}", k + 1)))?;
        ensure!(is_new, "{path}: two lesions are called “{name}”. Give each a name of its own.");
    }
    Ok(lesions)
}

impl LesionSpec {
    fn lesion(&self, number: usize, file: &Path, subject: &Subject, seed: u64) -> Result<Lesion> {
        let mode = self.mode(subject)?;
        let mut neurons = self.labelled(self.neurons(subject)?, file, subject)?;
        if let Some(fraction) = self.fraction {
            ensure!((0.0..=1.0).contains(&fraction), "fraction = {fraction}: expected a number in 0…1.");
            let size = (fraction * neurons.len() as f64).round() as usize;
            let rng = Rng::new(seed, number as u32, Stream::Subsets);
            neurons = rng.subset(&neurons, size, 0);
        }
        let (d, all) = (subject.dims(), || "all".to_string());
        let step = |t: usize| t.saturating_add(d.thermal);
        let (from, to) = (self.from.map_or(0, step), self.to.map_or(d.time_steps, step));
        ensure!(
            from < to && from < d.time_steps,
            "the window from {} to {} holds no step: a trial has {} steps after the warm-up.",
            self.from.unwrap_or(0),
            self.to.map_or("the end".into(), |t| t.to_string()),
            d.time_steps - d.thermal
        );
        let (area, cell_type, class) = (
            self.area.clone().unwrap_or_else(all),
            self.cell_type.clone().unwrap_or_else(all),
            self.class.clone().unwrap_or_else(all),
        );
        let mut lesion = Lesion { name: String::new(), area, cell_type, class, neurons, from, to, mode };
        lesion.name = self.name.clone().unwrap_or_else(|| self.default_name(&lesion, subject));
        Ok(lesion)
    }

    fn default_name(&self, lesion: &Lesion, subject: &Subject) -> String {
        let mut words: Vec<String> =
            [&self.area, &self.cell_type, &self.class, &self.value].into_iter().flatten().cloned().collect();
        if words.is_empty() {
            words.push(match &self.neurons {
                Some(list) => format!("{} listed neurons", list.len()),
                None => "all neurons".into(),
            });
        }
        if let Some(fraction) = self.fraction {
            words.push(format!("{:.0} %", 100.0 * fraction));
        }
        match &lesion.mode {
            Mode::Silence => {}
            Mode::Cut(_) => words.push(format!("→ {} cut", self.onto.as_deref().unwrap_or_default())),
            mode @ (Mode::Mean | Mode::Gain(_) | Mode::Current(_)) => words.push(mode.label()),
        }
        match lesion.window(subject) {
            all if all == "all" => words.join(" "),
            window => format!("{} {window}", words.join(" ")),
        }
    }

    fn mode(&self, subject: &Subject) -> Result<Mode> {
        let mode = self.mode.as_deref().unwrap_or("silence");
        expect_one_of("mode", Some(mode), &["silence", "mean", "gain", "current", "cut"])?;
        // Each is read by one mode; where another is asked for, or none, it would be given in vain.
        let values = [("gain", "gain", self.gain.is_some()), ("current", "current", self.current.is_some())];
        for (key, of, is_given) in values.into_iter().chain([("onto", "cut", self.onto.is_some())]) {
            let given = self.mode.as_ref().map_or("there is no mode".into(), |m| format!("the mode is \"{m}\""));
            ensure!(
                !is_given || mode == of,
                "{key} belongs to mode = \"{of}\", but {given}. Give that mode, or leave {key} out."
            );
        }
        match mode {
            "mean" => Ok(Mode::Mean),
            "gain" => {
                let gain = number("gain", self.gain)?;
                ensure!(!gain.is_sign_negative(), "gain = {gain}: expected 0 or a larger number.");
                Ok(Mode::Gain(gain))
            }
            "current" => number("current", self.current).map(Mode::Current),
            "cut" => {
                let onto = self.onto.as_deref().ok_or_else(|| {
                    Error::input(
                        "mode = \"cut\" needs onto = \"AREA\", the area whose input from these neurons is cut.",
                    )
                })?;
                let population = &subject.problem.population;
                let post = members(population, Some(known_area(subject, onto)?), None, None);
                Ok(Mode::Cut(marked(&post, population.len())))
            }
            _ => Ok(Mode::Silence),
        }
    }

    /// Those of `neurons` that have the value asked for in the table of labels, which stands beside `file`.
    fn labelled(&self, neurons: Vec<usize>, file: &Path, subject: &Subject) -> Result<Vec<usize>> {
        let Some(labels) = &self.labels else {
            ensure!(
                self.column.is_none() && self.value.is_none(),
                "column and value belong to labels = \"FILE.csv\". Give that table, or leave them out."
            );
            return Ok(neurons);
        };
        let column = self.column.as_deref().unwrap_or(CLASS);
        let Some(value) = &self.value else {
            return Err(Error::input(format!(
                "labels = \"{}\" needs value = \"…\", one of those in its column {column}.",
                labels.display()
            )));
        };
        let path = file.parent().unwrap_or(Path::new("")).join(labels);
        let found = read_labels(&path, column, subject.problem.population.len())?;
        if !found.contains(value) {
            let mut values = found;
            values.sort();
            values.dedup();
            values.truncate(20);
            return Err(Error::input(format!(
                "value = {value:?}: expected one of those in column {column} of {}, found none. It has {}.",
                path.display(),
                values.join(", ")
            )));
        }
        Ok(neurons.into_iter().filter(|i| found[*i] == *value).collect())
    }

    fn neurons(&self, subject: &Subject) -> Result<Vec<usize>> {
        let population = &subject.problem.population;
        if let Some(list) = &self.neurons {
            ensure!(
                self.area.is_none() && self.cell_type.is_none() && self.class.is_none(),
                "give either neurons = […] or area, cell_type and class, not both."
            );
            let n = population.len();
            if let Some(bad) = list.iter().find(|i| !(1..=n).contains(*i)) {
                return Err(Error::input(format!("neuron {bad}: neurons are rows of the firing rates, 1 … {n}.")));
            }
            let neurons: BTreeSet<usize> = list.iter().map(|i| i - 1).collect();
            return Ok(neurons.into_iter().collect());
        }
        if let Some(area) = &self.area {
            known_area(subject, area)?;
        }
        expect_one_of("cell_type", self.cell_type.as_deref(), &["excitatory", "inhibitory", "all"])?;
        expect_one_of("class", self.class.as_deref(), &["mirror", "non-mirror", "all"])?;
        ensure!(
            population.mirror().is_some() || self.class.as_deref().is_none_or(|c| c == "all"),
            "a class needs to be known: give `mirror = FILE`."
        );
        Ok(members(population, self.area.as_deref(), self.cell_type.as_deref(), self.class.as_deref()))
    }
}

/// The number that the mode of the same name needs.
fn number(key: &str, value: Option<f64>) -> Result<f32> {
    let Some(value) = value else {
        return Err(Error::input(format!("mode = \"{key}\" needs the value {key} = ….")));
    };
    ensure!((value as f32).is_finite(), "{key} = {value}: expected a finite number.");
    Ok(value as f32)
}

fn known_area<'a>(subject: &Subject, name: &'a str) -> Result<&'a str> {
    let areas: Vec<&str> = subject.problem.population.areas().iter().map(|a| a.name.as_str()).collect();
    if areas.contains(&name) {
        return Ok(name);
    }
    Err(Error::input(format!("there is no area “{name}”: expected one of {}.", areas.join(", "))))
}

fn expect_one_of(key: &str, value: Option<&str>, known: &[&str]) -> Result<()> {
    match value {
        Some(v) if !known.contains(&v) => {
            Err(Error::input(format!("{key} = \"{v}\": expected one of {}.", known.join(", "))))
        }
        _ => Ok(()),
    }
}
