//! What a page is made from.

use crate::error::{Error, Result};
use crate::tuning::{SessionActivity, TuningSettings, TuningStudy};

/// A study, and what its page shows beside it.
#[derive(Clone, Copy, Debug)]
pub struct TuningReport<'a> {
    /// Heading.
    pub title: &'a str,
    /// What was chosen, as label and value.
    pub choices: &'a [(String, String)],
    /// What was found.
    pub study: &'a TuningStudy,
    /// How it was tested.
    pub settings: &'a TuningSettings,
    /// The activity of each session, in any order.
    pub activity: &'a [SessionActivity],
    /// Neurons that were asked for beside the chosen ones: the number of the session in the study, and their number in it.
    pub asked: &'a [(usize, usize)],
    /// What was assumed, mended or left out where recordings were read.
    pub notes: &'a [String],
}

impl<'a> TuningReport<'a> {
    /// The activity of each session, in the order of the study.
    ///
    /// # Errors
    /// If that of a session is not there, or is of other neurons.
    pub(super) fn activities(&self) -> Result<Vec<&'a SessionActivity>> {
        let mut found = Vec::new();
        for (session, classes) in self.study.sessions.iter().zip(&self.study.classes) {
            let (animal, name, n) = (&session.animal, &session.session, session.neurons.len());
            let own = self.activity.iter().find(|a| a.animal == *animal && a.session == *name && a.sd.len() == n);
            let Some(own) = own else {
                return Err(Error::run(format!(
                    "cannot make the report: expected the activity of the {n} neurons of session `{name}` of \
                     `{animal}`, found none."
                )));
            };
            let tests = &session.examined.tests;
            let fits = tests.testable.len() == n
                && classes.class.len() == n
                && tests.behaviours.len() == classes.q.len()
                && own.aligned.iter().all(|a| a.odd.dim() == (n, a.times.len()) && a.even.dim() == a.odd.dim());
            if !fits {
                return Err(Error::run(format!(
                    "cannot make the report: the tests and the activity of session `{name}` of `{animal}` are of \
                     different neurons."
                )));
            }
            found.push(own);
        }
        let known = |(session, neuron): &&(usize, usize)| {
            self.study.sessions.get(*session).is_none_or(|s| *neuron >= s.neurons.len())
        };
        if let Some((session, neuron)) = self.asked.iter().find(known) {
            return Err(Error::run(format!(
                "cannot make the report: neuron {neuron} of session {session} was asked for, and there is none."
            )));
        }
        Ok(found)
    }
}
