//! The stimulus as the engine sees it.

/// Stimulus values, `[S][T][U]` row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Stimulus {
    /// S.
    pub sequences: usize,
    /// T.
    pub time_steps: usize,
    /// U.
    pub channels: usize,
    /// The values.
    pub values: Vec<f32>,
}
