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
    for file in ["README.md", "CONTRIBUTING.md", "docs/differences.md", "docs/files.md", "docs/tasks.md"] {
        let directory = Path::new(file).parent().unwrap();
        for target in page(file).split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let known = target.starts_with("https:")
                || Path::new(env!("CARGO_MANIFEST_DIR")).join(directory).join(target).exists();
            assert!(known, "{file} links to {target}");
        }
    }
}
