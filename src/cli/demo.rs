//! `aon demo`.

use crate::error::Result;
use clap::Args;

/// The flags of `aon demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {}

/// x
pub(super) fn run(_args: &DemoArgs) -> Result<()> {
    Ok(())
}
