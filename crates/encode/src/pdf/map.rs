//! Two breast maps, seen from the front: the patient's right is on the left.

use peony_model::report::{LesionReport, Report};
use peony_model::{Place, Side};

use super::ink::{Ink, Pen, Step, circle, line};
use super::page::Flow;
use super::text::{Align, Look, Typesetter};
use crate::Lang;
use crate::narrative::{number, one_line};

/// Width of both maps together with their ticks.
pub const WIDTH: f32 = 186.0;
/// Radius of a breast.
const RADIUS: f32 = 34.0;
/// From the top of the maps to the middle of a breast.
const MIDDLE: f32 = 54.0;
/// What the radius stands for where every lesion is nearer to the nipple, mm.
const EXTENT_MM: f32 = 75.0;
const DOT: f32 = 6.2;
/// How many lesions without a place are shown under a map.
const WAITING: usize = 10;

const TICK: Look = Look::new(7.0).ink(Ink::SECOND);

struct Dot {
    letter: String,
    /// The machine's place, to which nobody has said anything.
    open: bool,
    at: [f32; 2],
}

impl Dot {
    fn of(lesion: &LesionReport) -> Self {
        let letter = one_line(&lesion.letter).chars().take(2).collect();
        Self { letter, open: lesion.place.is_open(), at: [0.0; 2] }
    }
}

/// Draws both maps with their upper left corner at `x`, `y`; tells how high they are.
pub fn draw(flow: &mut Flow, set: &mut Typesetter, report: &Report, [x, y]: [f32; 2], lang: Lang) -> f32 {
    let centres = [x + WIDTH * 0.27, x + WIDTH * 0.73];
    let mut bottom = y;
    for (side, centre) in Side::BOTH.into_iter().zip(centres) {
        let middle = [centre, y + MIDDLE];
        flow.path(outline(side, middle), Some(Ink::WASH), Some(Pen::new(Ink::SECOND, 0.9)));
        ticks(flow, set, side, middle);
        let under = middle[1] + RADIUS + 18.0;
        let width = WIDTH * 0.46;
        let caption = set.plain(&caption(report, side, lang), Look::new(8.2).bold(), width, Align::Centre);
        flow.block_at(&caption, [centre - width / 2.0, under]);
        let (placed, waiting) = dots(report, side, middle);
        placed.iter().for_each(|dot| draw_dot(flow, set, dot));
        let under = under + caption.height();
        bottom = bottom.max(wait(flow, set, waiting, [centre, under]));
    }
    let sideless = report.printed().filter(|lesion| lesion.place.value().is_none()).map(Dot::of).collect();
    wait(flow, set, sideless, [x + WIDTH / 2.0, bottom]) - y
}

/// Dots in rows under `top`: those whose place nobody knows. Tells where they end.
fn wait(flow: &mut Flow, set: &mut Typesetter, mut dots: Vec<Dot>, [x, top]: [f32; 2]) -> f32 {
    const IN_A_ROW: usize = 5;
    let pitch = 2.3 * DOT;
    dots.truncate(WAITING);
    let columns = dots.len().min(IN_A_ROW) as f32;
    let mut bottom = top;
    for (nth, dot) in dots.iter_mut().enumerate() {
        let column = (nth % IN_A_ROW) as f32 - (columns - 1.0) / 2.0;
        dot.at = [x + column * pitch, top + 2.0 + DOT + (nth / IN_A_ROW) as f32 * pitch];
        bottom = dot.at[1] + DOT;
        draw_dot(flow, set, dot);
    }
    bottom
}

/// A breast with its axillary tail, which points up and outwards.
fn outline(side: Side, [x, y]: [f32; 2]) -> Vec<Step> {
    let out = if side == Side::Right { -1.0 } else { 1.0 };
    let at = |degrees: f32, radius: f32| {
        let (sin, cos) = degrees.to_radians().sin_cos();
        [x + out * radius * sin, y - radius * cos]
    };
    let clockwise = |[px, py]: [f32; 2], degrees: f32, length: f32| {
        let (sin, cos) = degrees.to_radians().sin_cos();
        [px + out * length * cos, py + length * sin]
    };
    // Clockwise (mirrored for the right) from under the tail round to above it, in pieces short enough for curves.
    let (from, to, tail) = (74.0_f32, 378.0_f32, 46.0_f32);
    let pieces = 6;
    let step = (to - from) / pieces as f32;
    let handle = RADIUS * 4.0 / 3.0 * (step.to_radians() / 4.0).tan();
    let on = |degrees: f32| at(degrees, RADIUS);
    let mut steps = vec![Step::Move(on(from))];
    for piece in 0..pieces {
        let start = from + step * piece as f32;
        let end = start + step;
        steps.push(Step::Curve(
            clockwise(on(start), start, handle),
            clockwise(on(end), end, -handle),
            on(end),
        ));
    }
    let tip = at(tail, RADIUS * 1.22);
    let round = RADIUS * 0.17;
    steps.push(Step::Curve(clockwise(on(to), to, RADIUS * 0.26), clockwise(tip, tail, -round), tip));
    steps.push(Step::Curve(clockwise(tip, tail, round), clockwise(on(from), from, -RADIUS * 0.26), on(from)));
    steps.push(Step::Close);
    steps
}

/// The hours at the rim and the nipple. The hour between the two breasts would stand in the way of the other map.
fn ticks(flow: &mut Flow, set: &mut Typesetter, side: Side, [x, y]: [f32; 2]) {
    let pen = Some(Pen::new(Ink::SECOND, 0.7));
    for (hour, [dx, dy]) in [("12", [0.0, -1.0]), ("3", [1.0, 0.0]), ("6", [0.0, 1.0]), ("9", [-1.0, 0.0])] {
        let on = |radius: f32| [x + dx * radius, y + dy * radius];
        flow.path(line(on(RADIUS - 3.0), on(RADIUS + 2.0)), None, pen);
        let inner = (side == Side::Right && hour == "3") || (side == Side::Left && hour == "9");
        if inner {
            continue;
        }
        let label = set.plain(hour, TICK, 16.0, Align::Centre);
        let [cx, cy] = on(RADIUS + 8.5);
        flow.block_at(&label, [cx - 8.0, cy - label.height() / 2.0]);
    }
    flow.path(circle([x, y], 3.0), Some(Ink::WHITE), pen);
    flow.path(circle([x, y], 1.0), Some(Ink::SECOND), None);
}

fn caption(report: &Report, side: Side, lang: Lang) -> String {
    let name = match side {
        Side::Right => lang.pick("R ", "右 "),
        Side::Left => lang.pick("L ", "左 "),
    };
    let breast = report.breasts.iter().find(|breast| breast.side == side);
    let named = breast.and_then(|breast| breast.coverage).and_then(number::hours_named);
    let named = named.map_or("–".to_owned(), |hours| format!("{hours}/12"));
    format!("{name}{named}")
}

/// The lesions of a breast: at their clock and distance, and those of which either is not known.
fn dots(report: &Report, side: Side, middle: [f32; 2]) -> (Vec<Dot>, Vec<Dot>) {
    let here: Vec<_> = report
        .printed()
        .filter_map(|lesion| Some((lesion, lesion.place.value().filter(|place| place.side == side)?)))
        .collect();
    let distance = |place: &Place| place.from_nipple_mm.filter(|mm| number::is_length(*mm));
    let extent = here.iter().filter_map(|(_, place)| distance(place)).fold(EXTENT_MM, f32::max);
    let (mut placed, mut waiting) = (Vec::new(), Vec::new());
    for (lesion, place) in here {
        let dot = Dot::of(lesion);
        match place.clock.zip(distance(place)) {
            Some((clock, mm)) => {
                let [right, up] = clock.on_map(mm / extent * RADIUS * 0.86);
                placed.push(Dot { at: [middle[0] + right, middle[1] - up], ..dot });
            }
            None => waiting.push(dot),
        }
    }
    apart(&mut placed, middle);
    (placed, waiting)
}

/// Moves dots that cover each other apart, as little as is needed for their letters to be read, and leaves none outside the breast.
fn apart(dots: &mut [Dot], middle: [f32; 2]) {
    /// Enough for the twenty that find room.
    const ROUNDS: usize = 200;
    /// Those at one point go apart in all directions, as seeds in a sunflower do; radians.
    const GOLDEN_ANGLE: f32 = 2.399_963;
    let wanted = 2.0 * DOT + 0.6;
    for _ in 0..ROUNDS {
        let mut crowded = false;
        for a in 0..dots.len() {
            for b in a + 1..dots.len() {
                let [dx, dy] = [dots[b].at[0] - dots[a].at[0], dots[b].at[1] - dots[a].at[1]];
                let distance = dx.hypot(dy);
                let push = (wanted - distance) / 2.0;
                if push <= 0.01 {
                    continue;
                }
                crowded = true;
                let (sin, cos) = (GOLDEN_ANGLE * b as f32).sin_cos();
                let [ux, uy] = if distance > 0.01 { [dx / distance, dy / distance] } else { [cos, sin] };
                dots[a].at = [dots[a].at[0] - ux * push, dots[a].at[1] - uy * push];
                dots[b].at = [dots[b].at[0] + ux * push, dots[b].at[1] + uy * push];
            }
        }
        for dot in &mut *dots {
            dot.at = [0, 1].map(|axis| dot.at[axis].clamp(middle[axis] - RADIUS, middle[axis] + RADIUS));
        }
        if !crowded {
            return;
        }
    }
}

fn draw_dot(flow: &mut Flow, set: &mut Typesetter, dot: &Dot) {
    let (fill, ink, pen) = if dot.open {
        (Ink::WHITE, Ink::BLACK, Some(Pen::new(Ink::BLACK, 0.9).dashed()))
    } else {
        (Ink::BLACK, Ink::WHITE, Some(Pen::new(Ink::WHITE, 0.6)))
    };
    flow.path(circle(dot.at, DOT), Some(fill), pen);
    let size = if dot.letter.chars().count() > 1 { 5.4 } else { 7.6 };
    let letter = set.plain(&dot.letter, Look::new(size).bold().ink(ink), 2.0 * DOT, Align::Centre);
    flow.block_at(&letter, [dot.at[0] - DOT, dot.at[1] - letter.height() / 2.0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dot_can_be_read_also_where_ten_lie_at_one_place_or_at_the_rim() {
        let middle = [50.0, 60.0];
        for at in [middle, [50.0, 60.0 - RADIUS], [50.0 + RADIUS, 60.0]] {
            let dot = |nth: u8| Dot { letter: char::from(b'A' + nth).to_string(), open: false, at };
            let mut dots: Vec<Dot> = (0..10).map(dot).collect();
            apart(&mut dots, middle);
            for (nth, one) in dots.iter().enumerate() {
                assert!([0, 1].iter().all(|&axis| (one.at[axis] - middle[axis]).abs() <= RADIUS + 0.01));
                for other in &dots[nth + 1..] {
                    let distance = (one.at[0] - other.at[0]).hypot(one.at[1] - other.at[1]);
                    assert!(
                        distance > 2.0 * DOT,
                        "{} and {} at {at:?}: {distance}",
                        one.letter,
                        other.letter
                    );
                }
            }
        }
    }
}
