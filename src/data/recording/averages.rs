//! What averages over trials cannot say.

use super::session::{Activity, Session};
use super::tidy::counted;
use crate::error::Error;

/// What cannot be known from averages, a sentence each; nothing for recordings of another kind.
pub fn unanswered_by_averages(session: &Session) -> Vec<String> {
    match &session.activity {
        Activity::Frames { .. } | Activity::Spikes { .. } => Vec::new(),
        Activity::Averages(conditions) => {
            let of = format!(
                "{} of {} are averages over trials",
                counted(conditions.len(), "condition"),
                counted(session.neurons.len(), "neuron")
            );
            [
                of.as_str(),
                "there are no trials: how much responses differ between trials is not known",
                "there are no bouts: nothing can be compared with what was before and after",
                "without either there is no null distribution, so no p value, and no tuning of a neuron",
                "without tuning there are no classes (self, other, mirror), and no list of mirror neurons",
                "power cannot be measured, so there is no bound of prevalence and no verdict, not even \"inconclusive\"",
                "there are no covariates: movements of the observer and arousal cannot be told from responses",
                "networks can be trained on averages (aon train, with a task), and their neurons silenced (aon perturb)",
                "for tuning, give the recording that the averages were made of",
            ]
            .map(|sentence| capital(sentence) + ".")
            .to_vec()
        }
    }
}

/// The error that averages are no recording: all that they cannot say, a line each.
pub fn only_averages(session: &Session) -> Error {
    let lines: Vec<String> =
        unanswered_by_averages(session).into_iter().map(|sentence| format!("* {sentence}")).collect();
    Error::input(format!(
        "{}: expected activity over a whole session, found averages over trials.\n{}",
        session.source.display(),
        lines.join("\n")
    ))
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
