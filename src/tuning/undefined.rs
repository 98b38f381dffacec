//! Numbers of which some are undefined, in JSON, which has no NaN: null.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    let defined: Vec<Option<f64>> = values.iter().map(|v| v.is_finite().then_some(*v)).collect();
    defined.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let defined = Vec::<Option<f64>>::deserialize(deserializer)?;
    Ok(defined.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect())
}
