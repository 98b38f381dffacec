//! Names of areas.

/// Columns in which files name areas.
pub(super) const AREAS: [&str; 5] = ["area", "location", "brain_area", "brain_region", "region"];

/// An area, if the text names one.
pub(super) fn named(text: String) -> Option<String> {
    let is_none = ["", "unknown", "none", "nan", "n/a"].iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    (!is_none).then(|| text.trim().to_string())
}
