//! Recordings of behaving animals: what neurons did, what was done and seen meanwhile, and what else was measured, from the
//! files in which laboratories keep them. docs/recordings.md says which, and how they are read.

mod arrays;
mod arrays_beside;
mod assemble;
mod averages;
mod boris;
mod bouts_table;
mod companions;
mod covariates;
mod cut;
mod deeplabcut;
mod framed;
#[cfg(feature = "hdf5")]
mod hdf5;
mod hdf5_kind;
mod identities;
mod labels;
mod nwb;
mod outline;
mod read;
mod session;
mod settings;
mod subjects;
mod suite2p;
mod table;
mod tables_beside;
mod tidy;
mod tili;
mod understood;

pub use averages::{only_averages, unanswered_by_averages};
pub(crate) use framed::GAP;
pub use framed::{Framed, Gap};
pub use nwb::read as read_nwb;
pub use outline::Outline;
pub use read::read;
pub use session::{Activity, Agent, Bout, Context, Covariate, Flaw, Neuron, Session, Trial};
pub use settings::{
    BoutSettings, ContextSettings, CovariateSettings, IdentitySettings, RecordingSettings, SourceSettings,
    TrialSettings,
};
pub use tili::{is_tili, read as read_tili};
pub use understood::{Understood, UnderstoodBouts, UnderstoodCovariate, UnderstoodSession, understood};
