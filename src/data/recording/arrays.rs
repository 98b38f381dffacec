//! MAT and npz files of named arrays. docs/recordings.md has the names.

use super::arrays_beside as beside;
use super::session::{Activity, Neuron, Session};
use super::settings::{RecordingSettings, SourceSettings};
use super::table::quoted;
use crate::data::{ArrayFile, RecordedCondition, shape_text};
use crate::error::{Error, Result};
use ndarray::{Array2, Ix2};
use std::path::Path;

/// Names under which activity is expected, where the settings name none.
const ACTIVITY: [&str; 12] =
    ["activity", "spks", "dff", "dFF", "dF_F", "df_f", "deconvolved", "events", "traces", "F", "C", "S"];
const SPIKES: &str = "spike_times";

/// Reads a file of named arrays.
///
/// # Errors
/// If it holds no activity, or two that could be meant, or something in it does not fit.
pub(super) fn read(path: &Path, settings: &RecordingSettings) -> Result<Session> {
    let file = ArrayFile::open(path)?;
    let mut session = Session {
        source: path.to_path_buf(),
        animal: word(&file, "animal")?,
        name: word(&file, "session")?,
        neurons: Vec::new(),
        activity: Activity::Averages(Vec::new()),
        bouts: Vec::new(),
        trials: Vec::new(),
        contexts: Vec::new(),
        covariates: Vec::new(),
        remarks: Vec::new(),
    };
    match chosen(&file, &settings.source)? {
        Chosen::Frames(name) => frames(&file, &name, &settings.source, &mut session)?,
        Chosen::Spikes(name) => spikes(&file, &name, &mut session)?,
        Chosen::Averages(names) => {
            let averages = RecordedCondition::read_all(path, &names)?;
            let neurons = averages.first().map_or(0, |c| c.rates.nrows());
            if let Some(odd) = averages.iter().find(|c| c.rates.nrows() != neurons) {
                let (expected, found) = (format!("{neurons} rows as in {}", names[0]), shape_text(odd.rates.shape()));
                return Err(file.error(&odd.variable, expected, found, ""));
            }
            session.neurons = neurons_of(&file, neurons, |i| (i + 1).to_string())?;
            session.activity = Activity::Averages(averages);
            return Ok(session);
        }
    }
    beside::take(&file, settings, &mut session)?;
    Ok(session)
}

enum Chosen {
    Frames(String),
    Spikes(String),
    Averages(Vec<String>),
}

/// What the activity is; two that could be meant are refused.
fn chosen(file: &ArrayFile, settings: &SourceSettings) -> Result<Chosen> {
    if let Some(name) = &settings.activity {
        if !file.contains(name) {
            let remedy = "Correct `source.activity`.";
            return Err(file.error(name, "the activity, as `source.activity` names it", file.listing(), remedy));
        }
        let is_flat = name == SPIKES || name.ends_with("_times");
        return Ok(if is_flat { Chosen::Spikes(name.clone()) } else { Chosen::Frames(name.clone()) });
    }
    let mut candidates: Vec<&str> = ACTIVITY.into_iter().filter(|name| file.contains(name)).collect();
    candidates.extend(file.contains(SPIKES).then_some(SPIKES));
    match candidates[..] {
        [SPIKES] => Ok(Chosen::Spikes(SPIKES.into())),
        [name] => Ok(Chosen::Frames(name.into())),
        [] => match rates(file) {
            names if names.is_empty() => {
                let remedy = "Save it under this name, or name the variable with `source.activity`.";
                Err(file.error("activity", "[neurons × frames], or spike_times", file.listing(), remedy))
            }
            names => Ok(Chosen::Averages(names)),
        },
        _ => {
            let remedy = "Say which one is meant with `source.activity`.";
            Err(file.error("activity", "one variable that can be meant", candidates.join(", "), remedy))
        }
    }
}

/// `FR1`, `FR2`, … as training takes them, in the order of their numbers.
fn rates(file: &ArrayFile) -> Vec<String> {
    let number = |name: &str| name.strip_prefix("FR").and_then(|n| n.parse::<u32>().ok());
    let mut found: Vec<(u32, String)> =
        file.names().into_iter().filter_map(|name| Some((number(name)?, name.to_string()))).collect();
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

/// Activity in frames, with a row for each neuron, also where the file has a column for each.
fn frames(file: &ArrayFile, name: &str, settings: &SourceSettings, session: &mut Session) -> Result<()> {
    const EXPECTED: &str = "[neurons × frames]";
    let array = file.single(name)?;
    let shape = shape_text(array.shape());
    let refuse = |expected: String, remedy: &str| Err(file.error(name, expected, shape.clone(), remedy));
    let mut values = match array.into_dimensionality::<Ix2>() {
        Ok(array) if !array.is_empty() => array,
        _ => return refuse(EXPECTED.into(), ""),
    };
    let (rows, columns) = values.dim();
    let times = file.contains("times").then(|| file.vector("times", "times, one per frame,", None)).transpose()?;
    let count = ["neurons", "areas"].into_iter().find(|n| file.contains(n)).map(|n| file.texts(n)).transpose()?;
    let transposed = match (&times, &count) {
        (Some(times), _) if columns == times.len() => false,
        (Some(times), _) if rows == times.len() => true,
        (Some(times), _) => return refuse(format!("[neurons × {}], as `times` has so many", times.len()), ""),
        (None, Some(names)) if rows == names.len() => false,
        (None, Some(names)) if columns == names.len() => true,
        (None, Some(names)) => return refuse(format!("[{} × frames], as neurons are named", names.len()), ""),
        (None, None) => false,
    };
    if transposed {
        values = values.reversed_axes();
        session.remarks.push(format!("{name} is {shape}, [frames × neurons]: it was transposed."));
    } else if times.is_none() && count.is_none() && rows > columns {
        let what = format!("{name} is {shape}: {rows} neurons of {columns} frames.");
        session.remarks.push(format!("{what} If it is transposed, give `times`, one per frame, beside it."));
    }
    let times = times_of(file, times, values.ncols(), settings)?;
    session.neurons = neurons_of(file, values.nrows(), |i| (i + 1).to_string())?;
    let values: Array2<f32> =
        if values.is_standard_layout() { values } else { values.as_standard_layout().into_owned() };
    session.activity = Activity::Frames { values: values.into(), times };
    Ok(())
}

/// When frames begin: `times`, or at the rate of the file or the settings.
fn times_of(file: &ArrayFile, times: Option<Vec<f64>>, frames: usize, settings: &SourceSettings) -> Result<Vec<f64>> {
    let rate = if file.contains("frame_rate") {
        Some(file.vector("frame_rate", "number", Some(1))?[0])
    } else {
        settings.frame_rate
    };
    if let Some(rate) = rate.filter(|rate| !(rate.is_finite() && *rate > 0.0)) {
        return Err(file.error("frame_rate", "frames a second, above 0", rate.to_string(), ""));
    }
    let Some(times) = times else {
        let remedy = "Save `times`, in s, or `frame_rate` beside the activity, or give `source.frame_rate`.";
        let rate = rate.ok_or_else(|| file.error("times", "times of the frames", file.listing(), remedy))?;
        return Ok((0..frames).map(|i| i as f64 / rate).collect());
    };
    beside::check_ascending(file, "times", &times)?;
    let lasts = super::session::usual_interval(&times).map(|interval| frames as f64 * interval);
    if let Some((lasts, rate)) = lasts.zip(rate).filter(|(l, r)| (l * r / frames as f64 - 1.0).abs() > 0.01) {
        let expected = format!("frames of {lasts:.2} s altogether, as `times` says");
        let found = format!("{:.2} s at {rate} frames a second", frames as f64 / rate);
        return Err(file.error("frame_rate", expected, found, "Correct one of them, or leave the rate out."));
    }
    Ok(times)
}

/// Spikes of all units in one array, with `spike_units`, the number of the unit of each, or `spike_index`, where each unit's end.
fn spikes(file: &ArrayFile, name: &str, session: &mut Session) -> Result<()> {
    let flat = file.vector(name, "times of spikes", None)?;
    if let Some(i) = flat.iter().position(|t| !t.is_finite()) {
        return Err(file.error(name, "finite times", format!("{} at place {}", flat[i], i + 1), ""));
    }
    let mut times = if file.contains("spike_index") {
        let ends = file.vector("spike_index", "ends of units", None)?;
        let units = by_index(file, &flat, &ends)?;
        session.neurons = neurons_of(file, units.len(), |i| (i + 1).to_string())?;
        units
    } else {
        let units = file.vector("spike_units", "unit numbers, one per spike,", Some(flat.len()))?;
        let (names, times) = by_unit(file, &flat, &units)?;
        session.neurons = neurons_of(file, names.len(), |i| names[i].clone())?;
        times
    };
    for spikes in &mut times {
        spikes.sort_by(f64::total_cmp);
    }
    let span = if file.contains("span") {
        let span = file.vector("span", "times, from and to,", Some(2))?;
        (span[0], span[1])
    } else {
        let ends = flat.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), t| (a.min(*t), b.max(*t)));
        session
            .remarks
            .push("The file has no `span`: the session is taken to last from the first spike to the last.".into());
        ends
    };
    if !(span.0.is_finite() && span.1.is_finite() && span.0 < span.1) {
        let found = format!("{} and {}", span.0, span.1);
        return Err(file.error("span", "two times, from and to when spikes were recorded, in s", found, ""));
    }
    session.activity = Activity::Spikes { times, span };
    Ok(())
}

fn by_index(file: &ArrayFile, flat: &[f64], ends: &[f64]) -> Result<Vec<Vec<f64>>> {
    let mut begin = 0;
    let mut units = Vec::with_capacity(ends.len());
    for (i, end) in ends.iter().enumerate() {
        let is_end = end.fract() == 0.0 && *end >= begin as f64 && *end <= flat.len() as f64;
        let spikes = is_end.then(|| &flat[begin..*end as usize]).ok_or_else(|| {
            let expected = format!("the number of spikes up to each unit's last, ascending to {}", flat.len());
            file.error("spike_index", expected, format!("{end} for unit {}", i + 1), "")
        })?;
        units.push(spikes.to_vec());
        begin = *end as usize;
    }
    if begin != flat.len() {
        let expected = format!("{} for the last unit, as there are so many spikes", flat.len());
        return Err(file.error("spike_index", expected, begin.to_string(), ""));
    }
    Ok(units)
}

/// The spikes of each unit that occurs, in the order of their numbers; or of each that `neurons` numbers.
fn by_unit(file: &ArrayFile, flat: &[f64], units: &[f64]) -> Result<(Vec<String>, Vec<Vec<f64>>)> {
    let listed = if file.contains("neurons") { file.texts("neurons")? } else { Vec::new() };
    let numbers: Option<Vec<f64>> = listed.iter().map(|name| name.parse().ok()).collect();
    let mut known = numbers.filter(|n| !n.is_empty()).unwrap_or_else(|| units.to_vec());
    known.sort_by(f64::total_cmp);
    known.dedup();
    let mut times = vec![Vec::new(); known.len()];
    for (t, unit) in flat.iter().zip(units) {
        let place = known
            .binary_search_by(|k| k.total_cmp(unit))
            .map_err(|_| file.error("spike_units", "numbers that `neurons` lists", unit.to_string(), ""))?;
        times[place].push(*t);
    }
    Ok((known.iter().map(ToString::to_string).collect(), times))
}

/// `count` neurons, with the names, areas and identities that the file has for them.
fn neurons_of(file: &ArrayFile, count: usize, usual: impl Fn(usize) -> String) -> Result<Vec<Neuron>> {
    let texts = |name: &str| -> Result<Option<Vec<String>>> {
        if !file.contains(name) {
            return Ok(None);
        }
        let texts = file.texts(name)?;
        if texts.len() != count {
            let remedy = "Units without a spike count too where `spike_index` gives each its place.";
            let remedy = if file.contains("spike_units") { remedy } else { "" };
            return Err(file.error(name, format!("{count} texts, one per neuron"), texts.len().to_string(), remedy));
        }
        Ok(Some(texts))
    };
    let (names, areas, identities) = (texts("neurons")?, texts("areas")?, texts("identities")?);
    let types = texts("cell_types")?;
    let of = |texts: &Option<Vec<String>>, i: usize| texts.as_ref().map(|t| t[i].clone()).filter(|t| !t.is_empty());
    let neuron = |i| Neuron {
        name: of(&names, i).unwrap_or_else(|| usual(i)),
        area: of(&areas, i),
        identity: of(&identities, i),
        cell_type: of(&types, i),
    };
    Ok((0..count).map(neuron).collect())
}

/// One text, or nothing where there is none.
fn word(file: &ArrayFile, name: &str) -> Result<String> {
    if !file.contains(name) {
        return Ok(String::new());
    }
    let texts = file.texts(name)?;
    match &texts[..] {
        [text] => Ok(text.clone()),
        // The bytes of a text, as npz files that this crate writes have them.
        bytes => {
            let bytes: Option<Vec<u8>> = bytes.iter().map(|b| b.parse().ok()).collect();
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            let found =
                || format!("{} values, the first {}", texts.len(), texts.first().map_or("none".into(), |t| quoted(t)));
            text.ok_or_else(|| file.error(name, "one text", found(), "")).map_err(|e: Error| e)
        }
    }
}
