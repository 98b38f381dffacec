//! What somebody may have meant.

/// The one of `known` that is closest to `word`, by letters to change, leave out or add. The last part of a dotted name may
/// stand for it: settings are called by that alone where they need not be told apart.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> &'a str {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_string();
    let away = |name: &&str| distance(word, name).min(distance(word, &last(name)));
    known.into_iter().min_by_key(away).unwrap_or_default()
}

/// The Levenshtein distance, whatever the case.
fn distance(a: &str, b: &str) -> usize {
    let lower = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    let (a, b) = (lower(a), lower(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_letters() {
        for (a, b, expected) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("Dale", "dale", 0), ("größe", "grösse", 2)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (expected, expected), "{a} {b}");
        }
        let known = ["network.gain", "training.learning_rate", "training.adam.beta1"];
        assert_eq!(nearest("learning-rate", known), "training.learning_rate");
        assert_eq!(nearest("network.gian", known), "network.gain");
        assert_eq!(nearest("beta", known), "training.adam.beta1");
        assert_eq!(nearest("x", []), "");
    }
}
