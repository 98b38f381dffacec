//! The GPU engine: the stages as compute kernels under `shaders/`, run through wgpu on Vulkan, Metal or DirectX 12.
//!
//! [`GpuDevice`] is an opened adapter, [`GpuEngine`] a batch of networks on it. Parameters, moments, best parameters and
//! stop state stay on the device; a training step reads back one small record a network, and waits for it only when the
//! step after the next is enqueued.
//!
//! Two strategies ([`Strategy`]): `stepwise`, a dispatch per time step, and `resident`, where a workgroup keeps a network's
//! state and runs a block of steps. How operands are loaded follows the kind of adapter ([`Loads`]), how much one
//! invocation does follows [`Tiles`], and how many networks share buffers follows the adapter's limits; none of these
//! changes the order of any sum within a network, and no network's numbers depend on what else is in its batch.
//!
//! A step is recorded dispatch by dispatch and submitted in pieces of about a tenth of a second, by the pace that each kernel
//! was measured at; every wait for one ends, and what a device reports or does not do ends in an error that stays
//! (docs/hardware.md#what-drivers-do-and-what-is-done-about-it).

/// Values with the names that they have in the shaders.
macro_rules! named {
    {$($name:ident: $value:expr),* $(,)?} => { [$((stringify!($name), $value)),*] };
}

mod adapter;
mod bank;
mod bound;
mod buffers;
mod choices;
mod compiled;
mod compiler;
mod course;
mod device;
mod engine;
mod fit;
mod flight;
mod given;
mod injected;
mod kernels;
mod memory;
mod pace;
#[doc(hidden)]
pub mod peak;
mod pipelines;
mod plan;
mod recorder;
mod remembered;
mod stages;
mod stamps;
mod textures;
mod tiles;
mod trajectory;
mod transfer;
mod tune;
mod turns;
mod unseen;
mod waiting;
mod weights;

pub use adapter::{AdapterInfo, adapters, choose};
pub use device::GpuDevice;
pub use engine::GpuEngine;
pub use plan::GpuOptions;
pub use tiles::{Loads, Strategy, Tiles};
pub use trajectory::Trajectory;
pub use unseen::unseen;
pub use weights::Weights;

// How it is made: for its tests, and for tuning.
#[doc(hidden)]
pub use {
    choices::{Choices, Key},
    kernels::{Access, Binding, Id, Include, KERNELS, Kernel, Workgroup},
    plan::GpuPlan,
    remembered::{keep, tuned},
    stages::StageOutput,
    tune::{Candidate, Choice, candidates, tune},
};
