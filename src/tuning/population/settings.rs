//! How populations are looked at.

use crate::analysis::population::MOST_POINTS;
use crate::error::{Result, ensure};
use serde::{Deserialize, Serialize};

/// How populations are looked at. Every setting has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PopulationSettings {
    /// Main axes over which an alignment index is taken.
    pub axes: usize,
    /// What is added to the range of a neuron's rate before rates are divided by it, in spikes/s. Activity in another unit has
    /// no such scale: there, it is a tenth of the median range over neurons.
    pub soften: f64,
    /// From when to when alignment looks at activity, in s from the event that averages, or from the start of bouts; by default
    /// 0.31 to 1.33 for averages (as Jerjian et al. 2020 from the go cue), 0 to 2 for bouts.
    pub window: Option<[f64; 2]>,
    /// Draws of each null distribution, and of each interval.
    pub draws: usize,
    /// Drawn subsets of bouts over which a comparison of matched bouts is averaged.
    pub subsets: usize,
    /// Behaviours with fewer bouts of an agent are left out.
    pub least_bouts: usize,
    /// Parts of the bouts that decoders do not see in turn; fewer where a behaviour has fewer bouts.
    pub folds: usize,
    /// Principal components that decoders see, at most.
    pub components: usize,
    /// What pictures show.
    pub pictures: Pictured,
    /// Points of a picture, at most.
    pub points: usize,
    /// About how many neighbours a point has in t-SNE; less where there are few points.
    pub perplexity: f64,
}

/// What pictures show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pictured {
    /// None.
    None,
    /// A point for each bout.
    Bouts,
    /// A point for each bout, and a picture of seconds beside it.
    #[default]
    Both,
}

impl Default for PopulationSettings {
    fn default() -> Self {
        Self {
            axes: 3,
            soften: 5.0,
            window: None,
            draws: 1000,
            subsets: 10,
            least_bouts: 5,
            folds: 5,
            components: 10,
            pictures: Pictured::default(),
            points: 2000,
            perplexity: 30.0,
        }
    }
}

impl PopulationSettings {
    /// Refuses what cannot be done.
    ///
    /// # Errors
    /// In a sentence that names the setting.
    pub fn check(&self) -> Result<()> {
        let within = |name: &str, value: usize, least: usize, most: usize| {
            ensure!((least..=most).contains(&value), "`{name} = {value}`: expected {least} to {most}.");
            Ok(())
        };
        within("axes", self.axes, 1, 100)?;
        within("draws", self.draws, 100, 20_000)?;
        within("subsets", self.subsets, 1, 1000)?;
        within("least_bouts", self.least_bouts, 3, 10_000)?;
        within("folds", self.folds, 2, 100)?;
        within("components", self.components, 1, 200)?;
        within("points", self.points, 20, MOST_POINTS)?;
        ensure!(
            self.soften.is_finite() && self.soften >= 0.0,
            "`soften = {}`: expected a rate from 0 on, in spikes/s.",
            self.soften
        );
        ensure!(
            (1.0..=500.0).contains(&self.perplexity),
            "`perplexity = {}`: expected 1 to 500, usually 5 to 50.",
            self.perplexity
        );
        if let Some([from, to]) = self.window {
            ensure!(
                from.is_finite() && to.is_finite() && from < to && from.abs().max(to.abs()) <= 3600.0,
                "`window = [{from}, {to}]`: expected two times in s, the first before the second."
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut PopulationSettings);

    #[test]
    fn defaults_are_sound_and_nonsense_is_named() {
        PopulationSettings::default().check().unwrap();
        let cases: [(Change, &str); 6] = [
            (|s| s.axes = 0, "`axes = 0`"),
            (|s| s.draws = 0, "`draws = 0`"),
            (|s| s.points = 5001, "`points = 5001`: expected 20 to 5000"),
            (|s| s.soften = -1.0, "`soften = -1`"),
            (|s| s.perplexity = f64::NAN, "`perplexity = NaN`"),
            (|s| s.window = Some([1.0, 1.0]), "`window = [1, 1]`"),
        ];
        for (change, named) in cases {
            let mut settings = PopulationSettings::default();
            change(&mut settings);
            let error = settings.check().unwrap_err();
            assert!(error.to_string().contains(named) && error.exit_code() == 2, "{error}");
        }
        assert!(toml::from_str::<PopulationSettings>("axis = 3").is_err());
        assert_eq!(toml::from_str::<PopulationSettings>("pictures = \"none\"").unwrap().pictures, Pictured::None);
    }
}
