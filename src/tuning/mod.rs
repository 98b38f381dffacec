//! The laboratory of recordings: which neurons are tuned to behaviours that are executed, observed, or both, and what may
//! be concluded from that. docs/tuning.md has the tests and why they are made so.

mod axis;
mod contrast;
mod design;
mod examine;
mod null;
mod open_tests;
mod ranges;
mod running_sums;
mod session_tests;
mod settings;
mod tally;
mod terms;

pub use axis::{Axis, Part};
pub use contrast::Contrast;
pub use examine::{SessionInput, TimedBouts, examine};
pub use null::Null;
pub use session_tests::{BehaviourTests, CountTest, SessionTests};
pub use settings::TuningSettings;
