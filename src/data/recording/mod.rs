//! Recordings of behaving animals: what neurons did, what was done and seen meanwhile, and what else was measured, from the
//! files in which laboratories keep them. docs/tuning.md says which, and how they are read.

#[cfg(feature = "hdf5")]
mod agents;
#[cfg(feature = "hdf5")]
mod cut;
mod framed;
#[cfg(feature = "hdf5")]
mod hdf5;
mod nwb;
mod session;
mod settings;
mod tili;

pub use framed::{Framed, Gap};
pub use nwb::read as read_nwb;
pub use session::{Activity, Agent, Bout, Context, Covariate, Neuron, Session, Trial};
pub use settings::{
    BoutSettings, ContextSettings, CovariateSettings, IdentitySettings, RecordingSettings, SourceSettings,
    TrialSettings,
};
pub use tili::{is_tili, read as read_tili};
