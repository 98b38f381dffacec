//! The drawing surface of all figures: plotters' SVG backend, with colours that follow the page's theme and room for images.

use crate::error::{Error, Result};
use base64::Engine as _;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::Pos;
use std::fmt::Write as _;

pub(crate) use plotters::style::text_anchor::{HPos, VPos};

/// The backend places everything at whole units; four units to a CSS pixel make curves smooth.
const SCALE: f64 = 4.0;

/// What may go wrong while a figure is drawn.
pub(crate) type Drawn<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A part of a figure.
pub(crate) type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Text and axes.
pub(crate) const INK: RGBColor = RGBColor(0x1f, 0x29, 0x33);
/// Secondary text.
pub(crate) const MUTED: RGBColor = RGBColor(0x5b, 0x67, 0x70);
/// Grid lines and event marks.
pub(crate) const GRID: RGBColor = RGBColor(0xd3, 0xd9, 0xde);
/// The model. Its colour and the three below can be told apart without colour vision.
pub(crate) const MODEL: RGBColor = RGBColor(0x00, 0x72, 0xb2);
/// The input-only baseline.
pub(crate) const INPUT_ONLY: RGBColor = RGBColor(0xd9, 0x8c, 0x00);
/// Excitatory neurons and positive weights.
pub(crate) const EXCITATORY: RGBColor = RGBColor(0xc4, 0x4e, 0x00);
/// Inhibitory neurons and negative weights.
pub(crate) const INHIBITORY: RGBColor = RGBColor(0x6a, 0x51, 0xa3);
/// A further series, where there are more than those above.
pub(crate) const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
/// Another.
pub(crate) const PINK: RGBColor = RGBColor(0xb8, 0x5c, 0x8e);
/// Cells of a matrix in which something is worse, or positive. Text in ink must be legible on it.
pub(crate) const WARM: RGBColor = RGBColor(0xe0, 0x6a, 0x10);
/// Cells in which something is better, or negative.
pub(crate) const COLD: RGBColor = RGBColor(0x2f, 0x86, 0xc8);
/// Areas without a value, and bands behind curves.
pub(crate) const SHADE: RGBColor = RGBColor(0xe4, 0xe8, 0xeb);

/// The style sheet's variable for each colour.
const THEME: [(RGBColor, &str); 12] = [
    (INK, "--ink"),
    (MUTED, "--muted"),
    (GRID, "--grid"),
    (MODEL, "--model"),
    (INPUT_ONLY, "--input-only"),
    (EXCITATORY, "--excitatory"),
    (INHIBITORY, "--inhibitory"),
    (GREEN, "--green"),
    (PINK, "--pink"),
    (WARM, "--warm"),
    (COLD, "--cold"),
    (SHADE, "--shade"),
];

/// CSS pixels in units of the backend.
pub(crate) fn px(pixels: f64) -> i32 {
    (pixels * SCALE).round() as i32
}

/// A stroke of that many CSS pixels.
pub(crate) fn stroke(colour: impl Color, pixels: f64) -> ShapeStyle {
    colour.stroke_width(px(pixels).max(1) as u32)
}

/// Text of that size in CSS pixels, placed by the named point of its box.
pub(crate) fn text(size: f64, colour: RGBColor, h: HPos, v: VPos) -> TextStyle<'static> {
    // The backend divides sizes by 1.24.
    ("sans-serif", size * 1.24 * SCALE).into_font().color(&colour).pos(Pos::new(h, v))
}

/// Width that `text` takes at most, in CSS pixels, for deciding what fits.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    0.56 * size * text.chars().count() as f64
}

/// An image inside a figure, in the backend's units.
pub(crate) struct Picture {
    /// Left, top, width, height.
    pub rectangle: (i32, i32, i32, i32),
    /// The file.
    pub png: Vec<u8>,
}

/// A finished figure in two forms.
pub(crate) struct Drawing {
    /// For the page: colours are the style sheet's variables.
    pub themed: String,
    /// For a file of its own: fixed colours on white.
    pub standalone: String,
}

/// Draws a figure of `width` × `height` CSS pixels.
pub(crate) fn draw(
    width: f64,
    height: f64,
    paint: impl FnOnce(&Panel, &mut Vec<Picture>) -> Drawn<()>,
) -> Result<Drawing> {
    let mut svg = String::new();
    let mut pictures = Vec::new();
    {
        let root = SVGBackend::with_string(&mut svg, (px(width) as u32, px(height) as u32)).into_drawing_area();
        paint(&root, &mut pictures)
            .and_then(|()| Ok(root.present()?))
            .map_err(|e| Error::run(format!("cannot draw a figure of the report: {e}.")))?;
    }
    let Some((_, elements)) = svg.split_once(">\n") else {
        return Err(Error::run("cannot draw a figure of the report: the drawing is empty."));
    };
    // Below everything else, so that lines and labels lie over them.
    let mut images = String::new();
    for Picture { rectangle: (x, y, w, h), png } in &pictures {
        let data = base64::engine::general_purpose::STANDARD.encode(png);
        let _ = writeln!(
            images,
            "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{data}\"/>"
        );
    }
    let view = format!("viewBox=\"0 0 {} {}\"", px(width), px(height));
    let mut themed = format!("{view}>\n{images}{elements}");
    for (RGBColor(r, g, b), variable) in THEME {
        themed = themed.replace(&format!("\"#{r:02X}{g:02X}{b:02X}\""), &format!("\"var({variable})\""));
    }
    let standalone = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" {view}>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\"/>\n{images}{elements}"
    );
    Ok(Drawing { themed, standalone })
}

/// A panel's heading, at its top left.
pub(crate) fn heading(panel: &Panel, title: &str) -> Drawn<()> {
    panel.draw_text(title, &text(13.0, INK, HPos::Left, VPos::Top).into_font_bold(), (px(2.0), px(2.0)))?;
    Ok(())
}

/// Bold text keeps its place and colour.
pub(crate) trait Bold {
    /// The same in bold.
    fn into_font_bold(self) -> Self;
}

impl Bold for TextStyle<'_> {
    fn into_font_bold(mut self) -> Self {
        self.font = self.font.style(FontStyle::Bold);
        self
    }
}

/// Coloured line samples with their meaning, from left to right, starting at (`x`, `y`) CSS pixels.
pub(crate) fn legend(panel: &Panel, entries: &[(&str, RGBColor)], x: f64, y: f64) -> Drawn<()> {
    let mut left = x;
    for (label, colour) in entries {
        let line = [(px(left), px(y)), (px(left + 18.0), px(y))];
        panel.draw(&PathElement::new(line, stroke(*colour, 2.5)))?;
        panel.draw_text(label, &text(12.0, INK, HPos::Left, VPos::Center), (px(left + 23.0), px(y)))?;
        left += 23.0 + text_width(label, 12.0) + 12.0;
    }
    Ok(())
}

/// The plotting area of a chart.
pub(crate) type Plane<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// A chart whose ranges are these.
pub(crate) type Chart<'a, 'b, X, Y> = ChartContext<
    'a,
    SVGBackend<'b>,
    Cartesian2d<<X as AsRangedCoord>::CoordDescType, <Y as AsRangedCoord>::CoordDescType>,
>;

/// A chart that leaves the margins (top, right, bottom, left) of `panel` free, and room for the labels of x and of y.
pub(crate) fn chart<'a, 'b, X: AsRangedCoord, Y: AsRangedCoord>(
    panel: &'a Panel<'b>,
    [top, right, bottom, left]: [f64; 4],
    [below, beside]: [f64; 2],
    x: X,
    y: Y,
) -> Drawn<Chart<'a, 'b, X, Y>> {
    let mut builder = ChartBuilder::on(panel);
    builder.margin_top(px(top)).margin_right(px(right)).margin_bottom(px(bottom)).margin_left(px(left));
    Ok(builder.x_label_area_size(px(below)).y_label_area_size(px(beside)).build_cartesian_2d(x, y)?)
}

/// A logarithmic axis with labels at 1, 2, 5 × 10ᵏ, or at powers of ten alone where those would crowd.
pub(crate) fn log_axis(
    range: std::ops::Range<f64>,
) -> impl AsRangedCoord<Value = f64, CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>> {
    let decades = range.start.log10().floor() as i32..=range.end.log10().ceil() as i32;
    let multiples: &[f64] = if range.end / range.start > 1e3 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let ticks = decades.flat_map(|k| multiples.iter().map(move |m| m * 10f64.powi(k)));
    let ticks = ticks.filter(|t| range.contains(t)).collect();
    range.log_scale().with_key_points(ticks)
}

/// What stands along the axes of a chart.
pub(crate) struct Axes<'a> {
    /// Quantity and unit.
    pub x: &'a str,
    /// Quantity and unit.
    pub y: &'a str,
    /// Labels on x, at most.
    pub x_labels: usize,
    /// Labels on y, at most.
    pub y_labels: usize,
}

impl Axes<'_> {
    /// Draws grid, axes and labels.
    pub(crate) fn draw<X, Y>(&self, chart: &mut ChartContext<'_, SVGBackend<'_>, Cartesian2d<X, Y>>) -> Drawn<()>
    where
        X: Ranged<ValueType = f64> + ValueFormatter<f64>,
        Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let (x, y) = (chart.x_range(), chart.y_range());
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(self.x_labels)
            .y_labels(self.y_labels)
            .x_label_formatter(&|v| tick(snapped(*v, &x)))
            .y_label_formatter(&|v| tick(snapped(*v, &y)))
            .max_light_lines(0)
            .bold_line_style(stroke(GRID, 1.0))
            .axis_style(stroke(MUTED, 1.0))
            .set_all_tick_mark_size(px(4.0))
            .label_style(text(11.0, INK, HPos::Center, VPos::Center))
            .axis_desc_style(text(12.0, INK, HPos::Center, VPos::Center))
            .x_desc(self.x)
            .y_desc(self.y)
            .draw()?;
        Ok(())
    }
}

/// A tick's place without the rounding error that steps from the range's end add up to where zero should be.
fn snapped(value: f64, range: &std::ops::Range<f64>) -> f64 {
    if value.abs() < 1e-12 * (range.end - range.start).abs() { 0.0 } else { value }
}

/// A tick's number: no more digits than it needs, a true minus sign.
pub(crate) fn tick(value: f64) -> String {
    let size = value.abs();
    let text = if size != 0.0 && !(1e-3..1e5).contains(&size) {
        format!("{value:.0e}")
    } else {
        let digits = format!("{value:.6}");
        digits.trim_end_matches('0').trim_end_matches('.').to_string()
    };
    if text == "-0" { "0".into() } else { text.replace('-', "−") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_is_defined_in_the_style_sheet_for_light_and_dark() {
        let css = include_str!("style.css");
        for (_, variable) in THEME {
            assert_eq!(css.matches(&format!("{variable}:")).count(), 3, "{variable}: light, dark and print");
        }
    }

    #[test]
    fn ticks_are_short() {
        assert_eq!([-3e-17, 1e-9].map(|v| snapped(v, &(-0.1..0.2))), [0.0, 1e-9]);
        assert_eq!([0.0, -0.5, 100.0, 0.25, 1e-5, -0.0].map(tick), ["0", "−0.5", "100", "0.25", "1e−5", "0"]);
    }

    #[test]
    fn a_drawing_is_themed_on_the_page_and_fixed_in_a_file() {
        let drawing = draw(10.0, 5.0, |panel, _| Ok(panel.fill(&MODEL)?)).unwrap();
        assert!(drawing.themed.contains("var(--model)") && !drawing.themed.contains("#0072B2"));
        assert!(drawing.standalone.contains("#0072B2") && drawing.standalone.starts_with("<svg xmlns"));
        assert!(drawing.themed.trim_end().ends_with("</svg>"));
    }
}
