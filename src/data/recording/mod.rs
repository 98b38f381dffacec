//! Recordings of behaving animals: what neurons did, what was done and seen meanwhile, and what else was measured, from the
//! files in which laboratories keep them. docs/tuning.md says which, and how they are read.

mod framed;
mod session;
mod settings;

pub use framed::{Framed, Gap};
pub use session::{Activity, Agent, Bout, Context, Covariate, Neuron, Session, Trial};
pub use settings::{
    BoutSettings, ContextSettings, CovariateSettings, IdentitySettings, RecordingSettings, SourceSettings,
    TrialSettings,
};
