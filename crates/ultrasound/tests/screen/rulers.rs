//! Depth rulers as vendors draw them, and screens without any.

use image::{GrayImage, imageops};
use peony_imaging::{PixelRect, RulerReader};
use peony_model::{CalibrationSource, Frame, MmPerPx, Pixels, QualityCode, Spacing};
use peony_ultrasound::{Mode, Pipeline, step};

use crate::tissue;
use crate::vendors::{Dice, Form, Layout, SCREEN, fill, layouts, rect, text};

/// How a vendor draws its ruler.
struct Style {
    name: &'static str,
    /// Millimetres between two strokes.
    step_mm: f32,
    /// Length, thickness and grey of a stroke, by its number.
    stroke: fn(usize) -> [u32; 3],
    /// Pixels from the picture to the ruler; to the left where negative.
    apart: i32,
    /// Whether strokes end flush instead of beginning so.
    flush_right: bool,
    /// Every so many strokes have a number beside them.
    label_every: usize,
}

fn styles() -> Vec<Style> {
    let style = |name, step_mm, stroke, apart, flush_right, label_every| Style {
        name,
        step_mm,
        stroke,
        apart,
        flush_right,
        label_every,
    };
    vec![
        style(
            "5 mm, longer at 10",
            5.0,
            |n| if n.is_multiple_of(2) { [16, 2, 190] } else { [8, 2, 190] },
            10,
            false,
            2,
        ),
        style(
            "mm, longer at 10",
            1.0,
            |n| if n.is_multiple_of(10) { [20, 1, 220] } else { [8, 1, 220] },
            6,
            false,
            10,
        ),
        style(
            "mm, longer at 5 and 10",
            1.0,
            |n| {
                if n.is_multiple_of(10) {
                    [18, 2, 160]
                } else if n.is_multiple_of(5) {
                    [12, 2, 160]
                } else {
                    [6, 2, 160]
                }
            },
            -14,
            true,
            10,
        ),
        style(
            "5 mm, dots, larger at 10",
            5.0,
            |n| if n.is_multiple_of(2) { [5, 5, 255] } else { [3, 3, 255] },
            20,
            false,
            9999,
        ),
        style(
            "5 mm on the left",
            5.0,
            |n| if n.is_multiple_of(2) { [14, 1, 120] } else { [7, 1, 120] },
            -8,
            true,
            2,
        ),
    ]
}

fn draw(screen: &mut GrayImage, picture: PixelRect, mm_per_px: f32, style: &Style, dice: &mut Dice) {
    let places = (picture.height as f32 * mm_per_px / style.step_mm) as usize;
    for number in 0..=places {
        let [length, thick, grey] = (style.stroke)(number);
        let y = picture.y + (number as f32 * style.step_mm / mm_per_px).round() as u32 - thick / 2;
        let side = if style.apart > 0 { picture.x + picture.width } else { picture.x };
        let edge = side.saturating_add_signed(style.apart);
        let x = if style.flush_right { edge - length } else { edge };
        fill(screen, rect(x, y, length, thick), |_, _| grey as u8);
        if number > 0 && number.is_multiple_of(style.label_every) {
            let beside = if style.flush_right { x.saturating_sub(24) } else { x + length + 6 };
            text(screen, rect(beside.saturating_sub(10), y.saturating_sub(14), 34, 30), 200, dice);
        }
    }
}

/// A screen with a picture that is `depth_mm` deep, and frames of it.
struct Scene {
    furniture: GrayImage,
    layout: Layout,
    tissue: Vec<GrayImage>,
    pipeline: Pipeline,
    number: u32,
}

impl Scene {
    fn new(layout: Layout) -> Self {
        let tissue = tissue(4);
        let furniture = layout.furniture(&tissue[0], &mut Dice::new(3));
        Self { furniture, layout, tissue, pipeline: Pipeline::new(None, Mode::Sweep), number: 0 }
    }

    /// The scale that holds after each of so many frames, with what is drawn over the furniture.
    fn scales(&mut self, frames: u32, over: impl Fn(&mut GrayImage)) -> Vec<Option<MmPerPx>> {
        let show = |_| {
            let mut screen = self.furniture.clone();
            over(&mut screen);
            let turn = self.number % 6;
            self.layout.show(&mut screen, &self.tissue[turn.min(6 - turn) as usize], self.number);
            let time_ns = u64::from(self.number) * 33_333_333;
            let (index, pixels) = (u64::from(self.number), Pixels::Luma8(screen));
            self.number += 1;
            let frame = Frame { index, time_ns, pixels, spacing: Spacing::Unknown };
            let quality = step(&mut self.pipeline, &frame).quality;
            let unknown = quality.issues.iter().any(|issue| issue.code == QualityCode::ScaleUnknown);
            assert_eq!(unknown, quality.scale.is_none(), "the light and the scale differ");
            quality.scale
        };
        (0..frames).map(show).collect()
    }
}

#[test]
fn rulers_of_several_styles_give_the_scale_within_one_per_cent() {
    let depth_mm = 40.0;
    for style in styles() {
        let mut scene = Scene::new(layouts().swap_remove(0));
        let picture = scene.layout.picture;
        let truth = depth_mm / picture.height as f32;
        let found = scene.scales(21, |screen| draw(screen, picture, truth, &style, &mut Dice::new(9)));
        let early = found.iter().position(Option::is_some);
        assert!(early.is_some_and(|at| at >= 15), "{}: on frame {early:?}", style.name);
        let Some(Some(scale)) = found.last() else { panic!("{}: no scale", style.name) };
        let off = scale.y() / truth - 1.0;
        eprintln!("{}: {:+.2} % off, on frame {early:?}", style.name, 100.0 * off);
        assert!(off.abs() <= 0.01 && scale.x() == scale.y(), "{}: {off} off", style.name);
        assert_eq!(scale.source(), CalibrationSource::Ruler);
    }
}

#[test]
fn another_depth_takes_the_scale_away_at_once_and_gives_the_new_one() {
    let mut scene = Scene::new(layouts().swap_remove(0));
    let picture = scene.layout.picture;
    let style = &styles()[0];
    let with = |mm_per_px: f32| {
        move |screen: &mut GrayImage| draw(screen, picture, mm_per_px, style, &mut Dice::new(9))
    };
    let (near, deep) = (40.0 / picture.height as f32, 52.0 / picture.height as f32);
    assert!(scene.scales(24, with(near))[23].is_some());
    let later = scene.scales(24, with(deep));
    assert_eq!(later[0], None, "a wrong scale is worse than none");
    assert!(later[23].is_some_and(|scale| (scale.y() / deep - 1.0).abs() <= 0.01), "{:?}", later[23]);
    assert_eq!(scene.scales(1, |_| {})[0], None, "no ruler, no scale");
}

#[test]
fn screens_without_a_ruler_give_no_scale() {
    let small = tissue(1);
    let mut reader = RulerReader::default();
    let mut wrong = Vec::new();
    for seed in 0..240 {
        let mut dice = Dice::new(1000 + seed);
        let mut layout = layouts().swap_remove(dice.below(7) as usize);
        layout.form = Form::Linear;
        layout.picture = rect(
            dice.between(150, 500),
            dice.between(60, 200),
            dice.between(600, 1000),
            dice.between(500, 800),
        );
        let picture = layout.picture;
        // Columns of text, even lists, a ramp with marks and thumbnails, close to the picture.
        let right = picture.x + picture.width;
        layout
            .panels
            .push((rect(right + dice.between(2, 40), picture.y, 200, picture.height), dice.below(4) == 0));
        layout.panels.push((rect(picture.x.saturating_sub(110), picture.y, 100, picture.height), false));
        let mut screen = layout.furniture(&small[0], &mut dice);
        let (pitch, from) = (dice.between(18, 60), right + dice.between(5, 60));
        for row in 0..picture.height / pitch {
            let y = picture.y + row * pitch + dice.below(6);
            if dice.below(2) == 0 {
                text(&mut screen, rect(from, y, 120, 24), 230, &mut dice);
            } else {
                fill(&mut screen, rect(from, y, dice.between(3, 30), 3), |_, _| 230);
            }
        }
        let thumb = imageops::resize(&small[0], 160, 120, imageops::FilterType::Triangle);
        imageops::replace(
            &mut screen,
            &thumb,
            i64::from(right + dice.between(3, 60)),
            i64::from(dice.between(60, 900)),
        );
        layout.show(&mut screen, &small[0], 0);
        if let Some(ruler) = reader.read(&screen, picture) {
            wrong.push((seed, ruler));
        }
    }
    assert!(wrong.is_empty(), "{} of 240: {wrong:?}", wrong.len());
}

#[test]
fn reading_a_ruler_costs_little() {
    let scene = Scene::new(layouts().swap_remove(0));
    let picture = scene.layout.picture;
    let style = &styles()[1];
    let mut screen = scene.furniture.clone();
    draw(&mut screen, picture, 40.0 / picture.height as f32, style, &mut Dice::new(9));
    scene.layout.show(&mut screen, &scene.tissue[0], 0);
    let mut reader = RulerReader::default();
    let mut ruler = None;
    let took = |work: &mut dyn FnMut()| {
        let mut times: Vec<f64> = (0..40)
            .map(|_| {
                let started = std::time::Instant::now();
                work();
                started.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let read = took(&mut || ruler = reader.read(&screen, picture));
    let Some(ruler) = ruler else { panic!("no ruler on {SCREEN:?}") };
    let looked = took(&mut || assert!(ruler.is_on(&screen)));
    eprintln!(
        "reading {read:.3} ms, on every third frame while there is no scale; looking {looked:.3} ms, on every frame"
    );
    // Tests are built with little optimisation and share the machine: these limits catch another order of work only.
    assert!(read < 10.0 && looked < 0.5, "{read} and {looked} ms");
}
