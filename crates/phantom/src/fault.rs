//! What may go wrong while scanning, on request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use serde::Serialize;

/// One fault of the scan or of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u16)]
pub enum Fault {
    /// A part of the face has lost the skin: dark lines from there down, with bands of reverberation at the top.
    LostContact = 1,
    /// The gain is 22 dB too low.
    TooDark = 2,
    /// The gain is 20 dB too high.
    TooBright = 4,
    /// Out of focus: lateral resolution 0.7 mm, axial 0.22 mm.
    Blur = 8,
    /// The probe moves four times as fast and each frame is the mean of moments along its way.
    TooFast = 16,
    /// The machine repeats its last picture.
    Frozen = 32,
    /// The picture is shown within a vendor's screen: text, a depth ruler, a grey bar.
    VendorScreen = 64,
    /// The hand stops and goes, a fifth of a second each; gone is as much as without stops.
    Jerky = 128,
    /// Calipers, their text and a body mark lie on the picture.
    Marks = 256,
    /// A colour box with vessels in it; the frame has colours.
    ColourBox = 512,
    /// One frame in three never comes, each by itself.
    Dropped = 1024,
    /// Five frames in a row never come, somewhere among every fifteen.
    DroppedInBursts = 2048,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 12] = [
        Self::LostContact,
        Self::TooDark,
        Self::TooBright,
        Self::Blur,
        Self::TooFast,
        Self::Frozen,
        Self::VendorScreen,
        Self::Jerky,
        Self::Marks,
        Self::ColourBox,
        Self::Dropped,
        Self::DroppedInBursts,
    ];

    /// `lost_contact`, `too_dark`, and so on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LostContact => "lost_contact",
            Self::TooDark => "too_dark",
            Self::TooBright => "too_bright",
            Self::Blur => "blur",
            Self::TooFast => "too_fast",
            Self::Frozen => "frozen",
            Self::VendorScreen => "vendor_screen",
            Self::Jerky => "jerky",
            Self::Marks => "marks",
            Self::ColourBox => "colour_box",
            Self::Dropped => "dropped",
            Self::DroppedInBursts => "dropped_in_bursts",
        }
    }
}

/// The faults that are there at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Faults(u16);

impl Faults {
    /// None.
    pub const NONE: Self = Self(0);

    /// These and one more.
    #[must_use]
    pub const fn with(self, fault: Fault) -> Self {
        Self(self.0 | fault as u16)
    }

    /// These less one.
    #[must_use]
    pub const fn without(self, fault: Fault) -> Self {
        Self(self.0 & !(fault as u16))
    }

    /// Those of either.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether one is there.
    #[must_use]
    pub const fn contains(self, fault: Fault) -> bool {
        self.0 & fault as u16 != 0
    }

    /// Whether none is there.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are there.
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |fault| self.contains(*fault))
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self::NONE.with(fault)
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<T: IntoIterator<Item = Fault>>(faults: T) -> Self {
        faults.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Sets faults while a sweep runs, from any thread; clones share the setting.
#[derive(Debug, Clone, Default)]
pub struct FaultSwitch(Arc<AtomicU16>);

impl FaultSwitch {
    /// From the next frame on, these and no others (besides those of the schedule).
    pub fn set(&self, faults: Faults) {
        self.0.store(faults.0, Ordering::Relaxed);
    }

    /// Turns one on or off.
    pub fn turn(&self, fault: Fault, on: bool) {
        if on {
            self.0.fetch_or(fault as u16, Ordering::Relaxed);
        } else {
            self.0.fetch_and(!(fault as u16), Ordering::Relaxed);
        }
    }

    /// What is set.
    #[must_use]
    pub fn get(&self) -> Faults {
        Faults(self.0.load(Ordering::Relaxed))
    }
}
