//! Values of settings.

use std::fmt;
use std::path::{Component, Path, PathBuf};

/// A value of a setting, as configuration files hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct Value(pub(in crate::sweep) toml::Value);

impl Value {
    /// The value as a number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match &self.0 {
            toml::Value::Integer(n) => Some(*n as f64),
            toml::Value::Float(x) => Some(*x),
            _ => None,
        }
    }

    /// The value as tables and pages show it: without quotes or brackets.
    pub fn text(&self) -> String {
        plain(&self.0)
    }
}

/// As configuration files spell it: `"presynaptic"`, `0.1`, `["W"]`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(list) if list.is_empty() => "none".into(),
        toml::Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What each of `values` is called where there is little room: paths without the folders that they have in common.
pub(super) fn labels(values: &[Value]) -> Vec<String> {
    let texts: Vec<String> = values.iter().map(Value::text).collect();
    let paths: Vec<&Path> = texts.iter().map(Path::new).filter(|p| p.is_absolute()).collect();
    let common = paths.iter().skip(1).fold(paths.first().and_then(|p| p.parent()).map(parts), |common, path| {
        let common = common?;
        let same = common.iter().zip(parts(path)).take_while(|(a, b)| **a == *b).count();
        Some(common[..same].to_vec())
    });
    let common: PathBuf = common.unwrap_or_default().into_iter().collect();
    let short = |text: &String| match Path::new(text).strip_prefix(&common) {
        Ok(rest) if Path::new(text).is_absolute() => rest.display().to_string(),
        _ => text.clone(),
    };
    texts.iter().map(short).collect()
}

fn parts(path: &Path) -> Vec<Component<'_>> {
    path.components().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_called_by_what_tells_them_apart() {
        let called =
            |texts: &[&str]| labels(&texts.iter().map(|t| Value(toml::Value::String((*t).into()))).collect::<Vec<_>>());
        assert_eq!(called(&["/d/a/FR.mat", "/d/b/FR.mat"]), ["a/FR.mat", "b/FR.mat"]);
        assert_eq!(called(&["/d/a/FR.mat"]), ["FR.mat"]);
        assert_eq!(called(&["/d/x.toml", "/d/xy.toml", "go-nogo"]), ["x.toml", "xy.toml", "go-nogo"]);
        assert_eq!(called(&["none", "presynaptic"]), ["none", "presynaptic"]);
        assert_eq!(called(&[]), [""; 0]);
    }

    #[test]
    fn values_are_shown_plainly_and_spelt_exactly() {
        let value: toml::Table = "a = [['x', 'y'], [], 0.1, 3, inf, true]".parse().unwrap();
        let values: Vec<Value> = value["a"].as_array().unwrap().iter().cloned().map(Value).collect();
        let texts: Vec<String> = values.iter().map(Value::text).collect();
        assert_eq!(texts, ["x, y", "none", "0.1", "3", "inf", "true"]);
        assert_eq!(values[0].to_string(), "[\"x\", \"y\"]");
        assert_eq!((values[2].number(), values[3].number(), values[5].number()), (Some(0.1), Some(3.0), None));
    }
}
