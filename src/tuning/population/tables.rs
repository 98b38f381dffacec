//! What was found, as tables.

use super::areas::AreaAlignment;
use super::study::PopulationStudy;
use crate::data::{csv, csv_number, csv_text};

/// The space in which separation is measured: an axis for each neuron.
const SPACE: &str = "neurons";

/// `separation.csv`: how well behaviours part in each session, and in all together (`animal` and `session` empty). `p` is empty
/// where nothing is tested.
pub fn separation_csv(study: &PopulationStudy) -> String {
    let row = |names: [&str; 2], who: &str, measure: &str, value: f64, [low, high]: [f64; 2], p: f64| {
        let mut cells = names.map(csv_text).to_vec();
        cells.extend([who, SPACE, measure].map(Into::into));
        cells.extend([value, low, high, p].map(csv_number));
        cells
    };
    let of_sessions = study.sessions.iter().flat_map(|s| {
        s.measured().map(move |m| {
            let p = if m.null.is_empty() { f64::NAN } else { m.p() };
            row([&s.animal, &s.session], m.who.name(), m.measure.name(), m.value, m.interval(), p)
        })
    });
    let together =
        study.combined.iter().map(|c| row(["", ""], c.who.name(), c.measure.name(), c.value, c.interval, c.p));
    csv("animal,session,agent,space,measure,value,low,high,p", of_sessions.chain(together))
}

/// `alignment.csv`: how much of one agent's variance lies along the axes of the other, of `(animal, session, rows)`; averages
/// have neither animal nor session. An empty area is all neurons.
pub fn alignment_csv<'a>(sessions: impl IntoIterator<Item = (&'a str, &'a str, &'a [AreaAlignment])>) -> String {
    let rows = sessions.into_iter().flat_map(|(animal, session, rows)| {
        rows.iter().map(move |r| {
            let mut cells = [animal, session, r.area.as_deref().unwrap_or("")].map(csv_text).to_vec();
            cells.extend([&r.axes_of, &r.projected].map(|name| csv_text(name)));
            cells.push(r.test.axes.to_string());
            cells.extend([r.test.index, r.test.p_neurons, r.test.p_subspaces].map(csv_number));
            cells
        })
    });
    csv("animal,session,area,axes_of,projected,axes,index,p_neurons,p_subspaces", rows)
}
