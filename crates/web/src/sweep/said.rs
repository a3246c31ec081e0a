//! What the examination says, as pages are shown it.

use peony_model::{Unit, report};

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
                third: third_of(lesion.size.proposed.as_ref()),
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

/// Its third axis, where it is a size in millimetres.
fn third_of(size: Option<&report::Size>) -> Option<report::ThirdAxis> {
    size.filter(|size| size.unit == Unit::Millimetre)?.third
}

/// The share of a key plane in the grade of its lesion.
fn share_of(grounds: Option<&report::Grounds>, plane: u64) -> Option<f32> {
    grounds?.marked.iter().find(|marked| marked.plane == plane).map(|marked| marked.share)
}

/// A plane of the report; its lesion gives it a letter and a share.
fn key_plane(exam: &str, plane: &report::Plane) -> KeyPlane {
    let size = |unit: Unit| {
        let size = plane.size.filter(|size| size.unit == unit)?;
        Some(Size { long: size.long, short: size.short })
    };
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
        size_mm: size(Unit::Millimetre),
        size_px: size(Unit::Pixel),
    }
}

fn bounds(points: &[[f32; 2]]) -> Option<BoxXy> {
    let first = points.first()?;
    let grow = |b: [f32; 4], p: &[f32; 2]| [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])];
    Some(BoxXy(points.iter().fold([first[0], first[1], first[0], first[1]], grow)))
}

/// A lesion of the examination that this sweep has not seen.
fn former_track(lesion: &report::LesionReport) -> TrackView {
    let size = lesion.size.value();
    let flat = |unit: Unit| {
        let size = size.filter(|size| size.unit == unit)?;
        Some(Size { long: size.long, short: size.short })
    };
    TrackView {
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
        birads: lesion.category.value().map(|category| category.label().to_owned()),
        descriptors: Vec::new(),
        size_mm: flat(Unit::Millimetre),
        size_px: flat(Unit::Pixel),
        third: third_of(size),
        sightings: lesion.sightings,
        grounds: lesion.grounds.clone(),
    }
}
