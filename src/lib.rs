//! Trains biologically constrained recurrent networks to reproduce recorded firing rates, on any GPU or none.
//!
//! # The model
//!
//! Neuron *i* of a network is a recorded neuron; its rate r is compared with what was recorded, in every condition of a task.
//!
//! ```text
//! x_t = (1 − α) ⊙ x_{t−1} + α ⊙ (W_eff r_{t−1} + W_in u_{t−1})      state, α_i = Δt/τ_i, a time constant per neuron
//! r_t = σ(x_t + I_ext)                                              rate in 0…1
//!
//! W_eff[post, pre] = W within an area, max(W, 0) between areas      inhibition is local
//! W[post, pre]     = sign of `pre` · softplus(V) · mask             Dale's principle
//! L = √Σ (y − F)² + λ √(‖W‖² + Σ ‖W_in‖²)                           y: rates in bins, F: recorded rates
//! ```
//!
//! W, W_in, I_ext and τ are trained by back-propagation through time. [`guide::model`] has every equation, and why the
//! default settings are what they are.
//!
//! # A first example
//!
//! Rates from memory, a network trained on them, and how well it fits:
//!
//! ```
//! use aon::config::{Inputs, Plan, Preset};
//! use aon::data::RecordedCondition;
//! use aon::run::{Silent, fit};
//! use aon::synthetic::{Synthetic, SyntheticSettings};
//! use std::sync::atomic::AtomicBool;
//!
//! // Rates [neurons × bins] of each condition of a task, here made up; `true` for each inhibitory neuron.
//! let data = Synthetic::generate(&SyntheticSettings::small(0))?;
//! let rates = data.recording.conditions.iter().map(RecordedCondition::from).collect();
//! let inhibitory = data.population.inhibitory().to_vec();
//!
//! let mut config = Preset::Default.config();
//! config.training.n_trials = 10; // 300 by default
//! let plan = Plan::of(config, data.task, Inputs::new(rates, inhibitory))?;
//! let networks = fit(&plan, &AtomicBool::new(false), &mut Silent)?.expect("nothing stops it");
//! let summary = plan.recorded()?.score(&networks[0].rates)?.summary();
//! assert!(summary.median_r2 > 0.0);
//! # Ok::<(), aon::error::Error>(())
//! ```
//!
//! `examples/train_lesion_read.rs` goes on from there to the effect of a lesion. [`run::train`] trains in a run directory,
//! which is kept, resumed and reported; [`studies`] are `aon perturb` and `aon validate` without the command line.
//!
//! # Where things are
//!
//! Data flows one way: [`guide::architecture`] has the modules in their order, what must not be broken, and which files a
//! new loss, lesion, file format, subcommand or laboratory touches. The command line is the module `cli`, of the feature
//! of that name, which is on by default.
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
#[cfg(all(doc, not(doctest)))]
pub mod guide {
    //! The pages of `docs/` that say what the library is: the [model] and the [architecture].
    #![allow(rustdoc::invalid_rust_codeblocks, reason = "their indented blocks are equations")]
    #[doc = include_str!("../docs/architecture.md")]
    pub mod architecture {}
    #[doc = include_str!("../docs/model.md")]
    pub mod model {}
}
pub mod lab;
pub mod network;
pub mod perturb;
pub mod report;
pub mod rng;
pub mod run;
pub mod studies;
pub mod sweep;
pub mod synthetic;
pub mod task;
pub mod train;
pub mod tuning;
