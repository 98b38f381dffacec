//! Whom, when and how.

use crate::engine::{Action, Cut, Effect, Perturbation};
use crate::lab::Subject;
use crate::network::Population;

/// How a lesion acts.
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    /// Rates clamped to 0.
    Silence,
    /// Rates clamped to the intact network's mean of each neuron.
    Mean,
    /// Rates multiplied by a factor.
    Gain(f32),
    /// A current added to `I_ext`.
    Current(f32),
    /// The neurons' connections to these neurons cut, `[N]`; the neurons themselves go on.
    Cut(Vec<bool>),
}

impl Mode {
    /// As tables write it.
    pub fn label(&self) -> String {
        match self {
            Self::Silence => "silence".into(),
            Self::Mean => "mean".into(),
            Self::Gain(gain) => format!("gain {gain}"),
            Self::Current(current) => format!("current {current}"),
            Self::Cut(_) => "cut".into(),
        }
    }

    /// The neurons that no longer hear the lesion's, `[N]`, where connections are cut and the lesion's neurons are not touched.
    pub fn cut_off(&self) -> Option<&[bool]> {
        match self {
            Self::Cut(post) => Some(post),
            Self::Silence | Self::Mean | Self::Gain(_) | Self::Current(_) => None,
        }
    }

    /// What the slope of the neurons' rates is multiplied by.
    pub fn gain(&self) -> f32 {
        match self {
            Self::Silence | Self::Mean => 0.0,
            Self::Gain(gain) => *gain,
            Self::Current(_) | Self::Cut(_) => 1.0,
        }
    }
}

/// A lesion of one population.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesion {
    /// Its name.
    pub name: String,
    /// Area as tables write it; `all` for several.
    pub area: String,
    /// `excitatory`, `inhibitory` or `all`.
    pub cell_type: String,
    /// `mirror`, `non-mirror` or `all`.
    pub class: String,
    /// Its neurons, ascending.
    pub neurons: Vec<usize>,
    /// First step of its window.
    pub from: usize,
    /// First step after it.
    pub to: usize,
    /// How.
    pub mode: Mode,
}

impl Lesion {
    /// Silences these neurons, whatever they are, for a trial of so many steps.
    pub fn silencing(name: &str, neurons: Vec<usize>, time_steps: usize) -> Self {
        let all = || "all".to_string();
        let (area, cell_type, class) = (all(), all(), all());
        Self { name: name.into(), area, cell_type, class, neurons, from: 0, to: time_steps, mode: Mode::Silence }
    }

    /// What is done to the network when this lesion hits `neurons` instead of its own.
    pub fn perturbation(&self, neurons: &[usize], subject: &Subject) -> Perturbation {
        let n = subject.dims().neurons;
        let marked = marked(neurons, n);
        let action = match &self.mode {
            Mode::Cut(post) => {
                let cut = Cut { post: post.clone(), pre: marked, from: self.from, to: self.to };
                return Perturbation { effects: Vec::new(), cuts: vec![cut] };
            }
            Mode::Silence => Action::Clamp(vec![0.0; n]),
            Mode::Mean => Action::Clamp(subject.mean_rate.clone()),
            Mode::Gain(gain) => Action::Gain(*gain),
            Mode::Current(current) => Action::Current(vec![*current; n]),
        };
        let effect = Effect { neurons: marked, from: self.from, to: self.to, action };
        Perturbation { effects: vec![effect], cuts: Vec::new() }
    }

    /// The window as tables write it, in steps from the end of the warm-up: `all` or `280–480`.
    pub fn window(&self, subject: &Subject) -> String {
        let d = subject.dims();
        let from_warm_up = |t: usize| t as i64 - d.thermal as i64;
        if self.from == 0 && self.to >= d.time_steps {
            return "all".into();
        }
        format!("{}–{}", from_warm_up(self.from), from_warm_up(self.to.min(d.time_steps)))
    }
}

/// The classes of the paper: every area × {excitatory, inhibitory} × {mirror, non-mirror}, silenced for the whole trial.
/// Classes without neurons are kept: that they are empty is worth knowing. Without a mirror mask every area × cell type.
pub fn default_lesions(subject: &Subject) -> Vec<Lesion> {
    let population = &subject.problem.population;
    let classes: &[&str] = if population.mirror().is_some() { &["mirror", "non-mirror"] } else { &["all"] };
    let mut lesions = Vec::new();
    for area in population.areas() {
        for cell_type in ["excitatory", "inhibitory"] {
            for class in classes {
                let suffix = if *class == "all" { String::new() } else { format!(" {class}") };
                let name = format!("{} {cell_type}{suffix}", area.name);
                let neurons = members(population, Some(&area.name), Some(cell_type), Some(class));
                lesions.push(Lesion {
                    area: area.name.clone(),
                    cell_type: cell_type.into(),
                    class: (*class).into(),
                    ..Lesion::silencing(&name, neurons, subject.dims().time_steps)
                });
            }
        }
    }
    lesions
}

/// A mask of `neurons`, `[N]`.
pub(super) fn marked(list: &[usize], neurons: usize) -> Vec<bool> {
    let mut mask = vec![false; neurons];
    for i in list {
        mask[*i] = true;
    }
    mask
}

/// The neurons of an area, cell type and class; `None` and `all` mean any.
pub(super) fn members(
    population: &Population,
    area: Option<&str>,
    cell_type: Option<&str>,
    class: Option<&str>,
) -> Vec<usize> {
    let is = |asked: Option<&str>, found: &str| asked.is_none_or(|a| a == "all" || a == found);
    let is_member = |i: &usize| {
        is(area, population.area_name(*i)) && is(cell_type, population.cell_type(*i)) && is(class, population.class(*i))
    };
    (0..population.len()).filter(is_member).collect()
}
