//! `aon devices`.

use crate::error::Result;
use clap::Args;

/// The flags of `aon devices`.
#[derive(Debug, Args)]
pub(super) struct DevicesArgs {}

/// x
pub(super) fn run(_args: &DevicesArgs) -> Result<()> {
    Ok(())
}
