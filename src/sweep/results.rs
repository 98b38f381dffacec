//! What came of a sweep, gathered from the directories of its runs: tables, page, the best runs.

use super::claims::{ClaimSettings, Claims, Life, Taken, standing};
use super::home::{Home, Job};
use super::outcome::Outcome;
use super::rank::best_settings;
use super::specification::{AxisKind, FileHashes, Objective, Specification, Sweep};
use crate::config::Config;
use crate::data::{write_arrays, write_atomically};
use crate::error::{Error, Result};
use crate::report::sweep as page;
use crate::train::{CONFIG, read_history};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What is gathered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gathering {
    /// The loss of every step too.
    pub losses: bool,
    /// Runs too that lie in the directory and are none of the specification.
    pub all: bool,
}

/// A sweep and what became of its runs.
pub struct Gathered {
    /// Its specification.
    pub specification: Specification,
    /// What follows from it.
    pub sweep: Sweep,
    /// Its runs, the confirmation's too once they are known.
    pub jobs: Vec<Job>,
    /// What became of each, `[jobs]`.
    pub outcomes: Vec<Option<Outcome>>,
    /// Names of runs in the directory that are none of these.
    pub others: Vec<String>,
    /// What is wrong with runs that cannot be read, by their names, a sentence each.
    pub damaged: BTreeMap<String, String>,
    files: FileHashes,
}

/// Gathers what became of the runs of a sweep.
///
/// # Errors
/// If the directory holds no sweep, or a file of it cannot be read.
pub fn gather(home: &Home) -> Result<Gathered> {
    let (specification, sweep) = home.open()?;
    let mut files = FileHashes::known(&specification.files);
    let mut jobs = sweep.jobs(&mut files)?;
    let mut damaged = BTreeMap::new();
    let mut read = |job: &Job| {
        let outcome = Outcome::read(&home.run(&job.hash));
        // One that is damaged hides none of the others.
        outcome.unwrap_or_else(|why| {
            let path = home.run(&job.hash);
            let text = format!(
                "{why} It counts as not ended: running the specification again trains {} anew.",
                path.display()
            );
            damaged.insert(job.hash.clone(), text);
            None
        })
    };
    let mut outcomes: Vec<Option<Outcome>> = jobs.iter().map(&mut read).collect();
    if let Some(confirm) = specification.confirm.as_ref().filter(|_| outcomes.iter().all(Option::is_some)) {
        let mut best = best_settings(&sweep, &jobs, &outcomes);
        best.truncate(confirm.top);
        let confirming = sweep.confirming_jobs(&best, &mut files)?;
        outcomes.extend(confirming.iter().map(&mut read));
        jobs.extend(confirming);
    }
    let known: BTreeSet<&str> = jobs.iter().map(|job| job.hash.as_str()).collect();
    let entries = std::fs::read_dir(home.path.join("runs")).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut others: Vec<String> = names.filter(|name| !known.contains(name.as_str())).collect();
    others.sort();
    Ok(Gathered { specification, sweep, jobs, outcomes, others, damaged, files })
}

impl Gathered {
    /// Whether every run has ended.
    pub fn is_complete(&self) -> bool {
        self.outcomes.iter().all(Option::is_some)
    }

    /// What the page and the tables show.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn report(mut self, home: &Home, gathering: Gathering) -> Result<page::SweepReport> {
        let training = training(home)?;
        let group_of = self.group_of()?;
        let mut settings: Vec<page::Setting> =
            (0..self.sweep.settings.len()).map(|s| self.setting(s, group_of[s])).collect();
        let mut runs = Vec::with_capacity(self.jobs.len());
        for (job, outcome) in self.jobs.iter().zip(&self.outcomes) {
            let label = (!job.run.hold_out.is_empty()).then(|| job.run.hold_out.join(", "));
            let state = if self.damaged.contains_key(&job.hash) {
                page::RunState::Failed
            } else if training.contains(&job.hash) {
                page::RunState::Training
            } else {
                page::RunState::Waiting
            };
            let of = (job.run.setting, job.run.seed, label, job.confirmation);
            runs.push(self.run(home, &job.hash, of, outcome.as_ref(), state, gathering));
        }
        let mut notes = self.sweep.warnings.clone();
        notes.extend(self.damaged.values().cloned());
        if !self.others.is_empty() {
            let (count, first) = (self.others.len(), &self.others[0]);
            let which =
                if count == 1 { format!("run {first} lies") } else { format!("{count} runs, {first} among them, lie") };
            let fate = if gathering.all { "shown too" } else { "left out; `--all` shows them" };
            notes.push(format!("{which} in the directory and are not asked for by the specification: {fate}."));
        }
        if gathering.all {
            for hash in &self.others {
                self.add_other(home, hash, &mut settings, &mut runs, gathering)?;
            }
        }
        let axes = self.sweep.axes.iter().map(|axis| page::Axis { key: axis.key.clone(), kind: kind(axis.kind) });
        Ok(page::SweepReport {
            title: name_of(&home.path),
            objective: objective(self.sweep.objective),
            axes: axes.collect(),
            settings,
            runs,
            halving: self.specification.halving.as_ref().map(|halving| page::Halving {
                measure: objective(self.sweep.objective),
                keep: halving.keep,
                rungs: halving.rungs.iter().map(|step| page::Rung { step: *step }).collect(),
            }),
            confirms: self.specification.confirm.is_some(),
            choices: self.choices(),
            notes,
        })
    }

    fn choices(&self) -> Vec<(String, String)> {
        let (sweep, row) = (&self.sweep, |label: &str, text: String| (label.to_string(), text));
        let held_out = sweep.settings.first().map_or(0, |s| s.hold_outs.iter().filter(|h| !h.is_empty()).count());
        let mut rows = vec![
            row("objective", self.sweep.objective.name().into()),
            row("settings", format!("{} × {} seeds", sweep.settings.len(), sweep.seeds.len())),
        ];
        if held_out > 1 {
            rows.push(row("held out", format!("{held_out} in turn, averaged for each seed")));
        }
        if sweep.excluded > 0 {
            rows.push(row("excluded", format!("{} points", sweep.excluded)));
        }
        rows.extend(
            self.specification
                .confirm
                .as_ref()
                .map(|c| row("confirmation", format!("top {} on {} fresh seeds", c.top, c.seeds.len()))),
        );
        rows
    }

    /// The number of the first group that the runs of each setting are in.
    fn group_of(&mut self) -> Result<Vec<usize>> {
        let mut group_of = vec![0; self.sweep.settings.len()];
        for (number, group) in self.sweep.groups(&mut self.files)?.iter().enumerate().rev() {
            group.runs.iter().for_each(|run| group_of[self.sweep.runs[*run].setting] = number);
        }
        Ok(group_of)
    }

    fn setting(&self, number: usize, group: usize) -> page::Setting {
        let setting = &self.sweep.settings[number];
        let value = |axis: usize| page::AxisValue {
            text: self.sweep.value_label(setting, axis).to_string(),
            number: self.sweep.value(setting, axis).number(),
        };
        page::Setting { values: (0..self.sweep.axes.len()).map(value).collect(), group }
    }

    fn run(
        &self,
        home: &Home,
        hash: &str,
        (setting, seed, hold_out, confirmation): (usize, u64, Option<String>, bool),
        outcome: Option<&Outcome>,
        open: page::RunState,
        gathering: Gathering,
    ) -> page::Run {
        let path = home.run(hash);
        let history = path.join("history.csv");
        let is_wanted = gathering.losses || outcome.is_none();
        // A history that cannot be read is one that is not there.
        let rows = if is_wanted { read_history(&history).unwrap_or_default() } else { Vec::new() };
        let rungs = self.specification.halving.as_ref().map_or(&[][..], |halving| &halving.rungs);
        let at = |rung: &u32| outcome?.rungs().iter().find(|(step, _)| step == rung)?.1;
        let mut run = page::Run {
            hash: hash.into(),
            setting,
            seed,
            hold_out,
            confirmation,
            state: open,
            reason: String::new(),
            steps: rows.len() as u32,
            objective: outcome.and_then(|o| o.value(self.sweep.objective)),
            loss: None,
            median_r2: None,
            held_out_r2: None,
            input_only_r2: None,
            input_only_held_out_r2: None,
            seconds: rows.last().map_or(0.0, |row| row.seconds),
            host: String::new(),
            engine: String::new(),
            path,
            losses: if gathering.losses { rows.iter().map(|row| row.loss as f32).collect() } else { Vec::new() },
            rung_values: rungs.iter().map(at).collect(),
            divergence: None,
        };
        match outcome {
            None => {}
            Some(Outcome::Trained(s)) => {
                run.state = if outcome.is_some_and(Outcome::is_halved) {
                    page::RunState::Halved
                } else {
                    page::RunState::Ended
                };
                (run.reason, run.steps, run.loss) = (s.stop_reason.clone(), s.steps, s.loss);
                run.median_r2 = s.fit.median_r2;
                run.held_out_r2 = s.held_out.as_ref().and_then(|h| h.model.r2);
                run.input_only_r2 = s.baseline.input_only.as_ref().and_then(|b| b.fit.median_r2);
                let baseline = s.held_out.as_ref().and_then(|h| h.baseline.input_only.as_ref());
                run.input_only_held_out_r2 = baseline.and_then(|b| b.r2);
                (run.seconds, run.engine) = (s.seconds, s.engine.to_string());
                run.host = s.host.clone().unwrap_or_default();
            }
            Some(Outcome::Diverged(d)) => {
                run.state = page::RunState::Diverged;
                (run.reason, run.divergence) = ("diverged".into(), Some(d.text()));
                (run.steps, run.seconds, run.host) = (d.step, d.seconds, d.host.clone());
                run.engine = d.engine.to_string();
            }
        }
        run
    }

    /// A run that is none of the specification, under a setting with what its configuration says of the axes.
    fn add_other(
        &self,
        home: &Home,
        hash: &str,
        settings: &mut Vec<page::Setting>,
        runs: &mut Vec<page::Run>,
        gathering: Gathering,
    ) -> Result<()> {
        let path = home.run(hash);
        let Ok(config) = Config::read(&path.join(CONFIG)) else { return Ok(()) };
        let table = config.to_table()?;
        let value = |key: &str| {
            let value = key.split('.').try_fold(&toml::Value::Table(table.clone()), |v, part| v.get(part)).cloned();
            let value = super::specification::Value(value.unwrap_or_else(|| "–".into()));
            page::AxisValue { text: value.text(), number: value.number() }
        };
        let values: Vec<page::AxisValue> = self.sweep.axes.iter().map(|axis| value(&axis.key)).collect();
        let known = settings.iter().position(|setting| setting.values == values);
        let setting = known.unwrap_or_else(|| {
            settings.push(page::Setting { values, group: 0 });
            settings.len() - 1
        });
        let held_out = &config.training.hold_out;
        let hold_out = (!held_out.is_empty()).then(|| held_out.join(", "));
        let outcome = Outcome::read(&path)?;
        let of = (setting, config.seed, hold_out, false);
        runs.push(self.run(home, hash, of, outcome.as_ref(), page::RunState::Waiting, gathering));
        Ok(())
    }
}

/// Runs that a process which lives has.
fn training(home: &Home) -> Result<BTreeSet<String>> {
    if !home.path.join("claims").is_dir() {
        return Ok(BTreeSet::new());
    }
    let owners = standing(&home.path, &ClaimSettings::default())?.owners;
    Ok(owners.into_iter().filter(|owner| owner.life == Life::Alive).map(|owner| owner.hash).collect())
}

fn objective(objective: Objective) -> page::Objective {
    let label = match objective {
        Objective::Loss => "loss",
        Objective::MedianR2 => "median R²",
        Objective::HeldOutR2 => "held-out R²",
    };
    page::Objective { name: objective.name().into(), label: label.into(), lower_is_better: objective.lower_is_better() }
}

fn kind(kind: AxisKind) -> page::AxisKind {
    match kind {
        AxisKind::Linear => page::AxisKind::Linear,
        AxisKind::Log => page::AxisKind::Log,
        AxisKind::Choice => page::AxisKind::Choice,
    }
}

fn name_of(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    absolute.file_name().map_or_else(|| "sweep".into(), |name| name.to_string_lossy().into_owned())
}

/// Writes `runs.csv`, `curves.npz` and `report.html` of the sweep as it is now.
///
/// # Errors
/// If a file cannot be read or written.
pub fn write_results(home: &Home, all: bool) -> Result<page::SweepReport> {
    let report = gather(home)?.report(home, Gathering { losses: true, all })?;
    let csv = page::runs_csv(&report);
    write_atomically(&home.path.join("runs.csv"), |w| w.write_all(csv.as_bytes()))?;
    write_arrays(&home.path.join("curves.npz"), &page::curves(&report))?;
    page::write(&home.path.join("report.html"), &report)?;
    Ok(report)
}

/// Paths of the runs of the best settings, from the best on, and of each from its best run on: what `[keep]` counts.
pub(super) fn ranked_runs(report: &page::SweepReport) -> Vec<PathBuf> {
    let cost = |run: &page::Run| {
        let value = run.objective.unwrap_or(f64::NAN);
        if report.objective.lower_is_better { value } else { -value }
    };
    let of_setting = |standing: page::Standing| {
        let mut runs: Vec<&page::Run> = standing.runs.iter().map(|k| &report.runs[*k]).collect();
        runs.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
        runs.into_iter().map(|run| run.path.clone())
    };
    page::standings(report).into_iter().filter(page::Standing::is_ranked).flat_map(of_setting).collect()
}

/// Removes the weights of all but the best runs, where the specification asks for that.
///
/// # Errors
/// If a file cannot be removed.
pub(super) fn thin_out(claims: &Claims, keep: usize, report: &page::SweepReport) -> Result<()> {
    let best: BTreeSet<PathBuf> = ranked_runs(report).into_iter().take(keep).collect();
    for run in report.runs.iter().filter(|run| !best.contains(&run.path)) {
        let file = run.path.join("best.safetensors");
        if file.exists() {
            // Whoever is about it is about to do the same.
            if let Taken::Mine(claim) = claims.take(&run.hash)? {
                match std::fs::remove_file(&file) {
                    // Another has done the same between the look and the claim.
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                    removed => removed.map_err(Error::io("remove", &file))?,
                }
                claim.release()?;
            }
        }
    }
    Ok(())
}
