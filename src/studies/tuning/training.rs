//! What networks can be trained on: rates, masks and a task, and the second criterion of tuning, which needs trials.

use super::study::TuningInput;
use crate::data::recording::{Framed, Session};
use crate::data::write_atomically;
use crate::error::Result;
use crate::tuning::{RatesBuilder, TuningStudy, anova_csv, epoch_criterion};
use std::path::Path;

/// Where rates, masks and the task go.
const DIRECTORY: &str = "training";

/// What was written for training.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Training {
    /// The command that trains on it; none where no rates could be made.
    pub command: Option<String>,
    /// What was assumed or left out, and why there are none, a sentence each.
    pub remarks: Vec<String>,
}

/// Writes what the recordings of `study` give to train on. Rates that cannot be made are no error: the study does not need them.
///
/// # Errors
/// If a recording cannot be read again, or a file cannot be written.
pub(super) fn write(
    directory: &Path,
    input: &TuningInput,
    study: &TuningStudy,
    sessions: impl Fn(&Path) -> Result<Vec<Session>>,
) -> Result<Training> {
    let settings = &input.settings;
    let mut builder = RatesBuilder::new(&settings.rates, settings.tuning.seed)?;
    let (mut epochs, mut training) = (Vec::new(), Training::default());
    for path in &input.recordings {
        for session in sessions(path)? {
            let framed = Framed::new(&session, input.bin_s())?;
            let own = |s: &crate::tuning::SessionStudy| s.animal == session.animal && s.session == session.name;
            if let Some(number) = study.sessions.iter().position(own)
                && let Err(why) = builder.add(&session, &framed, &study.classes[number])
            {
                training.remarks.push(why.to_string());
            }
            if !session.trials.is_empty() {
                match epoch_criterion(&session, &framed, &settings.epochs) {
                    Ok(criterion) => epochs.push(criterion),
                    Err(why) => training.remarks.push(why.to_string()),
                }
            }
        }
    }
    if !epochs.is_empty() {
        let table = anova_csv(&epochs);
        write_atomically(&directory.join("anova.csv"), |w| w.write_all(table.as_bytes()))?;
    }
    match builder.finish() {
        Ok(files) => {
            let place = directory.join(DIRECTORY);
            files.write(&place)?;
            training.command = Some(files.command(&place));
            training.remarks.extend(files.remarks);
        }
        Err(why) => training.remarks.push(format!("No rates to train on were made. {why}")),
    }
    Ok(training)
}
