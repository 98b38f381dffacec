//! Which file uses what of which other: the paths of `use` items and of the code, followed to the file that defines the name.

use crate::words::{without_tests, words};
use std::collections::{BTreeMap, BTreeSet};

/// The text of each file by its path from the root of the repository.
pub(crate) type Files = BTreeMap<String, String>;

/// One file uses a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    pub(crate) from: String,
    /// The file that defines the name, or that of the module where a module is named.
    pub(crate) to: String,
    pub(crate) name: String,
    /// The top-level module through which the name was reached.
    pub(crate) module: String,
    /// Whether code of `from` needs what `to` defines: not where it hands the name on, nor where it only names the module.
    pub(crate) needs: bool,
}

/// The modules of `src`, by their paths.
struct Tree {
    modules: BTreeMap<Vec<String>, Module>,
}

struct Module {
    file: String,
    /// What `use` brings in: the name here, its path, and whether it is handed on.
    imports: Vec<(String, Vec<String>, bool)>,
    /// Paths of at least two parts in the code.
    paths: BTreeSet<Vec<String>>,
    /// Names in the code, `use` and `mod` items aside.
    names: BTreeSet<String>,
}

/// The top-level module of a file of `src`: that of `src/lib.rs` has no name, `src/main.rs` is part of the command line.
pub(crate) fn module_of(file: &str) -> &str {
    match file.strip_prefix("src/").and_then(|inner| inner.strip_suffix(".rs")).unwrap_or("lib") {
        "lib" => "",
        "main" => "cli",
        inner => inner.split('/').next().unwrap_or(inner),
    }
}

/// What the name of a file ends in.
pub(crate) fn extension(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Words of `text` that are compiled into the library.
pub(crate) fn library_words(file: &str, text: &str) -> Vec<String> {
    let is_library = file.starts_with("src/") && extension(file) == "rs" && !file.ends_with("_tests.rs");
    if is_library { without_tests(&words(text)) } else { Vec::new() }
}

/// Every use of one file of `src` by another.
pub(crate) fn uses(files: &Files) -> BTreeSet<Use> {
    let tree = Tree::new(files);
    let mut found = BTreeSet::new();
    for (path, module) in &tree.modules {
        let mut add = |used: &[String], needed: bool| {
            if let Some(target) = tree.resolve(path, used, 0).filter(|target| target.file != module.file) {
                found.insert(Use {
                    from: module.file.clone(),
                    needs: needed && target.name.is_some(),
                    name: target.name.or_else(|| used.last().cloned()).unwrap_or_default(),
                    module: target.module.first().cloned().unwrap_or_default(),
                    to: target.file,
                });
            }
        };
        for (name, used, handed_on) in &module.imports {
            add(used, !handed_on || module.names.contains(name));
            // All that a module hands on may be meant.
            if let Some((_, face)) = used.split_last().filter(|(last, _)| *last == "*")
                && let Some(target) = tree.resolve(path, face, 0)
                && let Some(handing) = tree.modules.get(&target.module)
            {
                handing
                    .imports
                    .iter()
                    .for_each(|(name, ..)| add(&[face, std::slice::from_ref(name)].concat(), !handed_on));
            }
        }
        for used in &module.paths {
            add(used, true);
        }
    }
    found
}

/// Where a path leads.
struct Target {
    /// The module through which it was reached, before any re-export.
    module: Vec<String>,
    file: String,
    /// `None` where a module itself is named.
    name: Option<String>,
}

impl Tree {
    fn new(files: &Files) -> Tree {
        let mut modules = BTreeMap::new();
        for (file, text) in files {
            let words = library_words(file, text);
            if !words.is_empty() {
                modules.insert(path_of(file), Module::new(file, &words));
            }
        }
        Tree { modules }
    }

    /// Follows `path` as it is written in the module `scope`; `None` where it leads out of the crate.
    fn resolve(&self, scope: &[String], path: &[String], depth: usize) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        if depth > 16 {
            return None;
        }
        match first.as_str() {
            "crate" | "aon" => self.descend(Vec::new(), rest, depth),
            "self" => self.descend(scope.to_vec(), rest, depth),
            "super" => {
                let mut base = scope.to_vec();
                base.pop();
                let deeper = rest.iter().take_while(|part| *part == "super").count();
                base.truncate(base.len().saturating_sub(deeper));
                self.descend(base, &rest[deeper..], depth)
            }
            _ => match self.import(scope, first) {
                Some(import) if rest.is_empty() || !self.has(scope, first) => {
                    self.resolve(scope, &[import, rest].concat(), depth + 1)
                }
                _ if self.has(scope, first) => self.descend(scope.to_vec(), path, depth),
                _ => None,
            },
        }
    }

    /// Follows `rest` from the module `base` down. Where a module and what it hands on share a name, the module is meant
    /// if the path goes on through it.
    fn descend(&self, mut base: Vec<String>, rest: &[String], depth: usize) -> Option<Target> {
        for (i, part) in rest.iter().enumerate() {
            let behind = &rest[i + 1..];
            match self.import(&base, part) {
                Some(import) if behind.is_empty() || !self.has(&base, part) => {
                    let target = self.resolve(&base, &[import, behind].concat(), depth + 1)?;
                    return Some(Target { module: base, ..target });
                }
                _ if self.has(&base, part) => base.push(part.clone()),
                _ => return self.target(base, Some(part.clone())),
            }
        }
        self.target(base, None)
    }

    fn target(&self, module: Vec<String>, name: Option<String>) -> Option<Target> {
        Some(Target { file: self.modules.get(&module)?.file.clone(), module, name })
    }

    fn has(&self, module: &[String], inner: &str) -> bool {
        self.modules.contains_key(&[module, &[inner.to_owned()]].concat())
    }

    fn import(&self, module: &[String], name: &str) -> Option<&[String]> {
        let imports = &self.modules.get(module)?.imports;
        imports.iter().find(|(alias, ..)| alias == name).map(|(_, path, _)| path.as_slice())
    }
}

impl Module {
    fn new(file: &str, words: &[String]) -> Module {
        let mut module =
            Module { file: file.to_owned(), imports: Vec::new(), paths: BTreeSet::new(), names: BTreeSet::new() };
        let mut i = 0;
        while i < words.len() {
            let word = words[i].as_str();
            let behind = |offset: usize| i.checked_sub(offset).map_or("", |k| words[k].as_str());
            if word == "use" {
                let end = words[i..].iter().position(|w| w == ";").map_or(words.len(), |n| i + n);
                // `pub use` or `pub(…) use`
                let handed_on = behind(1) == "pub" || behind(4) == "pub";
                for (name, path) in flattened(&words[i + 1..end]) {
                    module.imports.push((name, path, handed_on));
                }
                i = end;
            } else if word == "mod" {
                i += 1;
            } else if is_name(word) && behind(1) != "::" && behind(1) != "." {
                let mut path = vec![word.to_owned()];
                while i + 2 < words.len() && words[i + 1] == "::" && is_name(&words[i + 2]) {
                    path.push(words[i + 2].clone());
                    i += 2;
                }
                // A macro is no name of a module's.
                let after = |offset: usize| words.get(i + offset).map_or("", String::as_str);
                if after(1) != "!" || after(2) == "=" {
                    module.names.insert(path[0].clone());
                }
                if path.len() > 1 {
                    module.paths.insert(path);
                }
            }
            i += 1;
        }
        module
    }
}

/// The names and paths of a `use` item, its groups opened.
fn flattened(item: &[String]) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut stems: Vec<Vec<String>> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut alias: Option<String> = None;
    let mut end = |path: &mut Vec<String>, alias: &mut Option<String>| {
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if let Some(last) = path.last().cloned() {
            found.push((alias.take().unwrap_or(last), path.clone()));
        }
        path.clear();
    };
    for (i, word) in item.iter().enumerate() {
        match word.as_str() {
            "{" => stems.push(path.clone()),
            "}" | "," => {
                // Behind an inner group nothing is left to end.
                if i > 0 && item[i - 1] != "}" && item[i - 1] != "," {
                    end(&mut path, &mut alias);
                }
                if word == "}" {
                    stems.pop();
                }
                path = stems.last().cloned().unwrap_or_default();
            }
            "as" | "::" => {}
            name if i > 0 && item[i - 1] == "as" => alias = Some(name.to_owned()),
            name => path.push(name.to_owned()),
        }
    }
    if item.last().is_some_and(|last| last != "}") {
        end(&mut path, &mut alias);
    }
    found
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The module that a file is: `[data, mat]` of `src/data/mat/mod.rs`.
fn path_of(file: &str) -> Vec<String> {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    if inner == "lib" { Vec::new() } else { inner.split('/').map(str::to_owned).collect() }
}
