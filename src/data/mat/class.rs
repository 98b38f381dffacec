//! Array classes and the number types that their values are stored as.

use std::fmt;

/// The class of a MATLAB variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `double`
    Double,
    /// `single`
    Single,
    /// `int8`
    Int8,
    /// `uint8`
    UInt8,
    /// `int16`
    Int16,
    /// `uint16`
    UInt16,
    /// `int32`
    Int32,
    /// `uint32`
    UInt32,
    /// `int64`
    Int64,
    /// `uint64`
    UInt64,
    /// `logical`
    Logical,
    /// `char`
    Char,
    /// `cell`
    Cell,
    /// `struct`
    Struct,
    /// Sparse matrix of any class.
    Sparse,
    /// Function handle.
    Function,
    /// Anything else: an object, a `string`, a `table`, a `datetime`, …
    Object,
}

impl Class {
    /// The class with this number in the array flags, if there is one.
    pub(super) fn from_id(id: u8) -> Option<Self> {
        Some(match id {
            1 => Self::Cell,
            2 => Self::Struct,
            3 | OPAQUE => Self::Object,
            4 => Self::Char,
            5 => Self::Sparse,
            6 => Self::Double,
            7 => Self::Single,
            8 => Self::Int8,
            9 => Self::UInt8,
            10 => Self::Int16,
            11 => Self::UInt16,
            12 => Self::Int32,
            13 => Self::UInt32,
            14 => Self::Int64,
            15 => Self::UInt64,
            16 => Self::Function,
            _ => return None,
        })
    }

    /// The class that MATLAB calls `name`.
    #[cfg(feature = "hdf5")]
    pub(super) fn from_name(name: &str) -> Self {
        NAMES.iter().find(|(_, n)| *n == name).map_or(Self::Object, |(class, _)| *class)
    }

    /// Whether [`super::MatFile::array`] can read it.
    pub fn is_numeric(self) -> bool {
        self.value_size().is_some()
    }

    /// Bytes of one value in memory, for numeric and logical classes.
    fn value_size(self) -> Option<u64> {
        Some(match self {
            Self::Double | Self::Int64 | Self::UInt64 => 8,
            Self::Single | Self::Int32 | Self::UInt32 => 4,
            Self::Int16 | Self::UInt16 => 2,
            Self::Int8 | Self::UInt8 | Self::Logical => 1,
            _ => return None,
        })
    }

    /// Whether values of this class may be stored as `storage`: as themselves, or as a smaller integer type
    /// where all values fit, which MATLAB does to save space.
    pub(super) fn may_be_stored_as(self, storage: Storage) -> bool {
        let Some(size) = self.value_size() else { return false };
        match storage {
            Storage::Double => self == Self::Double,
            Storage::Single => self == Self::Single,
            Storage::Int64 => self == Self::Int64,
            Storage::UInt64 => self == Self::UInt64,
            _ => storage.size() <= size,
        }
    }

    /// What a user can do to turn a variable of this class into one that can be read.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Cell => "Save its contents as a numeric array (cell2mat).",
            Self::Struct => "Save its fields as variables of their own (save -struct).",
            Self::Sparse => "Save it as a full matrix (full).",
            _ => "Save the numbers as a plain array.",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(NAMES.iter().find(|(class, _)| class == self).map_or("object", |(_, name)| name))
    }
}

/// The classes as MATLAB calls them; objects have names of their own.
const NAMES: [(Class, &str); 16] = [
    (Class::Double, "double"),
    (Class::Single, "single"),
    (Class::Int8, "int8"),
    (Class::UInt8, "uint8"),
    (Class::Int16, "int16"),
    (Class::UInt16, "uint16"),
    (Class::Int32, "int32"),
    (Class::UInt32, "uint32"),
    (Class::Int64, "int64"),
    (Class::UInt64, "uint64"),
    (Class::Logical, "logical"),
    (Class::Char, "char"),
    (Class::Cell, "cell"),
    (Class::Struct, "struct"),
    (Class::Sparse, "sparse"),
    (Class::Function, "function_handle"),
];

/// Class number of `string`, `table` and other new objects, whose elements have no dimensions.
pub(super) const OPAQUE: u8 = 17;

/// The number type of a data element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Int8,
    UInt8,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Single,
    Double,
    Int64,
    UInt64,
}

impl Storage {
    /// The numeric type with this number in an element's tag, if it is one.
    pub(super) fn from_id(id: u32) -> Option<Self> {
        Some(match id {
            1 => Self::Int8,
            2 => Self::UInt8,
            3 => Self::Int16,
            4 => Self::UInt16,
            5 => Self::Int32,
            6 => Self::UInt32,
            7 => Self::Single,
            9 => Self::Double,
            12 => Self::Int64,
            13 => Self::UInt64,
            _ => return None,
        })
    }

    /// The type's number in an element's tag.
    pub(super) fn id(self) -> u32 {
        match self {
            Self::Int8 => 1,
            Self::UInt8 => 2,
            Self::Int16 => 3,
            Self::UInt16 => 4,
            Self::Int32 => 5,
            Self::UInt32 => 6,
            Self::Single => 7,
            Self::Double => 9,
            Self::Int64 => 12,
            Self::UInt64 => 13,
        }
    }

    /// Bytes of one value.
    pub(super) fn size(self) -> u64 {
        match self {
            Self::Int8 | Self::UInt8 => 1,
            Self::Int16 | Self::UInt16 => 2,
            Self::Int32 | Self::UInt32 | Self::Single => 4,
            Self::Double | Self::Int64 | Self::UInt64 => 8,
        }
    }
}
