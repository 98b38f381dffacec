//! What pages and figures of every kind are put together from.

pub(super) mod canvas;
pub(super) mod figure;
pub(super) mod html;
pub(super) mod lines;
pub(super) mod marks;
pub(super) mod matrix;
pub(super) mod raster;
pub(super) mod terminal;
pub(super) mod words;
