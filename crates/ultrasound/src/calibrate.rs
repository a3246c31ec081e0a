//! A beam from sweeps of known length: what the speckle of a probe and preset makes of a millimetre along the way.
//!
//! A person leads the probe straight from one mark to another, so many millimetres apart. The pipeline reads that as any other
//! sweep, without a calibration; a [`KnownSweep`] keeps what each patch of speckle said ([`crate::output::Speckle`]), and [`fit`] finds
//! the [`BeamCalibration`] by which those steps add up to the known way: one gain, and how it differs with depth where
//! enough patches tell, since all depths of one frame made the same step.
//!
//! A straight sweep says nothing of a turn: its gain is taken to be off by as much as that of the step. One gain stands for all
//! speeds.

use crate::motion::{ROW_MM, line, points};
use crate::output::{PatchStep, Unfit, VolumeState};
use crate::speckle::ASSUMED;
pub use crate::speckle::{BeamCalibration, Calibration, DepthGain};

/// Ways that a person can lead a probe straight over a breast and knows to a few percent, mm.
pub const LENGTHS_MM: std::ops::RangeInclusive<f32> = 20.0..=200.0;
/// Frames of one sweep: four minutes at 30 a second, more than any takes.
const MOST_FRAMES: usize = 7200;
/// With fewer frames in motion chance weighs too much.
const FEWEST_FRAMES: usize = 30;
/// The most of a sweep's frames that may be unfit for one reason.
const MOST_UNFIT: f32 = 0.2;
/// The most that may show a turn back: a single one shows in some frames only, and one frame may be wrong.
const MOST_TURNED_BACK: f32 = 0.015;
/// The most of a sweep's frames that may be missing: their steps are.
const MOST_MISSING: f32 = 0.02;
/// A frame that comes after so many usual intervals shows that others between were lost; a late one or two do not.
const GAP: f32 = 1.75;
/// Frames around which the beginning of the motion, and its end, are looked for; the most of them that may rest.
const ONSET: (usize, usize) = (8, 2);
/// Likeness of neighbouring frames at rest, where the scale is not known yet.
const STILL: f32 = 0.97;
/// A way that led off in the picture by more than this share of its length was not straight.
const MOST_SHIFT: f32 = 0.25;
/// So many degrees of turn in all make it crooked.
const MOST_TURN_DEG: f32 = 20.0;
/// No beam is so much thicker or thinner than the assumed one: the length is wrong.
const GAINS: std::ops::RangeInclusive<f32> = 0.4..=2.5;
/// Sweeps that differ from their mean by more than this share are not of one probe and preset, or not of the length that was said.
const MOST_APART: f32 = 0.2;
/// A depth says something of its own where it has so many patches a frame and such a share of all weight.
const PATCHES_A_FRAME: f32 = 1.5;
const LEAST_WEIGHT: f32 = 0.02;
/// Fewer depths than this make no profile.
const FEWEST_DEPTHS: usize = 3;
const FACTORS: std::ops::RangeInclusive<f32> = 0.5..=2.0;
/// Factors settle in so many rounds: steps are fitted to depths, and depths to steps.
const ROUNDS: usize = 4;

/// What is left of a lesion's extent and volume where the beam is known (`speckle::PHANTOM`).
const METHOD_ERROR: f32 = 0.25;
/// How far one sweep's gain is usually off (standard deviation, as a share): tissue differs. It counts as if so many sweeps more
/// had shown it, so that two which agree by chance do not make a small error.
const USUAL_SPREAD: (f32, f32) = (0.06, 4.0);

/// What the motion stage said of one sweep, frame by frame.
#[derive(Debug, Clone, Default)]
pub struct KnownSweep {
    steps: Vec<Step>,
    /// The pipeline's number of the sweep.
    number: Option<u32>,
    rescaled: bool,
    too_long: bool,
    /// Frames that moved before the scale was known.
    unscaled: usize,
    /// All frames that came.
    heard: usize,
}

#[derive(Debug, Clone, Default)]
struct Step {
    patches: Vec<PatchStep>,
    shift_mm: [f32; 2],
    unfit: Option<Unfit>,
    missing: bool,
    /// When the frame was made, from any beginning, ns.
    time_ns: u64,
}

impl Step {
    fn rests(&self) -> bool {
        self.unfit == Some(Unfit::TooSlow)
    }
}

/// Why a sweep says nothing of the beam.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum UnfitSweep {
    /// Nobody leads a probe so far, or so short a way says nothing.
    #[error("a known length lies between {} and {} mm, not at {length_mm} mm", LENGTHS_MM.start(), LENGTHS_MM.end())]
    Length {
        /// As it was said.
        length_mm: f32,
    },
    /// Nothing came.
    #[error("no picture came during the sweep: look whether the source gives any")]
    NoFrames,
    /// No scale was known.
    #[error("the scale of the picture is unknown: enter the depth that the machine shows")]
    ScaleUnknown,
    /// The scale was known only when the probe had moved.
    #[error("the probe moved over {frames} frames before the scale was read: rest at the start for a second")]
    ScaleLate {
        /// How many.
        frames: usize,
    },
    /// The scale or the picture's place on the screen changed.
    #[error("the scale changed during the sweep: change nothing on the machine while sweeping")]
    ScaleChanged,
    /// It never ended.
    #[error("more than {MOST_FRAMES} frames: a sweep from one mark to the other takes seconds")]
    TooLong,
    /// Too few frames in motion.
    #[error(
        "the probe moves in {frames} frames only, at least {FEWEST_FRAMES} are needed: sweep longer or slower"
    )]
    TooShort {
        /// In how many it moves.
        frames: usize,
    },
    /// Frames without a picture, or on which it stood still on the machine.
    #[error("{} of the frames show no picture or stand still: the way is not whole", percent(*share))]
    Interrupted {
        /// Of the frames between the first and the last in motion.
        share: f32,
    },
    /// Frames never came here: what the probe went meanwhile was not seen.
    #[error(
        "{} of the frames were lost on their way here: see to the connection, and that the machine keeps up",
        percent(*share)
    )]
    Lost {
        /// Of the frames between the first and the last in motion, those that were lost among them.
        share: f32,
    },
    /// The motion stage could not read too many of the frames.
    #[error("{}", unfit(*why, *share))]
    Motion {
        /// What was wrong with them.
        why: Unfit,
        /// Of the frames between the first and the last in motion.
        share: f32,
    },
    /// The content moved sideways or in depth.
    #[error(
        "the picture moved by {moved_mm:.0} mm within its plane: lead the probe straight, across its plane"
    )]
    MovedInPlane {
        /// From the first frame to the last.
        moved_mm: f32,
    },
    /// The probe turned about its axis.
    #[error("the probe turned by {turned_deg:.0} degrees: keep its face parallel")]
    Turned {
        /// From the first frame to the last.
        turned_deg: f32,
    },
    /// No beam is like that.
    #[error("{length_mm} mm do not fit: the speckle reads about {read_mm:.0} mm with a usual beam")]
    LengthDoesNotFit {
        /// As it was said.
        length_mm: f32,
        /// With the beam that is assumed where nobody has measured one.
        read_mm: f32,
    },
}

/// Why sweeps make no calibration.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CalibrationError {
    /// There is none.
    #[error("no sweep")]
    NoSweep,
    /// One of them is unfit.
    #[error("{why}")]
    Sweep {
        /// Which, in the order they were given.
        index: usize,
        /// Why.
        why: UnfitSweep,
    },
    /// They contradict each other.
    #[error("the sweeps disagree: {} from their mean by {}; were all of the length that was said, with one probe and preset?", one_of(*index), percent(*apart))]
    Disagree {
        /// Which one differs most from the others, in the order they were given; `None` of two, where either may be wrong.
        index: Option<usize>,
        /// The largest difference from the mean, as a share.
        apart: f32,
        /// The length that each would read with what they make together, mm.
        read_mm: Vec<f32>,
    },
}

fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

fn one_of(index: Option<usize>) -> String {
    index.map_or_else(|| "each differs".to_owned(), |index| format!("number {} differs", index + 1))
}

fn unfit(why: Unfit, share: f32) -> String {
    let said = match why {
        Unfit::TooFast => "too fast: lead the probe slower",
        Unfit::TooFewFrames => {
            "too long after the one before: more frames a second, or lead the probe slower"
        }
        Unfit::TooSlow => "too slow, or resting on the way: lead the probe evenly and faster",
        Unfit::TooFewPatches => {
            "with too little speckle: sweep over breast tissue, with good contact and gain"
        }
        Unfit::TurnedBack => "turning back: lead the probe one way",
        Unfit::ScaleUnknown | Unfit::NotCalibrated => "without a scale",
    };
    format!("{} of the frames are {said}", percent(share))
}

/// A beam and how well it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The beam.
    pub beam: BeamCalibration,
    /// To be stated beside lengths along the way and volumes: what the method leaves, and how uncertain the gain is.
    pub relative_error: f32,
    /// The length that each sweep reads with it, mm.
    pub read_mm: Vec<f32>,
}

impl KnownSweep {
    /// Takes in what the pipeline said of the next frame, from the first mark to the last, and when that was made (from any beginning, by a
    /// clock that goes on); resting at either mark is left out.
    pub fn observe(&mut self, said: &VolumeState, time_ns: u64) {
        self.heard += 1;
        if self.steps.len() >= MOST_FRAMES {
            self.too_long = true;
            return;
        }
        let Some((plane, speckle)) = said.plane.as_ref().zip(said.speckle.as_ref()) else {
            // The first frame has nothing before it.
            if !self.steps.is_empty() {
                self.steps.push(Step { missing: true, time_ns, ..Step::default() });
            }
            return;
        };
        let Some(shift_mm) = speckle.shift_mm else {
            self.unscaled += usize::from(speckle.likeness <= STILL);
            return;
        };
        self.rescaled |= self.number.is_some_and(|number| number != plane.sweep);
        self.number = Some(plane.sweep);
        self.steps.push(Step {
            patches: speckle.steps.clone(),
            shift_mm,
            unfit: speckle.unfit,
            missing: false,
            time_ns,
        });
    }

    /// In how many frames the probe has moved so far, and whether it moved in the last one.
    #[must_use]
    pub fn moved(&self) -> (usize, bool) {
        let moves = |step: &&Step| !step.rests() && !step.missing;
        (self.steps.iter().filter(moves).count(), self.steps.last().as_ref().is_some_and(moves))
    }

    /// The frames from the first in motion to the last.
    fn moving(&self) -> &[Step] {
        let (around, most) = ONSET;
        let moves = |steps: &[Step]| steps.iter().filter(|step| step.rests() || step.missing).count() <= most;
        let Some(first) = self.steps.windows(around).position(moves) else { return &[] };
        let last = self.steps.windows(around).rposition(moves).map_or(first, |last| last + around);
        let steps = &self.steps[first..last];
        let is_way = |step: &Step| !step.rests() && !step.missing;
        let (Some(from), Some(to)) = (steps.iter().position(is_way), steps.iter().rposition(is_way)) else {
            return &[];
        };
        &steps[from..=to]
    }

    /// Whether the sweep can tell of a beam, if it was `length_mm` long.
    ///
    /// # Errors
    /// [`UnfitSweep`] says the first reason why it cannot.
    pub fn check(&self, length_mm: f32) -> Result<(), UnfitSweep> {
        self.way(length_mm).map(drop)
    }

    fn way(&self, length_mm: f32) -> Result<Way<'_>, UnfitSweep> {
        if !LENGTHS_MM.contains(&length_mm) {
            return Err(UnfitSweep::Length { length_mm });
        }
        if self.heard == 0 {
            return Err(UnfitSweep::NoFrames);
        }
        if self.steps.is_empty() {
            return Err(UnfitSweep::ScaleUnknown);
        }
        if self.unscaled > 1 {
            return Err(UnfitSweep::ScaleLate { frames: self.unscaled });
        }
        if self.rescaled {
            return Err(UnfitSweep::ScaleChanged);
        }
        if self.too_long {
            return Err(UnfitSweep::TooLong);
        }
        let steps = self.moving();
        if steps.is_empty() {
            return Err(self.why_nothing_moves());
        }
        let way = Way { steps, length_mm };
        let share = |is: &dyn Fn(&Step) -> bool| {
            steps.iter().filter(|step| is(step)).count() as f32 / steps.len() as f32
        };
        for (why, most) in [
            (Unfit::TooFewPatches, MOST_UNFIT),
            (Unfit::TooFast, MOST_UNFIT),
            (Unfit::TooFewFrames, MOST_UNFIT),
            (Unfit::TurnedBack, MOST_TURNED_BACK),
            (Unfit::TooSlow, MOST_UNFIT),
        ] {
            let share = share(&|step| step.unfit == Some(why));
            if share > most {
                return Err(UnfitSweep::Motion { why, share });
            }
        }
        let missing = share(&|step| step.missing);
        if missing > MOST_MISSING {
            return Err(UnfitSweep::Interrupted { share: missing });
        }
        let lost = lost_share(steps);
        if lost > MOST_MISSING {
            return Err(UnfitSweep::Lost { share: lost });
        }
        if steps.len() < FEWEST_FRAMES {
            return Err(UnfitSweep::TooShort { frames: steps.len() });
        }
        way.is_straight()?;
        let read_mm = way.read(&ASSUMED) * ASSUMED.gain;
        if !GAINS.contains(&(length_mm / read_mm)) {
            return Err(UnfitSweep::LengthDoesNotFit { length_mm, read_mm });
        }
        Ok(way)
    }

    fn why_nothing_moves(&self) -> UnfitSweep {
        let frames = self.steps.len();
        let share = |is: fn(&Step) -> bool| {
            self.steps.iter().filter(|step| is(step)).count() as f32 / frames.max(1) as f32
        };
        let (rest, missing) = (share(Step::rests), share(|step| step.missing));
        if frames < ONSET.0 {
            UnfitSweep::TooShort { frames }
        } else if rest >= missing {
            UnfitSweep::Motion { why: Unfit::TooSlow, share: rest }
        } else {
            UnfitSweep::Interrupted { share: missing }
        }
    }
}

/// The share of the frames of a way that never came, as the gaps between the times of those that did tell. The usual interval is half the
/// median of two, since a page's clock ticks unevenly: where the source itself is slow, or every second frame is left out all along, nothing
/// of the way is missing.
fn lost_share(steps: &[Step]) -> f32 {
    let between = |from: &Step, to: &Step| to.time_ns.saturating_sub(from.time_ns) as f32;
    let mut of_two: Vec<f32> = steps.windows(3).map(|three| between(&three[0], &three[2])).collect();
    of_two.sort_by(f32::total_cmp);
    let Some(usual) = of_two.get(of_two.len() / 2).map(|two| two / 2.0).filter(|usual| *usual > 0.0) else {
        return 0.0;
    };
    let lost = |pair: &[Step]| {
        let intervals = between(&pair[0], &pair[1]) / usual;
        if intervals < GAP { 0.0 } else { intervals.round() - 1.0 }
    };
    let lost: f32 = steps.windows(2).map(lost).sum();
    lost / (lost + steps.len() as f32)
}

/// The part of a sweep in which the probe moved, and how long that was.
struct Way<'a> {
    steps: &'a [Step],
    length_mm: f32,
}

impl Way<'_> {
    fn is_straight(&self) -> Result<(), UnfitSweep> {
        let sum = |axis: usize| self.steps.iter().map(|step| step.shift_mm[axis]).sum::<f32>();
        let moved_mm = sum(0).hypot(sum(1));
        if moved_mm > MOST_SHIFT * self.length_mm {
            return Err(UnfitSweep::MovedInPlane { moved_mm });
        }
        let turn = |step: &Step| line(&points(&step.patches, &ASSUMED)).map(|[_, turn]| turn);
        let turned: f32 =
            self.steps.iter().filter_map(turn).map(|turn| (turn * ASSUMED.turn_gain).atan()).sum();
        let turned_deg = turned.to_degrees().abs();
        if turned_deg > MOST_TURN_DEG { Err(UnfitSweep::Turned { turned_deg }) } else { Ok(()) }
    }

    /// Each frame's step and turn, but for the gain; where none could be read, as the sweep goes on over it.
    fn fitted<'a>(&'a self, beam: &'a BeamCalibration) -> impl Iterator<Item = (&'a Step, [f32; 2])> {
        let mut last = [0.0; 2];
        self.steps.iter().map(move |step| {
            last = line(&points(&step.patches, beam))
                .map_or([last[0], 0.0], |[step, turn]| [step.max(0.0), turn]);
            (step, last)
        })
    }

    /// The way, but for the gain.
    fn read(&self, beam: &BeamCalibration) -> f32 {
        self.fitted(beam).map(|(_, [step, _])| step).sum()
    }

    /// By how much of their mean the left and the right half of the picture differ in the way they read: they saw other tissue, and
    /// were led by the same hand, which the first and the second half of the time were not.
    fn halves_differ_by(&self, beam: &BeamCalibration) -> f32 {
        let half = |is_in: fn(f32) -> bool| -> f32 {
            let mean = |step: &Step| {
                let inside = points(&step.patches, beam).into_iter().filter(|point| is_in(point.x));
                let (sum, weight) = inside.fold((0.0, 0.0), |(sum, weight), point| {
                    (sum + point.weight * point.step, weight + point.weight)
                });
                if weight > 0.0 { sum / weight } else { 0.0 }
            };
            self.steps.iter().map(mean).sum()
        };
        let (left, right) = (half(|x| x < 0.0), half(|x| x >= 0.0));
        (left - right).abs() / (left + right).max(f32::EPSILON)
    }
}

/// The beam that makes the sweeps as long as they were, each with its length in mm.
///
/// # Errors
/// [`CalibrationError`] where one of them is unfit, or they disagree.
pub fn fit(sweeps: &[(&KnownSweep, f32)]) -> Result<Fitted, CalibrationError> {
    let mut ways = Vec::with_capacity(sweeps.len());
    for (index, (sweep, length_mm)) in sweeps.iter().enumerate() {
        ways.push(sweep.way(*length_mm).map_err(|why| CalibrationError::Sweep { index, why })?);
    }
    if ways.is_empty() {
        return Err(CalibrationError::NoSweep);
    }
    let mut beam = BeamCalibration { gain: 1.0, turn_gain: 1.0, by_depth: Vec::new() };
    for _ in 0..ROUNDS {
        beam.by_depth = profile(&ways, &beam);
    }
    let read: Vec<f32> = ways.iter().map(|way| way.read(&beam)).collect();
    let gains: Vec<f32> = ways.iter().zip(&read).map(|(way, read)| (way.length_mm / read).ln()).collect();
    let mean = gains.iter().sum::<f32>() / gains.len() as f32;
    beam.gain = mean.exp();
    beam.turn_gain = beam.gain * ASSUMED.turn_gain / ASSUMED.gain;
    let apart = gains.iter().map(|gain| ((gain - mean).exp() - 1.0).abs()).fold(0.0, f32::max);
    let read_mm: Vec<f32> = read.iter().map(|read| read * beam.gain).collect();
    if apart > MOST_APART {
        return Err(CalibrationError::Disagree { index: odd_one(&gains), apart, read_mm });
    }
    let relative_error = stated_error(&gains, mean, ways[0].halves_differ_by(&beam));
    Ok(Fitted { beam, relative_error, read_mm })
}

/// Which of several differs most from the middle one; of two nobody can tell.
fn odd_one(gains: &[f32]) -> Option<usize> {
    let mut sorted = gains.to_vec();
    sorted.sort_by(f32::total_cmp);
    let middle = *sorted.get(sorted.len() / 2)?;
    let apart = |gain: f32| (gain - middle).abs();
    let most = gains.iter().enumerate().max_by(|(_, a), (_, b)| apart(**a).total_cmp(&apart(**b)));
    most.filter(|_| gains.len() > 2).map(|(index, _)| index)
}

/// From the scatter of the sweeps' gains (logarithms) or, of a single one, from its halves: what the method leaves and twice the standard
/// error of the gain, rounded up to a whole percent.
fn stated_error(gains: &[f32], mean: f32, halves: f32) -> f32 {
    let count = gains.len() as f32;
    let (usual, as_many) = USUAL_SPREAD;
    let (squares, free) = match gains {
        [_] => (halves * halves, 1.0),
        several => (several.iter().map(|gain| (gain - mean).powi(2)).sum(), count - 1.0),
    };
    let spread = ((squares + as_many * usual * usual) / (free + as_many)).sqrt();
    let error = METHOD_ERROR.hypot(2.0 * spread / count.sqrt());
    (error * 100.0).ceil() / 100.0
}

/// What the steps of each row of patches are to be multiplied with so that they are those of the whole frame.
fn profile(ways: &[Way<'_>], beam: &BeamCalibration) -> Vec<DepthGain> {
    #[derive(Default, Clone)]
    struct Row {
        /// What the patches said without a factor, and what their frames went.
        said: f32,
        went: f32,
        weight: f32,
        patches: usize,
    }
    let mut rows: Vec<Row> = Vec::new();
    for way in ways {
        for (step, [went, turn]) in way.fitted(beam) {
            for patch in &step.patches {
                let row = (patch.depth_mm / ROW_MM) as usize;
                if row >= rows.len() {
                    rows.resize(row + 1, Row::default());
                }
                let row = &mut rows[row];
                row.said += patch.weight * patch.step_mm;
                row.went += patch.weight * (went + turn * patch.x_mm);
                row.weight += patch.weight;
                row.patches += 1;
            }
        }
    }
    let frames: usize = ways.iter().map(|way| way.steps.len()).sum();
    let whole: f32 = rows.iter().map(|row| row.weight).sum();
    let tells = |row: &Row| {
        row.patches as f32 >= PATCHES_A_FRAME * frames as f32
            && row.weight >= LEAST_WEIGHT * whole
            && row.said > 0.0
    };
    let depth_mm = |row: usize| (row as f32 + 0.5) * ROW_MM;
    let found: Vec<DepthGain> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| tells(row))
        .map(|(at, row)| DepthGain {
            depth_mm: depth_mm(at),
            factor: (row.went / row.said).clamp(*FACTORS.start(), *FACTORS.end()),
        })
        .collect();
    if found.len() < FEWEST_DEPTHS { Vec::new() } else { found }
}

#[cfg(test)]
mod tests;
