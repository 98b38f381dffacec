//! What may be asked of recordings beside the tuning of their neurons: encoding models, and populations.

use super::input::{Also, TuningInput};
use super::network::{data_and_model, is_run};
use super::sessions::{Keeper, key_of};
use crate::analysis::statistics::Interval;
use crate::data::recording::{Framed, Session};
use crate::data::write_atomically;
use crate::error::{Error, Result};
use crate::tuning::population::{
    AreaAlignment, PopulationStudy, SessionPopulation, alignment_csv, population_of_session, separation_csv,
};
use crate::tuning::{
    SessionEncoding, contributions_csv, encode_session, encoding_csv, executed_against_observed, reclassed,
};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// What was asked for beside tuning, session by session.
#[derive(Debug, Default)]
pub(super) struct Beyond {
    encodings: Vec<SessionEncoding>,
    populations: Vec<SessionPopulation>,
    /// Of networks: whose, data or model, and what is shared of axes; or why nothing can be said.
    models: Vec<(String, &'static str, Vec<AreaAlignment>)>,
    remarks: Vec<String>,
}

impl Beyond {
    /// Finds what is asked for of a session, or takes what was kept of it. `false` if it was asked to stop.
    ///
    /// # Errors
    /// If a setting cannot be meant, no frame can be used, or a file cannot be written.
    pub(super) fn add(
        &mut self,
        directory: &Path,
        input: &TuningInput,
        session: &Session,
        framed: &Framed,
        stop: &AtomicBool,
    ) -> Result<bool> {
        let settings = &input.settings;
        let (tuning, key) = (&settings.tuning, key_of(&settings.tuning, session));
        if input.also.contains(&Also::Encoding) {
            let keeper = Keeper::of(directory, "encoding", session, framed, &(tuning, &settings.encoding));
            let found = keeper.kept_or(|| encode_session(session, framed, key, tuning, &settings.encoding, stop))?;
            let Some(found) = found else { return Ok(false) };
            self.encodings.push(found);
        }
        if input.also.contains(&Also::Population) {
            let (objects, how) = (&tuning.objects, &settings.population);
            let keeper = Keeper::of(directory, "population", session, framed, &(tuning.seed, objects, how));
            let found = keeper.kept_or(|| population_of_session(session, framed, objects, key, how, stop))?;
            let Some(found) = found else { return Ok(false) };
            self.populations.push(found);
        }
        if input.also.contains(&Also::Population) && is_run(&session.source) {
            match data_and_model(&session.source, settings, stop) {
                Ok(None) => return Ok(false),
                Ok(Some(found)) => {
                    let named = ["data", "model"].into_iter().zip(found);
                    self.models.extend(named.map(|(of, areas)| (session.animal.clone(), of, areas)));
                }
                // Trials that are too short for the window are no reason to lose all else.
                Err(Error::Input(why)) => self.remarks.push(format!("alignment   {}: {why}", session.animal)),
                Err(other) => return Err(other),
            }
        }
        Ok(true)
    }

    /// Writes the tables of what was found, and says it.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(super) fn write(self, directory: &Path, input: &TuningInput) -> Result<String> {
        let mut text = String::new();
        let mut tables = Vec::new();
        if input.also.contains(&Also::Encoding) {
            text += &encoding_text(&self.encodings, input);
            tables.push(("encoding.csv", encoding_csv(&self.encodings)));
            tables.push(("contributions.csv", contributions_csv(&self.encodings)));
        }
        if input.also.contains(&Also::Population) {
            let of = |s: &SessionPopulation| (s.animal.clone(), s.session.clone(), s.alignment.clone());
            let study = PopulationStudy::new(self.populations, input.settings.tuning.seed);
            let models = self.models.into_iter().map(|(animal, of, areas)| (animal, of.to_string(), areas));
            let aligned: Vec<_> = study.sessions.iter().map(of).chain(models).collect();
            text.extend(self.remarks.iter().map(|remark| format!("{remark}\n")));
            let _ = writeln!(text, "clustering  {}", study.clustering.sentence);
            tables.push(("separation.csv", separation_csv(&study)));
            tables.push((
                "alignment.csv",
                alignment_csv(
                    aligned.iter().map(|(animal, session, areas)| (animal.as_str(), session.as_str(), &areas[..])),
                ),
            ));
        }
        for (name, table) in tables {
            write_atomically(&directory.join(name), |w| w.write_all(table.as_bytes()))?;
        }
        Ok(text)
    }
}

/// What encoding models say, for a terminal.
fn encoding_text(sessions: &[SessionEncoding], input: &TuningInput) -> String {
    let mut text = String::new();
    let neurons: usize = sessions.iter().map(|s| s.fitted.iter().filter(|f| **f).count()).sum();
    let _ = writeln!(text, "encoding    {neurons} neurons were fitted");
    for session in sessions {
        if let Some(why) = &session.why_not {
            let _ = writeln!(text, "encoding    {} {}: {why}", session.animal, session.session);
        }
        if let Some(proxy) = session.proxy.as_ref().filter(|proxy| proxy.is_poor()) {
            let _ = writeln!(text, "covariates  {} {}: {}", session.animal, session.session, proxy.sentence());
        }
    }
    let tuning = &input.settings.tuning;
    let classes = reclassed(sessions, tuning.false_discoveries);
    let changed = classes.iter().filter(|c| c.is_changed()).count();
    let _ = writeln!(text, "classes     {changed} of {} change once covariates are in the model", classes.len());
    if let Some(found) = executed_against_observed(sessions, input.settings.encoding.resamplings, tuning.seed) {
        let (compared, bouts) = found.matched.map_or((found.all, "all"), |matched| (matched, "matched"));
        let Interval { mean, low, high } = compared.difference;
        let (p, neurons, animals) = (compared.bootstrap_p, compared.neurons, compared.animals);
        let _ = writeln!(
            text,
            "executed    less observed, {bouts} bouts: {mean:.4} bits/s ({low:.4} to {high:.4}, p = {p:.3}; {neurons} neurons, {animals} animals)"
        );
    }
    text
}
