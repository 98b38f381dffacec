//! Numbers and lists as people read them.

use super::canvas::tick;

/// A number with so many significant digits and a true minus sign, `–` where it is undefined.
pub(crate) fn short(value: f64, digits: i32) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let exponent = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    if value != 0.0 && !(-4..6).contains(&exponent) {
        return format!("{value:.*e}", (digits - 1).max(0) as usize).replace('-', "−");
    }
    let decimals = (digits - 1 - exponent).max(0) as usize;
    let text = format!("{value:.decimals$}");
    // Rounding may leave a negative zero.
    let text = if text.trim_start_matches(['-', '0', '.']).is_empty() { "0".to_string() } else { text };
    text.replace('-', "−")
}

/// A p or q value, to a thousandth; `–` where it is undefined.
pub(crate) fn probability(value: f64) -> String {
    match value {
        p if p.is_nan() => "–".into(),
        p if p < 0.001 => "< 0.001".into(),
        p => tick((p * 1000.0).round() / 1000.0),
    }
}

/// Seconds as people say them.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) if seconds < 10.0 => format!("{seconds:.1} s"),
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// Names in a sentence: `a, b and c`.
pub(crate) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What is shown of a text that somebody wrote: one line, without characters that control or turn it.
pub(crate) fn shown(text: &str) -> String {
    let turns =
        |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if turns(c) || c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(plain).collect()
}

/// Each item once, in the order of their first.
pub(crate) fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    items.for_each(|item| {
        if !found.contains(&item) {
            found.push(item);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_nan() {
        let found = [0.0, 0.123_45, -0.000_5, 12.34, 1234.5, 2.5e-7, f64::NAN, f64::INFINITY].map(|v| short(v, 2));
        assert_eq!(found, ["0", "0.12", "−0.00050", "12", "1234", "2.5e−7", "–", "–"]);
        assert_eq!([0.000_2, 0.0304, 1.0, f64::NAN].map(probability), ["< 0.001", "0.03", "1", "–"]);
    }

    #[test]
    fn lists_are_sentences() {
        assert_eq!(listed(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(listed(&["a".into()]), "a");
        assert_eq!(distinct([3, 1, 3].into_iter()), [3, 1]);
    }

    #[test]
    fn durations_are_written_as_people_say_them() {
        assert_eq!([4.24, 59.6, 61.0, 3725.0].map(duration), ["4.2 s", "1 min 0 s", "1 min 1 s", "1 h 2 min"]);
    }
}
