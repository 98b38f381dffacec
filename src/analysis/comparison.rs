//! The fit of a network beside its baselines, by area, cell type, class and condition.

use super::fit::{Fit, Recorded};
use super::held_out::{HeldOut, HeldOutFit};
use super::score::{Score, Summary};
use crate::error::Result;
use crate::network::Population;

/// The fit of a network beside what simpler explanations reach.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The network.
    pub model: Fit,
    /// A network trained with its recurrent weights held at zero: what input, currents and time constants explain alone.
    pub input_only: Option<Fit>,
    /// Every neuron at its mean rate: R² = 0 over all conditions (by definition), at most 0 within one.
    pub mean_rate: Fit,
    /// The mean of the siblings of held-out conditions, where there are any.
    pub siblings: Option<HeldOutFit>,
    /// The conditions that were held out.
    pub held_out: Vec<HeldOut>,
}

/// What the neurons of a [`GroupFit`] have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grouping {
    /// All neurons.
    All,
    /// One area.
    Area,
    /// Excitatory or inhibitory.
    CellType,
    /// Mirror or not.
    Class,
    /// All neurons, within one condition.
    Condition,
    /// All neurons, within one condition that was held out.
    #[serde(rename = "held out")]
    HeldOut,
}

impl Grouping {
    /// The word that tables put before the group's name.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Area => "area",
            Self::CellType => "cell type",
            Self::Class => "class",
            Self::Condition => "condition",
            Self::HeldOut => "held out",
        }
    }
}

/// Summaries of one group of neurons.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GroupFit {
    /// The kind of group.
    pub grouping: Grouping,
    /// The group's name, e.g. `AIP`; `neurons` for all.
    pub name: String,
    /// The network.
    pub model: Summary,
    /// The input-only baseline, where it was trained.
    pub input_only: Option<Summary>,
    /// The mean-rate baseline.
    pub mean_rate: Summary,
}

impl Comparison {
    /// Scores the modelled rates of a network, and of its input-only baseline, each `[C][B][N]`.
    ///
    /// # Errors
    /// As [`Recorded::score`].
    pub fn new(recorded: &Recorded, modelled: &[f32], input_only: Option<&[f32]>) -> Result<Self> {
        Ok(Self {
            model: recorded.score(modelled)?,
            input_only: input_only.map(|rates| recorded.score(rates)).transpose()?,
            mean_rate: recorded.score(&recorded.mean_rate())?,
            siblings: recorded.score_siblings()?,
            held_out: recorded.held_out().to_vec(),
        })
    }

    /// Whether condition `c` was held out.
    pub fn is_held_out(&self, c: usize) -> bool {
        self.held_out.iter().any(|h| h.condition == c)
    }

    /// Summaries over all neurons, then by area, cell type, class (where a mirror mask was given), condition and held-out
    /// condition. Those by neurons leave held-out conditions out.
    pub fn groups(&self, population: &Population, conditions: &[String]) -> Vec<GroupFit> {
        let mut groups = vec![self.group(Grouping::All, "neurons", |f| f.overall.iter().collect())];
        for (k, area) in population.areas().iter().enumerate() {
            let members = |i: usize| population.area_of()[i] as usize == k;
            groups.push(self.group(Grouping::Area, &area.name, |f| chosen(f, members)));
        }
        for cell_type in ["excitatory", "inhibitory"] {
            let members = |i: usize| population.cell_type(i) == cell_type;
            groups.push(self.group(Grouping::CellType, cell_type, |f| chosen(f, members)));
        }
        for class in population.mirror().map_or([].as_slice(), |_| &["mirror", "non-mirror"]) {
            let members = |i: usize| population.class(i) == *class;
            groups.push(self.group(Grouping::Class, class, |f| chosen(f, members)));
        }
        for (grouping, held_out) in [(Grouping::Condition, false), (Grouping::HeldOut, true)] {
            for (c, name) in conditions.iter().enumerate().filter(|(c, _)| self.is_held_out(*c) == held_out) {
                groups.push(self.group(grouping, name, |f| f.by_condition[c].iter().collect()));
            }
        }
        groups.retain(|g| g.model.neurons > 0);
        groups
    }

    fn group<'a>(&'a self, grouping: Grouping, name: &str, scores: impl Fn(&'a Fit) -> Vec<&'a Score>) -> GroupFit {
        GroupFit {
            grouping,
            name: name.into(),
            model: Summary::of(scores(&self.model)),
            input_only: self.input_only.as_ref().map(|f| Summary::of(scores(f))),
            mean_rate: Summary::of(scores(&self.mean_rate)),
        }
    }
}

fn chosen(fit: &Fit, members: impl Fn(usize) -> bool) -> Vec<&Score> {
    fit.overall.iter().enumerate().filter(|(i, _)| members(*i)).map(|(_, s)| s).collect()
}
