//! The documentation says what the program does.

mod common;

use aon::sweep::Specification;
use aon::task::TaskSpec;
use common::pages::{anchor_at, anchors, files, page};
use std::path::Path;
use std::process::Command;

/// Every page that the repository has on itself, but for the change log.
const PAGES: [&str; 11] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/differences.md",
    "docs/files.md",
    "docs/model.md",
    "docs/perturbation.md",
    "docs/recordings.md",
    "docs/results.md",
    "docs/sweeps.md",
    "docs/tasks.md",
    "docs/tuning.md",
];

/// The code blocks of `language` in a page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_string()).collect()
}

#[test]
fn the_task_file_of_the_documentation_is_one() {
    let [example] = &blocks(&page("docs/tasks.md"), "toml")[..] else { panic!("expected one task file") };
    let task = TaskSpec::parse(example, "docs/tasks.md").unwrap();
    assert_eq!((task.areas.len(), task.stimulus.sequences.len(), task.conditions.len()), (2, 2, 2));
}

#[test]
fn the_sweeps_of_the_documentation_are_sweeps() {
    let examples = blocks(&page("docs/sweeps.md"), "toml");
    assert_eq!(examples.len(), 2);
    let place = tempfile::tempdir().unwrap();
    let base = place.path().join("config.toml");
    std::fs::write(&base, "").unwrap();
    for example in examples {
        let text = example.replace("\"config.toml\"", &format!("{:?}", base.to_str().unwrap()));
        Specification::parse(&text, Path::new("docs/sweeps.md")).unwrap();
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    for file in PAGES {
        let directory = Path::new(file).parent().unwrap();
        let text = page(file);
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("https:") {
                continue;
            }
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if target.is_empty() { file.into() } else { directory.join(target) };
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&target).exists(), "{file} links to {link}");
            let known = anchor.is_empty() || anchors(&page(target.to_str().unwrap())).contains(&anchor.into());
            assert!(known, "{file} links to {link}, which is no heading there");
        }
    }
}

/// Where `text` cites a page in `docs` by its path: the page, and the anchor if it has one.
fn citations(text: &str) -> Vec<(String, Option<String>)> {
    let mut list = Vec::new();
    for (at, _) in text.match_indices("docs/") {
        let name: String =
            text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || "/-_.".contains(*c)).collect();
        let Some(end) = name.find(".md") else { continue };
        let name = &name[..end + ".md".len()];
        let Some(rest) = text[at + name.len()..].strip_prefix('#') else {
            list.push((name.into(), None));
            continue;
        };
        // In a program that puts a citation together, the anchor is not there yet.
        if !rest.starts_with(['"', '{']) {
            list.push((name.into(), Some(anchor_at(rest))));
        }
    }
    list
}

#[test]
fn citations_of_the_documentation_lead_somewhere() {
    let mut found = 0;
    for (file, text) in files() {
        for (cited, anchor) in citations(&text) {
            let exists = Path::new(env!("CARGO_MANIFEST_DIR")).join(&cited).exists();
            assert!(exists, "{file} cites {cited}, which is not there");
            if let Some(anchor) = anchor {
                let known = anchors(&page(&cited)).contains(&anchor);
                assert!(known, "{file} cites {cited}#{anchor}, which is no heading there");
                found += 1;
            }
        }
    }
    assert!(found >= 30, "{found} citations with an anchor: are they looked for where they are?");
}

#[test]
fn a_citation_is_found_with_its_page_and_anchor() {
    let text = ["(docs", "/a.md#b-c), ../docs", "/d.md. `docs", "/e.md#", "{f}`; docs", "/g.png"].concat();
    let page = |name: &str| ["docs", name].join("/");
    assert_eq!(citations(&text), [(page("a.md"), Some("b-c".into())), (page("d.md"), None)]);
}

/// Notes that were never part of the repository.
#[test]
fn nothing_cites_notes_that_are_not_here() {
    for (file, text) in files() {
        for name in ["MATH", "FITTING", "KERNELS", "HOUSE"] {
            assert!(!text.contains(&format!("{name}.md")), "{file} cites {name}.md");
        }
    }
}

#[test]
fn the_model_names_files_that_are_there() {
    let text = page("docs/model.md");
    let named = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| ["src/", "shaders/", "tests/", "tasks/"].iter().any(|folder| code.starts_with(folder)));
    let mut count = 0;
    for file in named {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "docs/model.md names {file}");
        count += 1;
    }
    assert!(count >= 30, "{count} files");
}

/// Words of a page that look like flags: `--name`, or `--na_me` as the published program spells it.
fn flags(page: &str) -> Vec<String> {
    let word =
        |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect::<String>();
    let flags = page.split("--").skip(1).map(word);
    flags
        .filter(|w| w.starts_with(|c: char| c.is_ascii_alphabetic()))
        .map(|w| format!("--{}", w.replace('_', "-")))
        .collect()
}

#[test]
fn flags_in_the_documentation_are_flags_of_the_program() {
    let help = |command: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_aon")).args(command).arg("--help").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let commands = ["train", "demo", "eval", "export", "synth", "devices", "bench", "perturb", "validate", "tuning"];
    let of_sweeps = ["run", "status", "table", "best", "report"];
    let mut program = commands.map(|command| help(&[command])).concat();
    program += &of_sweeps.map(|command| help(&["sweep", command])).concat();
    let known = flags(&program);
    // Of cargo.
    let others = ["--release", "--features", "--path", "--open"];
    let without_commands = ["CONTRIBUTING.md", "docs/results.md"];
    for file in PAGES.iter().chain(&["CHANGELOG.md"]).filter(|file| !without_commands.contains(file)) {
        for flag in flags(&page(file)) {
            assert!(known.contains(&flag) || others.contains(&flag.as_str()), "{file}: {flag}");
        }
    }
}
