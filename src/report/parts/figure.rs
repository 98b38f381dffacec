//! A figure and its place on the page.

use super::canvas::{Drawing, Panel, px};

/// Width of every figure in CSS pixels.
pub(crate) const WIDTH: f64 = 1120.0;

/// A figure and what is said about it.
pub(crate) struct Figure {
    /// File name and anchor.
    pub name: &'static str,
    /// Heading.
    pub title: &'static str,
    /// How to read it; also its text alternative.
    pub caption: String,
    /// The picture.
    pub drawing: Drawing,
}

/// The part of `panel` with the given left, top, width and height in CSS pixels.
pub(crate) fn part<'a>(panel: &Panel<'a>, left: f64, top: f64, width: f64, height: f64) -> Panel<'a> {
    let (whole_width, whole_height) = panel.dim_in_pixel();
    let right = (whole_width.cast_signed() - px(left + width)).max(0);
    let bottom = (whole_height.cast_signed() - px(top + height)).max(0);
    panel.margin(px(top), bottom, px(left), right)
}

/// A range with some air at both ends; never empty.
pub(crate) fn padded(values: impl Iterator<Item = f64> + Clone) -> std::ops::Range<f64> {
    let finite = values.filter(|v| v.is_finite());
    let low = finite.clone().fold(f64::INFINITY, f64::min);
    let high = finite.fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return 0.0..1.0;
    }
    let air = if high > low { 0.05 * (high - low) } else { 0.05 * high.abs().max(1e-6) };
    low - air..high + air
}
