//! Sweeps: hundreds of networks of different settings, trained side by side on one machine, from a specification to a table
//! that can be cited.

mod alive;
mod claim_file;
mod claims;
mod process;
mod standing;

pub use claims::{Claim, Claims, Taken};
pub use process::{ClaimSettings, ProcessInfo};
pub use standing::{Clock, Life, Owner, Standing, standing};
