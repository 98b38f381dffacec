//! The runs that follow from a specification.

use super::conduct::Objective;
use super::fields::within;
use super::impossible::{Judged, refusal};
use super::keys::{HOLD_OUT, TASK, set};
use super::product::{Product, Varied};
use super::space::AxisKind;
use super::spec::Specification;
use super::value::{Value, labels};
use crate::config::{Config, StimulusNoise, TaskSource};
use crate::error::{Error, Result, ensure};
use crate::task::TaskSpec;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use toml::Table;

/// Most runs, unless more are allowed: each has a directory, and takes time.
pub const MOST_RUNS: usize = 20_000;

/// Most runs that can be allowed: they are listed in memory.
const MOST_EVER: usize = 1_000_000;

/// All that a specification asks to train, in a fixed order.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// What settings are ranked by.
    pub objective: Objective,
    /// What varies from setting to setting, in order.
    pub axes: Vec<Axis>,
    /// The settings: everything but the seed and the conditions that are held out.
    pub settings: Vec<Setting>,
    /// The runs: of each setting those of each list of held-out conditions, and of each of these all seeds.
    pub runs: Vec<Run>,
    /// The seeds of every setting.
    pub seeds: Vec<u64>,
    /// Fresh seeds for the confirmation.
    pub confirm_seeds: Vec<u64>,
    /// Points that `[[exclude]]` left out.
    pub excluded: usize,
    /// What its author should know, a sentence each.
    pub warnings: Vec<String>,
    /// Files that tasks come from.
    pub(super) task_files: BTreeSet<PathBuf>,
}

/// A setting that varies.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Its dotted name.
    pub key: String,
    /// What it is called where no other axis is meant: the last part of it.
    pub name: String,
    /// How its values are spread.
    pub kind: AxisKind,
    /// Its values, each once, in the order of the specification.
    pub values: Vec<Value>,
    /// What these are called, `[values]`: as their text, but paths without the folders that all have in common.
    pub labels: Vec<String>,
}

/// Settings that are trained with several seeds.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its number, from 0.
    pub index: usize,
    /// The number of its value of each axis, `[axes]`.
    pub choices: Vec<usize>,
    /// What it is called: the axes that tell it from others, with their values.
    pub label: String,
    /// What it holds out, in one run after another, by name; a single empty list for nothing.
    pub hold_outs: Vec<Vec<String>>,
    config: Config,
}

/// One network to train.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// The number of its setting.
    pub setting: usize,
    /// Its seed.
    pub seed: u64,
    /// The conditions that it holds out, by name.
    pub hold_out: Vec<String>,
}

impl Specification {
    /// What it asks to train, checked: nothing is read but tasks. More than [`MOST_RUNS`] runs are refused unless
    /// `are_many_allowed`.
    ///
    /// # Errors
    /// If a point cannot be trained, which is named with the `[[exclude]]` that leaves it out, there are too many runs, or
    /// halving, confirmation or objective do not go with them.
    pub fn runs(&self, are_many_allowed: bool) -> Result<Sweep> {
        self.sweep(are_many_allowed).map_err(within(&self.origin.display().to_string()))
    }

    fn sweep(&self, are_many_allowed: bool) -> Result<Sweep> {
        let product = Product::of(&self.blocks)?;
        let mut points = Points::new(self, &product)?;
        let mut matched = vec![false; self.exclusions.len()];
        let mut judged: Vec<Judged> = Vec::new();
        for number in 0..product.count {
            let point = product.point(number);
            let settings = points.settings(&point);
            let excluding: Vec<bool> = self.exclusions.iter().map(|e| e.matches(&settings)).collect();
            if excluding.contains(&true) {
                matched.iter_mut().zip(excluding).for_each(|(matched, is_excluding)| *matched |= is_excluding);
            } else {
                let why = points.add(&point, settings).err();
                judged.push((point, why));
            }
        }
        ensure!(!judged.is_empty(), "[[exclude]] leaves out all {} points. Leave out fewer.", product.count);
        refusal(&product, &judged).map_or(Ok(()), Err)?;
        points.check_count(are_many_allowed)?;
        let mut warnings = self.repeated();
        warnings.extend(self.in_vain(&matched));
        let excluded = product.count - judged.len();
        let mut sweep = points.sweep(excluded, warnings);
        sweep.warnings.extend(sweep.incomparable());
        sweep.check(self)?;
        Ok(sweep)
    }

    /// What is said of exclusions that matched no point.
    fn in_vain<'a>(&'a self, matched: &'a [bool]) -> impl Iterator<Item = String> + 'a {
        let idle = self.exclusions.iter().zip(matched).filter(|(_, is_matched)| !**is_matched);
        idle.map(|(exclusion, _)| {
            let keys = exclusion.keys().collect::<Vec<_>>().join(", ");
            format!("{} leaves out no point: none has such values of {keys}.", exclusion.place)
        })
    }

    fn repeated(&self) -> Vec<String> {
        let repeated = self.blocks.iter().filter(|block| block.repeated > 0);
        let sentence = |b: &super::space::Block| {
            format!("{}: {} points came out as others and are left out; {} remain.", b.place, b.repeated, b.rows.len())
        };
        repeated.map(sentence).collect()
    }
}

/// Points on their way to settings.
struct Points<'a> {
    spec: &'a Specification,
    product: &'a Product<'a>,
    /// The base as a table. Its task, if it is stated whole, is put aside.
    base: Table,
    base_task: Option<TaskSpec>,
    /// Tasks by name.
    tasks: HashMap<String, TaskSpec>,
    /// The axes that tell settings apart.
    axes: Vec<usize>,
    settings: Vec<Setting>,
    /// Settings by the numbers of their values.
    known: HashMap<Vec<usize>, usize>,
}

impl<'a> Points<'a> {
    fn new(spec: &'a Specification, product: &'a Product<'a>) -> Result<Self> {
        let mut base = spec.base.clone();
        let varies = |key: &str| product.varied.iter().any(|v| v.key == key);
        let base_task = match &base.task {
            TaskSource::Spec(task) => Some(TaskSpec::clone(task)),
            TaskSource::Named(_) => None,
        };
        if let Some(task) = &base_task {
            base.task = TaskSource::Named(String::new());
            task.check()?;
        }
        let axes = (0..product.varied.len()).filter(|a| product.varied[*a].key != HOLD_OUT).collect();
        let base = base.to_table()?;
        let mut points = Self {
            spec,
            product,
            base,
            base_task,
            tasks: HashMap::new(),
            axes,
            settings: Vec::new(),
            known: HashMap::new(),
        };
        if !varies(TASK) {
            // What is wrong with the only task is no matter of points.
            points.task(&spec.base.task)?;
        }
        Ok(points)
    }

    fn settings(&self, point: &[u32]) -> Table {
        let mut settings = self.base.clone();
        // An empty list is left out of files, but may be asked for.
        if !settings.get("training").and_then(toml::Value::as_table).is_some_and(|t| t.contains_key("hold_out")) {
            set(&mut settings, HOLD_OUT, toml::Value::Array(Vec::new()));
        }
        self.product.apply(point, &mut settings);
        settings
    }

    fn task(&mut self, source: &TaskSource) -> Result<TaskSpec> {
        match (source, &self.base_task) {
            (TaskSource::Spec(task), _) => Ok(TaskSpec::clone(task)),
            (TaskSource::Named(name), Some(task)) if name.is_empty() => Ok(task.clone()),
            (TaskSource::Named(name), _) => {
                if let Some(task) = self.tasks.get(name) {
                    return Ok(task.clone());
                }
                let task = source.load()?;
                self.tasks.insert(name.clone(), task.clone());
                Ok(task)
            }
        }
    }

    /// Takes a point for a run of a setting; else says why it cannot be trained.
    fn add(&mut self, point: &[u32], settings: Table) -> std::result::Result<(), String> {
        let config = self.config(settings).map_err(|e| e.to_string())?;
        let hold_out = config.training.hold_out.clone();
        let choices: Vec<usize> = self.axes.iter().map(|a| point[*a] as usize).collect();
        if let Some(known) = self.known.get(&choices) {
            let hold_outs = &mut self.settings[*known].hold_outs;
            if hold_outs.contains(&hold_out) {
                return Err(format!("`{HOLD_OUT}` has {} twice, under other names.", held_out_text(&hold_out)));
            }
            hold_outs.push(hold_out);
            return Ok(());
        }
        let index = self.settings.len();
        self.known.insert(choices.clone(), index);
        self.settings.push(Setting { index, choices, label: String::new(), hold_outs: vec![hold_out], config });
        Ok(())
    }

    fn config(&mut self, settings: Table) -> Result<Config> {
        let mut config = Config::from_table(settings).map_err(Error::input)?;
        config.check()?;
        let task = self.task(&config.task)?;
        config.settle_task(task)?;
        let seeds = self.spec.seeds.len() + self.spec.confirm_seeds().len();
        let differ = config.network.init.is_none() || config.training.stimulus_noise == StimulusNoise::Fresh;
        ensure!(
            seeds == 1 || differ,
            "`seeds` with `network.init`: networks that start from the same file differ in nothing. Give one seed and no [confirm], leave `network.init` out, or have each draw noise of its own with `training.stimulus_noise = \"fresh\"`."
        );
        Ok(config)
    }

    /// Refuses more runs than can be meant, before they are listed.
    fn check_count(&self, are_many_allowed: bool) -> Result<()> {
        let replicates: usize = self.settings.iter().map(|s| s.hold_outs.len()).sum();
        let (settings, runs) = (self.settings.len(), replicates.saturating_mul(self.spec.seeds.len()));
        ensure!(
            runs <= MOST_EVER,
            "{settings} settings make {runs} runs, and no sweep takes more than {MOST_EVER}. Leave out values, points or seeds."
        );
        ensure!(
            are_many_allowed || runs <= MOST_RUNS,
            "{settings} settings make {runs} runs, which are more than {MOST_RUNS}. If that is meant, say `--yes`; else leave out values, points or seeds."
        );
        Ok(())
    }

    fn sweep(self, excluded: usize, warnings: Vec<String>) -> Sweep {
        let varied: Vec<&Varied> = self.axes.iter().map(|a| &self.product.varied[*a]).collect();
        let mut axes: Vec<Axis> = varied.iter().map(|v| axis(v, &varied)).collect();
        let mut settings = self.settings;
        drop_unseen(&mut axes, &mut settings);
        for setting in &mut settings {
            let parts = axes.iter().zip(&varied).zip(&setting.choices).filter(|((_, v), _)| v.is_telling);
            let parts = parts.map(|((axis, _), choice)| format!("{} {}", axis.name, axis.labels[*choice]));
            setting.label = parts.collect::<Vec<_>>().join(", ");
            if setting.label.is_empty() {
                setting.label = "base".into();
            }
        }
        let mut named = self.tasks.keys().cloned().map(TaskSource::Named).collect::<Vec<_>>();
        let task_files = named.iter_mut().filter_map(|task| task.resolve_path().ok().flatten()).collect();
        let seeds = self.spec.seeds.clone();
        let runs = settings.iter().flat_map(|s| s.runs(&seeds)).collect();
        let confirm_seeds = self.spec.confirm_seeds().to_vec();
        Sweep {
            objective: self.spec.objective,
            axes,
            settings,
            runs,
            seeds,
            confirm_seeds,
            excluded,
            warnings,
            task_files,
        }
    }
}

fn axis(v: &Varied, all: &[&Varied]) -> Axis {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_string();
    let is_unique = all.iter().filter(|other| last(other.key) == last(v.key)).count() == 1;
    let name = if is_unique { last(v.key) } else { v.key.to_string() };
    let values: Vec<Value> = v.values.iter().map(|value| Value((*value).clone())).collect();
    Axis { key: v.key.into(), name, kind: v.kind, labels: labels(&values), values }
}

/// Leaves out values that no setting has, since their points are excluded.
fn drop_unseen(axes: &mut [Axis], settings: &mut [Setting]) {
    for (a, axis) in axes.iter_mut().enumerate() {
        let seen: BTreeSet<usize> = settings.iter().map(|s| s.choices[a]).collect();
        let place: HashMap<usize, usize> = seen.iter().enumerate().map(|(place, number)| (*number, place)).collect();
        axis.values = seen.iter().map(|number| axis.values[*number].clone()).collect();
        axis.labels = labels(&axis.values);
        for setting in settings.iter_mut() {
            setting.choices[a] = place[&setting.choices[a]];
        }
    }
}

impl Setting {
    /// Its runs on these seeds.
    pub fn runs<'a>(&'a self, seeds: &'a [u64]) -> impl Iterator<Item = Run> + 'a {
        let run = |hold_out: &'a Vec<String>| {
            seeds.iter().map(|seed| Run { setting: self.index, seed: *seed, hold_out: hold_out.clone() })
        };
        self.hold_outs.iter().flat_map(run)
    }

    /// Its configuration, with the seed of the base and the first of what it holds out.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Planned steps of each of its runs.
    pub fn planned_steps(&self) -> u32 {
        self.config.training.n_trials
    }
}

impl Sweep {
    /// The configuration of a run, resolved: with its seed and held-out conditions, the task whole, and absolute paths.
    ///
    /// # Panics
    /// If the run is none of this sweep's settings.
    pub fn config(&self, run: &Run) -> Config {
        let mut config = self.settings[run.setting].config.clone();
        config.seed = run.seed;
        config.training.hold_out.clone_from(&run.hold_out);
        config
    }

    /// The runs that confirm these settings, on fresh seeds.
    pub fn confirmation(&self, settings: &[usize]) -> Vec<Run> {
        settings.iter().filter_map(|s| self.settings.get(*s)).flat_map(|s| s.runs(&self.confirm_seeds)).collect()
    }

    /// A setting's value of an axis.
    pub fn value(&self, setting: &Setting, axis: usize) -> &Value {
        &self.axes[axis].values[setting.choices[axis]]
    }

    /// What that value is called.
    pub fn value_label(&self, setting: &Setting, axis: usize) -> &str {
        &self.axes[axis].labels[setting.choices[axis]]
    }

    fn check(&self, spec: &Specification) -> Result<()> {
        let settings = self.settings.len();
        if let Some(confirm) = &spec.confirm {
            let top = confirm.top;
            ensure!(top <= settings, "[confirm] `top = {top}`: expected at most {settings}, the number of settings.");
        }
        if let Some(last) = spec.halving.as_ref().and_then(|h| h.rungs.last()) {
            let short = self.settings.iter().find(|s| s.planned_steps() <= *last);
            ensure!(
                short.is_none(),
                "[halving] `rungs`: there is one after {last} steps, but {} ends after {} (`training.n_trials`). Give rungs before that.",
                short.map(|s| format!("the setting “{}”", s.label)).unwrap_or_default(),
                short.map_or(0, Setting::planned_steps)
            );
        }
        let held = |r: &&Run| r.hold_out.is_empty() && self.objective == Objective::HeldOutR2;
        if let Some(run) = self.runs.iter().find(held) {
            return Err(Error::input(format!(
                "`objective = \"held_out_r2\"` needs conditions that are held out, but the setting “{}” holds out none. Give `{HOLD_OUT}`, in [base] or as a list in [grid].",
                self.settings[run.setting].label
            )));
        }
        Ok(())
    }

    /// Why losses of these settings say little about each other, if that is what is compared.
    fn incomparable(&self) -> Option<String> {
        const DECIDING: [&str; 5] =
            ["training.regularisation", "training.loss_fn", "data.firing_rates", "data.normalize", TASK];
        let key = self.axes.iter().map(|axis| axis.key.as_str()).find(|key| DECIDING.contains(key))?;
        (self.objective == Objective::Loss).then(|| {
            format!("`objective = \"loss\"`: losses of different `{key}` mean different things. `median_r2` can be compared.")
        })
    }
}

fn held_out_text(hold_out: &[String]) -> String {
    if hold_out.is_empty() { "nothing".into() } else { hold_out.join(", ") }
}
