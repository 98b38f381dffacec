//! Rust source as words and signs, less what is no part of the compiled library: comments, strings' contents and tests.

/// The words and signs of `text` in order; `::` and `..` are one sign, a string stays one quoted word.
pub(crate) fn words(text: &str) -> Vec<String> {
    let source: Vec<char> = text.chars().collect();
    let at = |i: usize| source.get(i).copied().unwrap_or('\0');
    let mut found = Vec::new();
    let mut i = 0;
    while i < source.len() {
        let start = i;
        match (at(i), at(i + 1)) {
            ('/', '/') => i = end_of_line(&source, i),
            ('/', '*') => i = end_of_comment(&source, i),
            // A lifetime is a word; everything else that starts so is a character.
            ('\'', next) if next != '\\' && at(i + 2) != '\'' => i = end_of_word(&source, i + 1),
            ('\'' | '"', _) => i = end_of_quote(&source, i),
            (':', ':') | ('.', '.') => i += 2,
            (c, _) if c.is_alphanumeric() || c == '_' => {
                i = end_of_word(&source, i);
                let prefix: String = source[start..i].iter().collect();
                match (prefix.as_str(), at(i)) {
                    ("b" | "c", '"') | ("b", '\'') => i = end_of_quote(&source, i),
                    ("r" | "br" | "cr", '"' | '#') => i = end_of_raw(&source, i),
                    _ => {}
                }
            }
            _ => i += 1,
        }
        let word: String = source[start..i].iter().collect();
        if !word.trim().is_empty() && !word.starts_with("//") && !word.starts_with("/*") {
            found.push(word);
        }
    }
    found
}

fn end_of_line(source: &[char], from: usize) -> usize {
    (from..source.len()).find(|&i| source[i] == '\n').unwrap_or(source.len())
}

fn end_of_word(source: &[char], from: usize) -> usize {
    (from..source.len()).find(|&i| !source[i].is_alphanumeric() && source[i] != '_').unwrap_or(source.len())
}

/// Block comments nest.
fn end_of_comment(source: &[char], from: usize) -> usize {
    let (mut depth, mut i) = (0, from);
    while i + 1 < source.len() {
        match (source[i], source[i + 1]) {
            ('/', '*') => (depth, i) = (depth + 1, i + 2),
            ('*', '/') => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    source.len()
}

fn end_of_quote(source: &[char], from: usize) -> usize {
    let mut i = from + 1;
    while i < source.len() && source[i] != source[from] {
        i += if source[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(source.len())
}

/// Of `#"…"#` with any number of `#`; of the word where `r#word` is no string.
fn end_of_raw(source: &[char], from: usize) -> usize {
    let hashes = source[from..].iter().take_while(|&&c| c == '#').count();
    if source.get(from + hashes) != Some(&'"') {
        return end_of_word(source, from + hashes);
    }
    let closed =
        |&i: &usize| source[i] == '"' && source[i + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes;
    (from + hashes + 1..source.len()).find(closed).map_or(source.len(), |i| i + 1 + hashes)
}

/// Leaves out every item under `#[cfg(test)]`.
pub(crate) fn without_tests(words: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut i = 0;
    while i < words.len() {
        if starts(&words[i..], &["#", "[", "cfg", "(", "test", ")", "]"])
            || starts(&words[i..], &["#", "[", "cfg", "(", "all", "(", "test"])
        {
            i = end_of_item(words, i);
        } else {
            kept.push(words[i].clone());
            i += 1;
        }
    }
    kept
}

/// Whether `words` begin with `start`.
pub(crate) fn starts(words: &[String], start: &[&str]) -> bool {
    words.len() >= start.len() && words.iter().zip(start).all(|(word, start)| word == start)
}

/// Behind the attributes that begin at `from` and the item below them.
fn end_of_item(words: &[String], from: usize) -> usize {
    let mut i = from;
    while starts(&words[i..], &["#", "["]) {
        i = end_of_bracket(words, i + 1);
    }
    while i < words.len() && words[i] != ";" {
        match words[i].as_str() {
            "{" => return end_of_bracket(words, i),
            "(" | "[" => i = end_of_bracket(words, i),
            _ => i += 1,
        }
    }
    (i + 1).min(words.len())
}

/// Behind the bracket that closes the one at `from`.
pub(crate) fn end_of_bracket(words: &[String], from: usize) -> usize {
    let mut depth = 0;
    for (i, word) in words.iter().enumerate().skip(from) {
        match word.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    words.len()
}
