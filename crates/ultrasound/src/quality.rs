//! Is this a picture that can be read, and is it scanned well? Judged from the picture, never from what was found on
//! it: a network finds its lesion in a bad picture too.
//!
//! A simple form: each fault is a figure against a fixed limit, the limits set on real stills (few false alarms) and on the
//! phantom's faults. Most figures are of one picture; gain that drops and speckle that smears are told from what was usual in
//! the sweep, since another machine's good picture may look the same.

mod area;
mod domain;
mod faults;
mod gaps;
mod hysteresis;
mod live_cells;
mod look;
mod pace;
mod settings;
#[cfg(test)]
mod tests;
mod usual;

use std::cmp::Reverse;

use peony_imaging::{CellGrid, PixelRect};
use peony_model::{QualityCode, QualityIssue, Severity};

use crate::detect::Detected;
use crate::motion::{Follower, Motion};
use crate::output::{ContactSide, Quality};
use crate::pipeline::{Mode, View};
use crate::steady::Time;
use area::AreaKeeper;
pub(crate) use domain::Domain;
use gaps::Gaps;
use hysteresis::Hysteresis;
pub(crate) use look::Look;
use look::{Freeze, chroma};
use pace::Pace;
use usual::Usual;

/// What the quality stage remembers.
#[derive(Default)]
pub(crate) struct Assess {
    grid: CellGrid,
    area: AreaKeeper,
    freeze: Freeze,
    follower: Follower,
    hysteresis: Hysteresis,
    domain: Domain,
    usual: Usual,
    pace: Pace,
    gaps: Gaps,
    drops: Drops,
}

/// What the quality stage says of one frame.
#[derive(Debug, Clone, Default)]
pub(crate) struct Assessed {
    /// The faults of this frame by itself.
    pub issues: Vec<QualityIssue>,
    /// Where the picture is.
    pub area: Option<PixelRect>,
    /// Whether the network should look at it.
    pub readable: bool,
    /// The picture stands still on the machine.
    pub frozen: bool,
    /// How the probe moved since the last frame.
    pub motion: Option<Motion>,
    /// Whether it moved too fast.
    pub moving_fast: bool,
    /// Fine detail over coarse; larger is sharper.
    pub sharpness: f32,
    pub contact_lost: Option<ContactSide>,
}

impl Assess {
    /// Where the picture lay on the last frame.
    pub fn area(&self) -> Option<PixelRect> {
        self.area.held()
    }
}

/// Judge one frame.
pub(crate) fn assess(state: &mut Assess, view: &View<'_>) -> Assessed {
    let whole = PixelRect::whole(view.luma.width(), view.luma.height());
    state.grid.read(&view.luma, whole);
    let still = view.mode == Mode::Still;
    let found = state.area.find(&state.grid, view, still);
    let Some(area) = found else {
        state.follower.forget();
        let issues = vec![QualityIssue::new(QualityCode::NoBmode)];
        return Assessed { issues, ..Assessed::default() };
    };
    let look = Look::at(view, &state.grid, area);
    let contact_lost = faults::contact(&look);
    let mut issues = faults::of_picture(&look, contact_lost, chroma(view, area));
    match view.spacing.within(area.to_box_px().inflate(-1.0, -1.0)) {
        None => issues.push(QualityIssue::new(QualityCode::ScaleUnknown)),
        Some(scale) => issues.extend(faults::too_deep(area, scale)),
    }
    if !still {
        settle_domain(&mut state.domain, &mut issues, &view.time);
    }
    let stopped =
        |issue: &QualityIssue| matches!(issue.code, QualityCode::NoBmode | QualityCode::WrongDomain);
    let readable = contact_lost != Some(ContactSide::Whole) && !issues.iter().any(stopped);
    let mut assessed = Assessed {
        issues,
        area: Some(area),
        readable,
        sharpness: look.sharpness,
        contact_lost,
        ..Assessed::default()
    };
    if !still {
        assess_scan(state, view, &mut assessed, area, &look);
    }
    assessed
}

/// Makes the frame's word on what kind of picture it is that of the sweep. A frame that is blurred or badly gained has lost its
/// speckle, as a film has: that is no word against a sweep of the breast.
fn settle_domain(domain: &mut Domain, issues: &mut Vec<QualityIssue>, time: &Time) {
    let now = issues.iter().find(|issue| issue.code == QualityCode::WrongDomain).copied();
    issues.retain(|issue| issue.code != QualityCode::WrongDomain);
    let spoilt = |issue: &QualityIssue| {
        matches!(issue.code, QualityCode::Blur | QualityCode::GainLow | QualityCode::GainHigh)
    };
    if domain.settle(now.is_some() && !(domain.is_breast() && issues.iter().any(spoilt)), time) {
        issues.push(now.unwrap_or(QualityIssue::new(QualityCode::WrongDomain)));
    }
}

/// What only a sequence of frames can show: standing still, speed, what has changed in the sweep, drops.
fn assess_scan(state: &mut Assess, view: &View<'_>, assessed: &mut Assessed, area: PixelRect, look: &Look) {
    assessed.frozen = state.freeze.is_frozen(view, area);
    if assessed.frozen {
        assessed.issues.push(QualityIssue::new(QualityCode::Frozen));
    } else if assessed.readable {
        assessed.motion = state.follower.follow(view, area);
        let motion = assessed.motion.as_ref();
        let change = state.usual.compare(area, look, motion, &assessed.issues, &view.time);
        let too_fast = motion.and_then(faults::too_fast).or(change.smeared);
        assessed.moving_fast = too_fast.is_some();
        assessed.issues.extend(change.dimmed);
        assessed.issues.extend(too_fast);
        assessed.issues.extend(state.pace.is_jerky(motion, &view.time));
    } else {
        state.follower.forget();
    }
    assessed.issues.extend(state.gaps.judge(&view.time, assessed.motion.as_ref()));
    assessed.issues.extend(state.drops.count(view.frame.index));
}

/// Add what the detector saw, and let faults come and go by hysteresis.
pub(crate) fn conclude(
    state: &mut Assess,
    view: &View<'_>,
    assessed: &Assessed,
    detected: &Detected,
) -> Quality {
    let mut issues = assessed.issues.clone();
    if detected.findings.iter().any(|found| found.cut) {
        issues.push(QualityIssue::new(QualityCode::LesionCut));
    }
    if let (Some(area), Some(lesion)) = (assessed.area, detected.findings.first()) {
        issues.extend(settings::unfit_for(view, area, lesion.finding.region.box_px()));
    }
    if detected.outside {
        issues.push(QualityIssue::new(QualityCode::WrongDomain));
    }
    let mut issues =
        if view.mode == Mode::Still { issues } else { state.hysteresis.settle(&issues, &view.time) };
    issues.sort_by_key(|issue| (Reverse(issue.severity), issue.code));
    let contact_lost = issues
        .iter()
        .any(|issue| issue.code == QualityCode::ContactLost && issue.severity == Severity::Stop)
        .then_some(assessed.contact_lost.or(state.hysteresis.side))
        .flatten();
    state.hysteresis.side = contact_lost;
    Quality {
        issues,
        picture_px: assessed.area.map(PixelRect::to_box_px),
        scale: assessed.area.and_then(|area| view.spacing.within(area.to_box_px().inflate(-1.0, -1.0))),
        speed_mm_s: assessed.motion.as_ref().and_then(Motion::speed_mm_s),
        contact_lost,
    }
}

/// Counts frames that never came, from the numbers of those that did.
#[derive(Debug, Default)]
struct Drops {
    last: Option<u64>,
    /// One bit a frame of the source, the newest lowest: dropped or not.
    recent: u128,
}

impl Drops {
    /// More than this share dropped of the last 128 frames is worth a word.
    const MOST: f32 = 0.05;

    fn count(&mut self, index: u64) -> Option<QualityIssue> {
        let missing =
            self.last.map_or(0, |last| index.saturating_sub(last).saturating_sub(1)).min(127) as u32;
        self.last = Some(index);
        let gap = self.recent.checked_shl(missing).unwrap_or(0) | ((1_u128 << missing) - 1);
        self.recent = gap << 1;
        let share = self.recent.count_ones() as f32 / 128.0;
        (share > Self::MOST)
            .then(|| QualityIssue::new(QualityCode::FramesDropped).with_figure(share, Self::MOST))
    }
}
