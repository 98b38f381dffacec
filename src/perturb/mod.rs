//! The perturbation laboratory: what a trained network does when some of its neurons are silenced, held against what it
//! does when as many others are.
//!
//! A [`Subject`] is a trained network with its task. A [`Lesion`] says whom, when and how; [`draw_controls`] finds like
//! cells to lesion instead. The [`Simulator`] runs hundreds of lesions of the subject as one batch of networks, on any
//! engine; [`Measures`] say what each did. Weights are never changed.

mod controls;
mod kick;
mod lesion;
mod lesion_file;
mod measures;
mod simulator;
mod subject;

pub use controls::{Balance, ControlSettings, Controls, draw_controls};
pub use kick::Kick;
pub use lesion::{Lesion, Mode, default_lesions};
pub use lesion_file::read_lesions;
pub use measures::{Damage, MeasureKey, Measures};
pub use simulator::{OpenEngine, Simulator, Trial};
pub use subject::Subject;
