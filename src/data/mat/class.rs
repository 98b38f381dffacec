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
        let id = if id == OPAQUE { 3 } else { id };
        CLASSES[1..].iter().find(|(number, ..)| *number == id).map(|(_, class, ..)| *class)
    }

    /// The class that MATLAB calls `name`; objects have names of their own.
    #[cfg(feature = "hdf5")]
    pub(super) fn from_name(name: &str) -> Self {
        CLASSES.iter().find(|(.., n, _)| *n == name).map_or(Self::Object, |(_, class, ..)| *class)
    }

    /// Whether [`super::MatFile::array`] can read it.
    pub fn is_numeric(self) -> bool {
        self.value_size().is_some()
    }

    /// Bytes of one value in memory, for numeric and logical classes.
    fn value_size(self) -> Option<u64> {
        CLASSES.iter().find(|(_, class, ..)| *class == self).and_then(|(.., size)| *size)
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
        f.pad(CLASSES.iter().find(|(_, class, ..)| class == self).map_or("object", |(.., name, _)| name))
    }
}

/// The classes: number in the array flags (the first, a flag, has none), class, what MATLAB calls it, bytes of a value.
const CLASSES: [(u8, Class, &str, Option<u64>); 17] = [
    (0, Class::Logical, "logical", Some(1)),
    (1, Class::Cell, "cell", None),
    (2, Class::Struct, "struct", None),
    (3, Class::Object, "object", None),
    (4, Class::Char, "char", None),
    (5, Class::Sparse, "sparse", None),
    (6, Class::Double, "double", Some(8)),
    (7, Class::Single, "single", Some(4)),
    (8, Class::Int8, "int8", Some(1)),
    (9, Class::UInt8, "uint8", Some(1)),
    (10, Class::Int16, "int16", Some(2)),
    (11, Class::UInt16, "uint16", Some(2)),
    (12, Class::Int32, "int32", Some(4)),
    (13, Class::UInt32, "uint32", Some(4)),
    (14, Class::Int64, "int64", Some(8)),
    (15, Class::UInt64, "uint64", Some(8)),
    (16, Class::Function, "function_handle", None),
];

/// Class number of `string`, `table` and other new objects, whose elements have no dimensions.
pub(super) const OPAQUE: u8 = 17;

/// The number type of a data element, with its number in the element's tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Int8 = 1,
    UInt8 = 2,
    Int16 = 3,
    UInt16 = 4,
    Int32 = 5,
    UInt32 = 6,
    Single = 7,
    Double = 9,
    Int64 = 12,
    UInt64 = 13,
}

impl Storage {
    /// The numeric type with this number in an element's tag, if it is one.
    pub(super) fn from_id(id: u32) -> Option<Self> {
        use Storage::{Double, Int8, Int16, Int32, Int64, Single, UInt8, UInt16, UInt32, UInt64};
        let all = [Int8, UInt8, Int16, UInt16, Int32, UInt32, Single, Double, Int64, UInt64];
        all.into_iter().find(|storage| storage.id() == id)
    }

    /// The type's number in an element's tag.
    pub(super) fn id(self) -> u32 {
        self as u32
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
