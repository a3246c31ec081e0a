//! The sweeps of known length that a person leads on the live page, one after another.

use std::sync::Arc;

use peony_ultrasound::calibrate::{CalibrationError, Fitted, KnownSweep, LENGTHS_MM, UnfitSweep, fit};
use peony_ultrasound::output::VolumeState;

use crate::wire::{CalibrationView, FittedView, SweepView};

/// So many fit sweeps make a calibration.
pub(crate) const WANTED: usize = 3;
/// A person who needs more than this takes some out first.
const MOST: usize = 12;

/// Where a person stands with calibrating.
#[derive(Debug, Default)]
pub(crate) struct Calibrating {
    /// The sweep that goes on, and how long it will have been.
    sweeping: Option<(KnownSweep, f32)>,
    done: Vec<Swept>,
    last: u32,
}

/// A sweep that is done.
#[derive(Debug, Clone)]
pub(crate) struct Swept {
    number: u32,
    length_mm: f32,
    sweep: Arc<KnownSweep>,
    unfit: Option<UnfitSweep>,
}

/// Why something is not done; the words are the page's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotDone {
    #[error("length_mm: a known length lies between {} and {} mm", LENGTHS_MM.start(), LENGTHS_MM.end())]
    Length,
    #[error("act: no sweep goes on")]
    NotSweeping,
    #[error("act: at most {MOST} sweeps; take some out")]
    TooMany,
    #[error("sweep: there is none of that number")]
    UnknownSweep,
}

impl NotDone {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Length => "calibration_length",
            Self::NotSweeping => "not_sweeping",
            Self::TooMany => "too_many_sweeps",
            Self::UnknownSweep => "unknown_sweep",
        }
    }
}

impl Calibrating {
    /// Takes in what the pipeline said of a frame.
    pub(crate) fn observe(&mut self, said: &VolumeState) {
        if let Some((sweep, _)) = &mut self.sweeping {
            sweep.observe(said);
        }
    }

    /// The next frame is the first of a sweep; one that went on is forgotten.
    pub(crate) fn begin(&mut self, length_mm: f32) -> Result<(), NotDone> {
        if !LENGTHS_MM.contains(&length_mm) {
            return Err(NotDone::Length);
        }
        if self.done.len() >= MOST {
            return Err(NotDone::TooMany);
        }
        self.sweeping = Some((KnownSweep::default(), length_mm));
        Ok(())
    }

    /// The sweep that goes on is done.
    pub(crate) fn end(&mut self) -> Result<(), NotDone> {
        let (sweep, length_mm) = self.sweeping.take().ok_or(NotDone::NotSweeping)?;
        self.last += 1;
        let unfit = sweep.check(length_mm).err();
        self.done.push(Swept { number: self.last, length_mm, sweep: Arc::new(sweep), unfit });
        Ok(())
    }

    pub(crate) fn remove(&mut self, number: u32) -> Result<(), NotDone> {
        let before = self.done.len();
        self.done.retain(|swept| swept.number != number);
        if self.done.len() == before { Err(NotDone::UnknownSweep) } else { Ok(()) }
    }

    /// Frames of the sweep that goes on in which the probe moved, and whether it moves now.
    pub(crate) fn moved(&self) -> Option<(usize, bool)> {
        self.sweeping.as_ref().map(|(sweep, _)| sweep.moved())
    }

    /// The sweeps that are done, for whoever fits them without holding anybody up.
    pub(crate) fn done(&self) -> Vec<Swept> {
        self.done.clone()
    }
}

/// What the fit ones make, with their lengths; `None` where there is none.
pub(crate) fn fitted(done: &[Swept]) -> Option<Result<(Fitted, Vec<f32>), CalibrationError>> {
    let fine: Vec<(&KnownSweep, f32)> =
        fit_ones(done).map(|swept| (&*swept.sweep, swept.length_mm)).collect();
    let lengths = fine.iter().map(|(_, length_mm)| *length_mm).collect();
    (!fine.is_empty()).then(|| fit(&fine).map(|fitted| (fitted, lengths)))
}

fn fit_ones(done: &[Swept]) -> impl Iterator<Item = &Swept> {
    done.iter().filter(|swept| swept.unfit.is_none())
}

/// What the page shows of it.
pub(crate) fn view(moved: Option<(usize, bool)>, done: &[Swept]) -> CalibrationView {
    let (fitted, disagree) = match fitted(done) {
        Some(Ok((fitted, _))) => (Some(fitted), None),
        Some(Err(CalibrationError::Disagree { apart })) => (None, Some(apart)),
        Some(Err(CalibrationError::NoSweep | CalibrationError::Sweep { .. })) | None => (None, None),
    };
    let mut read = fitted.iter().flat_map(|fitted| &fitted.read_mm).copied();
    let sweep = |swept: &Swept| SweepView {
        number: swept.number,
        length_mm: swept.length_mm,
        read_mm: if swept.unfit.is_none() { read.next() } else { None },
        unfit: swept.unfit.as_ref().map(Into::into),
    };
    CalibrationView {
        moved: moved.map(|(frames, _)| frames),
        moves: moved.is_some_and(|(_, now)| now),
        sweeps: done.iter().map(sweep).collect(),
        wanted: WANTED,
        fitted: fitted.as_ref().map(|fitted| FittedView { relative_error: fitted.relative_error }),
        disagree,
        known: Vec::new(),
    }
}
