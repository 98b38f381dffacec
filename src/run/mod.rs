//! Runs: one network or a batch of them, trained, resumed and reported, and what is read from a run that has ended.

pub(crate) mod baseline;
pub(crate) mod batch;
pub(crate) mod batch_summary;
pub(crate) mod finish;
pub(crate) mod one;
pub(crate) mod page;
pub(crate) mod session;
pub(crate) mod summary;
pub(crate) mod waves;
