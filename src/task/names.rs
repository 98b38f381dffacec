//! Names that people give, beside those that tables and files give themselves.

use crate::network::Area;
use std::collections::HashSet;

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// An area: `area` and `scope` of tables, sources and targets of currents.
    Area,
    /// A condition: `condition` of `fit.csv`, `scope` of tables.
    Condition,
    /// A lesion: `lesion` and `network` of tables.
    Lesion,
}

/// The names that a column has of its own, where names of that kind stand too.
const RESERVED: [(Named, &[&str]); 3] = [
    (Named::Area, &["all", "stimulus", "constant"]),
    (Named::Condition, &["all", "held out", "held-out conditions", "together"]),
    (Named::Lesion, &["intact"]),
];

impl Named {
    fn text(self) -> &'static str {
        match self {
            Self::Area => "area",
            Self::Condition => "condition",
            Self::Lesion => "lesion",
        }
    }

    /// Refuses a name that is empty, that tables use for something else, in any case of letters, or that no cell of a table
    /// holds. The sentence says which.
    ///
    /// # Errors
    /// That sentence.
    pub fn verify(self, name: &str) -> Result<(), String> {
        let (kind, plain) = (self.text(), name.trim());
        if plain.is_empty() {
            return Err(format!("one {kind} has an empty name. Name each."));
        }
        if name.chars().any(char::is_control) {
            return Err(format!(
                "the name of {kind} {name:?} holds a line break or another control character. Leave it out."
            ));
        }
        let reserved = RESERVED.iter().filter(|(named, _)| *named == self).flat_map(|(_, names)| *names);
        match reserved.into_iter().find(|r| r.to_lowercase() == plain.to_lowercase()) {
            Some(reserved) => Err(format!(
                "the {kind} “{name}” has a name that tables give rows of their own (“{reserved}”). Give it another name."
            )),
            None => Ok(()),
        }
    }
}

/// Refuses areas and conditions that would be taken for each other, or for a class of an area's neurons, in the column
/// `scope` of tables, which holds all of them.
pub(super) fn verify_scopes(areas: &[Area], conditions: &[&str]) -> Result<(), String> {
    let mut scopes: HashSet<String> = HashSet::new();
    for Area { name, .. } in areas {
        for cell_type in ["excitatory", "inhibitory"] {
            scopes.extend(["", " mirror", " non-mirror"].map(|class| format!("{} {cell_type}{class}", name.trim())));
        }
    }
    let names = areas.iter().map(|a| (Named::Area, a.name.trim()));
    for (kind, name) in names.chain(conditions.iter().map(|c| (Named::Condition, c.trim()))) {
        if !scopes.insert(name.into()) {
            let kind = kind.text();
            return Err(format!(
                "the {kind} “{name}” is called as an area, or as a class of the neurons of one: tables could not tell them apart. Give it another name."
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_tables_use_are_refused_in_any_spelling() {
        for (kind, name) in [
            (Named::Condition, "all"),
            (Named::Condition, " Held Out "),
            (Named::Condition, "TOGETHER"),
            (Named::Area, "All"),
            (Named::Area, "stimulus"),
            (Named::Lesion, "Intact"),
        ] {
            let sentence = kind.verify(name).unwrap_err();
            assert!(sentence.contains(&format!("“{name}”")) && sentence.contains("another name"), "{sentence}");
        }
        for (kind, name) in [
            (Named::Condition, "intact"),
            (Named::Condition, "stimulus"),
            (Named::Area, "held out"),
            (Named::Lesion, "all"),
            (Named::Condition, "allo"),
            (Named::Area, "größe, left"),
        ] {
            assert_eq!(kind.verify(name), Ok(()), "{name}");
        }
        for name in ["", " \t", "a\nb", "\u{1b}[31m"] {
            assert!(Named::Area.verify(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn areas_conditions_and_classes_are_told_apart() {
        let areas = |names: &[&str]| names.iter().map(|n| Area { name: (*n).into(), size: 1 }).collect::<Vec<_>>();
        verify_scopes(&areas(&["F5", "F6"]), &["go F5", "excitatory"]).unwrap();
        for (names, condition) in [
            (vec!["F5", "F6"], "F6"),
            (vec!["F5"], "F5 inhibitory non-mirror"),
            (vec!["F5", "F5 excitatory"], "go"),
            (vec!["F5"], " F5 "),
        ] {
            assert!(
                verify_scopes(&areas(&names), &[condition]).unwrap_err().contains("tell them apart"),
                "{condition}"
            );
        }
    }
}
