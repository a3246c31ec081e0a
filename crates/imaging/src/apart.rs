//! Two neighbours in one connected part of a map, told apart by their cores.

use std::collections::VecDeque;

use crate::Labels;

/// A core of fewer pixels is noise.
const LEAST_CORE: u32 = 12;

/// Draw a line a pixel wide between the parts of `mask` that belong to different cores: each pixel at or above
/// `threshold` goes to the core it can be reached from first, and where two meet the mask falls just under the
/// threshold. `mask` and `core` are row-major and `width` wide; `labels` is room to work in.
pub fn part_by_cores(mask: &mut [f32], core: &[f32], width: u32, threshold: f32, labels: &mut Labels) {
    let cores = labels.label(core, width, threshold);
    if cores.iter().filter(|core| core.pixels >= LEAST_CORE).count() < 2 || core.len() != mask.len() {
        return;
    }
    let wide = width as usize;
    let mut owner: Vec<u16> = vec![0; mask.len()];
    let mut reached = VecDeque::new();
    for at in 0..mask.len() {
        let label = labels.at((at % wide) as u32, (at / wide) as u32, width);
        let big = label > 0 && cores[label as usize - 1].pixels >= LEAST_CORE;
        if big && mask[at] >= threshold {
            owner[at] = label;
            reached.push_back(at);
        }
    }
    let below = threshold * (1.0 - 1e-3);
    while let Some(at) = reached.pop_front() {
        if mask[at] < threshold {
            continue;
        }
        for next in neighbours(at, wide, mask.len()) {
            if mask[next] < threshold {
                continue;
            }
            if owner[next] == 0 {
                owner[next] = owner[at];
                reached.push_back(next);
            } else if owner[next] != owner[at] {
                mask[next] = below;
            }
        }
    }
}

/// Pixels that touch a pixel by an edge.
fn neighbours(at: usize, wide: usize, len: usize) -> impl Iterator<Item = usize> {
    let column = at % wide;
    [
        (column > 0).then(|| at - 1),
        (column + 1 < wide).then(|| at + 1),
        at.checked_sub(wide),
        (at + wide < len).then(|| at + wide),
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes of the parts of a block of 14 by 6 pixels, whose core is whole or has a gap in the middle.
    fn parts(cores_apart: bool) -> Vec<u32> {
        let mut mask = vec![0.0; 16 * 8];
        let mut core = vec![0.0; 16 * 8];
        for y in 1..7 {
            for x in 1..15 {
                mask[y * 16 + x] = 0.9;
                let inner = (2..6).contains(&y);
                let gap = cores_apart && (7..9).contains(&x);
                core[y * 16 + x] = if inner && !gap { 0.9 } else { 0.0 };
            }
        }
        let mut labels = Labels::new();
        part_by_cores(&mut mask, &core, 16, 0.5, &mut labels);
        labels.label(&mask, 16, 0.5).iter().map(|part| part.pixels).collect()
    }

    #[test]
    fn two_cores_make_two_parts_and_one_makes_one() {
        assert_eq!(parts(false), [84]);
        let [left, right] = parts(true)[..] else { panic!("{:?}", parts(true)) };
        assert!(left.abs_diff(right) <= 12 && left + right >= 84 - 12, "{left} and {right}");
    }

    #[test]
    fn a_speck_of_a_core_parts_nothing() {
        let mut mask = vec![0.9; 64];
        let mut core = vec![0.9; 64];
        core[8..16].fill(0.0);
        core[..8].fill(0.0);
        core[0] = 0.9;
        part_by_cores(&mut mask, &core, 8, 0.5, &mut Labels::new());
        assert!(mask.iter().all(|value| *value == 0.9));
    }
}
