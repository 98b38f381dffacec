//! Points that DeepLabCut followed, as its CSV exports have them: three header rows (scorer, bodyparts, coords; a fourth,
//! individuals, where several animals were followed), then a row per frame.

use super::table::{Table, cell, plain};
use crate::error::{Error, Result};
use csv::StringRecord;
use std::path::Path;

/// The columns of a point.
struct Point {
    x: usize,
    y: usize,
    likelihood: Option<usize>,
}

/// The distance of two points in each frame, in pixels; NaN where the likelihood of either is below `least`, or one is lost.
///
/// # Errors
/// If it is no such export, or a point is not in it.
pub(super) fn distance(path: &Path, points: &[String; 2], least: Option<f64>) -> Result<Vec<f64>> {
    let is_coords = |header: &StringRecord| header.get(0).is_some_and(|cell| plain(cell) == "coords");
    let table = Table::read(path, is_coords, "a DeepLabCut export with the rows scorer, bodyparts and coords")?;
    let names = names(&table);
    let [a, b] = [point(&table, &names, &points[0])?, point(&table, &names, &points[1])?];
    let least = least.unwrap_or(0.0);
    table
        .rows
        .iter()
        .map(|row| {
            let number = |column: usize| table.sample(row, column, "a number");
            for likelihood in [&a, &b].into_iter().filter_map(|p| p.likelihood) {
                if number(likelihood)? < least {
                    return Ok(f64::NAN);
                }
            }
            let d = (number(a.x)? - number(b.x)?).hypot(number(a.y)? - number(b.y)?);
            Ok(if d.is_finite() { d } else { f64::NAN })
        })
        .collect()
}

/// The name of the point that each column belongs to; with its individual, and a blank between them, where there are several.
fn names(table: &Table) -> Vec<String> {
    let row = |name: &str| table.preamble.iter().find(|row| row.get(0).is_some_and(|cell| plain(cell) == name));
    let (individuals, parts) = (row("individuals"), row("bodyparts"));
    let part = |row: Option<&StringRecord>, column: usize| row.map_or("", |r| cell(r, column)).to_string();
    (0..table.header.len())
        .map(|column| format!("{} {}", part(individuals, column), part(parts, column)).trim().to_string())
        .collect()
}

fn point(table: &Table, names: &[String], name: &str) -> Result<Point> {
    let column = |coordinate: &str| {
        let is = |i: &usize| names[*i] == name && plain(cell(&table.header, *i)) == coordinate;
        (1..names.len()).find(is)
    };
    if let (Some(x), Some(y)) = (column("x"), column("y")) {
        return Ok(Point { x, y, likelihood: column("likelihood") });
    }
    let mut listed: Vec<&str> = names.iter().skip(1).map(String::as_str).filter(|n| !n.is_empty()).collect();
    listed.dedup();
    let expected = format!("a point {name} with x and y");
    Err(Error::variable(&table.path, "bodyparts", expected, listed.join(", "), "Correct `points`."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, points: [&str; 2], least: Option<f64>) -> Result<Vec<f64>> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("d.csv");
        std::fs::write(&path, text).unwrap();
        distance(&path, &points.map(String::from), least)
    }

    #[test]
    fn distances_are_those_of_likely_points() {
        let text = "scorer,DLC,DLC,DLC,DLC,DLC,DLC\nbodyparts,l,l,l,r,r,r\ncoords,x,y,likelihood,x,y,likelihood\n\
                    0,0,0,0.99,3,4,0.99\n1,0,0,0.99,3,4,0.5\n2,,,0.99,3,4,0.99\n3,1,1,1,1,2,1\n";
        let found = read(text, ["l", "r"], Some(0.9)).unwrap();
        assert!(found[0] == 5.0 && found[1].is_nan() && found[2].is_nan() && found[3] == 1.0, "{found:?}");
        assert_eq!(read(text, ["l", "r"], None).unwrap()[1], 5.0);
        let error = read(text, ["l", "nose"], None).unwrap_err().to_string();
        assert!(error.contains("a point nose") && error.contains("found l, r"), "{error}");
    }

    #[test]
    fn of_several_animals_each_has_its_points() {
        let text = "scorer,D,D,D,D\nindividuals,a,a,b,b\nbodyparts,n,n,n,n\ncoords,x,y,x,y\n0,0,0,0,7\n";
        assert_eq!(read(text, ["a n", "b n"], Some(0.5)).unwrap(), [7.0]);
    }
}
