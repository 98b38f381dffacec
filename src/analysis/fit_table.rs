//! The fit as a CSV file and as a table for the terminal.

use super::comparison::{Comparison, Grouping};
use super::fit::Fit;
use super::held_out_summary::HeldOutSummary;
use super::score::{GOOD_FIT, Score, Summary};
use crate::data::csv_text;
use crate::network::Population;
use std::fmt::Write as _;

/// The text of `fit.csv`: one row per neuron over all conditions (`condition` is `all`), then one per neuron and condition.
/// Where conditions were held out, `all` leaves them out, and one row per neuron over these (`held out`) comes last.
///
/// Columns `neuron,area,cell_type,class,condition,r2,rmse`. Neurons count from 1, as the rows of `FR1` do in MATLAB.
/// An undefined R² (constant recorded rate) is an empty field. Names that hold commas or quotes are quoted (RFC 4180).
pub fn fit_csv(fit: &Fit, population: &Population, conditions: &[String]) -> String {
    let mut csv = String::from("neuron,area,cell_type,class,condition,r2,rmse\n");
    let mut rows = |condition: &str, scores: &[Score]| {
        let condition = csv_text(condition);
        for (i, score) in scores.iter().enumerate() {
            let area = csv_text(population.area_name(i));
            let (cell_type, class) = (population.cell_type(i), population.class(i));
            let (r2, rmse) = (csv_number(score.r2), csv_number(score.rmse));
            let _ = writeln!(csv, "{},{area},{cell_type},{class},{condition},{r2},{rmse}", i + 1);
        }
    };
    rows("all", &fit.overall);
    for (name, scores) in conditions.iter().zip(&fit.by_condition) {
        rows(name, scores);
    }
    if let Some(held_out) = &fit.held_out {
        rows("held out", &held_out.overall);
    }
    csv
}

/// Scores of neurons are of order one: six decimals.
fn csv_number(value: f64) -> String {
    if value.is_nan() { String::new() } else { format!("{value:.6}") }
}

/// The fit as a table for the terminal: groups down, the network and its baselines across.
pub fn fit_text(comparison: &Comparison, population: &Population, conditions: &[String]) -> String {
    let groups = comparison.groups(population, conditions);
    let label = |g: &super::GroupFit| format!("{} {}", g.grouping.label(), g.name);
    let width = groups.iter().map(|g| label(g).chars().count()).max().unwrap_or(0).max(12);
    let mut text = format!("{:width$}           model                     input-only  mean-rate\n", "");
    let _ = writeln!(text, "{:width$}  neurons  median R²  mean R²  > {GOOD_FIT}   median R²  median R²", "");
    let mut previous = Grouping::All;
    for g in &groups {
        if g.grouping != previous {
            text.push('\n');
            previous = g.grouping;
        }
        let Summary { neurons, median_r2, mean_r2, fraction_above_0_8, .. } = g.model;
        let _ = writeln!(
            text,
            "{:width$}  {neurons:>7}  {:>9}  {:>7}  {:>5}   {:>9}  {:>9}",
            label(g),
            decimal(median_r2),
            decimal(mean_r2),
            percent(fraction_above_0_8),
            g.input_only.map_or("–".into(), |s| decimal(s.median_r2)),
            decimal(g.mean_rate.median_r2),
        );
    }
    let Summary { undefined, neurons: all, .. } = comparison.model.summary();
    if undefined > 0 {
        let _ = writeln!(
            text,
            "\nR² is undefined for {undefined} of {all} neurons, whose recorded rate is constant; they are left out."
        );
    }
    if let Some(held_out) = HeldOutSummary::of(comparison, conditions) {
        text.push_str(&held_out_text(&held_out));
    }
    text
}

/// The table of what was not trained on.
fn held_out_text(held_out: &HeldOutSummary) -> String {
    let rows = held_out.rows();
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut text = format!(
        "\nheld out: R² of all neurons and bins together, about each neuron's mean in training\n{:width$}      model  input-only  mean-rate   siblings\n",
        ""
    );
    for (name, values) in rows {
        let [model, input_only, mean_rate, siblings] = values.map(decimal);
        let _ = writeln!(text, "{name:width$}  {model:>9}  {input_only:>10}  {mean_rate:>9}  {siblings:>9}");
    }
    text
}

/// An R² as tables show it: `0.97`, `−0.05`, `–` where it is undefined.
pub(crate) fn decimal(value: f64) -> String {
    if value.is_nan() {
        return "–".into();
    }
    // Rounding may leave a negative zero.
    let rounded = (value * 1000.0).round() / 1000.0 + 0.0;
    format!("{rounded:.3}").replace('-', "−")
}

/// A fraction as tables show it: `44 %`, `–` where it is undefined.
pub(crate) fn percent(value: f64) -> String {
    if value.is_nan() { "–".into() } else { format!("{:.0} %", 100.0 * value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Recorded;
    use crate::network::Area;

    fn example() -> (Comparison, Population, Vec<String>) {
        let areas = vec![Area { name: "F5, left".into(), size: 2 }, Area { name: "F6".into(), size: 1 }];
        let population = Population::new(areas, vec![false, true, false], Some(vec![true, false, false])).unwrap();
        let recorded = [0.0, 0.5, 0.1, 1.0, 0.5, 0.3, 0.0, 0.5, 0.3, 1.0, 0.5, 0.5];
        let modelled = recorded.map(|r| 0.5 * r + 0.25);
        let comparison = Comparison::new(&Recorded::new(&recorded, &[2, 2], 3).unwrap(), &modelled, None).unwrap();
        (comparison, population, vec!["go".into(), "no-go".into()])
    }

    #[test]
    fn the_csv_has_a_row_per_neuron_and_per_neuron_and_condition() {
        let (comparison, population, conditions) = example();
        let csv = fit_csv(&comparison.model, &population, &conditions);
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 1 + 3 + 2 * 3);
        assert_eq!(lines[0], "neuron,area,cell_type,class,condition,r2,rmse");
        // Half the amplitude around the mean: a quarter of the variance is left.
        assert_eq!(lines[1], "1,\"F5, left\",excitatory,mirror,all,0.750000,0.250000");
        assert_eq!(lines[2], "2,\"F5, left\",inhibitory,non-mirror,all,,0.000000");
        assert!(lines[6].starts_with("3,F6,excitatory,non-mirror,go,"));
    }

    #[test]
    fn the_text_table_lists_every_group_with_its_baselines() {
        let (comparison, population, conditions) = example();
        let text = fit_text(&comparison, &population, &conditions);
        let row = |name: &str| text.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name}:\n{text}"));
        for name in ["area F5, left", "area F6", "cell type inhibitory", "class non-mirror", "condition no-go"] {
            row(name);
        }
        let mirror: Vec<&str> = row("class mirror").split_whitespace().skip(2).collect();
        assert_eq!(mirror, ["1", "0.750", "0.750", "0", "%", "–", "0.000"]);
        assert!(text.contains("undefined for 1 of 3 neurons"));
    }

    #[test]
    fn numbers_are_written_with_a_minus_sign_and_no_negative_zero() {
        assert_eq!([0.97412, -0.05, -0.0001, f64::NAN].map(decimal), ["0.974", "−0.050", "0.000", "–"]);
        assert_eq!(percent(0.444), "44 %");
    }
}
