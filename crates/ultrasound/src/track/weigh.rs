//! What all sightings of one lesion say together.
//!
//! Sightings are gathered into planes: a plane lasts until the probe has moved by the thickness of its beam, so that a hundred frames
//! of one place are one plane and cannot outvote the rest. A plane counts by how well it was seen, and the spread from
//! plane to plane, not from frame to frame, says how sure the mean is.
//!
//! A simple form: a plane that the probe passes again counts again, and how alike the planes of one lesion are is a constant.

use peony_model::BoxPx;

use crate::detect::sigmoid;
use crate::network::{MAPS, RegionLogits};
use crate::output::{Evidence, EvidencePlane};

/// The probe must move so far before a sighting is one of another plane, mm: about the beam's thickness at its focus.
const PLANE_MM: f32 = 0.8;
/// So many of the planes that weighed most are told.
const TOLD: usize = 5;
/// How far planes of one lesion are usually apart in the logit of malignancy (standard deviation), and how many planes this
/// expectation is worth beside those seen.
const USUAL_SPREAD: f32 = 0.8;
/// See [`USUAL_SPREAD`].
const USUAL_WORTH: f32 = 3.0;
/// What planes of one lesion have in common, as a correlation: however many, they are worth no more than 1 / 0.2 = 5 that know
/// nothing of each other.
const ALIKE: f32 = 0.2;

/// One sighting as it is weighed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sighting<'a> {
    pub frame: u64,
    pub time_ns: u64,
    pub logits: &'a RegionLogits,
    /// How well the lesion was seen, 0..=1.
    pub quality: f32,
    /// How far the plane had moved by then, [`crate::path::Place::travelled_mm`].
    pub travelled_mm: f32,
    pub focus_px: BoxPx,
}

/// One plane: the sums of its sightings, each weighted by its quality, and its best one.
#[derive(Debug, Clone)]
struct Plane {
    began_mm: f32,
    sums: [f32; MAPS],
    quality: f32,
    count: u32,
    frame: u64,
    time_ns: u64,
    seen_ns: [u64; 2],
    best_quality: f32,
    focus_px: BoxPx,
}

impl Plane {
    fn begin(first: &Sighting<'_>) -> Self {
        let mut plane = Self {
            began_mm: first.travelled_mm,
            sums: [0.0; MAPS],
            quality: 0.0,
            count: 0,
            frame: first.frame,
            time_ns: first.time_ns,
            seen_ns: [first.time_ns; 2],
            best_quality: 0.0,
            focus_px: first.focus_px,
        };
        plane.add(first);
        plane
    }

    fn add(&mut self, seen: &Sighting<'_>) {
        for (sum, logit) in self.sums.iter_mut().zip(seen.logits.all()) {
            *sum += seen.quality * logit;
        }
        self.quality += seen.quality;
        self.count += 1;
        self.seen_ns[1] = seen.time_ns;
        if seen.quality > self.best_quality {
            (self.best_quality, self.focus_px) = (seen.quality, seen.focus_px);
            (self.frame, self.time_ns) = (seen.frame, seen.time_ns);
        }
    }

    /// Its mean quality; what was seen on a single frame counts half, since one frame may be anything.
    fn weight(&self) -> f32 {
        self.quality / (self.count as f32 + 1.0)
    }

    fn malignancy_logit(&self) -> f32 {
        self.sums[1] / self.quality
    }
}

/// The sums over all planes that are over, the one that is going on, and those that weighed most.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weighed {
    open: Option<Plane>,
    sums: Option<Box<[f32; MAPS]>>,
    weight: f32,
    weight_squares: f32,
    malignancy_squares: f32,
    count: u32,
    heaviest: Vec<Plane>,
}

impl Weighed {
    /// Weigh a sighting in.
    pub fn add(&mut self, seen: &Sighting<'_>) {
        match &mut self.open {
            Some(plane) if (seen.travelled_mm - plane.began_mm).abs() < PLANE_MM => plane.add(seen),
            _ => {
                self.close();
                self.open = Some(Plane::begin(seen));
            }
        }
    }

    /// What is going on is over: the lesion has left.
    pub fn close(&mut self) {
        if let Some(plane) = self.open.take() {
            self.take(plane);
        }
    }

    fn take(&mut self, plane: Plane) {
        let weight = plane.weight();
        let sums = self.sums.get_or_insert_with(|| Box::new([0.0; MAPS]));
        for (sum, logit) in sums.iter_mut().zip(&plane.sums) {
            *sum += weight * logit / plane.quality;
        }
        self.weight += weight;
        self.weight_squares += weight * weight;
        self.malignancy_squares += weight * plane.malignancy_logit().powi(2);
        self.count += 1;
        self.keep(plane);
    }

    fn keep(&mut self, plane: Plane) {
        let at = self.heaviest.partition_point(|other| other.weight() >= plane.weight());
        self.heaviest.insert(at, plane);
        self.heaviest.truncate(TOLD);
    }

    /// Add what was said of the same lesion under another number.
    pub fn absorb(&mut self, mut other: Self) {
        other.close();
        self.close();
        if let Some(theirs) = other.sums {
            let sums = self.sums.get_or_insert_with(|| Box::new([0.0; MAPS]));
            sums.iter_mut().zip(theirs.iter()).for_each(|(sum, more)| *sum += more);
        }
        self.weight += other.weight;
        self.weight_squares += other.weight_squares;
        self.malignancy_squares += other.malignancy_squares;
        self.count += other.count;
        other.heaviest.into_iter().for_each(|plane| self.keep(plane));
    }

    /// With the plane that is going on counted in.
    fn whole(&self) -> Self {
        let mut whole = self.clone();
        whole.close();
        whole
    }

    /// What they say; `None` before the first sighting with a grade.
    pub fn verdict(&self) -> Option<Verdict> {
        let whole = self.whole();
        let sums = whole.sums.filter(|_| whole.weight > 0.0)?;
        let logits = RegionLogits::new(sums.map(|sum| sum / whole.weight));
        let mean = logits.malignancy();
        let planes = whole.weight * whole.weight / whole.weight_squares;
        let between = (whole.malignancy_squares / whole.weight - mean * mean).max(0.0);
        let freedom = planes + USUAL_WORTH - 1.0;
        let variance = (USUAL_WORTH * USUAL_SPREAD * USUAL_SPREAD + planes * between) / freedom;
        let independent = planes / (1.0 + (planes - 1.0) * ALIKE);
        // Student's quantile to the first order, from the normal one.
        let reach = (1.96 + 2.37 / freedom) * (variance / independent).sqrt();
        let told = whole.heaviest.iter().map(|plane| EvidencePlane {
            frame: plane.frame,
            time_ns: plane.time_ns,
            seen_ns: plane.seen_ns,
            share: plane.weight() / whole.weight,
            malignancy: sigmoid(plane.malignancy_logit()),
            focus_px: plane.focus_px,
        });
        Some(Verdict {
            logits,
            malignancy_95: [sigmoid(mean - reach), sigmoid(mean + reach)],
            spread: variance.sqrt(),
            evidence: Evidence { effective_planes: planes, count: whole.count, planes: told.collect() },
        })
    }
}

/// What the planes say together.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// The mean logits over planes.
    pub logits: RegionLogits,
    pub malignancy_95: [f32; 2],
    /// Standard deviation of the planes' logits of malignancy.
    pub spread: f32,
    pub evidence: Evidence,
}

#[cfg(test)]
mod tests {
    use peony_model::PointPx;

    use super::*;

    fn weigh(weighed: &mut Weighed, frame: u64, travelled_mm: f32, malignancy: f32, quality: f32) {
        let mut logits = [0.0; MAPS];
        logits[1] = malignancy;
        let focus_px = BoxPx::new(PointPx::new(frame as f32, 0.0), PointPx::new(frame as f32 + 1.0, 1.0));
        let logits = RegionLogits::new(logits);
        weighed.add(&Sighting { frame, time_ns: frame, logits: &logits, quality, travelled_mm, focus_px });
    }

    fn width(verdict: &Verdict) -> f32 {
        verdict.malignancy_95[1] - verdict.malignancy_95[0]
    }

    #[test]
    fn a_hundred_frames_of_one_plane_do_not_outvote_five_planes() {
        let mut weighed = Weighed::default();
        (0..5).for_each(|n| weigh(&mut weighed, n, n as f32, -2.0, 0.8));
        let five = weighed.verdict().unwrap();
        (5..105).for_each(|n| weigh(&mut weighed, n, 6.0 + 0.001 * n as f32, 3.0, 0.8));
        let verdict = weighed.verdict().unwrap();
        assert!(verdict.logits.malignancy() < -0.5, "{}", verdict.logits.malignancy());
        assert!(verdict.evidence.effective_planes < 6.0);
        // The one plane disagrees: the interval must widen, however many frames say the same.
        assert!(width(&verdict) > width(&five), "{verdict:?}");
    }

    #[test]
    fn the_interval_narrows_with_planes_and_not_with_frames() {
        let seen = |frames: u64, step_mm: f32| {
            let mut weighed = Weighed::default();
            for n in 0..frames {
                weigh(&mut weighed, n, step_mm * n as f32, 0.3 * (n % 3) as f32, 0.7);
            }
            weighed.verdict().unwrap()
        };
        let (one, standing, moving) = (seen(1, 1.0), seen(60, 0.001), seen(12, 1.0));
        assert!(width(&one) > 0.7, "one frame says next to nothing: {one:?}");
        assert!(width(&standing) > 0.9 * width(&one), "{standing:?}");
        assert!(width(&moving) < 0.6 * width(&one), "{moving:?}");
        // Planes of one lesion never make it certain.
        assert!(width(&seen(2000, 1.0)) > 0.05);
    }

    #[test]
    fn the_evidence_names_the_best_frame_of_the_planes_that_weighed_most() {
        let mut weighed = Weighed::default();
        for n in 0..20_u64 {
            let quality = if n == 7 { 0.9 } else { 0.2 + 0.01 * n as f32 };
            weigh(&mut weighed, n, 0.5 * n as f32, 1.0, quality);
        }
        let Evidence { planes, effective_planes, count } = weighed.verdict().unwrap().evidence;
        assert_eq!((planes.len(), planes[0].frame), (TOLD, 7));
        // Frames half a millimetre apart: two make a plane.
        assert_eq!((count, planes[0].seen_ns), (10, [6, 7]));
        assert_eq!(planes[0].focus_px.min.x, 7.0);
        assert!(planes.is_sorted_by(|a, b| a.share >= b.share) && effective_planes < 10.0);
        assert!(planes.iter().map(|plane| plane.share).sum::<f32>() <= 1.0);
    }

    #[test]
    fn two_halves_of_a_lesion_say_what_the_whole_says() {
        let (mut whole, mut first, mut second) = <(Weighed, Weighed, Weighed)>::default();
        for n in 0..24_u64 {
            let (travelled, malignancy) = (n as f32, (n % 5) as f32 - 2.0);
            weigh(&mut whole, n, travelled, malignancy, 0.6);
            weigh(if n < 10 { &mut first } else { &mut second }, n, travelled, malignancy, 0.6);
        }
        first.absorb(second);
        let (whole, both) = (whole.verdict().unwrap(), first.verdict().unwrap());
        assert!((whole.logits.malignancy() - both.logits.malignancy()).abs() < 1e-4);
        assert!((width(&whole) - width(&both)).abs() < 1e-4);
    }
}
