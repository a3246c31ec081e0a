//! An examination from the first frame to the signed report.

mod act;

pub use act::{Act, FieldName, FieldWord, Role};
