//! What the examination says, as pages are shown it.

use peony_model::{BiRads, Unit, report};

use super::{Said, SaidOfLesion, Sweep};
use crate::wire::{BoxXy, Interval, KeyPlane, Size, TrackStatus, TrackView, WidthHeight};

impl Sweep {
    /// Reads the examination again where it has changed: a few times a second at most.
    pub(super) fn read_examination(&mut self) {
        let seq = self.examination.seq();
        if self.said.seq == Some(seq) {
            return;
        }
        let report = self.examination.report();
        let id = &report.examination;
        let of_lesions = report.lesions.iter().flat_map(|lesion| {
            lesion.planes.iter().map(move |plane| KeyPlane {
                letter: Some(lesion.letter.clone()),
                share: share_of(lesion.grounds.as_ref(), plane.id),
                ..key_plane(id, plane)
            })
        });
        let mut planes: Vec<KeyPlane> =
            of_lesions.chain(report.planes.iter().map(|plane| key_plane(id, plane))).collect();
        planes.sort_by_key(|plane| (plane.letter.is_none(), plane.letter.clone(), plane.reason, plane.id));
        let kept = planes.iter().filter(|plane| plane.reason == report::PlaneReason::Kept).count();
        let said = |lesion: &report::LesionReport| {
            let said = SaidOfLesion {
                letter: lesion.letter.clone(),
                dismissed: lesion.dismissed,
                place: lesion.place.value().copied(),
                may_be: lesion.may_be.clone(),
                grounds: lesion.grounds.clone(),
                category: lesion.category.clone(),
                size: lesion.size.clone(),
            };
            let joined: Vec<u32> = lesion.joined.iter().map(|part| part.lesion).collect();
            joined.into_iter().chain([lesion.lesion]).map(move |lesion| (lesion, said.clone()))
        };
        let joined = |whole: &report::LesionReport| {
            let into = whole.lesion;
            let parts: Vec<u32> = whole.joined.iter().map(|part| part.lesion).collect();
            parts.into_iter().map(move |part| (part, into))
        };
        let entered = self.examination.entered_depth();
        let entered = entered.and_then(|depth| Some((depth.scale().ok()?, depth.size_px)));
        let former = |lesion: &&report::LesionReport| {
            lesion.lesion <= self.base && !self.lesions.contains_key(&lesion.lesion)
        };
        self.said = Said {
            seq: Some(seq),
            planes,
            kept,
            lesions: report.lesions.iter().flat_map(said).collect(),
            former: report.lesions.iter().filter(former).map(former_track).collect(),
            probe: self.examination.probe(),
            entered,
            joined: report.lesions.iter().flat_map(joined).collect(),
        };
    }

    pub(crate) fn letter(&self, lesion: u32) -> Option<String> {
        self.said.lesions.get(&lesion).map(|said| said.letter.clone())
    }
}

impl TrackView {
    /// The same with this category, whosever it is.
    pub(super) fn with_category(self, category: &report::Field<BiRads>) -> Self {
        let birads = category.value().map(|category| category.label().to_owned());
        Self { birads, birads_said: category.said.is_some(), ..self }
    }

    /// The same with this size, whosever it is.
    pub(super) fn with_size(self, size: &report::Field<report::Size>) -> Self {
        let (value, size_said) = (size.value(), size.said.is_some());
        let (size_mm, size_px) = (flat(value, Unit::Millimetre), flat(value, Unit::Pixel));
        Self { size_mm, size_px, size_said, third: third_of(value), ..self }
    }
}

/// Its axes in the picture, where it is in this unit.
fn flat(size: Option<&report::Size>, unit: Unit) -> Option<Size> {
    let size = size.filter(|size| size.unit == unit)?;
    Some(Size { long: size.long, short: size.short })
}

/// Its third axis, where it is a size in millimetres.
pub(super) fn third_of(size: Option<&report::Size>) -> Option<report::ThirdAxis> {
    size.filter(|size| size.unit == Unit::Millimetre)?.third
}

/// The share of a key plane in the grade of its lesion.
fn share_of(grounds: Option<&report::Grounds>, plane: u64) -> Option<f32> {
    grounds?.marked.iter().find(|marked| marked.plane == plane).map(|marked| marked.share)
}

/// A plane of the report; its lesion gives it a letter and a share.
fn key_plane(exam: &str, plane: &report::Plane) -> KeyPlane {
    KeyPlane {
        id: plane.id,
        url: format!("/api/exams/{exam}/planes/{}.png", plane.id),
        track: plane.lesion,
        letter: None,
        reason: plane.reason,
        time_ms: plane.time_ms,
        size_of_picture_px: WidthHeight(plane.picture_px),
        box_px: bounds(&plane.contour_px),
        share: None,
        size_mm: flat(plane.size.as_ref(), Unit::Millimetre),
        size_px: flat(plane.size.as_ref(), Unit::Pixel),
    }
}

fn bounds(points: &[[f32; 2]]) -> Option<BoxXy> {
    let first = points.first()?;
    let grow = |b: [f32; 4], p: &[f32; 2]| [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])];
    Some(BoxXy(points.iter().fold([first[0], first[1], first[0], first[1]], grow)))
}

/// A lesion of the examination that this sweep has not seen.
fn former_track(lesion: &report::LesionReport) -> TrackView {
    let track = TrackView {
        id: lesion.lesion,
        letter: Some(lesion.letter.clone()),
        status: TrackStatus::Left,
        dismissed: lesion.dismissed,
        place: lesion.place.value().copied(),
        may_be: lesion.may_be.clone(),
        box_px: None,
        contour_px: None,
        malignancy: lesion.malignancy.map(|chance| chance.estimate),
        malignancy_95: lesion.malignancy.and_then(|chance| chance.interval).map(Interval),
        birads: None,
        birads_said: false,
        descriptors: Vec::new(),
        size_mm: None,
        size_px: None,
        size_said: false,
        third: None,
        sightings: lesion.sightings,
        grounds: lesion.grounds.clone(),
    };
    track.with_category(&lesion.category).with_size(&lesion.size)
}
