//! Runs: the networks of a [`Plan`](crate::config::Plan) trained, resumed and reported, one or a batch of them, and what is
//! read from a run that has ended.
//!
//! [`train`] does what `aon train` does, without its words: what happens meanwhile are [`Notice`]s to a [`Listener`], and
//! it ends early, to be resumed, when the flag that its caller owns is set.

mod arrays;
mod batch_summary;
mod context;
mod data_of_training;
mod feed;
mod finish;
mod fit;
mod member;
mod memory;
mod notice;
mod page;
mod passage;
mod places;
mod register;
mod resume;
mod state;
mod stored;
mod summary;
mod trained;
mod training;

pub use arrays::export;
pub use batch_summary::{BatchSummary, RunRow};
pub use context::Options;
pub use finish::Reported;
pub use fit::{FittedNetwork, fit, subject, train_baselines};
pub use memory::{MemoryLimit, MemoryPlan};
pub use notice::{Divergence, Extent, Listener, Notice, Progress, Silent, TrainingStage, missing_labels};
pub use page::write_page;
pub use register::new_directory;
pub use resume::plan_to_resume;
pub use state::RunState;
pub use stored::StoredRun;
pub use summary::{BaselineFits, FitFigures, InputOnlyFit, RunSummary};
pub use trained::{Opening, TrainedRun, WhichWeights, members};
pub use training::{Ending, train};

pub(crate) use finish::{Essentials, Leaving, OF_TRAINING, finish};
pub(crate) use fit::{has_baseline, train_in_memory};
pub(crate) use member::{Member, Trained};
pub(crate) use passage::{Left, Passage};
pub(crate) use places::Places;
pub(crate) use register::register;
