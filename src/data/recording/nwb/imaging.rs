//! Activity of regions of interest, and which of them are cells.

use super::super::hdf5::{Hdf5, Object};
use super::super::session::{Activity, Neuron};
use super::super::settings::RecordingSettings;
use super::clock;
use super::places::{self, AREAS};
use super::table::Table;
use super::walk::{Contents, Found, Kind};
use crate::error::Result;
use ndarray::Array2;

/// Columns that say which regions are cells.
const ACCEPTED: [&str; 4] = ["iscell", "accepted", "is_cell", "Accepted"];
const TRANSPOSED: &str = "In NWB the first dimension of `data` is time: if it is transposed, write data.T.";

/// The neurons of a series, and what they did.
pub(super) fn read(
    file: &Hdf5,
    contents: &Contents,
    series: &Found,
    settings: &RecordingSettings,
    remarks: &mut Vec<String>,
) -> Result<(Vec<Neuron>, Activity)> {
    let Some(data) = file.member(&series.object, "data")?.filter(|data| data.is_dataset) else {
        return Err(file.fault(&series.object.path, "a dataset `data`", "none", "Write the series again."));
    };
    let (frames, columns) = match file.shape(&data)?.as_slice() {
        [frames] => (*frames, 1),
        [frames, columns] => (*frames, *columns),
        shape => {
            return Err(file.fault(&data.path, "a matrix, time × regions", format!("{shape:?} values"), TRANSPOSED));
        }
    };
    let times = clock::times(file, &series.object, frames, settings.source.frame_rate, "source.frame_rate")?;
    let (neurons, kept) = neurons(file, contents, series, columns, settings, remarks)?;
    let values = values(file, &data, &kept, (frames, columns))?;
    Ok((neurons, Activity::Frames { values: values.into(), times }))
}

/// The columns `kept` of `data`, `[N × frames]`, in the unit of the series.
fn values(file: &Hdf5, data: &Object, kept: &[usize], (frames, columns): (usize, usize)) -> Result<Array2<f32>> {
    let (conversion, offset) = clock::scale(file, data)?;
    let is_plain = (conversion, offset) == (1.0, 0.0);
    let mut values = Array2::<f32>::zeros((kept.len(), frames));
    file.each_rows(data, |first, rows| {
        for (frame, row) in (first..frames).zip(rows.chunks_exact(columns.max(1))) {
            for (neuron, column) in kept.iter().enumerate() {
                let value = row[*column];
                values[[neuron, frame]] = if is_plain { value } else { value * conversion + offset } as f32;
            }
        }
    })?;
    Ok(values)
}

/// The neurons of a series of `columns` regions, and the columns that they are.
fn neurons(
    file: &Hdf5,
    contents: &Contents,
    series: &Found,
    columns: usize,
    settings: &RecordingSettings,
    remarks: &mut Vec<String>,
) -> Result<(Vec<Neuron>, Vec<usize>)> {
    let Some(region) = file.member(&series.object, "rois")?.filter(|rois| rois.is_dataset) else {
        let neuron = |k: usize| Neuron { name: k.to_string(), area: settings.source.area.clone(), ..Neuron::default() };
        remarks
            .push(format!("{} names no regions of interest: its {columns} columns are the neurons.", series.label()));
        return Ok(((0..columns).map(neuron).collect(), (0..columns).collect()));
    };
    let rows = file.numbers(&region)?;
    if rows.len() != columns {
        let expected = format!("a region for each of {columns} columns of `data`");
        return Err(file.fault(&region.path, expected, rows.len().to_string(), TRANSPOSED));
    }
    let Some(table) = segmentation(file, contents, &region, &rows)? else {
        remarks.push(format!(
            "{}: the file has no table of regions that fits; all {columns} count as cells.",
            series.label()
        ));
        let neuron =
            |row: &f64| Neuron { name: row.to_string(), area: settings.source.area.clone(), ..Neuron::default() };
        return Ok((rows.iter().map(neuron).collect(), (0..columns).collect()));
    };
    if let Some(bad) = rows.iter().find(|row| !(**row >= 0.0 && **row < table.rows as f64)) {
        let expected = format!("rows of {}, below {}", table.label(), table.rows);
        return Err(file.fault(&region.path, expected, bad.to_string(), "Write the series again."));
    }
    let rows: Vec<usize> = rows.into_iter().map(|row| row as usize).collect();
    let kept = accepted(&table, &rows, settings, remarks)?;
    let names = table.texts("id")?.unwrap_or_else(|| (0..table.rows).map(|row| row.to_string()).collect());
    let areas = areas(file, &table)?;
    let area = |row: usize| areas[row].clone().or_else(|| settings.source.area.clone());
    let neuron =
        |column: &usize| Neuron { name: names[rows[*column]].clone(), area: area(rows[*column]), ..Neuron::default() };
    Ok((kept.iter().map(neuron).collect(), kept))
}

/// The table that the regions are rows of: the one that `rois` refers to, or else the only one that has those rows.
fn segmentation<'a>(file: &'a Hdf5, contents: &Contents, region: &Object, rows: &[f64]) -> Result<Option<Table<'a>>> {
    let referred = file.reference(region, "table");
    let all: Vec<&Found> = contents.all(Kind::Segmentation).collect();
    if let Some(found) = all.iter().find(|found| referred == Some(found.object.address)) {
        return Table::open(file, &found.object, "iscell").map(Some);
    }
    let last = rows.iter().copied().fold(-1.0, f64::max);
    let mut fitting = Vec::new();
    for found in all {
        let table = Table::open(file, &found.object, "iscell")?;
        if last < table.rows as f64 {
            fitting.push(table);
        }
    }
    if fitting.len() > 1 {
        let labels: Vec<&str> = fitting.iter().map(Table::label).collect();
        let found = format!("none that can be followed, and {}, which all have these rows", labels.join(", "));
        return Err(file.fault(
            &region.path,
            "a reference `table` to its table of regions",
            found,
            "Write the series again with pynwb.",
        ));
    }
    Ok(fitting.pop())
}

/// The columns that are cells.
fn accepted(
    table: &Table,
    rows: &[usize],
    settings: &RecordingSettings,
    remarks: &mut Vec<String>,
) -> Result<Vec<usize>> {
    let all = || (0..rows.len()).collect();
    let Some(column) = table.first_of(&ACCEPTED).filter(|_| settings.source.accepted_only) else {
        return Ok(all());
    };
    let flags = table.first_numbers(column)?.unwrap_or_default();
    let kept: Vec<usize> = (0..rows.len()).filter(|k| flags[rows[*k]] > 0.5).collect();
    if kept.is_empty() {
        let found = format!("{} regions of which `{column}` accepts none", rows.len());
        return Err(table.fault("regions that are cells", found, "Set `source.accepted_only = false` to keep them."));
    }
    let said = format!("`{column}` accepts {} of {} regions of interest", kept.len(), rows.len());
    remarks.push(format!("{said}; the others were left out (`source.accepted_only = false` keeps them)."));
    Ok(kept)
}

/// The area of each region: a column of the table, or where its imaging plane lies.
fn areas(file: &Hdf5, table: &Table) -> Result<Vec<Option<String>>> {
    if let Some(column) = table.first_of(&AREAS)
        && let Some(texts) = table.texts(column)?
    {
        return Ok(texts.iter().map(|text| places::named(text)).collect());
    }
    let plane = file.member(&table.object, "imaging_plane")?.filter(|plane| !plane.is_dataset);
    let location = match plane {
        Some(plane) => match file.member(&plane, "location")?.filter(|location| location.is_dataset) {
            Some(location) => file.text(&location)?,
            None => file.text_attribute(&plane, "location")?,
        },
        None => None,
    };
    Ok(vec![location.as_deref().and_then(places::named); table.rows])
}
