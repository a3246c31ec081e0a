//! What a machine lays over its picture: calipers and a body mark, and a colour box.

use image::{GrayImage, Luma, Rgb, RgbImage};

use crate::display::Picture;
use crate::random::{Key, Stream};
use crate::screen::text;

/// As bright as a machine writes.
const INK: u8 = 235;
/// Arms of a caliper's cross, pixels.
const ARM: i32 = 4;
/// Pixels from dot to dot between the two crosses.
const DOTS: f32 = 5.0;
/// Half of a body mark's width, pixels.
const BODY: f32 = 18.0;
/// The most and the fewest vessels of a colour box, and their radii, mm.
const VESSELS: [f32; 2] = [3.0, 7.0];
const RADIUS_MM: [f32; 2] = [0.8, 2.2];
/// The fastest flow's colours: towards the probe and away from it.
const FLOWS: [[f32; 3]; 2] = [[235.0, 40.0, 10.0], [20.0, 60.0, 235.0]];

/// Two calipers with the dots between them, what they measure, where it is, and the breast with the probe on it.
pub(crate) fn draw(frame: &mut GrayImage, picture: &Picture, key: Key) {
    let mut stream = key.purpose(16).stream();
    let [from, to] = [[0.2, 0.45], [0.55, 0.8]]
        .map(|[low, high]| at(picture, [stream.range(low, high), stream.range(0.25, 0.6)]));
    for end in [from, to] {
        for step in -ARM..=ARM {
            dot(frame, [end[0] + step as f32, end[1]]);
            dot(frame, [end[0], end[1] + step as f32]);
        }
    }
    let way = [to[0] - from[0], to[1] - from[1]];
    let length = way[0].hypot(way[1]);
    for number in 0..(length / DOTS) as u32 {
        let share = number as f32 * DOTS / length;
        dot(frame, [from[0] + share * way[0], from[1] + share * way[1]]);
    }
    let corner = |share: [f32; 2]| at(picture, share).map(|side| side as u32);
    let said = format!("+ D {:.1} mm", length * picture.mm_per_px);
    text(frame, corner([0.05, 0.9]), &said, INK);
    text(frame, corner([0.05, 0.95]), &format!("LEFT BREAST {} H", 1 + stream.below(12)), INK);
    body_mark(frame, at(picture, [0.9, 0.88]), &mut stream);
}

/// A circle for the breast, and a bar where the probe lies on it.
fn body_mark(frame: &mut GrayImage, [x, y]: [f32; 2], stream: &mut Stream) {
    for degree in 0..360 {
        let (sine, cosine) = (degree as f32).to_radians().sin_cos();
        dot(frame, [x + BODY * cosine, y + BODY * sine]);
    }
    let (sine, cosine) = stream.range(0.0, 360.0).to_radians().sin_cos();
    for step in -8..=8 {
        dot(
            frame,
            [x + 0.5 * BODY * cosine - step as f32 * sine, y + 0.5 * BODY * sine + step as f32 * cosine],
        );
    }
}

/// A box with vessels in it, each red or blue, faster in its middle; the picture is grey elsewhere.
pub(crate) fn coloured(grey: &GrayImage, picture: &Picture, key: Key) -> RgbImage {
    let mut frame =
        RgbImage::from_fn(grey.width(), grey.height(), |x, y| Rgb([grey.get_pixel(x, y).0[0]; 3]));
    let mut stream = key.purpose(17).stream();
    let [left, top] = [stream.range(0.15, 0.4), stream.range(0.1, 0.3)];
    let [from, to] = [at(picture, [left, top]), at(picture, [left + 0.45, top + 0.4])];
    for _ in 0..stream.range(VESSELS[0], VESSELS[1]) as u32 {
        let radius = stream.range(RADIUS_MM[0], RADIUS_MM[1]) / picture.mm_per_px;
        let middle = [0, 1].map(|side: usize| stream.range(from[side] + radius, to[side] - radius));
        let flow = FLOWS[usize::from(stream.chance(0.5))];
        for (x, y, Rgb(pixel)) in frame.enumerate_pixels_mut() {
            let away = (x as f32 - middle[0]).hypot(y as f32 - middle[1]) / radius;
            if away < 1.0 {
                let speed = 1.0 - 0.6 * away;
                *pixel = flow.map(|side| (side * speed) as u8);
            }
        }
    }
    for (x, y, pixel) in frame.enumerate_pixels_mut() {
        let [x, y] = [x, y].map(|side| side as f32);
        let within = (from[0]..to[0]).contains(&x) && (from[1]..to[1]).contains(&y);
        let inside = (from[0] + 1.0..to[0] - 1.0).contains(&x) && (from[1] + 1.0..to[1] - 1.0).contains(&y);
        if within && !inside {
            *pixel = Rgb([220, 220, 120]);
        }
    }
    frame
}

/// A place of the picture, in pixels of the frame.
fn at(picture: &Picture, share: [f32; 2]) -> [f32; 2] {
    [0, 1].map(|side: usize| picture.corner[side] as f32 + share[side] * picture.size[side] as f32)
}

fn dot(frame: &mut GrayImage, [x, y]: [f32; 2]) {
    if let Some(pixel) = frame.get_pixel_mut_checked(x.max(0.0) as u32, y.max(0.0) as u32) {
        *pixel = Luma([INK]);
    }
}
