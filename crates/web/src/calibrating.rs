//! The sweeps of known length that a person leads on the live page, one after another.

use std::sync::{Arc, OnceLock};

use peony_ultrasound::calibrate::{CalibrationError, Fitted, KnownSweep, LENGTHS_MM, UnfitSweep, fit};
use peony_ultrasound::output::VolumeState;

use crate::wire::{CalibrationView, DisagreeView, FittedView, SweepView};

/// So many fit sweeps make a calibration.
pub(crate) const WANTED: usize = 3;
/// A person who needs more than this takes some out first.
const MOST: usize = 12;

/// Where a person stands with calibrating.
#[derive(Debug, Default)]
pub(crate) struct Calibrating {
    /// The sweep that goes on, and how long it will have been.
    sweeping: Option<(KnownSweep, f32)>,
    done: Arc<Done>,
    last: u32,
}

/// The sweeps that are done, and what they make: fitted once, by whoever asks first, and without holding up whoever adds frames.
#[derive(Debug, Default)]
pub(crate) struct Done {
    sweeps: Vec<Swept>,
    fitted: OnceLock<Option<Fit>>,
}

/// What the fit ones make, with their lengths.
type Fit = Result<(Fitted, Vec<f32>), CalibrationError>;

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
    /// Takes in what the pipeline said of a frame that was made then.
    pub(crate) fn observe(&mut self, said: &VolumeState, time_ns: u64) {
        if let Some((sweep, _)) = &mut self.sweeping {
            sweep.observe(said, time_ns);
        }
    }

    /// The next frame is the first of a sweep; one that went on is forgotten.
    pub(crate) fn begin(&mut self, length_mm: f32) -> Result<(), NotDone> {
        if !LENGTHS_MM.contains(&length_mm) {
            return Err(NotDone::Length);
        }
        if self.done.sweeps.len() >= MOST {
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
        let swept = Swept { number: self.last, length_mm, sweep: Arc::new(sweep), unfit };
        self.done = Done::of(self.done.sweeps.iter().cloned().chain([swept]));
        Ok(())
    }

    pub(crate) fn remove(&mut self, number: u32) -> Result<(), NotDone> {
        let left = self.done.sweeps.iter().filter(|swept| swept.number != number);
        if left.clone().count() == self.done.sweeps.len() {
            return Err(NotDone::UnknownSweep);
        }
        self.done = Done::of(left.cloned());
        Ok(())
    }

    /// Frames of the sweep that goes on in which the probe moved, and whether it moves now.
    pub(crate) fn moved(&self) -> Option<(usize, bool)> {
        self.sweeping.as_ref().map(|(sweep, _)| sweep.moved())
    }

    /// The sweeps that are done, for whoever fits them without holding anybody up.
    pub(crate) fn done(&self) -> Arc<Done> {
        Arc::clone(&self.done)
    }
}

impl Done {
    fn of(sweeps: impl Iterator<Item = Swept>) -> Arc<Self> {
        Arc::new(Self { sweeps: sweeps.collect(), fitted: OnceLock::new() })
    }

    fn fit_ones(&self) -> impl Iterator<Item = &Swept> {
        self.sweeps.iter().filter(|swept| swept.unfit.is_none())
    }

    /// What the fit ones make, with their lengths; `None` where there is none.
    pub(crate) fn fitted(&self) -> Option<&Fit> {
        let work = || {
            let fine: Vec<(&KnownSweep, f32)> =
                self.fit_ones().map(|swept| (&*swept.sweep, swept.length_mm)).collect();
            let lengths = fine.iter().map(|(_, length_mm)| *length_mm).collect();
            (!fine.is_empty()).then(|| fit(&fine).map(|fitted| (fitted, lengths)))
        };
        self.fitted.get_or_init(work).as_ref()
    }
}

/// What the page shows of it.
pub(crate) fn view(moved: Option<(usize, bool)>, done: &Done) -> CalibrationView {
    let (read_mm, fitted, disagree) = match done.fitted() {
        Some(Ok((fitted, _))) => {
            (&fitted.read_mm[..], Some(FittedView { relative_error: fitted.relative_error }), None)
        }
        Some(Err(CalibrationError::Disagree { index, apart, read_mm })) => {
            let odd = index.and_then(|index| done.fit_ones().nth(index)).map(|swept| swept.number);
            (&read_mm[..], None, Some(DisagreeView { apart: *apart, sweep: odd }))
        }
        Some(Err(CalibrationError::NoSweep | CalibrationError::Sweep { .. })) | None => (&[][..], None, None),
    };
    let mut read = read_mm.iter().copied();
    let sweep = |swept: &Swept| SweepView {
        number: swept.number,
        length_mm: swept.length_mm,
        read_mm: if swept.unfit.is_none() { read.next() } else { None },
        unfit: swept.unfit.as_ref().map(Into::into),
    };
    CalibrationView {
        moved: moved.map(|(frames, _)| frames),
        moves: moved.is_some_and(|(_, now)| now),
        sweeps: done.sweeps.iter().map(sweep).collect(),
        wanted: WANTED,
        fitted,
        disagree,
        known: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_are_fitted_once_until_they_change() {
        let mut calibrating = Calibrating::default();
        let swept = |number| Swept { number, length_mm: 60.0, sweep: Arc::default(), unfit: None };
        calibrating.done = Done::of([swept(1), swept(2)].into_iter());
        let done = calibrating.done();
        let first = done.fitted().unwrap();
        assert!(
            std::ptr::eq(first, calibrating.done().fitted().unwrap()),
            "whoever asks again gets the same"
        );
        calibrating.begin(60.0).unwrap();
        assert!(
            Arc::ptr_eq(&done, &calibrating.done()),
            "a sweep that goes on changes nothing of those that are done"
        );
        calibrating.end().unwrap();
        assert!(!Arc::ptr_eq(&done, &calibrating.done()));
        assert_eq!(calibrating.done().sweeps.len(), 3);
        calibrating.remove(1).unwrap();
        calibrating.remove(2).unwrap();
        assert_eq!(calibrating.done().fitted(), None, "the one that is left saw no frame");
    }
}
