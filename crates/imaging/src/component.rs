//! Connected parts of a map that reach a threshold.

use crate::PixelRect;

/// One connected part: pixels that touch by an edge.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Its number in [`Labels`], from 1.
    pub label: u16,
    /// How many pixels it has.
    pub pixels: u32,
    /// The sum of the map over it.
    pub sum: f32,
    /// The rectangle around it.
    pub rect: PixelRect,
    /// Its first pixel in reading order, where following its outline starts.
    pub first: [u32; 2],
}

/// Which connected part each pixel of a map belongs to.
#[derive(Debug, Default)]
pub struct Labels {
    /// Row-major; 0 is none.
    labels: Vec<u16>,
    stack: Vec<(u32, u32)>,
}

impl Labels {
    /// No labels yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The label at a pixel of the map that was labelled last, `width` wide.
    #[must_use]
    pub fn at(&self, x: u32, y: u32, width: u32) -> u16 {
        self.labels[y as usize * width as usize + x as usize]
    }

    /// Label the parts of `map` (row-major, `width` wide) at or above `threshold`, in reading order of their first
    /// pixel. Parts after the 65,535th are left out.
    pub fn label(&mut self, map: &[f32], width: u32, threshold: f32) -> Vec<Component> {
        self.labels.clear();
        self.labels.resize(map.len(), 0);
        let mut found = Vec::new();
        if width == 0 {
            return found;
        }
        for start in 0..map.len() {
            if map[start] >= threshold && self.labels[start] == 0 {
                let Ok(label) = u16::try_from(found.len() + 1) else { break };
                found.push(self.fill(map, width, threshold, start, label));
            }
        }
        found
    }

    fn fill(&mut self, map: &[f32], width: u32, threshold: f32, start: usize, label: u16) -> Component {
        let height = (map.len() / width as usize) as u32;
        let first = [start as u32 % width, start as u32 / width];
        let (mut pixels, mut sum) = (0_u32, 0.0_f32);
        let [mut x0, mut y0] = first;
        let [mut x1, mut y1] = first;
        self.labels[start] = label;
        self.stack.push((first[0], first[1]));
        while let Some((x, y)) = self.stack.pop() {
            pixels += 1;
            sum += map[y as usize * width as usize + x as usize];
            (x0, x1, y0, y1) = (x0.min(x), x1.max(x), y0.min(y), y1.max(y));
            let neighbours = [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)];
            for (nx, ny) in neighbours {
                if nx >= width || ny >= height {
                    continue;
                }
                let at = ny as usize * width as usize + nx as usize;
                if map[at] >= threshold && self.labels[at] == 0 {
                    self.labels[at] = label;
                    self.stack.push((nx, ny));
                }
            }
        }
        let rect = PixelRect { x: x0, y: y0, width: x1 - x0 + 1, height: y1 - y0 + 1 };
        Component { label, pixels, sum, rect, first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_touch_by_edges_not_corners() {
        let check = |rows: [&str; 3], expect: &[u32]| {
            let map: Vec<f32> = rows.concat().bytes().map(|b| f32::from(u8::from(b == b'#'))).collect();
            let sizes: Vec<u32> = Labels::new().label(&map, 4, 0.5).iter().map(|part| part.pixels).collect();
            assert_eq!(sizes, expect, "{rows:?}");
        };
        check(["....", "....", "...."], &[]);
        check(["##..", "#...", "...#"], &[3, 1]);
        check(["#..#", ".#.#", "#..#"], &[1, 3, 1, 1]);
        check(["####", "#..#", "####"], &[10]);
    }

    #[test]
    fn a_part_knows_its_rectangle_and_sum() {
        let map = [0.0, 0.9, 0.0, 0.0, 0.6, 0.7, 0.0, 0.0, 0.2];
        let parts = Labels::new().label(&map, 3, 0.5);
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].rect, PixelRect { x: 1, y: 0, width: 2, height: 2 });
        assert!((parts[0].sum - 2.2).abs() < 1e-6);
    }
}
