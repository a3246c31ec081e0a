//! What is known of a clip: `NAME.json`, whose form `training/README.md` tells.
//!
//! What may be left out may be left out, and unknown keys are passed over; what contradicts itself or the picture is an error
//! of one line. Nothing in it names a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use image::{GrayImage, Luma};
use peony_model::{BoxPx, CalibrationSource, MmPerPx, PointPx, guarded};
use peony_phantom::Fault;
use serde::Deserialize;
use serde_json::Value;

use crate::evaluate::reading::fill;

/// Bytes of a file: an hour of large masks.
const MOST_BYTES: u64 = 256 << 20;
/// Lesions of a clip, shapes of a frame, faults of a clip.
const MOST: usize = 100;
/// Corners of the outlines of one frame.
const MOST_CORNERS: usize = 20_000;
/// Frames of a clip.
const MOST_FRAMES: u64 = 1_000_000;
/// Characters of a name that are kept.
const NAME_CHARS: usize = 80;

/// What is known of a clip.
#[derive(Debug)]
pub struct Truth {
    /// The set it is from; `clips` where nobody said.
    pub dataset: String,
    /// Patient or near-duplicate group; `None` where nobody said.
    pub patient: Option<String>,
    /// Frames a second of a folder of frames; a video says its own.
    pub fps: Option<f64>,
    /// The size of a pixel, where it is known.
    pub scale: Option<MmPerPx>,
    /// Of each lesion, whether it is malignant.
    pub lesions: Vec<Option<bool>>,
    /// When the scan goes wrong.
    pub faults: Vec<(Range<u64>, Fault)>,
    frames: BTreeMap<u64, Vec<Place>>,
    size_px: Option<[u32; 2]>,
}

/// Where a lesion is on one frame.
#[derive(Debug)]
struct Place {
    lesion: usize,
    whole: bool,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Box(BoxPx),
    Outlines(Vec<Vec<PointPx>>),
    /// Pixels off, on, off, and so on, row after row.
    Runs(Vec<u32>),
}

/// A lesion on one frame, as pixels.
#[derive(Debug)]
pub struct Shown {
    /// Its number.
    pub lesion: usize,
    /// Whether it must be found here; part of one may be, and need not.
    pub whole: bool,
    pub mask: GrayImage,
    pub box_px: BoxPx,
    pub area_px: u32,
}

#[derive(Deserialize)]
struct Written {
    dataset: Option<Value>,
    group: Option<Value>,
    fps: Option<f64>,
    size_px: Option<[u32; 2]>,
    mm_per_px: Option<f32>,
    malignant: Option<Value>,
    lesions: Option<Vec<WrittenLesion>>,
    faults: Option<Vec<WrittenFault>>,
    frames: Option<Vec<WrittenFrame>>,
}

#[derive(Deserialize)]
struct WrittenLesion {
    malignant: Option<Value>,
}

#[derive(Deserialize)]
struct WrittenFault {
    kind: String,
    from: u64,
    to: u64,
}

#[derive(Deserialize)]
struct WrittenFrame {
    frame: Option<u64>,
    lesions: Option<Vec<WrittenPlace>>,
}

#[derive(Deserialize)]
struct WrittenPlace {
    lesion: Option<usize>,
    visible: Option<Value>,
    box_px: Option<[f32; 4]>,
    outline_px: Option<Outlines>,
    runs: Option<Vec<u32>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Outlines {
    One(Vec<[f32; 2]>),
    Many(Vec<Vec<[f32; 2]>>),
}

impl Truth {
    /// # Errors
    /// One line that says what is wrong with the file, without its name.
    pub fn read(path: &Path) -> Result<Self> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
        ensure!(bytes.len() as u64 <= MOST_BYTES, "longer than {MOST_BYTES} bytes");
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let written: Written = serde_json::from_slice(bytes)?;
        let of_clip = malignant(written.malignant.as_ref())?;
        let lesions = written.lesions.unwrap_or_default();
        ensure!(lesions.len() <= MOST, "{} lesions, {MOST} at most are read", lesions.len());
        let lesions = lesions.iter().map(|lesion| Ok(malignant(lesion.malignant.as_ref())?.or(of_clip)));
        let mut truth = Self {
            dataset: written.dataset.as_ref().and_then(name).unwrap_or_else(|| "clips".into()),
            patient: written.group.as_ref().and_then(name),
            fps: written.fps,
            scale: written
                .mm_per_px
                .map(|mm| MmPerPx::new(mm, mm, CalibrationSource::Entered))
                .transpose()
                .context("mm_per_px")?,
            lesions: lesions.collect::<Result<_>>()?,
            faults: faults(&written.faults.unwrap_or_default())?,
            frames: BTreeMap::new(),
            size_px: written.size_px,
        };
        ensure!(truth.fps.is_none_or(|fps| (0.1..=1000.0).contains(&fps)), "fps lies between 0.1 and 1000");
        for (at, frame) in (0..).zip(written.frames.unwrap_or_default()) {
            let number = frame.frame.unwrap_or(at);
            let places = frame.lesions.unwrap_or_default();
            truth.take(number, places, of_clip).with_context(|| format!("truth of frame {number}"))?;
        }
        Ok(truth)
    }

    fn take(&mut self, number: u64, places: Vec<WrittenPlace>, of_clip: Option<bool>) -> Result<()> {
        ensure!(number < MOST_FRAMES, "{MOST_FRAMES} frames at most are read");
        ensure!(places.len() <= MOST, "{} lesions, {MOST} at most are read", places.len());
        for place in places {
            let lesion = place.lesion.unwrap_or(0);
            ensure!(lesion < MOST, "lesion {lesion}: they are numbered from 0, {MOST} at most");
            let Some(whole) = visible(place.visible.as_ref())? else { continue };
            let form = match (place.runs, place.outline_px, place.box_px) {
                (Some(runs), _, _) => Form::Runs(runs),
                (None, Some(outlines), _) => Form::Outlines(points(outlines)?),
                (None, None, Some([x0, y0, x1, y1])) => {
                    Form::Box(BoxPx::new(PointPx::new(x0, y0), PointPx::new(x1, y1)))
                }
                (None, None, None) => bail!("a lesion with neither runs, outline_px nor box_px"),
            };
            if self.lesions.len() <= lesion {
                // Where the clip lists none, what is drawn is one.
                self.lesions.resize(lesion + 1, of_clip);
            }
            self.frames.entry(number).or_default().push(Place { lesion, whole, form });
        }
        Ok(())
    }

    /// The last frame of which anything is told.
    pub fn last_frame(&self) -> Option<u64> {
        let faults = self.faults.iter().map(|(frames, _)| frames.end - 1);
        faults.chain(self.frames.keys().last().copied()).max()
    }

    /// What a frame shows. Lesions of which nothing lies within the picture are left out.
    ///
    /// # Errors
    /// Where the picture has another size, or a shape does not fit it.
    pub fn shown(&self, frame: u64, size_px: [u32; 2]) -> Result<Vec<Shown>> {
        if let Some([width, height]) = self.size_px
            && [width, height] != size_px
        {
            bail!(
                "the truth is of {width} × {height} pixels, the picture has {} × {}",
                size_px[0],
                size_px[1]
            );
        }
        let places = self.frames.get(&frame).map(Vec::as_slice).unwrap_or_default();
        let mut shown = Vec::with_capacity(places.len());
        for Place { lesion, whole, form } in places {
            let mask = form.mask(size_px).with_context(|| format!("truth of frame {frame}"))?;
            if let Some((box_px, area_px)) = extent(&mask) {
                shown.push(Shown { lesion: *lesion, whole: *whole, mask, box_px, area_px });
            }
        }
        Ok(shown)
    }
}

impl Form {
    fn mask(&self, [width, height]: [u32; 2]) -> Result<GrayImage> {
        let mut mask = GrayImage::new(width, height);
        match self {
            Self::Runs(runs) => {
                let pixels: &mut [u8] = &mut mask;
                let mut at = 0_usize;
                for (number, &run) in runs.iter().enumerate() {
                    let end = at.saturating_add(run as usize);
                    ensure!(end <= pixels.len(), "runs are longer than the picture");
                    pixels[at..end].fill(if number % 2 == 1 { 255 } else { 0 });
                    at = end;
                }
            }
            Self::Outlines(outlines) => {
                let near = |at: f32, side: u32| (-(side as f32)..=2.0 * side as f32).contains(&at);
                let mut corners = outlines.iter().flatten();
                ensure!(
                    corners.all(|corner| near(corner.x, width) && near(corner.y, height)),
                    "an outline lies far outside the picture"
                );
                // Drawing counts on outlines that cross themselves in pairs.
                let drawn = guarded(|| outlines.iter().for_each(|outline| fill(&mut mask, outline)));
                ensure!(drawn.is_ok(), "an outline that cannot be drawn");
            }
            Self::Box(area) => {
                ensure!(
                    area.min.x < area.max.x && area.min.y < area.max.y,
                    "a box is left, top, right, bottom"
                );
                let ends = |low: f32, high: f32, side: u32| {
                    (low.round().clamp(0.0, side as f32) as u32)
                        ..(high.round().clamp(0.0, side as f32) as u32)
                };
                for y in ends(area.min.y, area.max.y, height) {
                    ends(area.min.x, area.max.x, width).for_each(|x| mask.put_pixel(x, y, Luma([255])));
                }
            }
        }
        Ok(mask)
    }
}

/// The box around what is on, and how many pixels are; `None` where none is.
fn extent(mask: &GrayImage) -> Option<(BoxPx, u32)> {
    let on = mask.enumerate_pixels().filter(|(_, _, level)| level.0[0] > 0).map(|(x, y, _)| [x, y]);
    let (mut low, mut high, mut area) = ([u32::MAX; 2], [0_u32; 2], 0);
    for at in on {
        for axis in 0..2 {
            low[axis] = low[axis].min(at[axis]);
            high[axis] = high[axis].max(at[axis] + 1);
        }
        area += 1;
    }
    let point = |[x, y]: [u32; 2]| PointPx::new(x as f32, y as f32);
    (area > 0).then(|| (BoxPx::new(point(low), point(high)), area))
}

fn points(outlines: Outlines) -> Result<Vec<Vec<PointPx>>> {
    let outlines = match outlines {
        Outlines::One(outline) => vec![outline],
        Outlines::Many(outlines) => outlines,
    };
    let corners: usize = outlines.iter().map(Vec::len).sum();
    ensure!(corners <= MOST_CORNERS, "{corners} corners, {MOST_CORNERS} at most are read");
    Ok(outlines
        .into_iter()
        .map(|outline| outline.into_iter().map(|[x, y]| PointPx::new(x, y)).collect())
        .collect())
}

fn faults(written: &[WrittenFault]) -> Result<Vec<(Range<u64>, Fault)>> {
    ensure!(written.len() <= MOST, "{} faults, {MOST} at most are read", written.len());
    let read = written.iter().map(|WrittenFault { kind, from, to }| {
        let Some(fault) = Fault::ALL.into_iter().find(|fault| fault.as_str() == kind) else {
            let known: Vec<_> = Fault::ALL.iter().map(|fault| fault.as_str()).collect();
            bail!("fault '{}' is none of {}", shortened(kind), known.join(", "));
        };
        ensure!(from < to && *to < MOST_FRAMES, "fault {kind}: 'to' is the first frame after it");
        Ok((*from..*to, fault))
    });
    read.collect()
}

/// `true`, `false`, `"malignant"` or `"benign"`; `None` where it is not known.
fn malignant(word: Option<&Value>) -> Result<Option<bool>> {
    Ok(match word {
        None | Some(Value::Null) => None,
        Some(Value::Bool(malignant)) => Some(*malignant),
        Some(Value::String(word)) if word == "malignant" => Some(true),
        Some(Value::String(word)) if word == "benign" => Some(false),
        Some(_) => bail!("malignant is true, false or null"),
    })
}

/// Whether a lesion is seen whole (`Some(true)`, also where nothing is said) or partly, or not at all.
fn visible(word: Option<&Value>) -> Result<Option<bool>> {
    Ok(match word {
        None | Some(Value::Null | Value::Bool(true)) => Some(true),
        Some(Value::Bool(false)) => None,
        Some(Value::String(word)) if word == "whole" => Some(true),
        Some(Value::String(word)) if word == "partly" => Some(false),
        Some(Value::String(word)) if word == "no" => None,
        Some(_) => bail!("visible is whole, partly or no"),
    })
}

fn name(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(shortened(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [u32; 2] = [8, 6];

    fn area_of(place: &str) -> Result<(BoxPx, u32)> {
        let truth = Truth::parse(format!(r#"{{"frames":[{{"lesions":[{place}]}}]}}"#).as_bytes())?;
        let shown = truth.shown(0, SIZE)?;
        Ok((shown[0].box_px, shown[0].area_px))
    }

    #[test]
    fn runs_an_outline_and_a_box_are_the_same_pixels() {
        let runs = area_of(r#"{"runs":[18,3,5,3]}"#).unwrap();
        assert_eq!(runs, area_of(r#"{"outline_px":[[2,2],[4.9,2],[4.9,3.9],[2,3.9]]}"#).unwrap());
        assert_eq!(runs, area_of(r#"{"outline_px":[[[2,2],[4,2],[4,3],[2,3],[2,2]]]}"#).unwrap());
        assert_eq!(runs, area_of(r#"{"box_px":[2,2,5,4]}"#).unwrap());
        assert_eq!((runs.0.width(), runs.0.height(), runs.1), (3.0, 2.0, 6));
    }

    #[test]
    fn what_may_be_left_out_is_left_out() {
        let empty = Truth::parse(b"{}").unwrap();
        assert_eq!((&*empty.dataset, &empty.patient, empty.lesions.len()), ("clips", &None, 0));
        let plain = Truth::parse(
            br#"{"dataset":null,"group":17,"malignant":"malignant","mood":[1],
                "frames":[{},{"lesions":[{"visible":"partly","box_px":[0,0,2,2]},{"lesion":1,"visible":false}]}]}"#,
        )
        .unwrap();
        assert_eq!((plain.patient.as_deref(), plain.lesions.as_slice()), (Some("17"), &[Some(true)][..]));
        let shown = plain.shown(1, SIZE).unwrap();
        assert_eq!((shown.len(), shown[0].whole, plain.shown(0, SIZE).unwrap().len()), (1, false, 0));
        // Nothing of it is within the picture.
        let outside = br#"{"frames":[{"lesions":[{"box_px":[20,20,22,22]}]}]}"#;
        assert!(Truth::parse(outside).unwrap().shown(0, SIZE).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_is_said_in_one_line() {
        let check = |json: &str, says: &str| {
            let read = Truth::parse(json.as_bytes()).and_then(|truth| truth.shown(0, SIZE).map(|_| ()));
            let error = format!("{:#}", read.unwrap_err());
            assert!(error.contains(says) && !error.contains('\n'), "'{error}' does not say '{says}'");
        };
        let place = |place: &str| format!(r#"{{"frames":[{{"lesions":[{place}]}}]}}"#);
        check("", "EOF");
        check("[", "EOF");
        check(&"[".repeat(100_000), "recursion limit");
        check(r#"{"frames":3}"#, "invalid type");
        check(r#"{"size_px":[9,6]}"#, "9 × 6");
        check(r#"{"malignant":"perhaps"}"#, "malignant is");
        check(r#"{"mm_per_px":-1}"#, "mm_per_px");
        check(r#"{"fps":0}"#, "fps");
        check(r#"{"faults":[{"kind":"boredom","from":0,"to":2}]}"#, "'boredom' is none of lost_contact");
        check(r#"{"faults":[{"kind":"blur","from":2,"to":2}]}"#, "fault blur");
        check(&place("{}"), "neither runs");
        check(&place(r#"{"visible":"sometimes","box_px":[0,0,2,2]}"#), "visible is");
        check(&place(r#"{"lesion":4000000000,"box_px":[0,0,2,2]}"#), "numbered from 0");
        check(&place(r#"{"runs":[4294967295,4294967295]}"#), "longer than the picture");
        check(&place(r#"{"outline_px":[[0,0],[1e30,0],[0,1e30]]}"#), "far outside");
        check(&place(r#"{"box_px":[5,0,2,2]}"#), "left, top, right, bottom");
        check(r#"{"frames":[{"frame":18446744073709551615,"lesions":[]}]}"#, "at most");
    }
}
