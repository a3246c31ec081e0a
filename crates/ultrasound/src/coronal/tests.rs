use image::Luma;
use peony_model::{CalibrationSource, PointPx};

use super::*;

/// Pictures of 400 × 300 pixels at 0.1 mm of grey tissue with a black ball of 5 mm radius, 15 mm deep, 10 mm along the way.
const PX: f32 = 0.1;
const SIZE: [u32; 2] = [400, 300];
const RADIUS: f32 = 5.0;
const BALL: [f32; 3] = [0.0, 10.0, 15.0];
/// The picture begins so far below the frame's upper edge, as it does on a vendor's screen, pixels.
const TOP: u32 = 20;

fn plane(along_mm: f32) -> SweepPlane {
    let (width, height) = (SIZE[0] as f32, (SIZE[1] - TOP) as f32);
    SweepPlane {
        sweep: 1,
        picture_px: peony_model::BoxPx::new(
            PointPx::new(0.0, TOP as f32),
            PointPx::new(width, TOP as f32 + height),
        ),
        mm_per_px: MmPerPx::new(PX, PX, CalibrationSource::Phantom).ok(),
        along_mm: Some(along_mm),
        relative_error: Some(0.25),
        slope: 0.0,
        shift_px: [0.0; 2],
        turns_back: 0,
    }
}

/// What a plane there shows.
fn picture(plane: &SweepPlane) -> GrayImage {
    let along = plane.along_mm.unwrap();
    GrayImage::from_fn(SIZE[0], SIZE[1], |column, row| {
        let across = (column as f32 + 0.5 - SIZE[0] as f32 / 2.0) * PX;
        let place = [
            across - plane.shift_px[0] * PX,
            along + plane.slope * across,
            (row as f32 + 0.5 - TOP as f32) * PX - plane.shift_px[1] * PX,
        ];
        let distance = place.iter().zip(BALL).map(|(at, middle)| (at - middle).powi(2)).sum::<f32>().sqrt();
        Luma([if distance < RADIUS { 5 } else { 120 }])
    })
}

fn laid(planes: impl IntoIterator<Item = SweepPlane>) -> Stack {
    let mut stack = Stack::default();
    planes.into_iter().for_each(|plane| stack.lay(&picture(&plane), &plane));
    stack
}

/// Middle and width of what is dark, across and along, in the axes' units.
fn dark(view: &Coronal) -> [[f32; 2]; 2] {
    let dark: Vec<[u32; 2]> = view
        .luma
        .enumerate_pixels()
        .filter(|(_, _, grey)| (1..60).contains(&grey.0[0]))
        .map(|(x, y, _)| [x, y])
        .collect();
    assert!(!dark.is_empty(), "nothing is dark");
    [(0, &view.across), (1, &view.along)].map(|(side, axis)| {
        let low = dark.iter().map(|at| at[side]).min().unwrap() as f32;
        let high = dark.iter().map(|at| at[side]).max().unwrap() as f32 + 1.0;
        [axis.from + (low + high) / 2.0 * axis.per_px, (high - low) * axis.per_px]
    })
}

fn check_ball(view: &Coronal, diameter: f32) {
    let [[across, wide], [along, long]] = dark(view);
    assert!((wide - diameter).abs() < 0.6 && (long - diameter).abs() < 0.6, "{wide} × {long} mm");
    assert!((across - BALL[0]).abs() < 0.3 && (along - BALL[1]).abs() < 0.3, "at {across}, {along}");
}

fn straight() -> impl Iterator<Item = SweepPlane> {
    (0..100).map(|step| plane(step as f32 * 0.2))
}

#[test]
fn a_ball_is_round_and_as_wide_as_it_is_at_each_depth() {
    let layers = laid(straight()).layers().clone();
    for (depth, half) in [(15.0, 5.0), (12.0, 4.0), (18.0, 4.0)] {
        let view = layers.coronal(Some(depth)).unwrap();
        assert_eq!(view.across.per_px, view.along.per_px, "a millimetre is one, down and across");
        assert_eq!((view.across.unit, view.along.unit), (AxisUnit::Millimetre, AxisUnit::Millimetre));
        assert_eq!((view.depth, view.along.relative_error), (depth, Some(0.25)));
        check_ball(&view, 2.0 * half);
    }
    let above = layers.coronal(Some(4.0)).unwrap();
    assert!(above.luma.pixels().all(|grey| grey.0[0] > 60), "nothing of the ball is so near the skin");
    assert_eq!(layers.coronal(Some(1e9)).unwrap().depth, 28.0, "no deeper than the picture");
}

#[test]
fn a_probe_that_slides_or_turns_shows_the_same_ball() {
    let slid = straight()
        .enumerate()
        .map(|(step, plane)| SweepPlane { shift_px: [0.4 * step as f32, -0.1 * step as f32], ..plane });
    check_ball(&laid(slid).layers().coronal(Some(15.0)).unwrap(), 10.0);
    // Turned by up to a fifth of a millimetre a millimetre, about the middle of the picture.
    let turned =
        straight().enumerate().map(|(step, plane)| SweepPlane { slope: 0.002 * step as f32, ..plane });
    check_ball(&laid(turned).layers().coronal(Some(15.0)).unwrap(), 10.0);
}

#[test]
fn without_a_scale_along_the_way_no_axis_of_it_is_in_millimetres() {
    let frames = || {
        straight()
            .map(|plane| (picture(&plane), SweepPlane { along_mm: None, relative_error: None, ..plane }))
    };
    let mut stack = Stack::default();
    frames().for_each(|(picture, plane)| stack.lay(&picture, &plane));
    let view = stack.layers().coronal(None).unwrap();
    assert_eq!((view.across.unit, view.along.unit), (AxisUnit::Millimetre, AxisUnit::Frame));
    assert_eq!((view.along.relative_error, view.luma.height()), (None, 99), "one row from frame to frame");
    let [[_, wide], [_, long]] = dark(&stack.layers().coronal(Some(15.0)).unwrap());
    assert!((wide - 10.0).abs() < 0.6 && (long - 50.0).abs() < 3.0, "{wide} mm, {long} frames");

    let mut stack = Stack::default();
    frames().for_each(|(picture, plane)| stack.lay(&picture, &SweepPlane { mm_per_px: None, ..plane }));
    let view = stack.layers().coronal(Some(150.0)).unwrap();
    assert_eq!((view.across.unit, view.along.unit), (AxisUnit::Pixel, AxisUnit::Frame));
    assert_eq!((view.depth, view.deepest), (150.0, 280.0), "pixels");
}

#[test]
fn however_long_the_way_the_layers_are_few_and_reach_from_end_to_end() {
    let mut stack = Stack::default();
    let grey = GrayImage::from_pixel(SIZE[0], SIZE[1], Luma([90]));
    for step in 0..4000 {
        stack.lay(&grey, &plane(step as f32 * 0.25));
        assert!(stack.layers().laid.len() <= MOST_LAYERS);
    }
    let bytes: usize = stack.layers().laid.iter().map(|layer| layer.luma.len()).sum();
    assert!(bytes <= MOST_LAYERS * (CELLS[0] * CELLS[1]) as usize, "{bytes} bytes");
    let view = stack.layers().coronal(None).unwrap();
    let end = view.along.from + view.luma.height() as f32 * view.along.per_px;
    assert!(view.along.from == 0.0 && end > 980.0, "{} to {end} mm", view.along.from);
    assert!(view.luma.width() <= 640 && view.luma.height() <= 641, "{:?}", view.luma.dimensions());
    assert!(view.luma.pixels().all(|grey| grey.0[0] == 90), "and nothing is missing in between");
}

#[test]
fn what_was_not_swept_stays_empty() {
    let gap = (0..20)
        .map(|step| plane(step as f32 * 0.4))
        .chain((0..20).map(|step| plane(20.0 + step as f32 * 0.4)));
    let view = laid(gap).layers().coronal(Some(4.0)).unwrap();
    let row = |mm: f32| ((mm - view.along.from) / view.along.per_px) as u32;
    assert_eq!(view.luma.get_pixel(5, row(14.0)).0, [0]);
    assert!(view.luma.get_pixel(5, row(5.0)).0[0] > 100 && view.luma.get_pixel(5, row(25.0)).0[0] > 100);
}

#[test]
fn a_probe_at_rest_adds_nothing_and_a_turn_back_is_told() {
    let mut stack = laid(straight());
    let count = stack.layers().laid.len();
    let rest = plane(19.8);
    (0..50).for_each(|_| stack.lay(&picture(&rest), &rest));
    assert_eq!(stack.layers().laid.len(), count);
    let back = SweepPlane { turns_back: 1, ..plane(20.2) };
    stack.lay(&picture(&back), &back);
    assert_eq!(stack.layers().coronal(None).unwrap().turned_back, [20.2]);
    let again = SweepPlane { sweep: 2, turns_back: 1, ..plane(0.0) };
    stack.lay(&picture(&again), &again);
    assert_eq!(
        (stack.layers().laid.len(), stack.layers().coronal(None)),
        (1, None),
        "another sweep begins anew"
    );
}

#[test]
fn a_solid_is_cut_where_the_plane_meets_it() {
    let ring = |y: f32, radius: f32| -> Vec<PointMm> {
        (0..32)
            .map(|step| {
                let angle = step as f32 / 32.0 * std::f32::consts::TAU;
                PointMm::new(radius * angle.cos(), y, 15.0 + radius * angle.sin())
            })
            .collect()
    };
    let ball: Vec<_> = (-4..=4).map(|y| ring(y as f32, (25.0 - (y * y) as f32).sqrt())).collect();
    let check = |depth: f32, wide: f32, long: f32| {
        let outline = section(&ball, depth);
        let span = |side: usize| {
            let values = outline.iter().map(|point| point[side]);
            values.clone().fold(f32::MIN, f32::max) - values.fold(f32::MAX, f32::min)
        };
        assert!((span(0) - wide).abs() < 0.2 && (span(1) - long).abs() < 0.01, "{depth}: {outline:?}");
    };
    check(15.0, 10.0, 8.0);
    check(18.5, 2.0 * (25.0_f32 - 12.25).sqrt(), 6.0);
    assert!(
        section(&ball, 21.0).is_empty()
            && section(&ball[..1], 15.0).is_empty()
            && section(&[], 1.0).is_empty()
    );
}
