//! The pages of `docs/` that say what the library is: the [model] and the [architecture].

#[doc = include_str!("../docs/model.md")]
pub mod model {}

#[doc = include_str!("../docs/architecture.md")]
pub mod architecture {}
