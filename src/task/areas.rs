//! Areas as a flag names them.

use crate::error::{Error, Result, ensure};
use crate::network::Area;

/// The areas of a list such as `M1=189,F5=115`, in the row order of the rates.
///
/// # Errors
/// If an entry is not `NAME=SIZE` with a size above zero, or a name comes twice.
pub fn parse_areas(list: &str) -> Result<Vec<Area>> {
    let areas = list.split(',').map(|entry| parse_area(entry.trim())).collect::<Result<Vec<_>>>()?;
    for (k, area) in areas.iter().enumerate() {
        ensure!(
            areas[..k].iter().all(|other| other.name != area.name),
            "the area `{}` comes twice in `{list}`. Give each its own name.",
            area.name
        );
    }
    Ok(areas)
}

fn parse_area(entry: &str) -> Result<Area> {
    let parts = entry.split_once('=').map(|(name, size)| (name.trim(), size.trim().parse::<usize>()));
    match parts {
        Some((name, Ok(size))) if !name.is_empty() && size > 0 => Ok(Area { name: name.into(), size }),
        _ => Err(Error::input(format!(
            "`{entry}` does not name an area. Expected NAME=SIZE with a size of at least 1, separated by commas: M1=189,F5=115."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_gives_areas_in_its_order() {
        let areas = parse_areas("M1=189, F5 = 115").unwrap();
        let expected = [("M1", 189), ("F5", 115)].map(|(name, size)| Area { name: name.into(), size });
        assert_eq!(areas, expected);
    }

    #[test]
    fn what_is_not_a_list_of_areas_is_refused() {
        for list in ["", "M1", "M1=", "=5", "M1=0", "M1=-3", "M1=1,", "M1=1,M1=2"] {
            assert!(parse_areas(list).is_err(), "`{list}` was accepted");
        }
    }
}
