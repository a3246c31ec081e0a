//! How well lesions are found: which finding meets which lesion, precision and recall, average precision.

use peony_model::{BoxPx, iou};

/// The overlap of boxes from which a finding has met a lesion.
pub const MEETS_AT_IOU: f32 = 0.5;

/// One finding: how sure the program was, and whether it met a lesion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// The finding's score.
    pub score: f64,
    /// Whether a lesion that no surer finding had met lies under it.
    pub hit: bool,
}

/// One point of the precision–recall curve: every finding at or above a score counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrPoint {
    /// Share of the lesions that were met.
    pub recall: f64,
    /// Share of the findings that met one.
    pub precision: f64,
}

/// Gives the findings of one picture to its lesions: the surest chooses first, each takes the free lesion that it
/// overlaps most, and a lesion is met once.
pub fn meet(findings: &[(BoxPx, f64)], lesions: &[BoxPx]) -> Vec<Detection> {
    let mut by_score: Vec<_> = findings.iter().collect();
    by_score.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut free: Vec<&BoxPx> = lesions.iter().collect();
    let met = by_score.into_iter().map(|(area, score)| {
        let best = (0..free.len())
            .map(|at| (at, iou(*area, *free[at])))
            .filter(|(_, overlap)| *overlap >= MEETS_AT_IOU)
            .max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((at, _)) = best {
            free.swap_remove(at);
        }
        Detection { score: *score, hit: best.is_some() }
    });
    met.collect()
}

/// The precision–recall curve over the findings of many pictures, surest first; equal scores are one step.
pub fn precision_recall(detections: &[Detection], lesions: usize) -> Vec<PrPoint> {
    let mut ranked = detections.to_vec();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let (mut hits, mut count) = (0_usize, 0_usize);
    let points = ranked.chunk_by(|a, b| a.score == b.score).map(|tied| {
        hits += tied.iter().filter(|detection| detection.hit).count();
        count += tied.len();
        PrPoint { recall: hits as f64 / lesions.max(1) as f64, precision: hits as f64 / count as f64 }
    });
    points.collect()
}

/// The best precision at this recall or any higher one, for every point: what average precision integrates.
pub fn envelope(points: &[PrPoint]) -> Vec<PrPoint> {
    let mut best = 0.0_f64;
    let mut hull: Vec<PrPoint> = points
        .iter()
        .rev()
        .map(|point| {
            best = best.max(point.precision);
            PrPoint { precision: best, ..*point }
        })
        .collect();
    hull.reverse();
    hull
}

/// Average precision, interpolated at all points (PASCAL VOC from 2010 on); `None` without a lesion.
pub fn average_precision(detections: &[Detection], lesions: usize) -> Option<f64> {
    if lesions == 0 {
        return None;
    }
    let mut reached = 0.0;
    let area = envelope(&precision_recall(detections, lesions)).into_iter().map(|point| {
        let step = point.recall - reached;
        reached = point.recall;
        step * point.precision
    });
    // `sum` of nothing is -0.0.
    Some(area.sum::<f64>() + 0.0)
}

#[cfg(test)]
mod tests {
    use peony_model::PointPx;

    use super::*;

    fn square(x: f32, y: f32, side: f32) -> BoxPx {
        BoxPx::new(PointPx::new(x, y), PointPx::new(x + side, y + side))
    }

    #[test]
    fn a_lesion_is_met_once_and_by_the_surest() {
        let lesions = [square(0.0, 0.0, 10.0), square(100.0, 0.0, 10.0)];
        let findings =
            [(square(1.0, 0.0, 10.0), 0.6), (square(0.0, 0.0, 10.0), 0.9), (square(50.0, 50.0, 9.0), 0.8)];
        let seen: Vec<_> = meet(&findings, &lesions).iter().map(|d| (d.score, d.hit)).collect();
        assert_eq!(seen, [(0.9, true), (0.8, false), (0.6, false)]);
    }

    /// Three lesions; four findings, surest first: met, false, met, false. By hand: recall 1/3 at precision 1,
    /// recall 2/3 at precision 2/3, so that the area is 1/3 · 1 + 1/3 · 2/3 = 5/9.
    #[test]
    fn average_precision_of_a_tiny_case() {
        let detections = [(0.9, true), (0.8, false), (0.7, true), (0.6, false)]
            .map(|(score, hit)| Detection { score, hit });
        assert!((average_precision(&detections, 3).unwrap() - 5.0 / 9.0).abs() < 1e-12);
        assert_eq!(average_precision(&detections, 0), None);
        assert_eq!(average_precision(&[], 3), Some(0.0));
    }

    #[test]
    fn the_envelope_lifts_a_dip_and_ties_are_one_step() {
        // False first, then two met: precision 0, 1/2, 2/3; the area is 1 · 2/3.
        let rising = [(0.9, false), (0.8, true), (0.7, true)].map(|(score, hit)| Detection { score, hit });
        assert!((average_precision(&rising, 2).unwrap() - 2.0 / 3.0).abs() < 1e-12);
        // The same at one score: the order in the table does not matter.
        let tied = rising.map(|detection| Detection { score: 0.5, ..detection });
        assert_eq!(precision_recall(&tied, 2), [PrPoint { recall: 1.0, precision: 2.0 / 3.0 }]);
    }
}
