//! What was found, as tables.

use super::session::SessionEncoding;
use crate::data::{csv, csv_number, csv_text};

/// `encoding.csv`: each model of each neuron.
pub fn encoding_csv(sessions: &[SessionEncoding]) -> String {
    let rows = sessions.iter().flat_map(|s| {
        let fitted = (0..s.neurons.len()).filter(|i| s.fitted[*i]);
        fitted.flat_map(move |i| {
            s.models.iter().map(move |m| {
                vec![
                    csv_text(&s.animal),
                    csv_text(&s.session),
                    csv_text(&s.neurons[i].name),
                    s.family.map_or("", crate::analysis::glm::Family::name).into(),
                    m.model.name().into(),
                    csv_number(m.deviance_explained[i]),
                    csv_number(m.bits_per_s[i]),
                    csv_number(m.p[i]),
                    u8::from(s.selected[i] == Some(m.model)).to_string(),
                ]
            })
        })
    });
    csv("animal,session,neuron,family,model,deviance_explained,bits_per_s,p,selected", rows)
}

/// `contributions.csv`: what the behaviours of each agent contribute, of each neuron.
pub fn contributions_csv(sessions: &[SessionEncoding]) -> String {
    let rows = sessions.iter().flat_map(|s| {
        let fitted = (0..s.neurons.len()).filter(|i| s.fitted[*i]);
        fitted.flat_map(move |i| {
            s.contributions.iter().map(move |c| {
                vec![
                    csv_text(&s.animal),
                    csv_text(&s.session),
                    csv_text(&s.neurons[i].name),
                    c.part.name().into(),
                    csv_number(c.bits_per_s[i]),
                    csv_number(c.low[i]),
                    csv_number(c.high[i]),
                    csv_number(c.p[i]),
                    csv_number(c.wilcoxon_p[i]),
                ]
            })
        })
    });
    csv("animal,session,neuron,part,bits_per_s,low,high,p,wilcoxon_p", rows)
}
