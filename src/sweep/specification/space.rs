//! The sections that say which settings are tried: each a list of rows, of which every one goes with every row of the others.

use super::fields::{check_repeated, list, whole, within};
use super::keys::{HOLD_OUT, KeyKind, Keys};
use super::nearest::nearest;
use super::points::{Draw, Drawing, MOST_DRAWN};
use crate::error::{Error, Result, ensure};
use std::collections::HashSet;
use toml::{Table, Value};

/// How the values of an axis are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisKind {
    /// Numbers, by their differences.
    Linear,
    /// Numbers above 0, by their ratios.
    Log,
    /// Words, paths, lists, or numbers that are infinite: values without an order.
    Choice,
}

/// Settings that vary together.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// How errors name it.
    pub(super) place: String,
    /// The settings.
    pub(super) keys: Vec<String>,
    /// How each is spread.
    pub(super) kinds: Vec<AxisKind>,
    /// Their values, row by row.
    pub(super) rows: Vec<Vec<Value>>,
    /// Whether the values were drawn.
    pub(super) is_drawn: bool,
    /// Rows that were drawn a second time and left out.
    pub(super) repeated: usize,
}

/// What was read: the rows, and the section with its values as configurations hold them.
pub(super) type Read<T> = Result<(T, Value)>;

/// `[grid]`: every value of a setting goes with every value of the others.
pub(super) fn grid(keys: &Keys, section: Value) -> Read<Vec<Block>> {
    let place = "[grid]";
    let settings = settings(keys, place, section)?;
    let (mut blocks, mut resolved) = (Vec::new(), Table::new());
    for (key, _, value) in settings {
        let values = values(keys, &format!("{place} `{key}`"), &key, value)?;
        check_repeated(&format!("{place} `{key}`"), &values)?;
        resolved.insert(key.clone(), Value::Array(values.clone()));
        blocks.push(Block::stated(place, vec![key], values.into_iter().map(|v| vec![v]).collect()));
    }
    Ok((blocks, Value::Table(resolved)))
}

/// `[[together]]`: the first values of all settings, the second ones, and so on.
pub(super) fn together(keys: &Keys, sections: Value) -> Read<Vec<Block>> {
    let (mut blocks, mut resolved) = (Vec::new(), Vec::new());
    for (section, number) in tables("together", sections)?.into_iter().zip(1..) {
        let place = format!("[[together]] {number}");
        let (mut names, mut columns) = (Vec::new(), Vec::new());
        for (key, _, value) in settings(keys, &place, section)? {
            columns.push(values(keys, &format!("{place} `{key}`"), &key, value)?);
            names.push(key);
        }
        ensure!(!names.is_empty(), "{place} is empty. Give settings with lists of equal length, or leave it out.");
        let count = columns[0].len();
        if let Some(other) = columns.iter().position(|column| column.len() != count) {
            return Err(Error::input(format!(
                "{place}: `{}` has {count} values, but `{}` has {}. Give lists of equal length: their first values belong together, and so on.",
                names[0],
                names[other],
                columns[other].len()
            )));
        }
        let rows: Vec<Vec<Value>> = (0..count).map(|r| columns.iter().map(|c| c[r].clone()).collect()).collect();
        check_rows(&place, &names, &rows)?;
        let section = names.iter().cloned().zip(columns.into_iter().map(Value::Array)).collect();
        resolved.push(Value::Table(section));
        blocks.push(Block::stated(&place, names, rows));
    }
    Ok((blocks, Value::Array(resolved)))
}

/// `[[list]]`: points, each with a value of every setting that is in the list.
pub(super) fn listed(keys: &Keys, sections: Value) -> Read<Block> {
    let (mut names, mut rows, mut resolved): (Vec<String>, _, _) = (Vec::new(), Vec::new(), Vec::new());
    for (section, number) in tables("list", sections)?.into_iter().zip(1..) {
        let place = format!("[[list]] {number}");
        let settings = settings(keys, &place, section)?;
        let found: Vec<String> = settings.iter().map(|(key, _, _)| key.clone()).collect();
        ensure!(!found.is_empty(), "{place} is empty. Give it a value of each setting, or leave it out.");
        if number == 1 {
            names.clone_from(&found);
        }
        if let Some(key) = names.iter().find(|k| !found.contains(k)).or(found.iter().find(|k| !names.contains(k))) {
            let (with, without) =
                if found.contains(key) { (place.as_str(), "[[list]] 1") } else { ("[[list]] 1", place.as_str()) };
            return Err(Error::input(format!(
                "`{key}` is in {with}, but not in {without}. Each entry of the list must have a value of every setting."
            )));
        }
        let row = settings.iter().map(|(key, _, value)| keys.canonical(key, value).map_err(within(&place)));
        let row = row.collect::<Result<Vec<_>>>()?;
        resolved.push(Value::Table(found.into_iter().zip(row.clone()).collect()));
        rows.push(row);
    }
    check_rows("[[list]]", &names, &rows)?;
    Ok((Block::stated("[[list]]", names, rows), Value::Array(resolved)))
}

/// `[random]` and `[sobol]`: points that are drawn.
pub(super) fn drawn(keys: &Keys, drawing: Drawing, section: Value) -> Read<Block> {
    let place = match drawing {
        Drawing::Random => "[random]",
        Drawing::Sobol => "[sobol]",
    };
    let Value::Table(mut section) = section else { return Err(no_section(place)) };
    let points = section.remove("points");
    let points = points.ok_or_else(|| Error::input(format!("{place} lacks `points`, the number of points.")))?;
    let points = whole(&format!("{place} `points`"), &points, 1)?;
    ensure!(
        points <= MOST_DRAWN as u64,
        "{place} `points`: expected at most {MOST_DRAWN}, where the sequence ends, found {points}."
    );
    let seed = section.remove("seed").map_or(Ok(0), |seed| whole(&format!("{place} `seed`"), &seed, 0))?;
    ensure!(seed <= drawing.last_seed(), "{place} `seed`: expected at most {}, found {seed}.", drawing.last_seed());
    let (mut names, mut axes, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
    let mut resolved = Table::from_iter([("points".into(), whole_value(points)), ("seed".into(), whole_value(seed))]);
    for (key, of, value) in settings(keys, place, Value::Table(section))? {
        ensure!(
            key != HOLD_OUT,
            "{place} `{key}`: conditions that are held out are averaged over, as seeds are, and not drawn. Give the list in [grid]."
        );
        let (draw, kind, value) = draw(keys, &format!("{place} `{key}`"), &key, of, value)?;
        resolved.insert(key.clone(), value);
        names.push(key);
        axes.push(draw);
        kinds.push(kind);
    }
    ensure!(
        !names.is_empty(),
        "{place} draws nothing. Give it a setting: \"network.gain\" = {{ linear = [0.05, 0.5] }}."
    );
    let mut rows = drawing.points(&axes, points as usize, seed);
    let mut seen = HashSet::new();
    rows.retain(|row| seen.insert(row_text(row)));
    let repeated = points as usize - rows.len();
    let block = Block { place: place.into(), keys: names, kinds, rows, is_drawn: true, repeated };
    Ok((block, Value::Table(resolved)))
}

/// The ways to say what is drawn.
const WAYS: [&str; 4] = ["linear", "log", "integer", "choice"];

fn draw(keys: &Keys, place: &str, key: &str, of: KeyKind, value: Value) -> Result<(Draw, AxisKind, Value)> {
    const EXPECTED: &str =
        "one of { linear = [0.05, 0.5] }, { log = [0.01, 1.0] }, { integer = [1, 9] }, { choice = [\"a\", \"b\"] }";
    let one = match value {
        Value::Table(table) if table.len() == 1 => table.into_iter().next(),
        _ => None,
    };
    let (way, value) = one.ok_or_else(|| Error::input(format!("{place}: expected {EXPECTED}.")))?;
    let resolved = |value: Value| Value::Table(Table::from_iter([(way.clone(), value)]));
    match way.as_str() {
        "choice" => {
            let values = values(keys, place, key, value)?;
            check_repeated(place, &values)?;
            Ok((Draw::Choice(values.clone()), AxisKind::Choice, resolved(Value::Array(values))))
        }
        "linear" | "log" | "integer" => {
            let (is_log, is_integer) = (way == "log", of == KeyKind::Integer);
            let is_number = is_integer || of == KeyKind::Number;
            ensure!(is_number, "{place}: `{key}` is no number. Give {{ choice = […] }}.");
            let is_whole = is_integer || way == "integer";
            let [from, to] = ends(place, &value, is_whole)?;
            ensure!(
                !is_log || from > 0.0,
                "{place}: `log` draws by ratios, so that its range must begin above 0, found {from}."
            );
            // The ends must be values that the setting takes.
            value
                .as_array()
                .into_iter()
                .flatten()
                .try_for_each(|end| keys.canonical(key, end).map(|_| ()).map_err(within(place)))?;
            let kind = if is_log { AxisKind::Log } else { AxisKind::Linear };
            Ok((Draw::Range { from, to, is_log, is_integer, is_whole }, kind, resolved(value)))
        }
        _ => Err(Error::input(format!(
            "{place} has no `{way}`. Did you mean `{}`? Expected {EXPECTED}.",
            nearest(&way, WAYS)
        ))),
    }
}

/// The ends of a range.
fn ends(place: &str, value: &Value, is_whole: bool) -> Result<[f64; 2]> {
    let number = |v: &Value| v.as_float().or_else(|| v.as_integer().map(|n| n as f64)).filter(|n| n.is_finite());
    let numbers: Option<Vec<f64>> = value.as_array().and_then(|list| list.iter().map(number).collect());
    let Some(&[from, to]) = numbers.as_deref() else {
        return Err(Error::input(format!("{place}: expected a range [FROM, TO] of two numbers, found {value}.")));
    };
    let rises = from < to;
    ensure!(rises, "{place}: the range [{from}, {to}] must rise. Give the smaller number first.");
    ensure!(
        !is_whole || (from.fract() == 0.0 && to.fract() == 0.0),
        "{place}: whole numbers are drawn here, so that the range must have whole ends, found [{from}, {to}]."
    );
    Ok([from, to])
}

impl Block {
    /// Rows that the specification states.
    fn stated(place: &str, keys: Vec<String>, rows: Vec<Vec<Value>>) -> Self {
        let kinds = (0..keys.len()).map(|k| spread(rows.iter().map(|row| &row[k]))).collect();
        Self { place: place.into(), keys, kinds, rows, is_drawn: false, repeated: 0 }
    }
}

/// How values that were not drawn are spread: by ratios, if the largest is ten times the smallest or more.
fn spread<'a>(values: impl Iterator<Item = &'a Value>) -> AxisKind {
    let number = |v: &Value| v.as_float().or_else(|| v.as_integer().map(|n| n as f64)).filter(|n| n.is_finite());
    let numbers: Option<Vec<f64>> = values.map(number).collect();
    let Some(numbers) = numbers else { return AxisKind::Choice };
    let (least, most) = numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), n| (a.min(*n), b.max(*n)));
    if least > 0.0 && most >= 10.0 * least { AxisKind::Log } else { AxisKind::Linear }
}

/// The settings of a section, sorted by name.
fn settings(keys: &Keys, place: &str, section: Value) -> Result<Vec<(String, KeyKind, Value)>> {
    let Value::Table(section) = section else { return Err(no_section(place)) };
    keys.settings(section).map_err(within(place))
}

fn no_section(place: &str) -> Error {
    Error::input(format!("{place} must be a section: a line {place}, and settings below it."))
}

/// The sections of a list of them.
fn tables(name: &str, value: Value) -> Result<Vec<Value>> {
    match value {
        Value::Array(list) if list.iter().all(Value::is_table) => Ok(list),
        _ => Err(Error::input(format!("write [[{name}]], in double brackets: there may be several."))),
    }
}

/// The values of a list, as configurations hold them.
fn values(keys: &Keys, place: &str, key: &str, value: Value) -> Result<Vec<Value>> {
    if matches!(value, Value::Table(_)) && !key.is_empty() {
        return Err(Error::input(format!(
            "{place}: expected a list in square brackets; ranges belong in [sobol] or [random]."
        )));
    }
    let canonical = |value: &Value| keys.canonical(key, value).map_err(within(place));
    list(place, value)?.iter().map(canonical).collect()
}

fn check_rows(place: &str, keys: &[String], rows: &[Vec<Value>]) -> Result<()> {
    let text = |row: &Vec<Value>| assignment(keys.iter().zip(row));
    check_repeated(place, &rows.iter().map(text).collect::<Vec<_>>())
}

fn row_text(row: &[Value]) -> String {
    row.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Settings and their values, in one line.
pub(super) fn assignment<'a>(settings: impl Iterator<Item = (&'a String, &'a Value)>) -> String {
    settings.map(|(key, value)| format!("`{key} = {value}`")).collect::<Vec<_>>().join(", ")
}

fn whole_value(number: u64) -> Value {
    Value::Integer(number as i64)
}
