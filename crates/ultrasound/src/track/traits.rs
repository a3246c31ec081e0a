//! What a lesion is known by, and whether two tracks may be the same lesion.
//!
//! A wrong merge mixes the grades of two lesions and is worse than a new letter: everything that is known must fit. Place
//! decides; fluid or solid, size and the network's embedding can only speak against.

use euclid::default::Vector2D;
use peony_model::Look;

use crate::detect::{Found, sigmoid};
use crate::path::Place;
use crate::pool::{Embedding, unit};

/// Depth of the picture where the scale is unknown, mm: lengths are then no more than shares of the picture.
pub(crate) const NOMINAL_DEPTH_MM: f32 = 40.0;
/// How far off a lesion may be met again across and in depth, mm: outlines waver, and tissue is pressed.
const BESIDE_MM: f32 = 4.0;
const DEEPER_MM: f32 = 4.0;
/// How far off along the way, mm, beyond where it was seen.
const ALONG_MM: f32 = 3.0;
/// The drift of summed steps and shifts, a mm of way between the two.
const DRIFT: f32 = 0.07;
/// Drift beyond this much leaves too many lesions in question.
const MOST_DRIFT_MM: f32 = 10.0;
/// The new one's size over the former's largest: it may have been seen at its rim only.
const SIZES: [f32; 2] = [0.3, 1.5];
/// The least likeness (cosine) of the embeddings. On phantoms that no figure is reported on, one lesion was like itself by 0.94 to
/// 0.999; others lay between -0.23 and, where they look alike, 0.96: so it speaks against, and never alone for.
const LIKENESS: f32 = 0.8;
/// Where nothing is known of the way, a lesion is known again for so long.
const BRIEFLY_NS: u64 = 1_500_000_000;

/// What is remembered of all sightings of one lesion.
#[derive(Debug, Clone)]
pub(crate) struct Traits {
    sightings: f32,
    /// Those that the means of places are of: once the scale is known, those that have one.
    placed: f32,
    /// Sums over sightings; fluid is the logit of the word for it.
    embedding: Embedding,
    fluid: f32,
    /// The mean place of its middle, against the first frame's picture.
    across_mm: f32,
    depth_mm: f32,
    /// How far its middle lies below the picture's upper edge on the mean, however the picture has moved.
    below_mm: f32,
    largest_mm: f32,
    /// Where along the way it was seen.
    along_mm: [f32; 2],
    first_ns: u64,
    last_ns: u64,
    last_travelled_mm: f32,
    /// Places and lengths are millimetres, and not shares of the picture.
    scaled: bool,
    /// It was seen without a scale after that: of the way since nothing is known.
    way_lost: bool,
}

/// How a new lesion's place is held against a former one's: by the way since then, or by a lesion that was met again meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Since {
    /// Way over which steps and shifts were summed, mm.
    travelled_mm: f32,
    /// By how much sums have drifted, across and along, mm.
    drifted_mm: [f32; 2],
}

impl Traits {
    pub fn new(time_ns: u64, place: &Place) -> Self {
        Self {
            sightings: 0.0,
            placed: 0.0,
            embedding: Embedding::default(),
            fluid: 0.0,
            across_mm: 0.0,
            depth_mm: 0.0,
            below_mm: 0.0,
            largest_mm: 0.0,
            along_mm: [place.along_mm; 2],
            first_ns: time_ns,
            last_ns: time_ns,
            last_travelled_mm: place.travelled_mm,
            scaled: place.scaled,
            way_lost: false,
        }
    }

    /// Remember a sighting. `mm_per_px` is the scale, or that of a picture of nominal depth, whose upper edge is at `top_px`.
    pub fn see(&mut self, found: &Found, time_ns: u64, place: &Place, mm_per_px: [f32; 2], top_px: f32) {
        self.sightings += 1.0;
        if let Some(embedding) = found.embedding {
            self.embedding.iter_mut().zip(embedding).for_each(|(sum, side)| *sum += side);
        }
        self.fluid += found.logits.anechoic();
        self.last_ns = time_ns;
        match (self.scaled, place.scaled) {
            // What was a share of the picture until now says nothing in millimetres.
            (false, true) => {
                (self.placed, self.largest_mm, self.along_mm) = (0.0, 0.0, [place.along_mm; 2]);
                self.scaled = true;
            }
            (true, false) => {
                self.way_lost = true;
                return;
            }
            _ => {}
        }
        self.placed += 1.0;
        let box_px = found.finding.region.box_px();
        let centre = box_px.center();
        let at = [0, 1].map(|i| (centre.to_array()[i] - place.shift_px[i]) * mm_per_px[i]);
        self.across_mm += (at[0] - self.across_mm) / self.placed;
        self.depth_mm += (at[1] - self.depth_mm) / self.placed;
        self.below_mm += ((centre.y - top_px) * mm_per_px[1] - self.below_mm) / self.placed;
        let size = Vector2D::new(box_px.width() * mm_per_px[0], box_px.height() * mm_per_px[1]);
        self.largest_mm = self.largest_mm.max(size.x.max(size.y));
        let [low, high] = self.along_mm;
        self.along_mm = [low.min(place.along_mm), high.max(place.along_mm)];
        self.last_travelled_mm = place.travelled_mm;
    }

    /// Take in what was remembered of the same lesion under another number.
    pub fn absorb(&mut self, other: &Self) {
        self.sightings += other.sightings;
        self.embedding.iter_mut().zip(other.embedding).for_each(|(sum, side)| *sum += side);
        self.fluid += other.fluid;
        // Shares of a picture and millimetres make no mean.
        let takes_place = match (self.scaled, other.scaled) {
            (true, false) => false,
            (false, true) => {
                (self.placed, self.largest_mm, self.scaled) = (other.placed, other.largest_mm, true);
                true
            }
            _ => {
                self.placed += other.placed;
                self.largest_mm = self.largest_mm.max(other.largest_mm);
                // Where it was met last is nearer to where it will be met next than where it was met once.
                other.last_ns >= self.last_ns
            }
        };
        if takes_place {
            (self.across_mm, self.depth_mm) = (other.across_mm, other.depth_mm);
            self.below_mm = other.below_mm;
            (self.along_mm, self.last_travelled_mm) = (other.along_mm, other.last_travelled_mm);
        }
        self.first_ns = self.first_ns.min(other.first_ns);
        self.last_ns = self.last_ns.max(other.last_ns);
        self.way_lost |= other.way_lost;
    }

    /// How it looks; `None` from a network that gives no embedding.
    pub fn look(&self) -> Option<Look> {
        Some(Look {
            embedding: Look::embedded(&unit(self.embedding)?),
            fluid: self.fluid_probability(),
            deep: self.below_mm,
            large: self.largest_mm,
            scaled: self.scaled,
        })
    }

    /// Whether the way between it and others can be known.
    fn knows_way(&self) -> bool {
        self.scaled && !self.way_lost
    }

    fn fluid_probability(&self) -> f32 {
        sigmoid(self.fluid / self.sightings.max(1.0))
    }

    /// Whether both may be fluid, or both solid.
    pub fn is_of_kind(&self, other: &Self) -> bool {
        let [a, b] = [self, other].map(Self::fluid_probability);
        !((a > 0.6 && b < 0.4) || (a < 0.4 && b > 0.6))
    }

    fn is_of_size(&self, former: &Self) -> bool {
        (SIZES[0]..=SIZES[1]).contains(&(self.largest_mm / former.largest_mm.max(0.1)))
    }

    /// Since `former` was seen last, with nothing known but the way.
    fn since(&self, former: &Self) -> Since {
        let travelled_mm = (self.last_travelled_mm - former.last_travelled_mm).max(0.0);
        Since { travelled_mm, drifted_mm: [0.0; 2] }
    }

    /// Since `former` was seen last, by a lesion that was `was` then and is `now`: what was summed between the two says nothing any more.
    fn since_by(&self, former: &Self, [was, now]: [&Self; 2]) -> Since {
        let then_mm = (former.last_travelled_mm - was.last_travelled_mm).abs();
        let travelled_mm = then_mm + (self.last_travelled_mm - now.last_travelled_mm).max(0.0);
        let middle = |traits: &Self| f32::midpoint(traits.along_mm[0], traits.along_mm[1]);
        Since { travelled_mm, drifted_mm: [now.across_mm - was.across_mm, middle(now) - middle(was)] }
    }

    /// How far this new lesion is off a former one that is out of sight, in units of what may be; `None` where it cannot be
    /// the same. `met_again` has lesions as they were and as they are: the one that leaves the least to drift says where this one is.
    pub fn distance<'a>(&self, former: &Self, met_again: impl Iterator<Item = [&'a Self; 2]>) -> Option<f32> {
        // Two that were seen at the same time are two.
        if former.last_ns >= self.first_ns || !self.is_of_kind(former) || !self.is_of_size(former) {
            return None;
        }
        let scaled = met_again.filter(|both| both.iter().all(|traits| traits.knows_way()));
        let known = scaled.map(|both| self.since_by(former, both)).chain([self.since(former)]);
        let least = known.min_by(|a, b| a.travelled_mm.total_cmp(&b.travelled_mm));
        let Since { travelled_mm, drifted_mm: [beside, further] } = least?;
        let drift = DRIFT * travelled_mm;
        let scaled = self.knows_way() && former.knows_way();
        if drift > MOST_DRIFT_MM || !scaled && self.first_ns - former.last_ns > BRIEFLY_NS {
            return None;
        }
        let across = (self.across_mm - beside - former.across_mm).abs() / (BESIDE_MM + drift);
        let depth = (self.depth_mm - former.depth_mm).abs() / DEEPER_MM;
        let ([low, high], [first, last]) = (self.along_mm.map(|at_mm| at_mm - further), former.along_mm);
        let gap = (low - last).max(first - high).max(0.0);
        let along = if scaled { gap / (ALONG_MM + drift) } else { 0.0 };
        let unlike = self.likeness(former).map_or(0.0, |likeness| (1.0 - likeness) / (1.0 - LIKENESS));
        let parts = [across, depth, along, unlike];
        parts.iter().all(|part| *part <= 1.0).then(|| parts.iter().map(|part| part * part).sum())
    }

    /// The cosine of both mean embeddings; `None` from a network that gives none.
    fn likeness(&self, former: &Self) -> Option<f32> {
        let (new, old) = (unit(self.embedding)?, unit(former.embedding)?);
        Some(new.iter().zip(old).map(|(a, b)| a * b).sum())
    }
}
