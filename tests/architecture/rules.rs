//! What is held: each rule takes the files and returns one sentence for each fault.

use crate::uses::{Files, Use, extension, library_words, module_of, uses};
use crate::words::starts;
use std::collections::{BTreeMap, BTreeSet};

/// Levels of modules, the ground first.
pub(crate) type Law = &'static [&'static [&'static str]];

/// Uses of modules that stand above or beside the user's, and modules without a place.
pub(crate) fn against_the_law(files: &Files, law: Law) -> Vec<String> {
    let level = |module: &str| law.iter().position(|level| level.contains(&module));
    let mut faults = BTreeSet::new();
    for file in files.keys().filter(|file| file.starts_with("src/")) {
        let module = module_of(file);
        if !module.is_empty() && level(module).is_none() {
            faults.insert(format!("the module {module} ({file}) has no place in the law"));
        }
    }
    for ((from, to, module), names) in grouped(uses(files).iter()) {
        let own = module_of(from);
        if let (Some(user), Some(used)) = (level(own), level(module))
            && user <= used
            && own != module
        {
            let place = if user == used { "beside" } else { "above" };
            let owner = if module_of(to) == module { format!("({module})") } else { format!("through {module}") };
            faults.insert(format!("{from} ({own}) uses {names} of {to} {owner}, which stands {place} it"));
        }
    }
    faults.into_iter().collect()
}

/// The names that a file takes from another through a module, listed: by user, owner and module.
fn grouped<'a>(uses: impl Iterator<Item = &'a Use>) -> BTreeMap<(&'a str, &'a str, &'a str), String> {
    let mut names: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for Use { from, to, name, module, .. } in uses {
        names.entry((from.as_str(), to.as_str(), module.as_str())).or_default().insert(name);
    }
    names.into_iter().map(|(key, names)| (key, names.into_iter().collect::<Vec<_>>().join(", "))).collect()
}

/// Groups of files each of which needs, straight or through others, every other; one that lies in `allowed` is none.
pub(crate) fn circles(files: &Files, allowed: &[&str]) -> Vec<String> {
    let uses: Vec<Use> = uses(files).into_iter().filter(|used| used.needs).collect();
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for used in &uses {
        next.entry(&used.from).or_default().insert(&used.to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> = next.keys().map(|&file| (file, reached(file, &next))).collect();
    let reach = |a: &str, b: &str| reached.get(a).is_some_and(|all| all.contains(b));
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for &file in next.keys().filter(|&&file| reach(file, file)) {
        let circle: BTreeSet<&str> =
            next.keys().copied().filter(|other| reach(file, other) && reach(other, file)).collect();
        if !seen.insert(circle.clone()) || circle.iter().all(|file| allowed.contains(file)) {
            continue;
        }
        let inside = uses.iter().filter(|used| circle.contains(&*used.from) && circle.contains(&*used.to));
        let ties = grouped(inside).into_iter().map(|((from, to, _), names)| format!("  {from} uses {names} of {to}"));
        faults.push(format!("{} files use each other:\n{}", circle.len(), ties.collect::<Vec<_>>().join("\n")));
    }
    faults
}

fn reached<'a>(from: &'a str, next: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        open.extend(next.get(file).into_iter().flatten().filter(|&&file| found.insert(file)));
    }
    found
}

/// What only the command line may do.
const PRINTING: [&str; 5] = ["println", "eprintln", "print", "eprint", "dbg"];
const CRATES: [&str; 2] = ["clap", "indicatif"];

/// The attribute by which the command line learns an enumeration's values.
const VALUES: &[&str] = &[
    "#",
    "[",
    "cfg_attr",
    "(",
    "feature",
    "=",
    "\"cli\"",
    ",",
    "derive",
    "(",
    "clap",
    "::",
    "ValueEnum",
    ")",
    ")",
    "]",
];

/// Files of the library that print or that use the crates of the command line.
pub(crate) fn voices(files: &Files) -> Vec<String> {
    let mut faults = BTreeSet::new();
    for (file, text) in files.iter().filter(|(file, _)| module_of(file) != "cli") {
        let words = library_words(file, text);
        let mut i = 0;
        while i < words.len() {
            if starts(&words[i..], VALUES) {
                i += VALUES.len();
                continue;
            }
            let word = words[i].as_str();
            if PRINTING.contains(&word) && words.get(i + 1).is_some_and(|next| next == "!") {
                faults.insert(format!("{file} prints ({word}!), which only src/cli and src/main.rs may"));
            } else if CRATES.contains(&word) {
                faults.insert(format!("{file} uses {word}, which only src/cli and src/main.rs may"));
            }
            i += 1;
        }
    }
    faults.into_iter().collect()
}

/// Lines of a Rust file, of a shader, and of the command line altogether.
const RUST: usize = 450;
const SHADER: usize = 150;
const COMMAND_LINE: usize = 2800;

/// Files, and a command line, with more lines than one can keep in mind.
pub(crate) fn too_long(files: &Files) -> Vec<String> {
    let mut faults = Vec::new();
    let mut cli = 0;
    for (file, text) in files {
        let lines = text.lines().count();
        let most = if extension(file) == "wgsl" { SHADER } else { RUST };
        if lines > most {
            faults.push(format!("{file} has {lines} lines, more than {most}"));
        }
        if file.starts_with("src/cli/") {
            cli += lines;
        }
    }
    if cli > COMMAND_LINE {
        faults.push(format!("src/cli has {cli} lines, more than {COMMAND_LINE}"));
    }
    faults
}
