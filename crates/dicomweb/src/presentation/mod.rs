//! Pictures through a presentation state (PS3.18 §10.4.1.1.3, §9.5.1.2.7; the order of steps is that of PS3.4 §N.2): grey levels, shutters and
//! overlays in the picture's own pixels, then what of it is shown, turned and sized, then what is drawn over it.
//!
//! Two objects make such a picture, and both must be of one study and within the caller's sight. What the state asks for and is not drawn
//! is refused where it is read (`peony_dicom::presentation`); what is done in a way of its own is:
//!
//! - TRUE SIZE is as large as the picture's pixels: a picture knows no glass, so no lengths on it.
//! - Overlays lie under all other marks, whatever the order of their layers.
//! - Lines are as wide as suits the size of the picture, letters as large as their place allows; styles are not read.

mod area;
mod cover;
mod marks;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use image::DynamicImage;
use peony_dicom::pixels::{Photometric, Tone};
use peony_dicom::presentation::{
    self, COLOUR_STATE, GREY_STATE, Plane, PresentationState, Reference, Shutter,
};
use peony_dicom::{DicomError, Elements, Pictures};
use peony_model::{Pixels, guarded};
use peony_store::{Kept, Reader};

use crate::cores::Wanted;
use crate::problem::Problem;
use crate::rendered::{JPEG, Look, PNG, encoded};
use crate::uid::Address;
use crate::{Service, answer, cores, frames};

const NOT_FOR: &str = "the presentation state is not for this picture or frame";

/// Whether an object is a state that is drawn through.
pub(crate) fn is_state(kept: &Kept) -> bool {
    matches!(kept.sop_class_uid.as_str(), GREY_STATE | COLOUR_STATE)
}

/// A state that was read, and its object.
struct State {
    kept: Kept,
    says: PresentationState,
}

async fn open(service: &Service, kept: Kept) -> Result<State, Problem> {
    let reader = service.store.reader(&kept);
    let read = tokio::task::spawn_blocking(move || PresentationState::open(reader));
    let says = read.await.map_err(|_| Problem::Failed)??;
    Ok(State { kept, says })
}

/// The picture that a state is for, as it says; of one with several frames that frame, or the one in the middle.
pub(crate) async fn of_state(
    service: &Service,
    state: Kept,
    frame: Option<u64>,
    look: Look,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let (asked, headers) = (service.clone(), headers.clone());
    let answered = cores::on_one(&service.store.cores().each, |mut wanted| async move {
        let state = open(&asked, state).await?;
        let only = only_picture(state.says.references(), frame)?;
        let address = Address {
            study: Some(state.kept.study_uid.clone()),
            series: Some(only.series_uid.clone()),
            instance: Some(only.instance_uid.clone()),
        };
        let picture = address.instance(&asked.store).await.map_err(|problem| match problem {
            Problem::Missing(_) => Problem::Missing("picture of the presentation state"),
            other => other,
        })?;
        let frame = frame.or(only.frames.first().copied()).unwrap_or(picture.frame_count / 2);
        answer(&asked, &state, &picture, frame, look, &headers, &mut wanted).await
    });
    answered.await
}

/// The picture that a state is for, where it is for one only, or only one of them has that frame.
fn only_picture(references: &[Reference], frame: Option<u64>) -> Result<&Reference, Problem> {
    let has =
        |one: &&Reference| frame.is_none_or(|frame| one.frames.is_empty() || one.frames.contains(&frame));
    let mut all = references.iter().filter(has);
    let first = all.next().ok_or_else(|| Problem::NotAcceptable(NOT_FOR.into()))?;
    if all.any(|other| other.instance_uid != first.instance_uid) {
        return Err(Problem::NotAcceptable(
            "the presentation state is for several pictures: ask for one of them, with presentationSeriesUID and presentationUID".into(),
        ));
    }
    Ok(first)
}

/// A picture as a state of its study says.
pub(crate) async fn of_picture(
    service: &Service,
    picture: Kept,
    frame: u64,
    state: Address,
    look: Look,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let kept = state.instance(&service.store).await.map_err(|problem| match problem {
        Problem::Missing(_) => Problem::Missing("presentation state in the study"),
        other => other,
    })?;
    let (asked, headers) = (service.clone(), headers.clone());
    let answered = cores::on_one(&service.store.cores().each, |mut wanted| async move {
        let state = open(&asked, kept).await?;
        answer(&asked, &state, &picture, frame, look, &headers, &mut wanted).await
    });
    answered.await
}

async fn answer(
    service: &Service,
    state: &State,
    picture: &Kept,
    frame: u64,
    look: Look,
    headers: &HeaderMap,
    wanted: &mut Wanted,
) -> Result<Response, Problem> {
    if look.window.is_some() || look.part_px.is_some() {
        let text = "window and the region of a viewport are the presentation state's own (PS3.18 §8.3.5.1)";
        return Err(Problem::BadRequest(text.into()));
    }
    if !state.says.is_for(&picture.instance_uid, frame) {
        return Err(Problem::NotAcceptable(NOT_FOR.into()));
    }
    let how = format!("{frame} {look:?}");
    let digests = [picture.object.digest.as_str(), state.kept.object.digest.as_str(), how.as_str()];
    let tag = answer::tag_of(digests);
    if let Some(unchanged) = answer::unchanged(headers, &tag) {
        return Ok(unchanged);
    }
    let pictures = frames::pictures(service, picture).await?;
    let image = pictures.image();
    let size_px = [image.columns, image.rows];
    let area = area::Shown::of(&state.says, &picture.instance_uid, frame, size_px, look.viewport_px)?;
    let samples = peony_store::samples_of(image).max(area.samples());
    let _large = wanted.large(service.store.cores(), samples).await?;
    wanted.still()?;
    let coded = frames::one(&service.store, picture, frame).await?;
    let (says, kept, reader) = (state.says.clone(), picture.clone(), service.store.reader(picture));
    wanted.still()?;
    let drawn = tokio::task::spawn_blocking(move || {
        let scene = Scene { says: &says, instance_uid: &kept.instance_uid, frame };
        let drawn = scene.draw(&pictures, &coded, &area, || with_picture(reader, &kept))?;
        encoded(&drawn, look)
    });
    let bytes = drawn.await.map_err(|_| Problem::Failed)??;
    let kind = if look.png { PNG } else { JPEG };
    Ok(answer::tagged(answer::body(StatusCode::OK, kind, bytes), &tag))
}

/// The overlays that lie with the picture.
fn with_picture(reader: Reader, kept: &Kept) -> Result<Vec<(u16, Plane)>, DicomError> {
    presentation::planes(&Elements::open(reader)?.knowing(kept.frames.as_ref()))
}

/// One frame and what a state says of it.
struct Scene<'a> {
    says: &'a PresentationState,
    instance_uid: &'a str,
    frame: u64,
}

impl Scene<'_> {
    fn draw(
        &self,
        pictures: &Pictures,
        coded: &Bytes,
        area: &area::Shown,
        with_picture: impl FnOnce() -> Result<Vec<(u16, Plane)>, DicomError>,
    ) -> Result<DynamicImage, Problem> {
        let mut picture = self.toned(pictures, coded)?;
        let planes = if self.needs_planes() { with_picture()? } else { Vec::new() };
        // Drawn by others, from numbers of the state: a panic of theirs costs this answer.
        let drawn = guarded(move || {
            cover::cover(&mut picture, self.says, self.frame, &planes)?;
            let mut shown = area.cut(&picture);
            marks::draw(&mut shown, self.says, &self.says.marks(self.instance_uid, self.frame), area)?;
            Ok(shown)
        });
        drawn.unwrap_or(Err(Problem::Failed))
    }

    /// The picture with the state's levels.
    fn toned(&self, pictures: &Pictures, coded: &[u8]) -> Result<DynamicImage, Problem> {
        let image = pictures.image();
        let grey = matches!(image.photometric, Photometric::Monochrome1 | Photometric::Monochrome2);
        if grey == self.says.is_for_colour() {
            return Err(DicomError::Unsupported(
                "a grey presentation state of a colour picture, or the reverse",
            )
            .into());
        }
        let pixels = if grey {
            let levels = self.says.grey_levels(image, self.instance_uid, self.frame);
            Tone::Grey(levels).apply(pictures.decode(coded)?, image)?
        } else {
            pictures.picture(coded, None)?
        };
        Ok(match pixels {
            Pixels::Luma8(grey) | Pixels::LumaChroma { luma: grey, .. } => DynamicImage::ImageLuma8(grey),
            Pixels::Rgb8(colour) => DynamicImage::ImageRgb8(colour),
        })
    }

    /// Whether the state shows an overlay that it has not got itself.
    fn needs_planes(&self) -> bool {
        let overlays = self.says.overlays();
        let has = |group: u16| overlays.iter().any(|one| one.group == group && one.plane.is_some());
        let of_shutters = self.says.shutters().iter().any(|shutter| match shutter {
            Shutter::Bitmap { group } => !has(*group),
            _ => false,
        });
        of_shutters || overlays.iter().any(|overlay| overlay.layer.is_some() && overlay.plane.is_none())
    }
}
