//! `aon synth`.

use crate::error::Result;
use clap::Args;

/// The flags of `aon synth`.
#[derive(Debug, Args)]
pub(super) struct SynthArgs {}

/// x
pub(super) fn run(_args: &SynthArgs) -> Result<()> {
    Ok(())
}
