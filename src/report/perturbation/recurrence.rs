//! How much of the fit needs recurrent connections.

use super::words::{fit_sentence, short};
use crate::error::Result;
use crate::perturb::Study;
use crate::report::parts::canvas::{Axes, HPos, INPUT_ONLY, MODEL, MUTED, chart, draw, px, stroke};
use crate::report::parts::figure::{Figure, WIDTH, padded};
use crate::report::parts::lines::{Legend, Pen};
use crate::report::parts::marks::{Words, fitted};
use plotters::prelude::*;

const NAMES: f64 = 236.0;
const ROW: f64 = 22.0;
const HEAD: f64 = 50.0;
const FOOT: f64 = 46.0;
const NUMBERS: f64 = 240.0;

pub(super) fn figure(study: &Study) -> Result<Option<Figure>> {
    let rows = &study.recurrence;
    if rows.is_empty() {
        return Ok(None);
    }
    let values: Vec<f64> = rows.iter().flat_map(|r| [r.model, r.input_only]).chain([0.0, 1.0]).collect();
    let height = HEAD + ROW * rows.len() as f64 + FOOT;
    let legend = Legend::new([
        ("trained network".to_string(), Pen::solid(MODEL, 6.0)),
        ("input-only network".to_string(), Pen::solid(INPUT_ONLY, 6.0)),
    ]);
    let drawing = draw(WIDTH, height, |root, _| {
        Words::muted(12.0, HPos::Left).draw(root, &fit_sentence(study), 0.0, 9.0)?;
        legend.draw(root, 24.0)?;
        let count = rows.len() as f64;
        let x = padded(values.into_iter());
        let mut chart = chart(root, [HEAD, NUMBERS, 4.0, NAMES], [FOOT - 4.0, 0.0], x, 0.0..count)?;
        Axes { x: "R²", y: "", x_labels: 8, y_labels: 0 }.draw(&mut chart)?;
        let area = chart.plotting_area();
        area.draw(&PathElement::new([(0.0, 0.0), (0.0, count)], stroke(MUTED, 1.0)))?;
        for (k, row) in rows.iter().enumerate() {
            let y = count - k as f64 - 0.5;
            if row.model.is_finite() && row.input_only.is_finite() {
                area.draw(&PathElement::new([(row.input_only, y), (row.model, y)], stroke(MUTED, 1.2)))?;
            }
            for (value, colour) in [(row.input_only, INPUT_ONLY), (row.model, MODEL)] {
                if value.is_finite() {
                    area.draw(&Circle::new((value, y), px(4.5), colour.filled()))?;
                }
            }
            let middle = HEAD + ROW * (k as f64 + 0.5);
            Words::ink(12.0, HPos::Left).draw(root, &fitted(&row.scope, 12.0, NAMES - 10.0), 0.0, middle)?;
            let [model, input_only, difference] =
                [row.model, row.input_only, row.model - row.input_only].map(|v| short(v, 2));
            let numbers = format!("{model} and {input_only}, difference {difference}");
            Words::muted(11.0, HPos::Left).draw(root, &numbers, WIDTH - NUMBERS + 12.0, middle)?;
        }
        Ok(())
    })?;
    let caption = "R² of the trained network and of a network that was trained with all recurrent weights held at zero, for \
                   all neurons, areas, classes and conditions. What lies between the dots is what recurrence adds; where it \
                   is small, the data do not constrain the recurrent weights, and lesions of them mean little. Described, \
                   not tested: one network of either kind, which differ from seed to seed. Numbers: \
                   recurrence.csv."
        .into();
    Ok(Some(Figure { name: "recurrence", title: "What needs recurrence", caption, drawing }))
}
