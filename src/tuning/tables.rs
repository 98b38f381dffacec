//! What was found, as tables.

use super::classes::Class;
use super::stability::Stability;
use super::study::TuningStudy;
use super::verdict::{Judgement, Verdict};
use crate::analysis::statistics::Overlap;
use crate::data::{csv, csv_number, csv_text};
use serde::Serialize;

/// `tuning.csv`: every test that was made.
pub fn tuning_csv(study: &TuningStudy) -> String {
    let rows = study.sessions.iter().zip(&study.classes).flat_map(|(session, classes)| {
        let tests = &session.examined.tests;
        let by_behaviour = tests.behaviours.iter().zip(&classes.q);
        by_behaviour.flat_map(move |(t, q)| {
            let tested = (0..session.neurons.len()).filter(|i| tests.testable[*i]);
            tested.map(move |i| {
                let neuron = &session.neurons[i];
                vec![
                    csv_text(&session.animal),
                    csv_text(&session.session),
                    csv_text(&neuron.name),
                    csv_text(neuron.area.as_deref().unwrap_or("")),
                    t.agent.name().into(),
                    csv_text(&t.behaviour),
                    t.bouts.to_string(),
                    csv_number(t.effect[i]),
                    sign(t.effect[i]).into(),
                    csv_number(t.p[i]),
                    csv_number(q[i]),
                ]
            })
        })
    });
    csv("animal,session,neuron,area,agent,behaviour,bouts,effect,sign,p,q", rows)
}

/// Facilitated, suppressed, or neither.
fn sign(effect: f64) -> &'static str {
    if effect > 0.0 {
        "1"
    } else if effect < 0.0 {
        "-1"
    } else {
        "0"
    }
}

/// `labels.csv`: the class of every neuron.
pub fn labels_csv(study: &TuningStudy) -> String {
    let rows = study.sessions.iter().zip(&study.classes).flat_map(|(session, classes)| {
        (0..session.neurons.len()).map(move |i| {
            let neuron = &session.neurons[i];
            vec![
                csv_text(&session.animal),
                csv_text(&session.session),
                csv_text(&neuron.name),
                csv_text(neuron.area.as_deref().unwrap_or("")),
                classes.class[i].name().into(),
                csv_text(&classes.mirrored[i].join(";")),
            ]
        })
    });
    csv("animal,session,neuron,area,class,mirror_behaviours", rows)
}

/// `mirror.csv`: of each neuron and behaviour that was tested in both agents, both together.
pub fn mirror_csv(study: &TuningStudy) -> String {
    let rows = study.sessions.iter().zip(&study.classes).flat_map(|(session, classes)| {
        let testable = &session.examined.tests.testable;
        classes.mirror.iter().flat_map(move |m| {
            (0..session.neurons.len()).filter(|i| testable[*i]).map(move |i| {
                vec![
                    csv_text(&session.animal),
                    csv_text(&session.session),
                    csv_text(&session.neurons[i].name),
                    csv_text(&m.behaviour),
                    csv_number(m.p[i]),
                    csv_number(m.q[i]),
                    u8::from(m.congruent[i]).to_string(),
                    csv_number(classes.correlation[i]),
                ]
            })
        })
    });
    csv("animal,session,neuron,behaviour,p,q,congruent,correlation", rows)
}

/// `controls.csv`: of every neuron that is tuned to an observed behaviour, whether something else may be why.
pub fn controls_csv(study: &TuningStudy, level: f64) -> String {
    use crate::data::recording::Agent::Other;
    let mut rows = Vec::new();
    for (number, session) in study.sessions.iter().enumerate() {
        let (classes, given) = (&study.classes[number], study.given_covariates[number].as_ref());
        let tests = &session.examined.tests;
        let observed = || tests.behaviours.iter().filter(|t| t.agent == Other);
        for t in observed() {
            let onset = session.onset.behaviours.first();
            let still = session.still.of(Other, &t.behaviour);
            let residual = session.residual.as_ref().and_then(|r| r.tests.of(Other, &t.behaviour));
            for i in (0..session.neurons.len()).filter(|i| t.p[*i] < level) {
                let elsewhere = observed().filter(|o| o.behaviour != t.behaviour && o.p[i] < level);
                let elsewhere: Vec<&str> = elsewhere.map(|o| o.behaviour.as_str()).collect();
                let p_of = |tests: Option<&super::BehaviourTests>| csv_number(tests.map_or(f64::NAN, |t| t.p[i]));
                rows.push(vec![
                    csv_text(&session.animal),
                    csv_text(&session.session),
                    csv_text(&session.neurons[i].name),
                    csv_text(&t.behaviour),
                    csv_number(t.p[i]),
                    p_of(onset),
                    p_of(still),
                    p_of(residual),
                    csv_text(&elsewhere.join(";")),
                    classes.class[i].name().into(),
                    given.map_or("", |g| g.class[i].name()).into(),
                ]);
            }
        }
    }
    csv(
        "animal,session,neuron,behaviour,p,p_onset,p_while_still,p_given_covariates,other_observed,class,class_given_covariates",
        rows.into_iter(),
    )
}

/// `summary.json`.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    /// What may be concluded.
    pub verdict: Verdict,
    /// In a sentence.
    pub sentence: &'a str,
    /// Sessions.
    pub sessions: usize,
    /// Neurons of all sessions.
    pub neurons: usize,
    /// By class.
    pub classes: std::collections::BTreeMap<&'static str, usize>,
    /// The upper 95 % bound of the prevalence of mirror neurons among those tuned to execution, for observed responses of half
    /// the executed ones; none where no neuron is tuned.
    pub bound: Option<f64>,
    /// Numbers of tuned neurons beside their null distributions.
    pub counts: &'a [super::Counted],
    /// Overlap of both agents beyond independence.
    pub overlap: Overlap,
    /// Classes from session to session.
    pub stability: &'a Stability,
    /// All numbers of the verdict.
    pub judgement: &'a Judgement,
}

impl<'a> Summary<'a> {
    /// Of a study.
    pub fn of(study: &'a TuningStudy) -> Self {
        let judgement = &study.judgement;
        let judged = judgement.together.bounds.iter().find(|b| b.scale == super::JUDGED);
        Self {
            verdict: judgement.verdict,
            sentence: &judgement.sentence,
            sessions: study.sessions.len(),
            neurons: study.sessions.iter().map(|s| s.neurons.len()).sum(),
            classes: Class::ALL.into_iter().map(|class| (class.name(), study.of_class(class))).collect(),
            bound: judged.map(|b| b.upper),
            counts: &study.counts,
            overlap: study.overlap,
            stability: &study.stability,
            judgement,
        }
    }
}
