//! The documentation says what the program does.

use aon::task::TaskSpec;
use std::path::Path;

fn page(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

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
fn links_between_pages_lead_somewhere() {
    for file in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/differences.md",
        "docs/files.md",
        "docs/perturbation.md",
        "docs/results.md",
        "docs/tasks.md",
    ] {
        let directory = Path::new(file).parent().unwrap();
        for target in page(file).split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let target = target.split('#').next().unwrap_or_default();
            let known = target.starts_with("https:")
                || Path::new(env!("CARGO_MANIFEST_DIR")).join(directory).join(target).exists();
            assert!(known, "{file} links to {target}");
        }
    }
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
    let help = |command: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_aon")).args([command, "--help"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let program: String =
        ["train", "demo", "eval", "export", "synth", "devices", "bench", "perturb", "validate"].map(help).concat();
    let known = flags(&program);
    // Of cargo.
    let others = ["--release", "--features", "--path", "--open"];
    for file in
        ["README.md", "docs/differences.md", "docs/files.md", "docs/perturbation.md", "docs/tasks.md", "CHANGELOG.md"]
    {
        for flag in flags(&page(file)) {
            assert!(known.contains(&flag) || others.contains(&flag.as_str()), "{file}: {flag}");
        }
    }
}
