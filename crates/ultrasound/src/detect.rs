//! What the network finds on a frame, fused with what it said of the frames before.
//!
//! A network with a memory is given what it left of the frame before. For one without, a simple form: the mask's
//! probabilities of past frames are moved by the in-plane motion and fade exponentially, by as much as speckle says the
//! plane has changed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use peony_imaging::{
    Component, Labels, Letterbox, PixelRect, Resampler, feret, outline, part_by_cores, polygon_area,
};
use peony_model::{
    BiRads, BoxPx, Code, Finding, Measurement, MmPerPx, PointPx, Provenance, QualityCode, Quantity, Region,
};

use crate::lexicon;
use crate::network::{
    CANVAS, CELL, CELLS, EMBEDDING, MAPS, MASK, MASK_STEP, NetOutputs, Network, NetworkError, Reading,
    RegionLogits,
};
use crate::pipeline::{Mode, View};
use crate::pool::{Cells, Embedding};
use crate::quality::{Assessed, Domain};

/// The smallest part that is a finding, in pixels of the mask: 0.1 % of the canvas.
const SMALLEST_PX: u32 = (MASK * MASK / 1000) as u32;
/// The least width and height of a finding, in pixels of the frame.
const THINNEST_PX: f32 = 2.0;
/// The most findings of one frame; a mask in more pieces is noise.
const MOST_FINDINGS: usize = 16;
/// The most points of an outline.
const MOST_POINTS: usize = 160;
/// The highest probability of malignancy at which the words of a simple cyst are believed: that of a 4A. Chosen with an earlier network, on 9 lesions of
/// a fold held out and with 7 of `val` looked at, so that what is told of a 2 on `val` is not quite told by pictures that chose nothing.
const MOST_OF_A_CYST: f32 = 0.1;
/// How much of the past stays at most, where the plane has not moved at all.
const MOST_PAST: f32 = 0.5;

/// A finding with what later stages want to know beside it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub finding: Finding,
    /// What the network's maps say of it.
    pub logits: RegionLogits,
    /// Width and height of a pixel, mm, or 1 by 1 where the scale is unknown: the proportions of its box.
    pub pixel: [f32; 2],
    /// Area within the outline, square pixels of the frame.
    pub area_px2: f32,
    /// Whether it touches the left, right or lower edge of the picture.
    pub cut: bool,
    /// What it may be known again by, from a network that says so.
    pub embedding: Option<Embedding>,
    /// The part of it that the network finds most malignant.
    pub focus_px: BoxPx,
}

/// What was found on one frame.
#[derive(Debug, Default)]
pub(crate) struct Detected {
    /// Largest score first.
    pub findings: Vec<Found>,
    pub malignancy: Option<f32>,
    pub lesion: Option<f32>,
    /// The network says of the sweep, or of a still, that it is no picture of a breast that it reads.
    pub outside: bool,
    pub network_took: Duration,
    /// Whether the network looked at this very frame; false while frozen, unreadable or without a network.
    pub fresh: bool,
}

/// The network and its buffers.
pub(crate) struct Detect {
    network: Option<Box<dyn Network>>,
    error: Option<NetworkError>,
    resampler: Resampler,
    canvas: Vec<u8>,
    input: Vec<f32>,
    labels: Labels,
    domain: Domain,
    past: Option<Past>,
}

/// What the network said of the frame before, fused with those before it.
struct Past {
    letterbox: Letterbox,
    mask: Vec<f32>,
    lesion: f32,
    state: Option<Vec<f32>>,
    shown: Vec<Found>,
    malignancy: Option<f32>,
}

impl Detect {
    pub fn new(network: Option<Box<dyn Network>>) -> Self {
        Self {
            network,
            error: None,
            resampler: Resampler::new(),
            canvas: vec![0; CANVAS * CANVAS],
            input: vec![0.0; CANVAS * CANVAS],
            labels: Labels::new(),
            domain: Domain::default(),
            past: None,
        }
    }

    pub fn take_network(&mut self) -> Option<Box<dyn Network>> {
        self.network.take()
    }

    pub fn provenance(&self) -> Option<Arc<Provenance>> {
        self.network.as_ref().map(|network| network.provenance())
    }

    pub fn reading(&self) -> Option<Reading> {
        self.network.as_ref().map(|network| network.reading())
    }

    pub fn error(&self) -> Option<&NetworkError> {
        self.error.as_ref()
    }

    /// Run the network on an area of the picture; what it said, and how long it alone took.
    fn look(
        &mut self,
        view: &View<'_>,
        letterbox: &Letterbox,
        past: Option<&Past>,
    ) -> (Result<NetOutputs, NetworkError>, Duration) {
        if let Err(error) = self.resampler.letterbox(&view.luma, letterbox, &mut self.canvas) {
            return (Err(NetworkError::Other(error.to_string())), Duration::ZERO);
        }
        for (value, &grey) in self.input.iter_mut().zip(&self.canvas) {
            *value = f32::from(grey) / 255.0;
        }
        let started = Instant::now();
        let outputs = self.ask(past.and_then(|past| past.state.as_deref()));
        (outputs, started.elapsed())
    }

    fn ask(&mut self, state: Option<&[f32]>) -> Result<NetOutputs, NetworkError> {
        let Some(network) = self.network.as_mut() else {
            return Err(NetworkError::Other("no network".into()));
        };
        let outputs = network.run(&self.input, state)?;
        for (name, found, expected) in [
            ("mask", outputs.mask.len(), MASK * MASK),
            ("mask", outputs.core.len(), MASK * MASK),
            ("maps", outputs.maps.len(), MAPS * CELLS * CELLS),
            (
                "embedding",
                outputs.embedding.as_ref().map_or(EMBEDDING * CELLS * CELLS, Vec::len),
                EMBEDDING * CELLS * CELLS,
            ),
        ] {
            if found != expected {
                return Err(NetworkError::Output { name, found, expected });
            }
        }
        Ok(outputs)
    }
}

/// Look at a frame. While the picture is frozen the last answer stands; an unreadable frame, and a network that is not
/// there or fails, give none.
pub(crate) fn find(state: &mut Detect, view: &View<'_>, assessed: &Assessed) -> Detected {
    let (Some(area), Some(network)) = (assessed.area.filter(|_| assessed.readable), &state.network) else {
        state.past = None;
        return Detected::default();
    };
    let (provenance, reading) = (network.provenance(), network.reading());
    if let Some(past) = state.past.as_ref().filter(|_| assessed.frozen) {
        return stand(past, view.frame.index);
    }
    let Some(letterbox) = Letterbox::fit(area, CANVAS as u32) else { return Detected::default() };
    // What is left of the past helps only where it shows the same part of the same sweep.
    let sweep = view.mode == Mode::Sweep;
    let past = state.past.take().filter(|past| sweep && past.letterbox == letterbox);
    let (looked, network_took) = state.look(view, &letterbox, past.as_ref());
    let mut outputs = match looked {
        Ok(outputs) => outputs,
        Err(error) => {
            state.error = Some(error);
            return Detected { network_took, ..Detected::default() };
        }
    };
    state.error = None;
    // A frame that the network does not take for a breast is not graded. Whether the sweep is refused is settled over half a
    // second, during which the network is asked on.
    let foreign = outputs.breast < reading.breast;
    let outside = if sweep { state.domain.settle(foreign, &view.time) } else { foreign };
    if foreign || outside {
        state.past = past.filter(|_| !outside);
        return Detected { outside, network_took, fresh: true, ..Detected::default() };
    }
    let keep = if outputs.state.is_some() { 0.0 } else { past_share(assessed) };
    let past = past.filter(|_| keep > 0.0);
    let (mut mask, lesion) = fuse(&outputs, past.as_ref(), keep, assessed, &letterbox);
    part_by_cores(&mut mask, &outputs.core, MASK as u32, reading.mask, &mut state.labels);
    let mut found = read(&mut state.labels, &mask, lesion, &outputs, reading, &letterbox, view, &provenance);
    // Colour lies over the tissue that a grade is read from.
    let is_coloured = assessed.issues.iter().any(|issue| issue.code == QualityCode::ColourBox);
    if is_coloured {
        found.iter_mut().for_each(leave_ungraded);
    }
    let whole = Cells::under((0..MASK * MASK).map(|at| (at, outputs.mask[at])));
    let whole = sigmoid(whole.logits(&outputs.maps).malignancy());
    let malignancy = (!is_coloured).then_some(whole);
    let (shown, left) = (found.clone(), outputs.state.take());
    state.past = Some(Past { letterbox, mask, lesion, state: left, shown, malignancy });
    Detected { findings: found, malignancy, lesion: Some(lesion), network_took, fresh: true, outside: false }
}

fn leave_ungraded(found: &mut Found) {
    found.finding.malignancy = None;
    found.finding.assessment = None;
    found.finding.descriptors.clear();
    found.finding.measurements.retain(|measurement| measurement.quantity() != Quantity::Malignancy);
}

/// The last answer, said again of the same picture.
fn stand(past: &Past, frame: u64) -> Detected {
    let mut findings = past.shown.clone();
    for Found { finding: Finding { region: Region::Image { frame: at, .. }, .. }, .. } in &mut findings {
        *at = frame;
    }
    Detected { findings, malignancy: past.malignancy, lesion: Some(past.lesion), ..Detected::default() }
}

/// How much of the past counts: what the speckle of the last frame still has in common with this one.
fn past_share(assessed: &Assessed) -> f32 {
    assessed.motion.as_ref().map_or(0.0, |motion| MOST_PAST * motion.correlation.clamp(0.0, 1.0))
}

/// The mask and the lesion probability, mixed with those of the past moved to where they are now.
fn fuse(
    outputs: &NetOutputs,
    past: Option<&Past>,
    keep: f32,
    assessed: &Assessed,
    letterbox: &Letterbox,
) -> (Vec<f32>, f32) {
    let Some(past) = past else { return (outputs.mask.clone(), outputs.lesion) };
    let [scale_x, scale_y] = letterbox.picture_px_per_canvas_px().map(|scale| scale * MASK_STEP as f32);
    let [dx, dy] = assessed.motion.as_ref().map_or([0.0; 2], |motion| motion.shift_px);
    let (dx, dy) = ((dx / scale_x).round() as i32, (dy / scale_y).round() as i32);
    let mut mask = outputs.mask.clone();
    let side = MASK as i32;
    for y in dy.max(0)..(side + dy).min(side) {
        let (x0, x1) = (dx.clamp(0, side), (side + dx).clamp(0, side));
        let now = &mut mask[(y * side + x0) as usize..(y * side + x1) as usize];
        let then = &past.mask[((y - dy) * side + x0 - dx) as usize..];
        for (now, then) in now.iter_mut().zip(then) {
            *now += keep * (then - *now);
        }
    }
    (mask, outputs.lesion + keep * (past.lesion - outputs.lesion))
}

/// The findings of a mask. A finding's score is the mean probability of its pixels, times that of its being a lesion,
/// times the frame's probability of any; below the card's thresholds of the last two it is none.
#[expect(clippy::too_many_arguments, reason = "each is a different thing, and this is called once")]
fn read(
    labels: &mut Labels,
    mask: &[f32],
    lesion: f32,
    outputs: &NetOutputs,
    reading: Reading,
    letterbox: &Letterbox,
    view: &View<'_>,
    provenance: &Arc<Provenance>,
) -> Vec<Found> {
    if lesion < reading.lesion {
        return Vec::new();
    }
    let mut parts: Vec<(Component, Cells, RegionLogits, f32)> = labels
        .label(mask, MASK as u32, reading.mask)
        .into_iter()
        .filter(|part| part.pixels >= SMALLEST_PX)
        .map(|part| {
            let cells = Cells::under(pixels_of(labels, mask, &part));
            let logits = cells.logits(&outputs.maps);
            let is_lesion = sigmoid(logits.lesion());
            let score = (part.sum / part.pixels as f32 * is_lesion * lesion).clamp(0.0, 1.0);
            (part, cells, logits, score)
        })
        .filter(|(_, _, logits, _)| sigmoid(logits.lesion()) >= reading.region)
        .collect();
    parts.sort_by(|a, b| b.3.total_cmp(&a.3));
    parts.truncate(MOST_FINDINGS);
    let found = parts.iter().filter_map(|&(ref part, ref cells, logits, score)| {
        let points = outline(mask, MASK as u32, reading.mask, labels, part);
        let every = points.len().div_ceil(MOST_POINTS).max(1);
        let contour_px: Vec<PointPx> =
            points.iter().step_by(every).map(|&point| on_picture(letterbox, point)).collect();
        // A part in the margin around the picture is no finding: nothing of it is left on the picture.
        let box_px = bounds(&contour_px).filter(|b| b.width().min(b.height()) >= THINNEST_PX)?;
        let scale = view.spacing.within(box_px);
        let pixel = scale.map_or([1.0, 1.0], |mm_per_px| [mm_per_px.x(), mm_per_px.y()]);
        let malignancy = sigmoid(logits.malignancy());
        let mut measurements = sizes(&contour_px, scale, pixel);
        measurements.push(Measurement::ratio(Quantity::Malignancy, malignancy));
        let area_px2 = polygon_area(&contour_px);
        let finding = Finding {
            code: Code::LESION,
            region: Region::Image { frame: view.frame.index, box_px, contour_px },
            score,
            malignancy: Some(malignancy),
            assessment: if reading.calibrated { category(&logits) } else { None },
            descriptors: lexicon::describe(&logits, box_px, pixel),
            measurements,
            provenance: Arc::clone(provenance),
        };
        let embedding = outputs.embedding.as_deref().and_then(|map| cells.embedding(map));
        let [left, top, right, bottom] = cells.most_malignant(&outputs.maps);
        let corner = |x, y| on_picture(letterbox, [x, y].map(|cell: usize| (cell * CELL) as f32));
        let focus_px =
            BoxPx::new(corner(left, top), corner(right, bottom)).intersection(&box_px).unwrap_or(box_px);
        let cut = is_cut(part.rect, letterbox.placed);
        Some(Found { finding, logits, pixel, area_px2, cut, embedding, focus_px })
    });
    found.collect()
}

/// The category that follows from what the maps say.
///
/// A 2 sends the patient home until the next round. Without palpation, history and earlier pictures a simple cyst is what a picture
/// alone shows to be benign, so a solid lesion is a 3 at least, however benign the network finds it. Where all words are those of a
/// simple cyst, which the lexicon calls a 2, what is left of a probability makes it no 4A.
pub(crate) fn category(logits: &RegionLogits) -> Option<BiRads> {
    let (malignancy, below_3) = (sigmoid(logits.malignancy()), 1.0 - sigmoid(logits.at_least_3()));
    if below_3 > 0.5 && malignancy <= MOST_OF_A_CYST && lexicon::is_simple_cyst(logits) {
        return Some(BiRads::Cat2);
    }
    BiRads::proposed(malignancy, below_3.min(lexicon::anechoic(logits)))
}

/// The pixels of a part, by their place in the mask, and their probability.
fn pixels_of<'a>(
    labels: &'a Labels,
    mask: &'a [f32],
    part: &'a Component,
) -> impl Iterator<Item = (usize, f32)> + 'a {
    let rect = part.rect;
    (rect.y..rect.y + rect.height)
        .flat_map(move |y| (rect.x..rect.x + rect.width).map(move |x| (x, y)))
        .filter(move |&(x, y)| labels.at(x, y, MASK as u32) == part.label)
        .map(move |(x, y)| {
            let at = y as usize * MASK + x as usize;
            (at, mask[at])
        })
}

/// The point of the picture under a point of the mask, which may lie a little over the picture's edge.
fn on_picture(letterbox: &Letterbox, point: [f32; 2]) -> PointPx {
    let shown = letterbox.area.to_box_px();
    letterbox.picture_from_canvas(point.map(|side| side * MASK_STEP as f32)).clamp(shown.min, shown.max)
}

/// Whether a part of the mask reaches the sides or the bottom of the picture, placed on the canvas. The top is the skin,
/// where nothing is cut.
fn is_cut(part: PixelRect, picture: PixelRect) -> bool {
    let step = MASK_STEP as u32;
    part.x * step <= picture.x + 1
        || (part.x + part.width) * step + 1 >= picture.x + picture.width
        || (part.y + part.height) * step + 1 >= picture.y + picture.height
}

/// The two diameters, in millimetres where the scale is known all around the finding, else in pixels.
fn sizes(contour: &[PointPx], scale: Option<MmPerPx>, pixel: [f32; 2]) -> Vec<Measurement> {
    let Some(diameters) = feret(contour, pixel) else { return Vec::new() };
    let measure = |quantity, [a, b]: [PointPx; 2]| match scale {
        Some(mm_per_px) => Measurement::length(quantity, mm_per_px.distance(a, b)),
        None => Measurement::pixels(quantity, (a - b).length()),
    };
    vec![measure(Quantity::LongAxis, diameters.long), measure(Quantity::ShortAxis, diameters.short)]
}

fn bounds(points: &[PointPx]) -> Option<BoxPx> {
    (points.len() >= 3).then(|| BoxPx::from_points(points))
}

/// The probability of a logit.
pub(crate) fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{MAPS, STEPS, WORDS};

    #[test]
    fn benign_is_a_simple_cyst_and_nothing_solid() {
        let check = |malignancy: f32, at_least_3: f32, likely: &[peony_model::Word], expected: &str| {
            let mut logits = [-2.0; MAPS];
            [logits[1], logits[2]] = [malignancy, at_least_3];
            for (at, word) in WORDS.iter().enumerate() {
                if likely.contains(word) {
                    logits[2 + STEPS + at] = 2.0;
                }
            }
            let said = category(&RegionLogits::new(logits)).map(BiRads::label);
            assert_eq!(said, Some(expected), "{malignancy} {at_least_3} {likely:?}");
        };
        use peony_model::Word::{
            Anechoic, Circumscribed, Enhancement, Hypoechoic, Irregular, Oval, Shadowing,
        };
        check(-6.0, -3.0, &[Oval, Circumscribed, Anechoic], "2");
        check(-6.0, -3.0, &[Oval, Circumscribed, Hypoechoic], "3");
        check(-6.0, 3.0, &[Oval, Circumscribed, Anechoic], "3");
        check(-3.0, -3.0, &[Oval, Circumscribed, Anechoic], "4A");
        check(-3.0, -3.0, &[Oval, Circumscribed, Anechoic, Enhancement], "2");
        check(-3.0, -3.0, &[Oval, Circumscribed, Hypoechoic, Enhancement], "4A");
        check(-3.0, -3.0, &[Oval, Anechoic, Enhancement], "4A");
        check(-3.0, -3.0, &[Irregular, Circumscribed, Anechoic, Enhancement], "4A");
        check(-3.0, -3.0, &[Oval, Circumscribed, Anechoic, Enhancement, Shadowing], "4A");
        check(-3.0, 3.0, &[Oval, Circumscribed, Anechoic, Enhancement], "4A");
        check(-2.0, -3.0, &[Oval, Circumscribed, Anechoic, Enhancement], "4B");
    }
}
