//! What is made of recordings once more, when all that was found is known: the page; rates, masks and a task to train networks
//! on; and the second criterion of tuning, which needs trials.

use super::input::TuningInput;
use crate::data::recording::{Framed, Session};
use crate::data::write_atomically;
use crate::error::Result;
use crate::report::tuning::{TuningReport, write};
use crate::run::{Listener, Notice};
use crate::tuning::{
    Axis, RatesBuilder, SessionActivity, SessionStudy, TuningStudy, anova_csv, candidates, epoch_criterion,
};
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

/// What is made of recordings once more, when all that was found is known.
pub(super) struct Shown {
    pub(super) training: Training,
    /// In the order of the study.
    activity: Vec<SessionActivity>,
    /// Neurons that were asked for: the number of the session in the study, and their number in it.
    asked: Vec<(usize, usize)>,
}

impl Shown {
    /// Reads the recordings of `study` again, and writes what they give to train on. Rates that cannot be made are no error: the
    /// study does not need them.
    ///
    /// # Errors
    /// If a recording cannot be read again, or a file cannot be written.
    pub(super) fn new(
        directory: &Path,
        input: &TuningInput,
        study: &TuningStudy,
        sessions: impl Fn(&Path) -> Result<Vec<Session>>,
    ) -> Result<Self> {
        let settings = &input.settings;
        let mut builder = RatesBuilder::new(&settings.rates, settings.tuning.seed)?;
        let (mut epochs, mut training) = (Vec::new(), Training::default());
        let (mut activity, mut asked) = (Vec::new(), Vec::new());
        for path in &input.recordings {
            for session in sessions(path)? {
                let framed = Framed::new(&session, input.bin_s())?;
                let own = |s: &SessionStudy| s.animal == session.animal && s.session == session.name;
                let Some(number) = study.sessions.iter().position(own) else { continue };
                let mut cells = candidates(&study.sessions[number], settings.tuning.false_discoveries);
                let own = (0..session.neurons.len()).filter(|i| input.asked.contains(&session.neurons[*i].name));
                asked.extend(own.clone().map(|neuron| (number, neuron)));
                cells.extend(own.filter(|i| !cells.contains(i)).collect::<Vec<_>>());
                let axis = Axis::new(&session, &framed)?;
                activity.push((number, SessionActivity::new(&session, &framed, &axis, &cells, &settings.aligned)));
                if let Err(why) = builder.add(&session, &framed, &study.classes[number]) {
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
        activity.sort_by_key(|(number, _)| *number);
        asked.sort_unstable();
        Ok(Self { training, activity: activity.into_iter().map(|(_, activity)| activity).collect(), asked })
    }

    /// The activity of each session, in the order of the study.
    pub(super) fn activity(&self) -> Vec<&SessionActivity> {
        self.activity.iter().collect()
    }

    /// Draws the page.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn report(
        &self,
        directory: &Path,
        input: &TuningInput,
        study: &TuningStudy,
        remarks: &[String],
        listener: &mut dyn Listener,
    ) -> Result<()> {
        let path = directory.join("report.html");
        let recordings = input.recordings.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
        let report = TuningReport {
            title: &title(directory),
            choices: &[("recordings".into(), recordings)],
            study,
            settings: &input.settings.tuning,
            activity: &self.activity,
            asked: &self.asked,
            notes: remarks,
        };
        write(&path, &report)?;
        listener.notice(&Notice::Report(&path));
        Ok(())
    }
}

/// What the pages of a study are called: as its directory.
pub(super) fn title(directory: &Path) -> String {
    directory.file_name().map_or_else(|| "tuning".into(), |name| name.to_string_lossy().into_owned())
}
