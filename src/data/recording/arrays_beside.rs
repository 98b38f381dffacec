//! What MAT and npz files hold beside the activity: bouts, labels, contexts, trials, covariates.

use super::labels;
use super::session::{Activity, Agent, Bout, Context, Covariate, Session, Trial};
use super::settings::{BoutSettings, CovariateSettings, RecordingSettings};
use super::subjects;
use crate::data::ArrayFile;
use crate::error::Result;
use std::collections::BTreeMap;

/// Takes all of it into `session`, whose activity has been read.
///
/// # Errors
/// If arrays that belong together differ in length, or a value is not what it should be.
pub(super) fn take(file: &ArrayFile, settings: &RecordingSettings, session: &mut Session) -> Result<()> {
    if file.contains("bout_start") {
        session.bouts = bouts(file, &settings.bouts)?;
    }
    if settings.bouts.file.is_none() {
        labelled(file, &settings.bouts, session)?;
    }
    if file.contains("context_start") {
        session.contexts = contexts(file)?;
    }
    if file.contains("trial_agent") {
        session.trials = trials(file, &settings.bouts)?;
    }
    covariates(file, &settings.covariates, session)
}

/// Values, of which each must be finite.
fn finite(file: &ArrayFile, name: &str, what: &str, length: Option<usize>) -> Result<Vec<f64>> {
    let values = file.vector(name, what, length)?;
    match values.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(file.error(name, "finite numbers", format!("{} at place {}", values[i], i + 1), "")),
        None => Ok(values),
    }
}

/// Texts of a known number.
fn texts(file: &ArrayFile, name: &str, length: usize) -> Result<Vec<String>> {
    let texts = file.texts(name)?;
    if texts.len() == length {
        return Ok(texts);
    }
    Err(file.error(name, format!("{length} values"), texts.len().to_string(), ""))
}

/// The agents of an array: texts, or 0 for self and 1 for other.
fn agents(file: &ArrayFile, name: &str, length: usize, settings: &BoutSettings) -> Result<Vec<Agent>> {
    let agent = |(i, text): (usize, String)| match text.as_str() {
        "0" => Ok(Agent::Own),
        "1" => Ok(Agent::Other),
        _ => subjects::agent(&text, settings, file.path(), &format!("{name}, place {}", i + 1)),
    };
    texts(file, name, length)?.into_iter().enumerate().map(agent).collect()
}

fn bouts(file: &ArrayFile, settings: &BoutSettings) -> Result<Vec<Bout>> {
    let clock = |t: f64| settings.video_rate.map_or(t, |rate| t / rate) + settings.offset_s;
    let starts = finite(file, "bout_start", "starts of bouts", None)?;
    let n = starts.len();
    let stops = finite(file, "bout_stop", "stops of bouts, one per start,", Some(n))?;
    if let Some(i) = (0..n).find(|i| stops[*i] < starts[*i]) {
        let found = format!("a start at {} s and a stop at {} s, at place {}", starts[i], stops[i], i + 1);
        return Err(file.error("bout_stop", "stops after their starts", found, "Correct it, or leave the bout out."));
    }
    let behaviours = texts(file, "bout_behaviour", n)?;
    let agents = match (file.contains("bout_agent"), settings.agent) {
        (false, Some(agent)) => vec![agent; n],
        (false, None) => {
            let remedy = "Save one, or say with `bouts.agent` (\"self\" or \"other\") whose all bouts are.";
            return Err(file.error("bout_agent", "who acts in each bout", file.listing(), remedy));
        }
        _ => agents(file, "bout_agent", n, settings)?,
    };
    let objects = if file.contains("bout_object") { texts(file, "bout_object", n)? } else { vec![String::new(); n] };
    let named = |label: &String| settings.label_names.get(label).unwrap_or(label).clone();
    let object = |text: &String| Some(text.clone()).filter(|t| !t.is_empty());
    let bout = |i: usize| Bout {
        agent: agents[i],
        behaviour: named(&behaviours[i]),
        start: clock(starts[i]),
        stop: clock(stops[i]),
        object: object(&objects[i]),
    };
    Ok((0..n).map(bout).collect())
}

/// Bouts from variables with a label per frame.
fn labelled(file: &ArrayFile, settings: &BoutSettings, session: &mut Session) -> Result<()> {
    let frames = match &session.activity {
        Activity::Frames { times, .. } => Some(&times[..]),
        Activity::Spikes { .. } | Activity::Averages(_) => None,
    };
    for (agent, name) in &settings.labels {
        let place = (file.path(), name.as_str());
        let values = file.texts(name)?;
        let times = labels::times(place, values.len(), frames, settings)?;
        session.bouts.extend(labels::bouts(place, &values, &times, *agent, &settings.label_names)?);
    }
    Ok(())
}

fn contexts(file: &ArrayFile) -> Result<Vec<Context>> {
    let starts = finite(file, "context_start", "starts of contexts", None)?;
    let stops = finite(file, "context_stop", "stops of contexts, one per start,", Some(starts.len()))?;
    let names = texts(file, "context_name", starts.len())?;
    let parts = names.into_iter().zip(starts).zip(stops);
    Ok(parts.map(|((name, start), stop)| Context { name, start, stop }).collect())
}

/// `trial_agent`, maybe `trial_go` and `trial_object`, and `event_NAME` for each event, NaN where it did not happen.
fn trials(file: &ArrayFile, settings: &BoutSettings) -> Result<Vec<Trial>> {
    let n = file.texts("trial_agent")?.len();
    let agents = agents(file, "trial_agent", n, settings)?;
    let go = if file.contains("trial_go") {
        Some(file.vector("trial_go", "values, one per trial,", Some(n))?)
    } else {
        None
    };
    let objects = if file.contains("trial_object") { Some(texts(file, "trial_object", n)?) } else { None };
    let named = file.names().into_iter().filter_map(|name| Some((name.strip_prefix("event_")?.to_string(), name)));
    let events: Vec<(String, Vec<f64>)> = named
        .map(|(event, name)| Ok((event, file.vector(name, "times, one per trial,", Some(n))?)))
        .collect::<Result<_>>()?;
    let happened = |i: usize| -> BTreeMap<String, f64> {
        events.iter().filter(|(_, times)| times[i].is_finite()).map(|(name, times)| (name.clone(), times[i])).collect()
    };
    let trial = |i: usize| Trial {
        agent: agents[i],
        go: go.as_ref().map(|go| go[i]).filter(|g| g.is_finite()).map(|g| g != 0.0),
        object: objects.as_ref().map(|o| o[i].clone()).filter(|o| !o.is_empty()),
        events: happened(i),
    };
    Ok((0..n).map(trial).collect())
}

/// Every pair of variables `NAME` and `NAME_times`, and those that the settings name.
fn covariates(file: &ArrayFile, settings: &[CovariateSettings], session: &mut Session) -> Result<()> {
    let names: Vec<String> = file.names().into_iter().map(String::from).collect();
    let asked =
        |name: &str| settings.iter().any(|s| s.file.is_none() && s.column.as_deref().unwrap_or(&s.name) == name);
    for name in names.iter().filter(|n| !asked(n) && !["spike", "activity"].contains(&n.as_str())) {
        let clock = format!("{name}_times");
        if names.contains(&clock) {
            session.covariates.push(covariate(file, name.clone(), name, &clock, 0.0)?);
        }
    }
    for wanted in settings.iter().filter(|s| s.file.is_none()) {
        let column = wanted.column.as_deref().unwrap_or(&wanted.name);
        let clock = wanted.time_column.clone().unwrap_or_else(|| format!("{column}_times"));
        let found = match wanted.rate {
            Some(rate) if !file.contains(&clock) => {
                check_there(file, &wanted.name, column)?;
                let values = file.vector(column, "samples", None)?;
                let times = (0..values.len()).map(|i| i as f64 / rate + wanted.offset_s).collect();
                Covariate { name: wanted.name.clone(), times, values }
            }
            _ => covariate(file, wanted.name.clone(), column, &clock, wanted.offset_s)?,
        };
        session.covariates.push(found);
    }
    Ok(())
}

fn covariate(file: &ArrayFile, name: String, column: &str, clock: &str, offset: f64) -> Result<Covariate> {
    check_there(file, &name, column)?;
    let values = file.vector(column, "samples", None)?;
    if !file.contains(clock) {
        let remedy = "Save it, name another with `time_column`, or give `rate`.";
        return Err(file.error(clock, format!("the times of {column}, in s"), file.listing(), remedy));
    }
    let times = file.vector(clock, "times, one per sample,", Some(values.len()))?;
    check_ascending(file, clock, &times)?;
    let values = values.into_iter().map(|v| if v.is_finite() { v } else { f64::NAN }).collect();
    Ok(Covariate { name, times: times.into_iter().map(|t| t + offset).collect(), values })
}

/// Refuses a covariate that the settings ask for, and the file has not.
fn check_there(file: &ArrayFile, name: &str, column: &str) -> Result<()> {
    if file.contains(column) {
        return Ok(());
    }
    let expected = format!("a variable with the covariate `{name}`");
    let remedy = "Name one that is there in its `column`, or the table that has it in its `file`.";
    Err(file.error(column, expected, file.listing(), remedy))
}

/// Refuses times that are not finite, or do not ascend.
pub(super) fn check_ascending(file: &ArrayFile, name: &str, times: &[f64]) -> Result<()> {
    let bad = |i: &usize| !times[*i].is_finite() || (*i > 0 && times[*i] <= times[*i - 1]);
    match (0..times.len()).find(bad) {
        Some(i) => {
            let found = format!("{} at place {}", times[i], i + 1);
            Err(file.error(name, "finite times in s that ascend", found, ""))
        }
        None => Ok(()),
    }
}
