//! The perturbation laboratory: what a trained network does when some of its neurons are silenced, held against what it
//! does when others are.
//!
//! A [`Subject`](crate::lab::Subject) is a trained network with its task. A [`Lesion`] says whom, when and how; [`draw_controls`] finds as
//! many like cells to lesion instead, and [`cell_lesions`] those that must be lesioned one by one to know whether labels
//! mean anything. The [`Simulator`](crate::lab::Simulator) runs hundreds of lesions of the subject as one batch of networks, on any engine;
//! [`Measures`] say what each did. Weights are never changed.

mod anatomy;
mod cells;
mod controls;
mod effects;
mod experiment;
mod kick;
mod lesion;
mod lesion_file;
mod measures;
mod readout;
mod readout_settings;
mod seeds;
mod stability;
mod store;
mod study;
pub mod validate;

pub use anatomy::Anatomy;
pub use cells::{CellOutcome, cell_lesions, cells_csv, compared_cells, smallest_p, smallest_superiority};
pub use controls::{Balance, ControlSettings, Controls, draw_controls};
pub use effects::{ControlComparison, LesionEffect, SIGNIFICANT, effects, found};
pub use experiment::{ControlOutcome, Experiment, ExperimentSettings, LesionOutcome};
pub use kick::Kick;
pub use lesion::{Lesion, Mode, default_lesions};
pub use lesion_file::read_lesions;
pub use measures::{Damage, MeasureKey, Measures};
pub use readout::{DecodingRow, IntactScore, IntactScores, LesionDecoding, Readouts};
pub use readout_settings::ReadoutSettings;
pub use seeds::{ConsistencyRow, FEWEST_RUNS, RunResult, SeedRow, across_seeds, consistency};
pub use store::{Finished, read_cells, read_finished, read_intact, write_cells, write_finished, write_intact};
pub use study::{
    RecurrenceRow, Study, balance_csv, connectivity_csv, consistency_csv, currents_csv, decoding_csv, effects_csv,
    motifs_csv, recurrence_csv, seeds_csv,
};
#[cfg(test)]
pub(crate) use {cells::Deal, effects::effects_by, seeds::across_seeds_by};
