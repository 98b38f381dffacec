//! Named arrays, as MAT and npz files alike hold them.

use ndarray::{Array, ArrayD, Dimension};

/// An array to be written under a name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedArray {
    /// The name of the variable.
    pub name: String,
    /// Its values.
    pub values: Values,
}

/// Values of a number type that files keep.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// `double` / `float64`
    F64(ArrayD<f64>),
    /// `single` / `float32`
    F32(ArrayD<f32>),
    /// `uint8`
    U8(ArrayD<u8>),
    /// `logical` / `bool`
    Bool(ArrayD<bool>),
    /// `char`; npz files hold its UTF-8 bytes as `uint8`.
    Text(String),
    /// Texts, one per row: a matrix of `char`, filled up with blanks / `<U`.
    Texts(Vec<String>),
}

macro_rules! values_from {
    ($variant:ident, $type:ty) => {
        impl<D: Dimension> From<Array<$type, D>> for Values {
            fn from(array: Array<$type, D>) -> Self {
                Self::$variant(array.into_dyn())
            }
        }
    };
}
values_from!(F64, f64);
values_from!(F32, f32);
values_from!(U8, u8);
values_from!(Bool, bool);

impl From<&str> for Values {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Vec<String>> for Values {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl NamedArray {
    /// `values` under `name`.
    pub fn new(name: impl Into<String>, values: impl Into<Values>) -> Self {
        Self { name: name.into(), values: values.into() }
    }
}

/// `[12×175]`
pub(crate) fn shape_text(shape: &[usize]) -> String {
    let dims: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("[{}]", dims.join("×"))
}
