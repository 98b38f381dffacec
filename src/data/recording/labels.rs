//! A label for every frame, in place of intervals.

use super::session::usual_interval;
use super::session::{Agent, Bout};
use super::settings::BoutSettings;
use super::table::{Table, cell, plain};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// The bouts of one agent that `labels`, one per frame, say; `times` are those of the frames. A label that is empty, 0 or NaN
/// is none. `place` names where they stand.
///
/// # Errors
/// If a number among them has no name although others have.
pub(super) fn bouts(
    (file, place): (&Path, &str),
    labels: &[String],
    times: &[f64],
    agent: Agent,
    names: &BTreeMap<String, String>,
) -> Result<Vec<Bout>> {
    let named: Vec<Option<String>> =
        labels.iter().enumerate().map(|(i, label)| name((file, place), i, label, names)).collect::<Result<_>>()?;
    let interval = usual_interval(times).unwrap_or(0.0);
    let mut bouts: Vec<Bout> = Vec::new();
    for (i, behaviour) in named.iter().enumerate().take(times.len()) {
        let Some(behaviour) = behaviour else { continue };
        // A frame ends where the next begins, unless there is a pause between them.
        let stop = times.get(i + 1).map_or(f64::INFINITY, |next| *next).min(times[i] + 1.5 * interval);
        let stop = if i + 1 == times.len() { times[i] + interval } else { stop };
        match bouts.last_mut() {
            Some(last) if i > 0 && named[i - 1].as_ref() == Some(behaviour) && last.stop == times[i] => {
                last.stop = stop;
            }
            _ => bouts.push(Bout { agent, behaviour: behaviour.clone(), start: times[i], stop, object: None }),
        }
    }
    Ok(bouts)
}

fn name(
    (file, place): (&Path, &str),
    frame: usize,
    label: &str,
    names: &BTreeMap<String, String>,
) -> Result<Option<String>> {
    let label = label.trim();
    let number: Option<f64> = label.parse().ok();
    if label.is_empty() || number.is_some_and(|n| n == 0.0 || n.is_nan()) {
        return Ok(None);
    }
    let label = number.map_or_else(|| label.to_string(), |n| n.to_string());
    match names.get(&label) {
        Some(name) => Ok(Some(name.clone())),
        None if number.is_some() && !names.is_empty() => Err(Error::variable(
            file,
            place,
            "labels that `bouts.label_names` names",
            format!("{label} in frame {}", frame + 1),
            "Add it there; 0 is no behaviour.",
        )),
        None => Ok(Some(label)),
    }
}

/// The columns of a table that hold labels, for each agent, one label per row.
///
/// # Errors
/// If there is no such table or column.
pub(super) fn columns(path: &Path, settings: &BoutSettings) -> Result<Vec<(Agent, Vec<String>)>> {
    let wanted: Vec<&String> = settings.labels.values().collect();
    let has = |header: &csv::StringRecord, name: &str| header.iter().any(|column| plain(column) == plain(name));
    let listed: Vec<&str> = wanted.iter().map(|name| name.as_str()).collect();
    let expected = format!("the columns {} that `bouts.labels` names", listed.join(" and "));
    let table = Table::read(path, |header| wanted.iter().all(|name| has(header, name)), &expected)?;
    let labels = settings.labels.iter().map(|(agent, name)| {
        let column = table.required(&[name], "Correct the name in `bouts.labels`.")?;
        Ok((*agent, table.rows.iter().map(|row| cell(row, column).to_string()).collect()))
    });
    labels.collect()
}

/// The times of `count` labels: those of the activity's frames, or of a video of `video_rate` frames a second. The offset of
/// a video is the settings'.
///
/// # Errors
/// If there are neither as many frames nor a rate.
pub(super) fn times(
    (file, place): (&Path, &str),
    count: usize,
    frames: Option<&[f64]>,
    settings: &BoutSettings,
) -> Result<Vec<f64>> {
    if let Some(rate) = settings.video_rate {
        return Ok((0..count).map(|i| i as f64 / rate + settings.offset_s).collect());
    }
    match frames {
        Some(times) if times.len() == count => Ok(times.iter().map(|t| t + settings.offset_s).collect()),
        _ => {
            let expected = frames.map_or("`bouts.video_rate`".into(), |times| {
                format!("{} labels, one per frame of activity", times.len())
            });
            let remedy = "If they are of frames of a video, give its frames a second as `bouts.video_rate`.";
            Err(Error::variable(file, place, expected, format!("{count} labels"), remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[&str], times: &[f64], names: &[(&str, &str)]) -> Result<Vec<(String, f64, f64)>> {
        let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
        let names = names.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let found = bouts((Path::new("r.npz"), "labels"), &labels, times, Agent::Own, &names)?;
        Ok(found.into_iter().map(|b| (b.behaviour, b.start, b.stop)).collect())
    }

    #[test]
    fn runs_of_labels_are_bouts_and_end_at_pauses() {
        let found = of(&["0", "eat", "eat", "", "eat", "eat", "nan", "2.0"], &[0., 1., 2., 3., 4., 9., 10., 11.], &[]);
        let expected = [("eat", 1.0, 3.0), ("eat", 4.0, 5.5), ("eat", 9.0, 10.0), ("2", 11.0, 12.0)]
            .map(|(b, s, e)| (b.into(), s, e));
        assert_eq!(found.unwrap(), expected);
    }

    #[test]
    fn numbers_take_their_names() {
        assert_eq!(of(&["1", "2.0"], &[0., 1.], &[("1", "eat"), ("2", "run")]).unwrap()[1].0, "run");
        let error = of(&["1", "3"], &[0., 1.], &[("1", "eat")]).unwrap_err().to_string();
        assert!(error.contains("3 in frame 2") && error.contains("label_names"), "{error}");
    }
}
