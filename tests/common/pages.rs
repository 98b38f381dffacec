//! Pages of the documentation, and the anchors of their headings.

use std::path::Path;

/// The text of a file of the repository.
pub fn page(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The anchors of a page's headings, as GitHub makes them: in lower case, without punctuation, hyphens for spaces. A
/// heading that comes again gets a number, which nothing here needs.
pub fn anchors(page: &str) -> Vec<String> {
    let mut in_code = false;
    let mut list = Vec::new();
    for line in page.lines() {
        in_code ^= line.trim_start().starts_with("```");
        let text = line.trim_start_matches('#');
        if in_code || text.len() == line.len() || !text.starts_with(' ') {
            continue;
        }
        let kept = text.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        list.push(kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase());
    }
    list
}

/// The anchor at the start of `text`.
pub fn anchor_at(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}

/// Path from the root, and text, of every file that speaks of the project: sources, shaders, tests, pages, settings.
pub fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut waiting: Vec<_> =
        ["src", "shaders", "tests", "benches", "scripts", "tasks", "docs"].map(|f| root.join(f)).into();
    waiting.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Cargo.toml"].map(|f| root.join(f)));
    let mut list = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).unwrap();
            waiting.extend(entries.map(|entry| entry.unwrap().path()));
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            list.push((name.replace('\\', "/"), text));
        }
    }
    list.sort();
    list
}
