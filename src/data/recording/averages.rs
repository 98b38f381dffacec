//! What averages over trials cannot say.

use super::session::{Activity, Session};

/// What cannot be known from averages, a sentence each; nothing for recordings of another kind.
pub fn unanswered_by_averages(session: &Session) -> Vec<String> {
    match &session.activity {
        Activity::Frames { .. } | Activity::Spikes { .. } => Vec::new(),
        Activity::Averages(conditions) => {
            let of = format!(
                "{} conditions of {} neurons are averages over trials",
                conditions.len(),
                session.neurons.len()
            );
            [
                of.as_str(),
                "there are no trials: how much responses differ between trials is not known",
                "there are no bouts: nothing can be compared with what was before and after",
                "without either there is no null distribution, so no p value, and no tuning of a neuron",
                "without tuning there are no classes (self, other, mirror), and no list of mirror neurons",
                "power cannot be measured, so there is no bound of prevalence and no verdict, not even \"inconclusive\"",
                "there are no covariates: movements of the observer and arousal cannot be told from responses",
                "averages can be drawn and trained on (aon train); for tuning, give the recording that they were made of",
            ]
            .map(|sentence| capital(sentence) + ".")
            .to_vec()
        }
    }
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
