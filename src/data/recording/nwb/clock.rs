//! When the samples of a series were taken.

use super::super::hdf5::{Hdf5, Object};
use crate::error::Result;

/// Times of the `samples` samples of a series, in s, ascending: its `timestamps`, or `starting_time` and `rate`; without either,
/// `rate` samples a second from 0 on.
///
/// # Errors
/// If it has neither, as many times as no samples, or times that do not ascend.
pub(super) fn times(
    file: &Hdf5,
    series: &Object,
    samples: usize,
    rate: Option<f64>,
    setting: &str,
) -> Result<Vec<f64>> {
    if let Some(timestamps) = file.member(series, "timestamps")? {
        return listed(file, &timestamps, samples);
    }
    if let Some(start) = file.member(series, "starting_time")? {
        return counted(file, &start, samples);
    }
    let Some(rate) = rate else {
        let expected = "`timestamps`, or `starting_time` with its `rate`";
        let remedy = format!("Write them, or say how many samples a second there are: `{setting}`.");
        return Err(file.fault(&series.path, expected, "neither", remedy));
    };
    Ok((0..samples).map(|i| i as f64 / rate).collect())
}

fn listed(file: &Hdf5, timestamps: &Object, samples: usize) -> Result<Vec<f64>> {
    let fault =
        |expected: String, found: String, remedy: &str| Err(file.fault(&timestamps.path, expected, found, remedy));
    let times = file.numbers(timestamps)?;
    if times.len() != samples {
        let remedy = "In NWB the first dimension of `data` is time: if it is transposed, write data.T.";
        return fault(format!("as many times as samples, {samples}"), format!("{}", times.len()), remedy);
    }
    if let Some(k) = times.iter().position(|t| !t.is_finite()) {
        return fault("times in s".into(), format!("{} at sample {k}", times[k]), "Leave out samples without a time.");
    }
    if let Some(k) = times.windows(2).position(|pair| pair[1] <= pair[0]) {
        let found = format!("{} s after {} s at sample {}", times[k + 1], times[k], k + 1);
        return fault(
            "times that ascend".into(),
            found,
            "Sort the samples by time, and leave out those that come twice.",
        );
    }
    Ok(times)
}

fn counted(file: &Hdf5, start: &Object, samples: usize) -> Result<Vec<f64>> {
    let begin = file.numbers(start)?.first().copied().unwrap_or(f64::NAN);
    let rate = file.attributes(start)?.get("rate").and_then(hdf5_pure::AttrValue::as_f64).unwrap_or(f64::NAN);
    if !(begin.is_finite() && rate.is_finite() && rate > 0.0) {
        let expected = "a time in s, with the attribute `rate` in Hz";
        return Err(file.fault(
            &start.path,
            expected,
            format!("{begin} s and {rate} Hz"),
            "Write both, or `timestamps`.",
        ));
    }
    Ok((0..samples).map(|i| i as f64 / rate + begin).collect())
}

/// What values are multiplied by, and what is added then, to be in the unit of a series.
pub(super) fn scale(file: &Hdf5, data: &Object) -> Result<(f64, f64)> {
    let attributes = file.attributes(data)?;
    let number = |name: &str, default: f64| {
        let value = attributes.get(name).and_then(hdf5_pure::AttrValue::as_f64).unwrap_or(default);
        if value.is_finite() {
            return Ok(value);
        }
        Err(file.fault(
            &data.path,
            format!("a finite `{name}`"),
            value.to_string(),
            "Write the number, or leave it out.",
        ))
    };
    Ok((number("conversion", 1.0)?, number("offset", 0.0)?))
}
