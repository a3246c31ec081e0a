//! The depth ruler that a machine draws beside its picture: regularly spaced short strokes or dots, some longer.

use std::ops::Range;

use image::GrayImage;

use crate::PixelRect;

/// How far from the picture's side a ruler may lie, in pixels: 4 % of the screen's width, at least 24.
const NEAR_SHARE: u32 = 25;
const NEAREST: u32 = 24;
/// Ink differs from the ground by this.
const INK: u8 = 40;
/// The thickest and the longest stroke, in pixels.
const THICKEST: usize = 5;
const LONGEST: u32 = 40;
/// The least distance of strokes, in pixels, and how far one may lie off its place.
const CLOSEST: f32 = 7.0;
const OFF_PX: f32 = 1.2;
/// The fewest strokes that make a ruler, and the share of its places that must hold one.
const FEWEST: usize = 5;
const FILLED: f32 = 0.9;
/// A stroke this many times as long as the shortest is of another kind.
const LONGER: f32 = 1.35;
/// A ruler counts from the skin: its strokes lie at the picture's top within this share of their distance, or these pixels.
const AT_TOP_SHARE: f32 = 0.12;
const AT_TOP_PX: f32 = 5.0;
/// And it reaches down to this share of the picture.
const REACHES: f32 = 0.75;

/// A ruler read off the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruler {
    /// The column that crosses all strokes.
    pub column: u32,
    /// Where the first stroke lies, in pixels from the top of the screen.
    pub first_px: f32,
    /// The distance of two strokes, in pixels.
    pub step_px: f32,
    /// How many places for strokes there are from the first to the last.
    pub count: usize,
    /// Every so many strokes one is longer, and every so many one is longer still; 1 where there is no such kind.
    pub every: [usize; 2],
}

/// Reads rulers, keeping its buffers.
#[derive(Debug, Default)]
pub struct RulerReader {
    strip: Vec<u8>,
}

impl RulerReader {
    /// The ruler beside the picture at `area`: to its right, or else to its left; `None` where none is beyond doubt.
    pub fn read(&mut self, screen: &GrayImage, area: PixelRect) -> Option<Ruler> {
        if !area.fits(screen.width(), screen.height()) {
            return None;
        }
        let near = (screen.width() / NEAR_SHARE).max(NEAREST);
        let right = area.x + area.width;
        let sides = [right..(right + near).min(screen.width()), area.x.saturating_sub(near)..area.x];
        // A picture may end in black, so a ruler may go on below it.
        let rows = area.y.saturating_sub(AT_TOP_PX as u32)
            ..(area.y + area.height + area.height / 4).min(screen.height());
        sides.into_iter().find_map(|columns| self.read_strip(screen, area, columns, rows.clone()))
    }

    /// The distance and the pattern of the strokes of a ruler above or below the picture, which some machines draw too.
    pub fn read_across(&mut self, screen: &GrayImage, area: PixelRect) -> Option<(f32, [usize; 2])> {
        if !area.fits(screen.width(), screen.height()) {
            return None;
        }
        let near = (screen.width() / NEAR_SHARE).max(NEAREST);
        let bottom = area.y + area.height;
        let sides = [area.y.saturating_sub(near)..area.y, bottom..(bottom + near).min(screen.height())];
        let length = area.width as usize;
        sides.into_iter().find_map(|rows| {
            self.strip.clear();
            for row in rows.clone() {
                self.strip.extend_from_slice(area.row(screen, row));
            }
            let outer = if rows.start >= bottom { rows.len().saturating_sub(1) } else { 0 };
            let across = |ruler: &Ruler| ruler.count as f32 * ruler.step_px >= REACHES * length as f32;
            self.find(length, outer, across).map(|ruler| (ruler.step_px, ruler.every))
        })
    }

    fn read_strip(
        &mut self,
        screen: &GrayImage,
        area: PixelRect,
        columns: Range<u32>,
        rows: Range<u32>,
    ) -> Option<Ruler> {
        let (width, height) = (columns.len(), rows.len());
        // Turned, so that a column lies in one piece.
        self.strip.clear();
        self.strip.resize(width * height, 0);
        for (at, row) in rows.clone().enumerate() {
            let line = &screen.as_raw()[row as usize * screen.width() as usize..];
            for (column, &grey) in line[columns.start as usize..columns.end as usize].iter().enumerate() {
                self.strip[column * height + at] = grey;
            }
        }
        let outer = if columns.start >= area.x + area.width { width.saturating_sub(1) } else { 0 };
        let on_screen = |ruler: &Ruler| Ruler {
            column: columns.start + ruler.column,
            first_px: ruler.first_px + rows.start as f32,
            ..ruler.clone()
        };
        self.find(height, outer, |ruler| on_screen(ruler).spans(area)).map(|ruler| on_screen(&ruler))
    }

    /// The ruler of the most strokes in the strip, whose lines along the ruler are `length` pixels long and of which `outer` is the
    /// one farthest from the picture. Its places are those of the strip.
    fn find(&self, length: usize, outer: usize, fits: impl Fn(&Ruler) -> bool) -> Option<Ruler> {
        if length < 32 {
            return None;
        }
        let mut best: Option<(usize, Ruler)> = None;
        for (column, greys) in self.strip.chunks_exact(length).enumerate() {
            let Some(marks) = marks(greys) else { continue };
            let Some(places @ (first_px, step_px, count)) = regular(&marks) else { continue };
            let strokes = self.strokes([length, column, outer], greys, places);
            let Some(every) = pattern(&strokes) else { continue };
            let ruler = Ruler { column: column as u32, first_px, step_px, count, every };
            if fits(&ruler) && best.as_ref().is_none_or(|(most, _)| marks.len() > *most) {
                best = Some((marks.len(), ruler));
            }
        }
        best.map(|(_, ruler)| ruler)
    }

    /// From where to where the stroke at each place goes across the strip. What goes on at the strip's end away from the picture,
    /// `outer`, is a line and no stroke.
    fn strokes(
        &self,
        [height, column, outer]: [usize; 3],
        greys: &[u8],
        (first, step, count): (f32, f32, usize),
    ) -> Vec<Option<[u32; 2]>> {
        let ground = ground(greys);
        let lit = |column: usize, row: usize| self.strip[column * height + row].abs_diff(ground) > INK;
        let width = self.strip.len() / height;
        let stroke = |number: usize| {
            let middle = (first + number as f32 * step).round() as usize;
            let row = (middle.saturating_sub(2)..(middle + 3).min(height))
                .filter(|row| lit(column, *row))
                .min_by_key(|row| row.abs_diff(middle))?;
            let left = (0..column).rev().take_while(|at| lit(*at, row)).count();
            let right = (column + 1..width).take_while(|at| lit(*at, row)).count();
            let (from, to) = (column - left, column + right);
            (from != outer && to != outer).then_some([from as u32, to as u32 + 1])
        };
        (0..count).map(stroke).collect()
    }
}

impl Ruler {
    /// Whether the same ruler is still drawn: ink at its places and none between them.
    #[must_use]
    pub fn is_on(&self, screen: &GrayImage) -> bool {
        let last = self.first_px + (self.count.saturating_sub(1)) as f32 * self.step_px;
        if self.column >= screen.width() || self.first_px < 0.0 || last + 2.0 >= screen.height() as f32 {
            return false;
        }
        let grey = |y: f32| screen.get_pixel(self.column, y.round() as u32).0[0];
        let place = |number: usize| self.first_px + number as f32 * self.step_px;
        let between: Vec<u8> =
            (1..self.count).map(|number| grey(place(number) - 0.5 * self.step_px)).collect();
        let ground = ground(&between);
        let differs = |grey: u8| grey.abs_diff(ground) > INK;
        let held = (0..self.count)
            .filter(|number| {
                [-1.0, 0.0, 1.0].iter().any(|off| differs(grey((place(*number) + off).max(0.0))))
            })
            .count();
        let clean = between.iter().filter(|grey| !differs(**grey)).count();
        held as f32 >= FILLED * self.count as f32 && clean as f32 >= FILLED * between.len() as f32
    }

    /// Whether it counts from the top of the picture and goes down far enough.
    fn spans(&self, area: PixelRect) -> bool {
        let from_top = self.first_px - area.y as f32;
        let off = from_top - (from_top / self.step_px).round() * self.step_px;
        let end = self.first_px + (self.count - 1) as f32 * self.step_px;
        off.abs() <= AT_TOP_PX.max(AT_TOP_SHARE * self.step_px)
            && from_top <= 1.2 * self.step_px
            && end >= area.y as f32 + REACHES * area.height as f32
    }
}

/// The grey that most of a line has: its median.
fn ground(greys: &[u8]) -> u8 {
    let mut counts = [0_u32; 256];
    greys.iter().for_each(|grey| counts[usize::from(*grey)] += 1);
    let mut below = 0;
    let half = greys.len() as u32 / 2;
    let median = counts.iter().position(|count| {
        below += count;
        below > half
    });
    median.unwrap_or_default() as u8
}

/// The middles of the short pieces of ink down a column, as far as no longer piece (a letter, a panel) comes between; `None`
/// where there are too few in a row.
fn marks(greys: &[u8]) -> Option<Vec<f32>> {
    let ground = ground(greys);
    let (mut marks, mut start) = (Vec::new(), None);
    for (at, grey) in greys.iter().chain([&ground]).enumerate() {
        match (grey.abs_diff(ground) > INK, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                if at - from <= THICKEST {
                    marks.push((from + at - 1) as f32 / 2.0);
                } else if marks.len() >= FEWEST {
                    break;
                } else {
                    marks.clear();
                }
                start = None;
            }
            _ => {}
        }
    }
    (marks.len() >= FEWEST).then_some(marks)
}

/// First place, step and number of places of marks at equal distances. One in ten may be missing or be something else.
fn regular(marks: &[f32]) -> Option<(f32, f32, usize)> {
    let mut steps: Vec<f32> = marks.windows(2).map(|two| two[1] - two[0]).collect();
    steps.sort_by(f32::total_cmp);
    let mut step = steps[steps.len() / 2];
    if step < CLOSEST {
        return None;
    }
    let mut placed = numbered(marks, step);
    let mut first;
    // Again with the line through all, from which a mark that is no stroke stands out.
    (first, step) = fit(&placed)?;
    for _ in 0..2 {
        placed.clear();
        for mark in marks {
            let number = ((mark - first) / step).round();
            if (mark - first - number * step).abs() <= OFF_PX {
                placed.push((number, *mark));
            }
        }
        (first, step) = fit(&placed)?;
    }
    let off = placed.iter().any(|(number, mark)| (mark - first - number * step).abs() > OFF_PX);
    let (low, high) = (placed.first()?.0, placed.last()?.0);
    let places = (high - low) as usize + 1;
    placed.dedup_by_key(|(number, _)| *number);
    let enough =
        placed.len() as f32 >= FILLED * places as f32 && placed.len() as f32 >= FILLED * marks.len() as f32;
    (!off && enough && places >= FEWEST).then_some((first + low * step, step, places))
}

/// Each mark with its number, counted from one to the next: the median distance is a whole number of pixels and would be off by
/// a stroke after a few. A mark that lies at no multiple of it from the one before is left out.
fn numbered(marks: &[f32], step: f32) -> Vec<(f32, f32)> {
    let mut placed: Vec<(f32, f32)> = Vec::with_capacity(marks.len());
    for &mark in marks {
        let Some(&(number, last)) = placed.last() else {
            placed.push((0.0, mark));
            continue;
        };
        let steps = ((mark - last) / step).round();
        if steps >= 1.0 && (mark - last - steps * step).abs() <= steps + 0.02 * step {
            placed.push((number + steps, mark));
        }
    }
    placed
}

/// The line through numbered places: the place of number 0, and the step.
fn fit(placed: &[(f32, f32)]) -> Option<(f32, f32)> {
    let count = placed.len() as f32;
    if placed.len() < FEWEST {
        return None;
    }
    let mean = |of: fn(&(f32, f32)) -> f32| placed.iter().map(of).sum::<f32>() / count;
    let (number, place) = (mean(|p| p.0), mean(|p| p.1));
    let (mut with, mut own) = (0.0, 0.0);
    for (n, p) in placed {
        with += (n - number) * (p - place);
        own += (n - number).powi(2);
    }
    (own > 0.0).then(|| (place - number * with / own, with / own))
}

/// Every how many strokes one is longer and longest; `None` where the strokes are no ruler's: not flush on either side or in the
/// middle, too long, of more than three lengths, or longer ones at no equal distances.
fn pattern(strokes: &[Option<[u32; 2]>]) -> Option<[usize; 2]> {
    let seen: Vec<[u32; 2]> = strokes.iter().flatten().copied().collect();
    if (seen.len() as f32) < FILLED * strokes.len() as f32 {
        return None;
    }
    let flush = |of: fn(&[u32; 2]) -> u32, slack: u32| {
        let (low, high) = (seen.iter().map(of).min()?, seen.iter().map(of).max()?);
        (high - low <= slack).then_some(())
    };
    flush(|s| s[0], 1).or_else(|| flush(|s| s[1], 1)).or_else(|| flush(|s| s[0] + s[1], 3))?;
    let length = |stroke: &[u32; 2]| (stroke[1] - stroke[0]) as f32;
    if seen.iter().any(|stroke| length(stroke) > LONGEST as f32) {
        return None;
    }
    let lengths: Vec<Option<f32>> = strokes.iter().map(|stroke| stroke.as_ref().map(length)).collect();
    let shortest = seen.iter().map(length).min_by(f32::total_cmp)?;
    let longer = period(&lengths, shortest)?;
    let next = lengths.iter().flatten().copied().filter(|l| *l >= LONGER * shortest && *l > shortest + 1.0);
    let longest = match next.min_by(f32::total_cmp) {
        Some(next) => period(&lengths, next)?,
        None => 1,
    };
    let nested = longest == 1 || longest.is_multiple_of(longer);
    nested.then_some([longer, longest])
}

/// Every how many strokes one is longer than the length; 1 where none is, `None` where those that are lie unequally.
fn period(lengths: &[Option<f32>], length: f32) -> Option<usize> {
    let is_longer = |l: f32| l >= LONGER * length && l > length + 1.0;
    let places: Vec<usize> = (0..lengths.len()).filter(|at| lengths[*at].is_some_and(is_longer)).collect();
    let [first, second, ..] = places[..] else { return places.is_empty().then_some(1) };
    let every = second - first;
    let due = |at: usize| at % every == first % every;
    let equal = lengths.iter().enumerate().all(|(at, l)| l.is_none_or(|l| is_longer(l) == due(at)));
    (every >= 2 && equal).then_some(every)
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    const AREA: PixelRect = PixelRect { x: 100, y: 60, width: 300, height: 400 };

    /// A screen with strokes of the given length at each number, `step` apart from the picture's top, on the right.
    fn screen(step: f32, length: impl Fn(usize) -> u32) -> GrayImage {
        let mut screen = GrayImage::new(640, 520);
        for number in 0..=(400.0 / step) as usize {
            let y = 60 + (number as f32 * step).round() as u32;
            (0..length(number)).for_each(|x| screen.put_pixel(406 + x, y, Luma([200])));
        }
        screen
    }

    #[test]
    fn the_step_and_what_is_longer_are_read() {
        let check = |step: f32, length: fn(usize) -> u32, every: [usize; 2]| {
            let ruler = RulerReader::default().read(&screen(step, length), AREA).unwrap();
            assert!((ruler.step_px / step - 1.0).abs() < 0.005, "{} for {step}", ruler.step_px);
            assert_eq!(ruler.every, every, "{step}");
            assert!(ruler.is_on(&screen(step, length)), "{ruler:?}");
            let turned = image::imageops::rotate270(&screen(step, length));
            let above = PixelRect { x: 60, y: 240, width: 400, height: 300 };
            let (across, pattern) = RulerReader::default().read_across(&turned, above).unwrap();
            assert!((across / step - 1.0).abs() < 0.005 && pattern == every, "{across} across, {pattern:?}");
            assert!(!ruler.is_on(&screen(step * 1.1, length)), "{ruler:?}");
        };
        check(41.7, |number| if number.is_multiple_of(2) { 8 } else { 4 }, [2, 1]);
        check(
            9.3,
            |number| {
                if number.is_multiple_of(10) {
                    14
                } else if number.is_multiple_of(5) {
                    9
                } else {
                    5
                }
            },
            [5, 10],
        );
        check(52.0, |_| 6, [1, 1]);
        check(12.5, |number| if number.is_multiple_of(5) { 10 } else { 5 }, [5, 1]);
    }

    #[test]
    fn what_is_no_ruler_gives_none() {
        let none = |what: &str, screen: &GrayImage| {
            assert_eq!(RulerReader::default().read(screen, AREA), None, "{what}");
        };
        none("nothing", &GrayImage::new(640, 520));
        none("strokes of any length", &screen(20.0, |number| 4 + (number * 7 % 5) as u32 * 3));
        none("long lines", &screen(40.0, |_| 200));
        let shifted = image::imageops::crop_imm(&screen(40.0, |_| 6), 0, 20, 640, 500).to_image();
        none("strokes that do not begin at the skin", &shifted);
        let short = PixelRect { y: 0, height: 300, ..AREA };
        none("a small screen", &GrayImage::new(200, 200));
        none(
            "a picture elsewhere",
            &image::imageops::crop_imm(&screen(40.0, |_| 6), 0, 300, 640, 220).to_image(),
        );
        assert_eq!(RulerReader::default().read(&GrayImage::new(640, 520), short), None);
    }
}
