//! What neurons are called in all sessions: from a table, or from CellReg.

use super::session::Session;
use super::settings::IdentitySettings;
use super::table::{Table, cell, line, plain, text};
use crate::data::ArrayFile;
use crate::error::{Error, Result};
use ndarray::Ix2;
use std::collections::HashMap;
use std::path::Path;

const MAP: &str = "cell_to_index_map";

/// Gives neurons of `session` the identities that the file at `path` has for them: a MAT or npz file with CellReg's map, or a
/// table.
///
/// # Errors
/// If it is neither, or does not fit the session.
pub(super) fn apply(path: &Path, settings: &IdentitySettings, session: &mut Session) -> Result<()> {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "mat" | "npz" => cellreg(path, settings, session),
        _ => table(path, session),
    }
}

/// Takes identities and areas from a table with the column `neuron`, and `identity` or `area`; of its rows those that are of
/// this session and animal, where it has columns for them.
pub(super) fn table(path: &Path, session: &mut Session) -> Result<()> {
    let has = |header: &csv::StringRecord, name: &str| header.iter().any(|column| plain(column) == name);
    let is_header = |h: &csv::StringRecord| has(h, "neuron") && (has(h, "identity") || has(h, "area"));
    let table =
        Table::read(path, is_header, "columns neuron and identity (or area); session and animal where they differ")?;
    let neuron = table.required(&["neuron"], "")?;
    let (identity, area) = (table.column(&["identity"]), table.column(&["area"]));
    let (of_session, of_animal) = (table.column(&["session"]), table.column(&["animal"]));
    let places: HashMap<String, usize> = session.neurons.iter().enumerate().map(|(i, n)| (n.name.clone(), i)).collect();
    let mut seen: HashMap<usize, u64> = HashMap::new();
    for row in &table.rows {
        let is = |column: Option<usize>, name: &str| column.is_none_or(|c| cell(row, c) == name);
        if !is(of_session, &session.name) || !is(of_animal, &session.animal) {
            continue;
        }
        let expected = format!("one of the {} neurons of session {}", places.len(), session.name);
        let remedy = "Name neurons as the recording does (--check lists them), or leave the line out.";
        let place = *places.get(cell(row, neuron)).ok_or_else(|| table.error(row, neuron, &expected, remedy))?;
        if let Some(before) = seen.insert(place, line(row)) {
            let expected = format!("each neuron once; line {before} names it too");
            return Err(table.error(row, neuron, &expected, "Leave one of the lines out."));
        }
        let target = &mut session.neurons[place];
        target.identity = text(row, identity).or(target.identity.take());
        target.area = text(row, area).or(target.area.take());
    }
    if seen.is_empty() && !session.neurons.is_empty() {
        session.remarks.push(format!("{} has no row of session {}.", path.display(), session.name));
    }
    Ok(())
}

/// CellReg's map `[cells × sessions]`: the row of each cell in the list of each session, from 1; 0 where it is absent.
fn cellreg(path: &Path, settings: &IdentitySettings, session: &mut Session) -> Result<()> {
    let file = ArrayFile::open(path)?;
    if !file.contains(MAP) {
        let remedy = "CellReg keeps it in a struct: cell_to_index_map = cell_registered_struct.cell_to_index_map; \
                      save('map.mat', 'cell_to_index_map').";
        return Err(file.error(MAP, "CellReg's map of cells", file.listing(), remedy));
    }
    let array = file.array(MAP)?;
    let shape = crate::data::shape_text(array.shape());
    let map =
        array.into_dimensionality::<Ix2>().map_err(|_| file.error(MAP, "[cells × sessions]", shape.clone(), ""))?;
    let Some(column) = settings.sessions.get(&session.name) else {
        let listed: Vec<&str> = settings.sessions.keys().map(String::as_str).collect();
        let expected = format!("the column of session \"{}\" in `identities.sessions`", session.name);
        let found = if listed.is_empty() { "none at all".into() } else { listed.join(", ") };
        return Err(file.error(MAP, expected, found, "Add it; columns are counted from 1."));
    };
    if !(1..=map.ncols()).contains(column) {
        let found = format!("`identities.sessions` with column {column} for \"{}\"", session.name);
        return Err(file.error(MAP, format!("columns from 1 to {}", map.ncols()), found, ""));
    }
    let neurons = session.neurons.len();
    for (i, index) in map.column(column - 1).iter().enumerate().filter(|(_, index)| **index != 0.0) {
        let wanted = (1..=neurons).contains(&(*index as usize)) && index.fract() == 0.0;
        let refuse = |found: String| {
            let expected = format!("each of the {neurons} neurons of session {} at most once, or 0", session.name);
            let remedy =
                "Register the same cells that the recording holds: for suite2p, those that iscell.npy accepts.";
            Err(file.error(MAP, expected, format!("{found} in row {}, column {column}", i + 1), remedy))
        };
        if !wanted {
            return refuse(index.to_string());
        }
        let neuron = &mut session.neurons[*index as usize - 1];
        if let Some(before) = neuron.identity.replace(format!("cell {}", i + 1)).filter(|b| b.starts_with("cell ")) {
            return refuse(format!("{index}, which is {before} already,"));
        }
    }
    Ok(())
}

/// Refuses two neurons of one session that are said to be the same.
pub(super) fn check(session: &Session) -> Result<()> {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for neuron in &session.neurons {
        let Some(identity) = &neuron.identity else { continue };
        if let Some(before) = seen.insert(identity, &neuron.name) {
            return Err(Error::variable(
                &session.source,
                "identities",
                format!("each neuron of session {} once", session.name),
                format!("{identity} for the neurons {before} and {}", neuron.name),
                "Give them different identities, or none.",
            ));
        }
    }
    Ok(())
}
