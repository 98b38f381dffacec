//! Behaviours of which a series says when each starts and stops, or which it names sample by sample.

use super::super::agents;
use super::super::hdf5::{Column, Hdf5, Object};
use super::super::session::{Agent, Bout};
use super::super::settings::BoutSettings;
use super::clock;
use super::walk::{Found, label};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// What stands between who acts and what is done, in a name.
const BETWEEN: [char; 5] = ['_', ' ', ':', '-', '.'];

/// The bouts of a series: positive values start one, negative ones stop it. Its name is the behaviour, behind the name of who does
/// it, or that is set. `None` if nothing says who.
pub(super) fn read(file: &Hdf5, series: &Found, settings: &BoutSettings) -> Result<Option<Vec<Bout>>> {
    let Some((agent, behaviour)) = named(series.object.name(), settings) else {
        return Ok(None);
    };
    let data = values(file, &series.object)?;
    let times = clock::times(file, &series.object, data.len(), None, "rate")?;
    let mut kinds: Vec<f64> = data.iter().map(|v| v.abs()).collect();
    kinds.sort_by(f64::total_cmp);
    kinds.dedup();
    let mut open: BTreeMap<u64, f64> = BTreeMap::new();
    let mut bouts = Vec::new();
    for (value, at) in data.iter().zip(times) {
        let at = at + settings.offset_s;
        let kind = value.abs();
        let fault = |found: String| unpaired(file, &series.object, found);
        if *value > 0.0 {
            if open.insert(kind.to_bits(), at).is_some() {
                return Err(fault(format!("two starts without a stop between them, the second at {at} s")));
            }
        } else if *value < 0.0 {
            let start =
                open.remove(&kind.to_bits()).ok_or_else(|| fault(format!("a stop without a start at {at} s")))?;
            let behaviour = if kinds.len() == 1 { behaviour.clone() } else { kind_name(&behaviour, kind, settings) };
            bouts.push(Bout { agent, behaviour, start, stop: at, object: None });
        } else {
            return Err(fault(format!("{value} at {at} s")));
        }
    }
    if let Some(start) = open.values().next() {
        return Err(unpaired(file, &series.object, format!("a start without a stop at {start} s")));
    }
    Ok(Some(bouts))
}

fn unpaired(file: &Hdf5, series: &Object, found: String) -> Error {
    let expected = "a start (above 0) and a stop (below 0) of each bout in turn";
    file.fault(&series.path, expected, found, "Write the stop that is missing, or leave the bout out.")
}

/// One of several behaviours in a series.
fn kind_name(series: &str, kind: f64, settings: &BoutSettings) -> String {
    settings.label_names.get(&kind.to_string()).cloned().unwrap_or_else(|| format!("{series} {kind}"))
}

fn values(file: &Hdf5, series: &Object) -> Result<Vec<f64>> {
    match file.member(series, "data")?.filter(|data| data.is_dataset) {
        Some(data) => file.numbers(&data),
        None => Err(file.fault(&series.path, "a dataset `data`", "none", "Write the series again.")),
    }
}

/// Who does what, by the name of a series.
fn named(name: &str, settings: &BoutSettings) -> Option<(Agent, String)> {
    let split = |at: usize| {
        let behaviour = name[at..].trim_start_matches(BETWEEN);
        let agent = agents::agent(settings, &name[..at])?;
        (!behaviour.is_empty()).then(|| (agent, behaviour.to_string()))
    };
    let by_name = name.match_indices(BETWEEN).find_map(|(at, _)| split(at));
    by_name.or_else(|| settings.agent.map(|agent| (agent, name.to_string())))
}

/// The bouts of `agent` in a series that names a behaviour, or none, for each sample.
pub(super) fn labelled(file: &Hdf5, series: &Object, agent: Agent, settings: &BoutSettings) -> Result<Vec<Bout>> {
    let Some(data) = file.member(series, "data")?.filter(|data| data.is_dataset) else {
        return Err(file.fault(&series.path, "a dataset `data`", "none", "Write the series again."));
    };
    let labels: Vec<Option<String>> = match file.column(&data)? {
        Column::Numbers(values) => values.iter().map(|v| numbered(*v, settings)).collect(),
        Column::Texts(texts) => texts.iter().map(|t| Some(t.trim().to_string()).filter(|t| !t.is_empty())).collect(),
    };
    let mut times = clock::times(file, series, labels.len(), None, "rate")?;
    let Some(end) = end(&times) else {
        return Err(file.fault(&series.path, "two samples or more", labels.len().to_string(), "Name another series."));
    };
    times.push(end);
    let mut bouts: Vec<Bout> = Vec::new();
    for (k, name) in labels.iter().enumerate().filter_map(|(k, l)| Some((k, l.as_ref()?))) {
        let (start, stop) = (times[k] + settings.offset_s, times[k + 1] + settings.offset_s);
        match bouts.last_mut() {
            Some(last) if last.behaviour == *name && last.stop == start => last.stop = stop,
            _ => bouts.push(Bout { agent, behaviour: name.clone(), start, stop, object: None }),
        }
    }
    if bouts.is_empty() {
        let found = format!("{} samples without any", labels.len());
        return Err(file.fault(label(&data.path), "labels of behaviours", found, "Name another series."));
    }
    Ok(bouts)
}

/// When the last sample ends: it lasts as long as the median of the others.
fn end(times: &[f64]) -> Option<f64> {
    let mut distances: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = distances.len() / 2;
    let usual = (!distances.is_empty()).then(|| *distances.select_nth_unstable_by(middle, f64::total_cmp).1)?;
    Some(times.last()? + usual)
}

fn numbered(value: f64, settings: &BoutSettings) -> Option<String> {
    let name = || settings.label_names.get(&value.to_string()).cloned().unwrap_or_else(|| value.to_string());
    (value.is_finite() && value != 0.0).then(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_series_say_who_does_what() {
        let settings = BoutSettings { other: vec!["cage mate".into()], ..Default::default() };
        let of = |name| named(name, &settings);
        assert_eq!(of("self_reaching"), Some((Agent::Own, "reaching".into())));
        assert_eq!(of("Other: wheel running"), Some((Agent::Other, "wheel running".into())));
        assert_eq!(of("cage mate grooming"), Some((Agent::Other, "grooming".into())));
        assert_eq!((of("selfish"), of("grooming"), of("self_"), of("")), (None, None, None, None));
        let settings = BoutSettings { agent: Some(Agent::Own), ..Default::default() };
        assert_eq!(named("wheel running", &settings), Some((Agent::Own, "wheel running".into())));
    }
}
