//! stub
#![allow(missing_docs)]
use crate::error::Result;
use crate::perturb::*;
use std::path::Path;
pub struct PerturbationReport<'a> {
    pub title: &'a str,
    pub choices: &'a [(String, String)],
    pub study: &'a Study,
    pub notes: &'a [String],
}
pub struct AcrossReport<'a> {
    pub title: &'a str,
    pub choices: &'a [(String, String)],
    pub names: &'a [String],
    pub settings: &'a [String],
    pub lesions: &'a [Lesion],
    pub keys: &'a [MeasureKey],
    pub rows: &'a [SeedRow],
    pub consistency: &'a [ConsistencyRow],
}
pub fn write(_: &Path, _: &PerturbationReport) -> Result<()> {
    Ok(())
}
pub fn write_across(_: &Path, _: &AcrossReport) -> Result<()> {
    Ok(())
}
