//! Which key planes weighed in a grade.

use peony_model::report::{Evidence, Grounds, MarkedPlane, Plane, PlaneReason, WeighedPlane};

fn plane(id: u64, time_ms: f64, outlined: bool) -> Plane {
    let square = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]];
    Plane {
        id,
        lesion: Some(1),
        reason: PlaneReason::Largest,
        picture_px: [8, 4],
        contour_px: if outlined { square } else { Vec::new() },
        focus_px: None,
        malignancy: None,
        size: None,
        time_ms,
    }
}

#[test]
fn key_planes_of_one_place_count_once_and_others_not_at_all() {
    let weighed = |from: f64, to: f64, share: f32| WeighedPlane { seen_ms: [from, to], share };
    let evidence =
        Evidence { planes: 7, heaviest: vec![weighed(100.0, 200.0, 0.5), weighed(300.0, 300.0, 0.25)] };
    let planes = [
        plane(1, 100.0, true),
        plane(2, 200.0, true),
        plane(3, 300.0, true),
        plane(4, 250.0, true),
        plane(5, 150.0, false),
    ];
    let marked = |plane, share| MarkedPlane { plane, share };
    let of = |planes: &[Plane]| Grounds::of(&evidence, planes);
    let expect = Grounds {
        planes: 7,
        marked: vec![marked(1, 0.5), marked(2, 0.5), marked(3, 0.25)],
        shown: 2,
        share: 0.75,
    };
    assert_eq!(of(&planes), expect);
    assert_eq!(of(&planes[3..]), Grounds { planes: 7, marked: Vec::new(), shown: 0, share: 0.0 });
}
