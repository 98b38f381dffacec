//! Names of MATLAB variables.

use std::collections::HashSet;

/// The longest name that MATLAB keeps.
const LONGEST: usize = 63;

/// Words of MATLAB's language, which name no variable.
const KEYWORDS: [&str; 20] = [
    "break",
    "case",
    "catch",
    "classdef",
    "continue",
    "else",
    "elseif",
    "end",
    "for",
    "function",
    "global",
    "if",
    "otherwise",
    "parfor",
    "persistent",
    "return",
    "spmd",
    "switch",
    "try",
    "while",
];

/// A name that MATLAB takes for each of `names`, in their order, and no name twice: those that it takes stay; in others `_`
/// stands for every character that is no ASCII letter or digit, `x` before a start that is no letter, and a number at the
/// end tells apart what would be the same.
pub fn variable_names(names: &[&str]) -> Vec<String> {
    let mut used: HashSet<String> = names.iter().filter(|n| is_variable_name(n)).map(ToString::to_string).collect();
    let stays = |k: usize| is_variable_name(names[k]) && !names[..k].contains(&names[k]);
    (0..names.len()).map(|k| if stays(k) { names[k].into() } else { unused(&likest(names[k]), &mut used) }).collect()
}

/// Whether MATLAB takes the name: a letter, then letters, digits or underscores, 63 at most; no keyword.
fn is_variable_name(name: &str) -> bool {
    name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&name)
}

fn likest(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let starts_well = plain.starts_with(|c: char| c.is_ascii_alphabetic()) && !KEYWORDS.contains(&plain.as_str());
    if starts_well { plain } else { format!("x{plain}") }
}

/// `name`, cut to its length and with a number if it has to be, as the first of its kind.
fn unused(name: &str, used: &mut HashSet<String>) -> String {
    let numbered = |k: usize| {
        let number = if k == 1 { String::new() } else { format!("_{k}") };
        // Everything is ASCII.
        format!("{}{number}", &name[..name.len().min(LONGEST - number.len())])
    };
    let mut count = 1;
    while !used.insert(numbered(count)) {
        count += 1;
    }
    numbered(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_matlab_takes_stay_and_others_become_some() {
        let long = "n".repeat(70);
        let names = ["modelled_go left", "W", "größe", "1st", "end", "", "_x", "go_left", "go left", "go-left", &long];
        let found = variable_names(&names);
        let cut = "n".repeat(63);
        let expected =
            ["modelled_go_left", "W", "gr__e", "x1st", "xend", "x", "x_x", "go_left", "go_left_2", "go_left_3", &cut];
        assert_eq!(found, expected);
        assert!(found.iter().all(|name| is_variable_name(name)));
    }

    #[test]
    fn a_name_that_comes_twice_is_told_apart() {
        assert_eq!(variable_names(&["W", "W_2", "W", "W"]), ["W", "W_2", "W_3", "W_4"]);
        // What was made of another name is not taken for a name that stays.
        assert_eq!(variable_names(&["go left", "go_left"]), ["go_left_2", "go_left"]);
    }

    #[test]
    fn long_names_that_differ_at_their_end_are_told_apart() {
        let names: Vec<String> = (0..12).map(|k| format!("{}{k}", "m".repeat(70))).collect();
        let found = variable_names(&names.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(found.iter().all(|name| is_variable_name(name)));
        assert_eq!(found.iter().collect::<HashSet<_>>().len(), names.len());
        assert!(found[11].ends_with("_12") && found[11].len() == 63);
    }
}
