//! The second criterion as a table.

use super::criterion::{EpochCriterion, EpochTests};
use crate::data::{csv, csv_number, csv_text};

/// The columns.
const HEADER: &str = "animal,session,neuron,area,agent,trials,objects,response,f_epoch,df_epoch,df_error,p_epoch,\
p_epoch_corrected,f_object,p_object,f_interaction,p_interaction,p_interaction_corrected,epoch,difference,t,p,p_corrected";

/// `anova.csv`: a row for each neuron, agent and epoch beside the baseline. The analysis of variance stands in all rows of a
/// neuron and agent; `difference` to `p_corrected` are those of the epoch against the baseline.
pub fn anova_csv(sessions: &[EpochCriterion]) -> String {
    let rows = sessions.iter().flat_map(|session| session.agents.iter().flat_map(move |tests| rows(session, tests)));
    csv(HEADER, rows)
}

fn rows<'a>(session: &'a EpochCriterion, tests: &'a EpochTests) -> impl Iterator<Item = Vec<String>> + 'a {
    (0..tests.neurons.len()).flat_map(move |i| {
        (1..tests.epochs.len()).filter_map(move |k| {
            let against = tests.neurons[i].against.get(k)?;
            let last = [against.difference, against.t, against.p, tests.neurons[i].corrected[k]];
            let mut row = of_neuron(session, tests, i);
            row.push(csv_text(&tests.epochs[k]));
            row.extend(last.map(csv_number));
            Some(row)
        })
    })
}

fn of_neuron(session: &EpochCriterion, tests: &EpochTests, i: usize) -> Vec<String> {
    let (neuron, found) = (&session.neurons[i], &tests.neurons[i]);
    let a = &found.anova;
    let numbers = [
        a.within.f,
        a.within.df[0],
        a.within.df[1],
        a.within.p,
        a.within_corrected,
        a.between.f,
        a.between.p,
        a.interaction.f,
        a.interaction.p,
        a.interaction_corrected,
    ];
    let mut row = vec![
        csv_text(&session.animal),
        csv_text(&session.session),
        csv_text(&neuron.name),
        csv_text(neuron.area.as_deref().unwrap_or("")),
        tests.agent.name().into(),
        found.trials.to_string(),
        tests.objects.len().to_string(),
        found.response.name().into(),
    ];
    row.extend(numbers.map(csv_number));
    row
}
