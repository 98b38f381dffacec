//! The small pieces that figures are put together from, placed in CSS pixels.

use super::canvas::{Bold, Drawn, HPos, INK, MUTED, Panel, VPos, px, stroke, text, text_width};
use plotters::prelude::*;

/// Text of one line.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    pub size: f64,
    pub colour: RGBColor,
    pub bold: bool,
    pub h: HPos,
    pub v: VPos,
}

impl Words {
    /// Ink, placed by its left or right end or its middle, and its middle height.
    pub(crate) fn ink(size: f64, h: HPos) -> Self {
        Self { size, colour: INK, bold: false, h, v: VPos::Center }
    }

    /// Secondary text.
    pub(crate) fn muted(size: f64, h: HPos) -> Self {
        Self { colour: MUTED, ..Self::ink(size, h) }
    }

    /// The same, placed by its upper end.
    pub(crate) fn below(self) -> Self {
        Self { v: VPos::Top, ..self }
    }

    /// The same, placed by its lower end.
    pub(crate) fn above(self) -> Self {
        Self { v: VPos::Bottom, ..self }
    }

    /// The same in bold.
    pub(crate) fn bold(self, bold: bool) -> Self {
        Self { bold, ..self }
    }

    pub(crate) fn draw(self, panel: &Panel, words: &str, x: f64, y: f64) -> Drawn<()> {
        let style = text(self.size, self.colour, self.h, self.v);
        let style = if self.bold { style.into_font_bold() } else { style };
        panel.draw_text(words, &style, (px(x), px(y)))?;
        Ok(())
    }
}

/// A rectangle by left, top, width and height.
pub(crate) fn rectangle(panel: &Panel, (x, y, w, h): (f64, f64, f64, f64), style: ShapeStyle) -> Drawn<()> {
    panel.draw(&Rectangle::new([(px(x), px(y)), (px(x + w), px(y + h))], style))?;
    Ok(())
}

/// A straight line.
pub(crate) fn line(panel: &Panel, from: (f64, f64), to: (f64, f64), style: ShapeStyle) -> Drawn<()> {
    panel.draw(&PathElement::new([(px(from.0), px(from.1)), (px(to.0), px(to.1))], style))?;
    Ok(())
}

/// A line of `width` CSS pixels, by its points.
pub(crate) fn path(panel: &Panel, points: &[(f64, f64)], colour: RGBColor, width: f64) -> Drawn<()> {
    let points: Vec<(i32, i32)> = points.iter().map(|(x, y)| (px(*x), px(*y))).collect();
    panel.draw(&PathElement::new(points, stroke(colour, width)))?;
    Ok(())
}

/// `words`, cut off where they would be wider than `width`.
pub(crate) fn fitted(words: &str, size: f64, width: f64) -> String {
    if text_width(words, size) <= width {
        return words.to_string();
    }
    let count = (width / text_width("m", size)).floor().max(2.0) as usize;
    words.chars().take(count - 1).chain(['…']).collect()
}

/// `words` in lines of at most `width`, each word whole unless it is too long by itself.
pub(crate) fn wrapped(words: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(fitted(word, size, width)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_fit() {
        assert_eq!(fitted("abc", 10.0, 100.0), "abc");
        let cut = fitted("a very long name of a lesion", 10.0, 60.0);
        assert!(cut.ends_with('…') && text_width(&cut, 10.0) <= 60.0, "{cut}");
        assert_eq!(wrapped("self–other distance", 10.0, 70.0), ["self–other", "distance"]);
    }
}
