//! Claims on runs: who has which, and who is alive. [`Claims`] says how.

mod alive;
mod claim;
mod claim_file;
mod process;
mod standing;

pub use claim::{Claim, Claims, Taken};
pub use process::{ClaimSettings, ProcessInfo};
pub use standing::{Clock, Life, Owner, Standing, standing};
