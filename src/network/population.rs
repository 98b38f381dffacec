//! Who the neurons are: area, excitatory or inhibitory, mirror or not.

use crate::error::{Error, Result, ensure};

/// A cortical area: a contiguous block of neurons, in file order.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// The area's name, as figures and tables show it.
    pub name: String,
    /// How many neurons it holds.
    pub size: usize,
}

/// The neurons of a network, in the row order of the firing rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Population {
    areas: Vec<Area>,
    area_of: Vec<u32>,
    inhibitory: Vec<bool>,
    mirror: Option<Vec<bool>>,
}

impl Population {
    /// A population of `areas` in file order.
    ///
    /// # Errors
    /// If the areas' sizes do not sum to the length of `inhibitory`, or `mirror` has another length.
    pub fn new(areas: Vec<Area>, inhibitory: Vec<bool>, mirror: Option<Vec<bool>>) -> Result<Self> {
        let total = areas.iter().fold(0_usize, |sum, area| sum.saturating_add(area.size));
        if total != inhibitory.len() {
            let list: Vec<String> = areas.iter().map(|a| format!("{} {}", a.name, a.size)).collect();
            let (list, found) = (list.join(", "), inhibitory.len());
            return Err(Error::input(format!(
                "the areas ({list}) hold {total} neurons, but the data have {found}. Give sizes that sum to {found} (`areas = NAME=SIZE,…`)."
            )));
        }
        let masked = mirror.as_ref().map_or(total, Vec::len);
        ensure!(masked == total, "the mirror mask has {masked} values, but there are {total} neurons.");
        let area_of = areas.iter().enumerate().flat_map(|(k, a)| std::iter::repeat_n(k as u32, a.size)).collect();
        Ok(Self { areas, area_of, inhibitory, mirror })
    }

    /// N.
    pub fn len(&self) -> usize {
        self.area_of.len()
    }

    /// Whether there are no neurons.
    pub fn is_empty(&self) -> bool {
        self.area_of.is_empty()
    }

    /// The areas, in file order.
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// Index of the area of each neuron, `[N]`.
    pub fn area_of(&self) -> &[u32] {
        &self.area_of
    }

    /// The name of neuron `i`'s area.
    pub fn area_name(&self, i: usize) -> &str {
        &self.areas[self.area_of[i] as usize].name
    }

    /// The neurons of an area, ascending.
    pub fn members(&self, area: usize) -> Vec<usize> {
        (0..self.len()).filter(|i| self.area_of[*i] as usize == area).collect()
    }

    /// Which neurons are inhibitory, `[N]`.
    pub fn inhibitory(&self) -> &[bool] {
        &self.inhibitory
    }

    /// Which neurons are mirror neurons, `[N]`, where a mask was given.
    pub fn mirror(&self) -> Option<&[bool]> {
        self.mirror.as_deref()
    }

    /// Neuron `i`'s cell type as tables write it: `excitatory` or `inhibitory`.
    pub fn cell_type(&self, i: usize) -> &'static str {
        if self.inhibitory[i] { "inhibitory" } else { "excitatory" }
    }

    /// Neuron `i`'s class as tables write it: `mirror`, `non-mirror`, or `unknown` without a mask.
    pub fn class(&self, i: usize) -> &'static str {
        match &self.mirror {
            None => "unknown",
            Some(m) if m[i] => "mirror",
            Some(_) => "non-mirror",
        }
    }
}
