//! Findings in, bytes out: what leaves the house.
//!
//! [`narrative()`] makes the sentences of a report, in English or Chinese; it is the only place of the program that does.
//! [`pdf()`] sets them on paper, [`lettering`] makes outlines of any text. Nothing here reads a file, knows a network, or decides anything: what a field holds, and
//! whether a person has said so, is told by [`peony_model::report`].

mod lang;
pub mod lettering;
pub mod narrative;
mod pdf;
mod time;

pub use lang::Lang;
pub use narrative::narrative;
pub use pdf::{PdfError, pdf};
