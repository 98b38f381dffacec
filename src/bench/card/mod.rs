//! A card, measured and checked in a few minutes: what a user sends who has one that we have not.
//!
//! Two judges of its numbers. The [golden case](Reference::golden) comes from a program that is none of ours, and so also
//! finds what all of aon gets wrong; but it has twelve neurons. The [twin](Reference::twin) has as many as what is
//! measured, and so reaches every tile and workgroup of the kernels; its numbers are those of the CPU engine in double
//! precision, which the golden arrays and finite differences hold.

mod check;
mod machine;
mod part;
mod reference;
mod speed;
mod survey;

pub use check::{Check, Quantity};
pub use machine::Machine;
pub use reference::Reference;
pub use speed::{Series, Speed, Tried};
pub use survey::{Hear, Progress, SurveySettings, survey};

use super::Case;
use crate::engine::gpu::AdapterInfo;
use crate::error::{Error, Result};

/// Everything that was found, so far.
#[derive(Clone, Debug, serde::Serialize)]
pub struct CardReport {
    /// Version of this program.
    pub version: String,
    /// When it began, UTC.
    pub begun: String,
    /// Whether it came to its end. A report is written after each part, so that one that was interrupted is there, too.
    pub complete: bool,
    /// What it comes to.
    pub verdict: Verdict,
    /// Seconds until now.
    pub seconds: f64,
    /// Seconds that it may take.
    pub budget_seconds: f64,
    /// The machine.
    pub machine: Machine,
    /// The card, its driver and its limits.
    pub adapter: AdapterInfo,
    /// Neurons, conditions and steps of the main series.
    pub case: Case,
    /// Its numbers against known ones.
    pub checks: Vec<Check>,
    /// Multiply-adds at most, measured, in 10⁹ operations per second.
    pub peak_gflops: Option<f64>,
    /// Copies at most, measured, in 10⁹ bytes per second, read and written.
    pub peak_copy_gb_per_s: Option<f64>,
    /// Speed.
    pub speeds: Vec<Speed>,
    /// What tuning tried, by size.
    pub tunings: Vec<Tried>,
    /// What was to be measured and is not.
    pub not_measured: Vec<NotMeasured>,
    /// What failed on the card.
    pub failures: Vec<NotMeasured>,
}

/// A part of a report that is missing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NotMeasured {
    /// The part, in words.
    pub what: String,
    /// The reason, in words.
    pub why: String,
}

/// What a report comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All numbers are within their tolerances.
    Holds,
    /// At least one is not, or the card failed.
    Fails,
    /// Not all of them were looked at.
    Open,
}

impl CardReport {
    /// What is to be done about it, where something is.
    ///
    /// # Errors
    /// If a number is beyond its tolerance, or the card failed.
    pub fn fault(&self) -> Result<()> {
        if self.verdict != Verdict::Fails {
            return Ok(());
        }
        let beyond = self.checks.iter().flat_map(|check| {
            let wrong = check.quantities.iter().filter(|q| !q.within);
            wrong.map(move |q| {
                let way = format!("{}, {}, {}", check.reference, check.strategy, check.trajectory);
                if q.error.is_finite() {
                    format!("{way}: {} is off by {:.1e}, more than {:e}", q.name, q.error, q.tolerance)
                } else {
                    format!("{way}: {} is not finite", q.name)
                }
            })
        });
        let failed = self.failures.iter().map(|f| format!("{}: {}", f.what, f.why));
        let list: Vec<String> = beyond.chain(failed).collect();
        Err(Error::run(format!(
            "do not trust this card with this driver: {}. Try a newer driver, train with `engine = cpu`, and send us the report.",
            list.join("; ")
        )))
    }
}
