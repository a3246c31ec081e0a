//! Pictures for the eye (PS3.18 §10.4.1.1.3, §10.4.1.1.4): one frame in eight bits, through the file's window or the peer's, as JPEG or PNG; an
//! instance that is a presentation state is the picture that it is for.

use std::io::Cursor;

use axum::extract::{RawPathParams, RawQuery};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, imageops};
use peony_dicom::TransferSyntax;
use peony_dicom::pixels::Window;
use peony_model::Pixels;
use peony_store::Kept;

use crate::answer::{self, Base, accepted};
use crate::left_out::{in_turn, lacking};
use crate::media::Accept;
use crate::parts::{self, Part};
use crate::problem::Problem;
use crate::retrieve::location;
use crate::uid::Address;
use crate::{Service, cores, frames, presentation, query, uri};

/// The longest side of a thumbnail for which none is asked.
const THUMBNAIL_PX: u32 = 128;
/// The longest side of a picture.
pub(crate) const MOST_PX: u32 = 8192;
/// The longest side of one that is larger than what is kept: it shows nothing more, and a screen enlarges as well.
const MOST_ENLARGED_PX: u32 = 2048;
const QUALITY: u8 = 90;

pub(crate) const JPEG: &str = "image/jpeg";
pub(crate) const PNG: &str = "image/png";

/// How a picture is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Look {
    /// Instead of the file's.
    pub window: Option<Window>,
    /// Width and height into which it fits, enlarged or reduced.
    pub viewport_px: Option<[u32; 2]>,
    /// Left, top, width and height of the part that is shown.
    pub part_px: Option<[u32; 4]>,
    /// Of JPEG, 1 to 100.
    pub quality: Option<u8>,
    pub png: bool,
}

impl Look {
    const fn kind(self) -> &'static str {
        if self.png { PNG } else { JPEG }
    }

    /// What a query asks for (PS3.18 §8.3.5) of one picture.
    fn of(query: &str, accept: &Accept) -> Result<Self, Problem> {
        let offers = [(false, JPEG, false), (false, PNG, true)];
        let refused = || Problem::NotAcceptable(format!("accept {JPEG} or {PNG}"));
        Self::read(query, *accept.pick(&offers).ok_or_else(refused)?.0)
    }

    /// The rest of it; of names it does not know nothing is said.
    fn read(query: &str, png: bool) -> Result<Self, Problem> {
        let mut look = Self { png, ..Self::default() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "window" => look.window = Some(window(&value).ok_or(bad("window"))?),
                "quality" => look.quality = Some(quality(&value).ok_or(bad("quality"))?),
                "viewport" => {
                    (look.viewport_px, look.part_px) = viewport(&value).ok_or(bad("viewport"))?;
                }
                _ => {}
            }
        }
        Ok(look)
    }
}

/// What a parameter should have been.
pub(crate) fn bad(name: &'static str) -> Problem {
    let form = match name {
        "window" => "center,width,linear|linear-exact|sigmoid",
        "viewport" => "width,height or width,height,left,top,width,height in pixels, at most 8192",
        "quality" => "1 to 100",
        _ => "a number",
    };
    Problem::BadRequest(format!("{name} is not {form}"))
}

fn window(text: &str) -> Option<Window> {
    let mut words = text.split(',').map(str::trim);
    let [center, width] = [words.next()?.parse::<f64>().ok()?, words.next()?.parse::<f64>().ok()?];
    let function = match words.next().unwrap_or("linear").to_ascii_lowercase().as_str() {
        "linear" | "" => "LINEAR",
        "linear-exact" => "LINEAR_EXACT",
        "sigmoid" => "SIGMOID",
        _ => return None,
    };
    let finite = center.is_finite() && width.is_finite() && words.next().is_none();
    finite.then(|| Window::of(function, center, width)).flatten()
}

pub(crate) fn quality(text: &str) -> Option<u8> {
    text.parse().ok().filter(|quality| (1..=100).contains(quality))
}

type Viewport = (Option<[u32; 2]>, Option<[u32; 4]>);

fn viewport(text: &str) -> Option<Viewport> {
    let numbers: Vec<u32> = text.split(',').map(|word| word.trim().parse().ok()).collect::<Option<_>>()?;
    let size = |width: u32, height: u32| {
        ((1..=MOST_PX).contains(&width) && (1..=MOST_PX).contains(&height)).then_some([width, height])
    };
    match *numbers.as_slice() {
        [width, height] => Some((Some(size(width, height)?), None)),
        [width, height, x, y, w, h] => Some((Some(size(width, height)?), Some([x, y, w, h]))),
        _ => None,
    }
}

/// What is asked for in words into the picture (PS3.18 §8.3.5.1.1) is not there, and whoever asks for it is told.
fn without_annotation(query: &str, mut response: Response) -> Response {
    let mut asked = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "annotation");
    if let Some((_, values)) = asked.next() {
        let said: String = values
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == ',')
            .take(64)
            .collect();
        query::warn(&mut response, &format!("The following annotation values are not supported: {said}"));
    }
    response
}

pub(crate) async fn rendered(
    service: Service,
    address: Address,
    params: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let look = Look::of(&query, &accepted(&headers, &query))?;
    let kept = address.instance(&service.store).await?;
    let drawn = if presentation::is_state(&kept) {
        let frame = if has_frames(&params) { Some(index(&params, &kept)?) } else { None };
        presentation::of_state(&service, kept, frame, look, &headers).await
    } else {
        let index = index(&params, &kept)?;
        // A state for several pictures is asked for one of them by the picture's own place, in the words of WADO-URI.
        match uri::state(&uri::parameters(&query), &kept)? {
            Some(state) => presentation::of_picture(&service, kept, index, state, look, &headers).await,
            None => picture(&service, &kept, index, look, &headers).await,
        }
    };
    Ok(without_annotation(&query, drawn?))
}

/// The picture in the middle of every instance that has some which are drawn, a part each; one alone may come without parts.
pub(crate) async fn all(
    service: Service,
    base: Base,
    address: Address,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let mut kept = address.kept(&service.store).await?;
    let drawn = |kept: &Kept| TransferSyntax::of(kept.transfer_syntax_uid.as_bytes()).is_ok();
    kept.retain(|kept| kept.frames.is_some() && drawn(kept));
    let mut offers = vec![(true, JPEG, (true, false)), (true, PNG, (true, true))];
    match kept.len() {
        0 => return Err(Problem::Missing("picture")),
        1 => offers.extend([(false, JPEG, (false, false)), (false, PNG, (false, true))]),
        _ => {}
    }
    let accept = accepted(&headers, &query);
    let refused = || {
        let text =
            format!("there are {} pictures: accept multipart/related with {JPEG} or {PNG}", kept.len());
        Problem::NotAcceptable(text)
    };
    let (in_parts, png) = *accept.pick(&offers).ok_or_else(refused)?.0;
    let look = Look::read(&query, png)?;
    if let ([one], false) = (kept.as_slice(), in_parts) {
        let drawn = picture(&service, one, one.frame_count / 2, look, &headers).await?;
        return Ok(without_annotation(&query, drawn));
    }
    let all = kept.len();
    let kept = service.all_sound(kept, |kept| (kept, None)).await?;
    let how = format!("all {look:?}");
    let names: Vec<String> = kept.iter().map(|one| service.named(one)).collect();
    let tag = answer::tag_of(names.iter().map(String::as_str).chain([how.as_str()]));
    if let Some(unchanged) = answer::unchanged(&headers, &tag) {
        return Ok(unchanged);
    }
    let (kind, known) = (look.kind(), all - kept.len());
    // The first one is drawn before the answer begins: what is wrong with all of them is an answer of its own.
    let make = move |one: Kept| {
        let (service, location) = (service.clone(), Some(format!("{}/rendered", location(&base, &one))));
        async move {
            let drawn = match drawn_bytes(&service, &one, one.frame_count / 2, look).await {
                Ok(drawn) => Bytes::from(drawn),
                Err(problem) => return Err(service.met(&one, problem)),
            };
            let length = Some(drawn.len() as u64);
            Ok(Part { kind: kind.to_owned(), location, length, bytes: stream::iter([Ok(drawn)]).boxed() })
        }
    };
    let (before, parts) = in_turn(kept, make).await?;
    let response = lacking(parts::related_in_turn(kind, &tag, parts), &tag, [known, before], all);
    Ok(without_annotation(&query, response))
}

pub(crate) async fn thumbnail(
    service: Service,
    address: Address,
    params: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let look = small_look(&query, &headers)?;
    // The first instance with a picture stands for a series or a study.
    let kept = address.kept(&service.store).await?;
    let kept = kept.into_iter().find(|kept| kept.frames.is_some()).ok_or(Problem::Missing("picture"))?;
    let index = index(&params, &kept)?;
    picture(&service, &kept, index, look, &headers).await
}

/// A small picture of an object that has no address of its own.
pub(crate) async fn small(
    service: &Service,
    kept: &Kept,
    query: &str,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let look = small_look(query, headers)?;
    match kept.frames {
        Some(_) => picture(service, kept, kept.frame_count / 2, look, headers).await,
        None => Err(Problem::Missing("picture")),
    }
}

fn small_look(query: &str, headers: &HeaderMap) -> Result<Look, Problem> {
    let mut look = Look::of(query, &accepted(headers, query))?;
    look.viewport_px.get_or_insert([THUMBNAIL_PX; 2]);
    Ok(look)
}

fn has_frames(params: &RawPathParams) -> bool {
    params.iter().any(|(name, _)| name == "frames")
}

/// The frame of a path, else the one in the middle: a sweep begins and ends in gel.
fn index(params: &RawPathParams, kept: &Kept) -> Result<u64, Problem> {
    if !has_frames(params) {
        return Ok(kept.frame_count / 2);
    }
    match frames::list(params)?.as_slice() {
        [one] => Ok(*one),
        _ => Err(Problem::NotAcceptable("one frame is rendered at a time".into())),
    }
}

/// An answer with one frame as a picture.
pub(crate) async fn picture(
    service: &Service,
    kept: &Kept,
    index: u64,
    look: Look,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let wanted = format!("{index} {look:?}");
    let tag = answer::tag_of([kept.object.digest.as_str(), wanted.as_str()]);
    if let Some(unchanged) = answer::unchanged(headers, &tag) {
        return Ok(unchanged);
    }
    let bytes = drawn_bytes(service, kept, index, look).await?;
    Ok(answer::tagged(answer::body(StatusCode::OK, look.kind(), bytes), &tag))
}

async fn drawn_bytes(service: &Service, kept: &Kept, index: u64, look: Look) -> Result<Vec<u8>, Problem> {
    let (asked, kept) = (service.clone(), kept.clone());
    let drawn = cores::on_one(&service.store.cores().each, |mut wanted| async move {
        let pictures = frames::pictures(&asked, &kept).await?;
        // What is drawn of it is no larger, or no larger than a screen.
        let _large = wanted.large(asked.store.cores(), peony_store::samples_of(pictures.image())).await?;
        wanted.still()?;
        let coded = frames::one(&asked.store, &kept, index).await?;
        wanted.still()?;
        let drawn = tokio::task::spawn_blocking(move || {
            let picture = pictures.picture(&coded, look.window)?;
            drop(coded);
            draw(picture, look)
        });
        drawn.await.map_err(|_| Problem::Failed)?
    });
    drawn.await
}

fn draw(pixels: Pixels, look: Look) -> Result<Vec<u8>, Problem> {
    let mut picture = match pixels {
        Pixels::Luma8(grey) | Pixels::LumaChroma { luma: grey, .. } => DynamicImage::ImageLuma8(grey),
        Pixels::Rgb8(colour) => DynamicImage::ImageRgb8(colour),
    };
    if let Some([x, y, width, height]) = look.part_px {
        picture = picture.crop_imm(x, y, width, height);
    }
    if picture.width() == 0 || picture.height() == 0 {
        return Err(bad("viewport"));
    }
    if let Some([width, height]) = look.viewport_px {
        picture = if picture.width() > width || picture.height() > height {
            picture.thumbnail(width, height)
        } else {
            let within = |asked: u32, side: u32| asked.min(MOST_ENLARGED_PX.max(side));
            let (width, height) = (within(width, picture.width()), within(height, picture.height()));
            picture.resize(width, height, imageops::FilterType::Triangle)
        };
    }
    encoded(&picture, look)
}

/// A picture that is drawn, as JPEG or PNG.
pub(crate) fn encoded(picture: &DynamicImage, look: Look) -> Result<Vec<u8>, Problem> {
    let mut bytes = Cursor::new(Vec::new());
    let written = if look.png {
        picture.write_to(&mut bytes, ImageFormat::Png)
    } else {
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, look.quality.unwrap_or(QUALITY)))
    };
    // Into memory, and of a size that was looked at.
    written.map_err(|_| Problem::Failed)?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_viewports_are_read() {
        let linear = Window::Linear { center: 40.0, width: 400.0 };
        assert_eq!(window("40,400"), Some(linear));
        assert_eq!(window("40,400,linear"), Some(linear));
        assert_eq!(window("-1.5,0.5,SIGMOID"), Some(Window::Sigmoid { center: -1.5, width: 0.5 }));
        for none in ["", "40", "40,0", "NaN,1", "40,400,other", "40,400,linear,1", "1e999,1"] {
            assert_eq!(window(none), None, "{none}");
        }
        assert_eq!(viewport("640,480"), Some((Some([640, 480]), None)));
        assert_eq!(viewport("64,48,1,2,3,4"), Some((Some([64, 48]), Some([1, 2, 3, 4]))));
        for none in ["", "640", "0,1", "9000,1", "1,2,3", "-1,2", "1,2,3,4,5,6,7"] {
            assert_eq!(viewport(none), None, "{none}");
        }
    }
}
