//! Sorted units and their spikes.

use super::super::hdf5::{Hdf5, Object};
use super::super::session::{Activity, Neuron};
use super::super::settings::RecordingSettings;
use super::places::{self, AREAS};
use super::table::Table;
use crate::error::Result;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

/// Units that a quality of these names is no neuron of.
const NO_NEURON: [&str; 5] = ["noise", "artifact", "artefact", "bad", "rejected"];

/// The table of units, where it has spikes.
pub(super) fn table(file: &Hdf5) -> Result<Option<Table<'_>>> {
    let Some(object) = file.find("units")?.filter(|object| !object.is_dataset) else {
        return Ok(None);
    };
    let table = Table::open(file, &object, "spike_times_index")?;
    Ok((table.has("spike_times") && table.rows > 0).then_some(table))
}

/// The units of a table, and their spikes. Where the table does not say when spikes were looked for, the span begins and ends with
/// them, and the third is false.
pub(super) fn read(
    table: &Table,
    settings: &RecordingSettings,
    remarks: &mut Vec<String>,
) -> Result<(Vec<Neuron>, Activity, bool)> {
    let kept = kept(table, settings, remarks)?;
    let times = spikes(table, &kept, remarks)?;
    let neurons = neurons(table, &kept, settings, remarks)?;
    let observed = observed(table, &kept, remarks)?;
    let all = || times.iter().flatten().copied();
    let of_spikes = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let span = observed.unwrap_or(of_spikes);
    Ok((neurons, Activity::Spikes { times, span }, observed.is_some()))
}

/// The rows of units that are neurons.
fn kept(table: &Table, settings: &RecordingSettings, remarks: &mut Vec<String>) -> Result<Vec<usize>> {
    let all: Vec<usize> = (0..table.rows).collect();
    let Some(quality) = (if table.ends("quality")?.is_some() { None } else { table.texts("quality")? }) else {
        return Ok(all);
    };
    let is_none = |row: &usize| NO_NEURON.iter().any(|word| quality[*row].eq_ignore_ascii_case(word));
    let mut counts = BTreeMap::new();
    for row in &all {
        *counts.entry(quality[*row].as_str()).or_insert(0) += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(word, count)| format!("{count} \"{word}\"")).collect();
    let (left_out, kept): (Vec<usize>, Vec<usize>) = all.iter().partition(|row| is_none(row));
    if left_out.is_empty() || !settings.source.accepted_only {
        remarks.push(format!("Quality of units: {}; all are kept.", counts.join(", ")));
        return Ok(all);
    }
    let remark = format!("Quality of units: {}; {} that are none were left out", counts.join(", "), left_out.len());
    remarks.push(format!("{remark} (`accepted_only = false` keeps them)."));
    if kept.is_empty() {
        let found = format!("{} of which none is", table.rows);
        return Err(table.fault(
            "units that are neurons by their `quality`",
            found,
            "Set `accepted_only = false` to keep them.",
        ));
    }
    Ok(kept)
}

fn spikes(table: &Table, kept: &[usize], remarks: &mut Vec<String>) -> Result<Vec<Vec<f64>>> {
    let Some(object) = table.column_object("spike_times") else {
        return Ok(Vec::new());
    };
    let values = table.file.numbers(object)?;
    let Some(ends) = table.ends("spike_times")? else {
        return Err(table.fault(
            "`spike_times_index`, where the spikes of each unit end",
            "none",
            "Write the units with pynwb.",
        ));
    };
    let mut unsorted = 0;
    let mut times = Vec::with_capacity(kept.len());
    for row in kept {
        let mut own = values[ends[*row].clone()].to_vec();
        if let Some(bad) = own.iter().find(|t| !t.is_finite()) {
            let found = format!("{bad} in row {row}");
            return Err(table.file.fault(&object.path, "times in s", found, "Leave out spikes without a time."));
        }
        if own.windows(2).any(|pair| pair[1] < pair[0]) {
            own.sort_by(f64::total_cmp);
            unsorted += 1;
        }
        times.push(own);
    }
    if unsorted > 0 {
        remarks.push(format!("Spikes of {unsorted} units were not in the order of time, and were sorted."));
    }
    Ok(times)
}

fn neurons(
    table: &Table,
    kept: &[usize],
    settings: &RecordingSettings,
    remarks: &mut Vec<String>,
) -> Result<Vec<Neuron>> {
    let names = names(table, kept, remarks)?;
    let areas = areas(table)?;
    let area = |row: usize| areas.as_ref().and_then(|a| a[row].clone()).or_else(|| settings.source.area.clone());
    Ok(names.into_iter().zip(kept).map(|(name, row)| Neuron { name, area: area(*row), identity: None }).collect())
}

/// What units are called: `unit_name` where each has its own, else `id`, else their number.
fn names(table: &Table, kept: &[usize], remarks: &mut Vec<String>) -> Result<Vec<String>> {
    for column in ["unit_name", "id"] {
        let Some(all) = table.texts(column)? else {
            continue;
        };
        let names: Vec<String> = kept.iter().map(|row| all[*row].clone()).collect();
        if names.iter().all(|name| !name.is_empty()) && names.iter().collect::<HashSet<_>>().len() == names.len() {
            return Ok(names);
        }
        remarks.push(format!("`{column}` of units does not tell them apart; another name was taken."));
    }
    Ok(kept.iter().map(ToString::to_string).collect())
}

/// The area of each row, from a column of the table, or from the electrodes.
fn areas(table: &Table) -> Result<Option<Vec<Option<String>>>> {
    if let Some(column) = table.first_of(&AREAS)
        && table.ends(column)?.is_none()
    {
        return Ok(table.texts(column)?.map(|texts| texts.into_iter().map(places::named).collect()));
    }
    if let Some(areas) = of_electrodes(table)? {
        return Ok(Some(areas));
    }
    Ok(of_groups(table))
}

/// The areas of the first electrode of each unit.
fn of_electrodes(table: &Table) -> Result<Option<Vec<Option<String>>>> {
    let (Some(rows), Some(object)) = (table.ends("electrodes")?, table.column_object("electrodes")) else {
        return Ok(None);
    };
    let Some(group) = table.file.find("general/extracellular_ephys/electrodes")?.filter(|g| !g.is_dataset) else {
        return Ok(None);
    };
    let electrodes = Table::open(table.file, &group, "location")?;
    let Some(column) = electrodes.first_of(&AREAS) else {
        return Ok(None);
    };
    let locations = electrodes.texts(column)?.unwrap_or_default();
    let used = table.file.numbers(object)?;
    let area = |row: &Range<usize>| {
        let Some(electrode) = used.get(row.start).filter(|_| !row.is_empty()) else {
            return Ok(None);
        };
        let location = locations.get(*electrode as usize).filter(|_| *electrode >= 0.0);
        location.map(|l| places::named(l.clone())).ok_or_else(|| {
            let expected = format!("rows of the table of {} electrodes", electrodes.rows);
            table.file.fault(&object.path, expected, electrode.to_string(), "Write the units again.")
        })
    };
    rows.iter().map(area).collect::<Result<_>>().map(Some)
}

/// The areas of the groups of electrodes that units refer to.
fn of_groups(table: &Table) -> Option<Vec<Option<String>>> {
    let objects = table.file.dereference(table.column_object("electrode_group")?)?;
    let area = |object: &hdf5_pure::Object| match object {
        hdf5_pure::Object::Group(group) => places::named(group.attrs().ok()?.get("location")?.as_str()?.to_string()),
        _ => None,
    };
    (objects.len() == table.rows).then(|| objects.iter().map(area).collect())
}

/// From when to when spikes of the units were looked for, where the table says it.
fn observed(table: &Table, kept: &[usize], remarks: &mut Vec<String>) -> Result<Option<(f64, f64)>> {
    let (Some(rows), Some(object)) = (table.ends("obs_intervals")?, table.column_object("obs_intervals")) else {
        return Ok(None);
    };
    if table.file.shape(object)?.get(1) != Some(&2) {
        return Err(table.file.fault(&object.path, "two columns, start and stop", "others", "Write the units again."));
    }
    let values = table.file.numbers(object)?;
    let mut intervals: Vec<(f64, f64)> = Vec::new();
    for row in kept {
        intervals.extend(rows[*row].clone().map(|k| (values[2 * k], values[2 * k + 1])));
    }
    if let Some((start, stop)) =
        intervals.iter().find(|(start, stop)| !(start.is_finite() && stop >= start && stop.is_finite()))
    {
        let found = format!("{start} to {stop} s");
        return Err(table.file.fault(
            &object.path,
            "intervals that end after they start",
            found,
            "Write the units again.",
        ));
    }
    Ok(union(object, intervals, remarks))
}

/// From the first start to the last stop; says how long the pauses between are.
fn union(object: &Object, mut intervals: Vec<(f64, f64)>, remarks: &mut Vec<String>) -> Option<(f64, f64)> {
    intervals.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (first, mut stop) = *intervals.first()?;
    let mut pauses = 0.0;
    for (start, end) in intervals {
        pauses += (start - stop).max(0.0);
        stop = stop.max(end);
    }
    if pauses > 0.0 {
        remarks.push(format!(
            "{}: no spikes were looked for in {pauses} s of {first} to {stop} s; they count as silent.",
            object.path
        ));
    }
    Some((first, stop))
}
