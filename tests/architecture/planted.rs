//! Faults planted in small crates: each rule finds its own, in the right words, and nothing where all is well.

use crate::rules::{Law, against_the_law, circles, too_long, voices};
use crate::uses::Files;

const LAW: Law = &[&["error"], &["data"], &["task"], &["train", "analysis"], &["cli"]];

fn files(texts: &[(&str, &str)]) -> Files {
    texts.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect()
}

/// The faults of a crate that has `texts` beside its other modules.
fn against(texts: &[(&str, &str)]) -> Vec<String> {
    let mut all = files(&[
        ("src/lib.rs", "pub mod cli;\npub mod error;"),
        ("src/error.rs", "pub struct Error;"),
        ("src/data/mod.rs", "mod table;\npub use table::Table;"),
        ("src/data/table.rs", "pub struct Table;"),
        ("src/task/mod.rs", "pub struct Task;\npub fn tasks() {}"),
        ("src/train/mod.rs", "pub struct Trainer;"),
        ("src/analysis/mod.rs", "pub struct Fit;"),
    ]);
    all.extend(files(texts));
    against_the_law(&all, LAW)
}

#[test]
fn a_use_of_what_stands_below_is_legal() {
    let task = "use crate::{data::Table, error::{self, Error}};\nfn f() -> error::Error { crate::data::Table::new() }";
    assert_eq!(against(&[("src/task/file.rs", task), ("src/main.rs", "use aon::{cli::Cli, data};")]), [""; 0]);
}

#[test]
fn a_use_of_what_stands_above_is_found() {
    let fault =
        |names: &str| format!("src/data/x.rs (data) uses {names} of src/task/mod.rs (task), which stands above it");
    for text in [
        "use crate::task::Task;",
        "use crate::{error::Error, task::{Task}};",
        "pub use crate::task::Task as Work;",
        "fn f(task: &crate::task::Task) {}",
        "fn f() { super::super::task::Task::new() }",
        "fn f() -> Task { Task { a, ..crate::task::Task } }",
        "const QUOTE: char = '\"'; fn f<'a>(_: &'a crate::task::Task) {} const END: char = '\"';",
    ] {
        assert_eq!(against(&[("src/data/x.rs", text)]), [fault("Task")], "{text}");
    }
    let of_module = "use crate::task;\nfn f(task: &task::Task) {}";
    assert_eq!(against(&[("src/data/x.rs", of_module)]), [fault("Task, task")]);
    assert_eq!(against(&[("src/data/x.rs", "use crate::task::{self};")]), [fault("task")]);
}

#[test]
fn a_use_through_a_face_is_a_use_of_the_face() {
    let texts = [("src/train/mod.rs", "pub use crate::data::Table;"), ("src/task/x.rs", "use crate::train::Table;")];
    assert_eq!(
        against(&texts),
        ["src/task/x.rs (task) uses Table of src/data/table.rs through train, which stands above it"]
    );
}

#[test]
fn modules_of_one_level_do_not_use_each_other() {
    assert_eq!(
        against(&[
            ("src/train/x.rs", "use crate::analysis::Fit;"),
            ("src/analysis/y.rs", "use crate::train::Trainer;")
        ]),
        [
            "src/analysis/y.rs (analysis) uses Trainer of src/train/mod.rs (train), which stands beside it",
            "src/train/x.rs (train) uses Fit of src/analysis/mod.rs (analysis), which stands beside it",
        ]
    );
}

#[test]
fn a_module_needs_a_place() {
    assert_eq!(against(&[("src/extra.rs", "")]), ["the module extra (src/extra.rs) has no place in the law"]);
}

#[test]
fn comments_strings_and_tests_use_nothing() {
    let text = r##"
        //! See [`crate::task::Task`].
        /* crate::task::Task /* nested */ crate::task::Task */
        const A: &str = "use crate::task::Task; \" crate::task::Task";
        const B: &str = r#"crate::task::Task " crate::task::Task"#;
        #[cfg(test)]
        #[allow(dead_code)]
        fn only_in_tests([_]: [crate::task::Task; 1]) -> crate::task::Task {}
        #[cfg(test)]
        mod tests { use crate::task::Task; fn f() { crate::task::tasks() } }
    "##;
    assert_eq!(against(&[("src/data/x.rs", text), ("src/data/x_tests.rs", "use crate::task::Task;")]), [""; 0]);
    assert_eq!(against(&[("src/data/x.rs", &format!("{text} use crate::task::tasks;"))]).len(), 1);
}

#[test]
fn a_circle_is_found_through_a_face() {
    let mut all = files(&[
        ("src/lib.rs", "pub mod data;"),
        ("src/data/mod.rs", "mod a;\nmod b;\nmod c;\npub use a::A;\npub use b::b;"),
        ("src/data/a.rs", "use super::b;\npub struct A;\nfn f() { b() }"),
        ("src/data/b.rs", "pub fn b(_: crate::data::A) {}"),
        ("src/data/c.rs", "use super::{A, b};"),
    ]);
    assert_eq!(
        circles(&all, &[]),
        ["2 files use each other:\n  src/data/a.rs uses b of src/data/b.rs\n  src/data/b.rs uses A of src/data/a.rs"]
    );
    assert_eq!(circles(&all, &["src/data/a.rs", "src/data/b.rs"]), [""; 0]);
    assert_eq!(circles(&all, &["src/data/a.rs"]).len(), 1);
    all.insert("src/data/b.rs".to_owned(), "use super::*;\npub fn b(_: A) {}".to_owned());
    assert_eq!(circles(&all, &[]).len(), 1);
    all.insert("src/data/b.rs".to_owned(), "pub fn b() {}".to_owned());
    assert_eq!(circles(&all, &[]), [""; 0]);
}

#[test]
fn a_module_that_uses_its_parts_is_no_face() {
    let child = ("src/data/a.rs", "pub struct A(super::Shared);");
    let face = ("src/data/mod.rs", "mod a;\npub use a::A;\npub struct Shared;");
    assert_eq!(circles(&files(&[child, face]), &[]), [""; 0]);
    let parent = ("src/data/mod.rs", "mod a;\npub use a::A;\npub struct Shared(Vec<A>);");
    assert_eq!(
        circles(&files(&[child, parent]), &[]),
        [
            "2 files use each other:\n  src/data/a.rs uses Shared of src/data/mod.rs\n  src/data/mod.rs uses A of src/data/a.rs"
        ]
    );
}

#[test]
fn only_the_command_line_speaks() {
    let loud = "fn f() { println!(\"println!\") }";
    let values = "#[cfg_attr(feature = \"cli\", derive(clap::ValueEnum))]\npub enum E {}";
    let all = files(&[
        ("src/data/a.rs", loud),
        ("src/data/b.rs", values),
        ("src/data/c.rs", "#[derive(clap::ValueEnum)]\npub enum E {}"),
        ("src/data/d.rs", "// println!\n#[cfg(test)]\nmod tests { fn f() { println!() } }"),
        ("src/cli/mod.rs", loud),
        ("src/main.rs", "use clap::Parser;"),
        ("tests/a.rs", loud),
    ]);
    assert_eq!(
        voices(&all),
        [
            "src/data/a.rs prints (println!), which only src/cli and src/main.rs may",
            "src/data/c.rs uses clap, which only src/cli and src/main.rs may",
        ]
    );
}

#[test]
fn long_files_are_found() {
    let lines = |n: usize| "\n".repeat(n);
    let all = [
        ("src/a.rs", 450),
        ("src/b.rs", 451),
        ("shaders/a.wgsl", 150),
        ("shaders/b.wgsl", 151),
        ("tests/a.rs", 451),
        ("src/cli/a.rs", 450),
    ];
    let mut all: Files = all.iter().map(|&(path, n)| (path.to_owned(), lines(n))).collect();
    assert_eq!(
        too_long(&all),
        [
            "shaders/b.wgsl has 151 lines, more than 150",
            "src/b.rs has 451 lines, more than 450",
            "tests/a.rs has 451 lines, more than 450",
        ]
    );
    let before = too_long(&all).len();
    all.extend((0..5).map(|i| (format!("src/cli/{i}.rs"), lines(450))));
    assert_eq!(too_long(&all).len(), before);
    all.insert("src/cli/last.rs".to_owned(), lines(101));
    assert_eq!(too_long(&all).last().unwrap(), "src/cli has 2801 lines, more than 2800");
}
