//! What the network's maps say under one finding.

use crate::network::{CELL, CELLS, EMBEDDING, MAPS, MASK, RegionLogits};

/// Cells a side of the part of a finding that is pointed at.
const PART: usize = 3;
/// A part is pointed at only where it holds this share of what the fullest part holds: a rim says little.
const FULL: f32 = 0.6;

/// What makes one lesion alike from frame to frame, of unit length.
pub(crate) type Embedding = [f32; EMBEDDING];

/// How much of a finding lies in each cell of the maps.
#[derive(Debug, Clone)]
pub(crate) struct Cells(Vec<f32>);

impl Cells {
    /// From pixels of the mask, by their place in it, each with its weight.
    pub fn under(pixels: impl Iterator<Item = (usize, f32)>) -> Self {
        let mut cells = vec![0.0_f32; CELLS * CELLS];
        for (at, weight) in pixels {
            cells[at / MASK / CELL * CELLS + at % MASK / CELL] += weight;
        }
        Self(cells)
    }

    /// The mean of each channel of a map; 0 where nothing weighs.
    fn mean<const CHANNELS: usize>(&self, map: &[f32]) -> [f32; CHANNELS] {
        let total: f32 = self.0.iter().sum();
        let mut means = [0.0; CHANNELS];
        if total > 0.0 {
            for (mean, channel) in means.iter_mut().zip(map.chunks_exact(CELLS * CELLS)) {
                *mean =
                    channel.iter().zip(&self.0).map(|(value, weight)| value * weight).sum::<f32>() / total;
            }
        }
        means
    }

    /// The mean logits.
    pub fn logits(&self, maps: &[f32]) -> RegionLogits {
        RegionLogits::new(self.mean::<MAPS>(maps))
    }

    /// The mean embedding, of unit length; `None` where there is nothing to go by.
    pub fn embedding(&self, map: &[f32]) -> Option<Embedding> {
        unit(self.mean::<EMBEDDING>(map))
    }

    /// The part of three by three cells whose malignancy is highest, as cells: left, top, right, bottom.
    pub fn most_malignant(&self, maps: &[f32]) -> [usize; 4] {
        let malignancy = &maps[CELLS * CELLS..2 * CELLS * CELLS];
        let part = |x: usize, y: usize| {
            let within = (y..y + PART).flat_map(|row| (x..x + PART).map(move |column| row * CELLS + column));
            let (mut weight, mut sum) = (0.0, 0.0);
            for at in within {
                weight += self.0[at];
                sum += self.0[at] * malignancy[at];
            }
            (weight, sum)
        };
        let places = || (0..=CELLS - PART).flat_map(|y| (0..=CELLS - PART).map(move |x| (x, y)));
        let fullest = places().map(|(x, y)| part(x, y).0).fold(0.0, f32::max);
        let mean = |&(x, y): &(usize, usize)| {
            let (weight, sum) = part(x, y);
            if weight > 0.0 && weight >= FULL * fullest { sum / weight } else { f32::NEG_INFINITY }
        };
        let best = places().max_by(|a, b| mean(a).total_cmp(&mean(b)));
        best.map_or([0; 4], |(x, y)| [x, y, x + PART, y + PART])
    }
}

/// A vector brought to unit length; `None` for one without any, or that is no number.
pub(crate) fn unit(vector: Embedding) -> Option<Embedding> {
    let length = vector.iter().map(|side| side * side).sum::<f32>().sqrt();
    (length > 1e-6 && length.is_finite()).then(|| vector.map(|side| side / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A finding of `side` cells a side from cell (`x`, `y`) on.
    fn square(x: usize, y: usize, side: usize) -> Cells {
        let pixels = (y * CELL..(y + side) * CELL)
            .flat_map(|row| (x * CELL..(x + side) * CELL).map(move |column| (row * MASK + column, 1.0)));
        Cells::under(pixels)
    }

    #[test]
    fn the_most_malignant_part_lies_within_the_finding() {
        let mut maps = vec![-1.0; MAPS * CELLS * CELLS];
        let mut mark = |x: usize, y: usize, logit| maps[CELLS * CELLS + y * CELLS + x] = logit;
        // Outside of the finding the map means nothing, however high it is.
        mark(25, 25, 9.0);
        (12..15).for_each(|y| (13..16).for_each(|x| mark(x, y, 2.0)));
        assert_eq!(square(10, 10, 8).most_malignant(&maps), [13, 12, 16, 15]);
        // What is smaller than the part is pointed at as a whole.
        let [left, top, right, bottom] = square(4, 5, 2).most_malignant(&maps);
        assert!(left <= 4 && right >= 6 && top <= 5 && bottom >= 7, "{left} {top} {right} {bottom}");
    }

    #[test]
    fn an_embedding_is_the_findings_own_and_of_unit_length() {
        let mut map = vec![0.0; EMBEDDING * CELLS * CELLS];
        let mut mark = |channel: usize, x: usize, y: usize| map[(channel * CELLS + y) * CELLS + x] = 4.0;
        mark(3, 10, 10);
        mark(7, 20, 20);
        let of = |cells: Cells| cells.embedding(&map);
        let expect: Embedding = std::array::from_fn(|channel| if channel == 3 { 1.0 } else { 0.0 });
        assert_eq!(of(square(10, 10, 2)), Some(expect));
        assert_eq!(of(square(1, 1, 2)), None, "nothing is said there");
    }
}
