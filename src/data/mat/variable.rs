//! What a MAT file says of a variable before its values are read.

use super::class::Class;
use std::fmt;

/// A variable in a MAT file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: Class,
    /// Its dimensions, at least two.
    pub dims: Vec<usize>,
    /// Whether its numbers are complex.
    pub complex: bool,
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dims: Vec<String> = self.dims.iter().map(ToString::to_string).collect();
        let complex = if self.complex { "complex " } else { "" };
        write!(f, "{} [{} {complex}{}]", self.name, dims.join("×"), self.class)
    }
}
