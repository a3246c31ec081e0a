//! The report on paper: A4, a page or a few.
//!
//! [`body`] sets what is read from top to bottom into a [`page::Flow`], which begins pages; [`frame`] puts on each what
//! stands on all of them; [`write`] makes bytes. Until the last step everything is plain data in points of the page, from
//! its upper left corner.

mod body;
mod frame;
mod ink;
mod map;
mod page;
mod plane;
mod sign;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod write;

use image::GrayImage;
use jiff::tz::TimeZone;
use peony_model::report::Report;

use crate::Lang;
use body::Paper;
use page::{Flow, Mark};
use text::Typesetter;

/// Why no PDF was made. Nothing of a report is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// A font of the program cannot be read or embedded.
    #[error("a font cannot be embedded")]
    Font,
    /// A picture cannot be embedded.
    #[error("a picture cannot be embedded")]
    Picture,
    /// A page has no size.
    #[error("a page has no size")]
    Geometry,
    /// The document is larger than the format allows.
    #[error("the document is beyond what a PDF may hold")]
    Limit,
}

/// The report as a PDF.
///
/// `pictures` gives the picture of a plane by its number; one that is missing leaves a frame that says so. The pictures of
/// the PDF are copies to look at (JPEG, cut around the lesion). Times are those of this machine's zone. The same report
/// gives the same bytes.
///
/// # Errors
///
/// Where a font or a picture cannot be embedded, or the document is beyond what the format can hold. No text of a report is a
/// reason.
pub fn pdf(
    report: &Report,
    lang: Lang,
    pictures: &dyn Fn(u64) -> Option<GrayImage>,
) -> Result<Vec<u8>, PdfError> {
    let pages = pages(report, lang, &TimeZone::system(), pictures);
    // The title is seen where the document is not opened: nothing of a patient.
    let title = match (report.stands_signed(), lang) {
        (true, _) => lang.pick("Breast ultrasound", "乳腺超声"),
        (false, _) => lang.pick("Breast ultrasound – draft", "乳腺超声 – 草稿"),
    };
    write::write(&pages, title, lang.tag())
}

/// The pages as they will be drawn.
fn pages(
    report: &Report,
    lang: Lang,
    zone: &TimeZone,
    pictures: &dyn Fn(u64) -> Option<GrayImage>,
) -> Vec<Vec<Mark>> {
    let mut set = Typesetter::new(lang);
    let (first, others) = frame::tops(&mut set, report, lang);
    let mut paper = Paper { flow: Flow::new(first, others), set, report, zone, lang };
    body::set(&mut paper, pictures);
    let mut pages = paper.flow.pages;
    frame::put(&mut pages, &mut paper.set, report, lang);
    pages
}
