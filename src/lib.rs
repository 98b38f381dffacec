//! Trains biologically constrained recurrent networks to reproduce recorded firing rates, on any GPU or none.
//!
//! Data flows one way, and a module uses only modules to its left:
//! `data → task → network → engine → train → analysis → perturb → report`, on the ground floor of `error`, `dims` and `rng`.
//!
//! Conventions: all arrays are row-major, `W[post, pre]`, time in steps of the task, rates in 0…1. A *trial* is one
//! condition of one network, simulated once (and, in training, differentiated).

pub mod analysis;
pub mod bench;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod data;
pub mod dims;
pub mod engine;
pub mod error;
pub mod lab;
pub mod network;
pub mod perturb;
pub mod report;
pub mod rng;
pub mod run;
pub mod studies;
pub mod synthetic;
pub mod task;
pub mod train;
