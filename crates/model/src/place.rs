//! Where in a breast: side, clock position, distance from the nipple.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Code;

/// Which breast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The patient's right.
    Right,
    /// The patient's left.
    Left,
}

impl Side {
    /// Right, then left: the order of a report.
    pub const BOTH: [Self; 2] = [Self::Right, Self::Left];

    /// Its code (CID 6022).
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::Right => Code { value: "73056007", scheme: "SCT", meaning: "Right breast" },
            Self::Left => Code { value: "80248007", scheme: "SCT", meaning: "Left breast" },
        }
    }
}

/// A clock position as seen facing the patient, to the half hour; written `10:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Clock {
    /// 0 is 12:00, 1 is 12:30, 23 is 11:30.
    half_hours: u8,
}

/// Why a text is no clock position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a clock position is 1:00 to 12:30 in steps of half an hour")]
pub struct ClockError;

impl Clock {
    /// Hours 1 to 12, on the hour or half past it; `None` for any other.
    #[must_use]
    pub fn new(hour: u8, half_past: bool) -> Option<Self> {
        (1..=12).contains(&hour).then(|| Self { half_hours: (hour % 12) * 2 + u8::from(half_past) })
    }

    /// The position nearest to an angle, in degrees clockwise from 12 o'clock.
    #[must_use]
    pub fn nearest(degrees: f32) -> Option<Self> {
        let steps = (degrees / 15.0).round();
        steps.is_finite().then(|| Self { half_hours: steps.rem_euclid(24.0) as u8 })
    }

    /// Clockwise from 12 o'clock, degrees.
    #[must_use]
    pub fn degrees(self) -> f32 {
        f32::from(self.half_hours) * 15.0
    }

    /// The quadrant of this position; `None` on the lines between two, as at 3 o'clock.
    #[must_use]
    pub fn quadrant(self, side: Side) -> Option<Quadrant> {
        let outer_first = side == Side::Left;
        match self.half_hours {
            0 | 6 | 12 | 18 => None,
            1..6 => Some(if outer_first { Quadrant::UpperOuter } else { Quadrant::UpperInner }),
            7..12 => Some(if outer_first { Quadrant::LowerOuter } else { Quadrant::LowerInner }),
            13..18 => Some(if outer_first { Quadrant::LowerInner } else { Quadrant::LowerOuter }),
            _ => Some(if outer_first { Quadrant::UpperInner } else { Quadrant::UpperOuter }),
        }
    }

    /// Where the position lies on a breast map at `from_nipple`, in its unit: to the viewer's right, and up.
    #[must_use]
    pub fn on_map(self, from_nipple: f32) -> [f32; 2] {
        let (sin, cos) = self.degrees().to_radians().sin_cos();
        [from_nipple * sin, from_nipple * cos]
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hour = match self.half_hours / 2 {
            0 => 12,
            hour => hour,
        };
        write!(f, "{hour}:{}", if self.half_hours.is_multiple_of(2) { "00" } else { "30" })
    }
}

impl FromStr for Clock {
    type Err = ClockError;

    fn from_str(text: &str) -> Result<Self, ClockError> {
        let (hour, minutes) = text.split_once(':').ok_or(ClockError)?;
        let half_past = match minutes {
            "00" => false,
            "30" => true,
            _ => return Err(ClockError),
        };
        Self::new(hour.parse().map_err(|_| ClockError)?, half_past).ok_or(ClockError)
    }
}

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
crate::schema::written_as_text!(Clock);

/// A quarter of a breast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // The names are the quadrants.
pub enum Quadrant {
    UpperOuter,
    UpperInner,
    LowerOuter,
    LowerInner,
}

impl Quadrant {
    /// Its code (CID 6020).
    #[must_use]
    pub fn code(self) -> Code {
        let (value, meaning) = match self {
            Self::UpperOuter => ("76365002", "Upper outer quadrant of breast"),
            Self::UpperInner => ("77831004", "Upper inner quadrant of breast"),
            Self::LowerOuter => ("33564002", "Lower outer quadrant of breast"),
            Self::LowerInner => ("19100000", "Lower inner quadrant of breast"),
        };
        Code { value, scheme: "SCT", meaning }
    }
}

/// Where a lesion lies, or where the probe stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which breast.
    pub side: Side,
    /// Its clock position; `None` where only the side is known.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub clock: Option<Clock>,
    /// From the nipple, not from the areola's edge, mm.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub from_nipple_mm: Option<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrants_are_those_of_the_side() {
        let check = |side, clock: &str, expect| {
            let clock: Clock = clock.parse().unwrap();
            assert_eq!(clock.quadrant(side), expect, "{side:?} {clock}");
        };
        check(Side::Right, "10:00", Some(Quadrant::UpperOuter));
        check(Side::Left, "10:00", Some(Quadrant::UpperInner));
        check(Side::Right, "2:00", Some(Quadrant::UpperInner));
        check(Side::Left, "2:00", Some(Quadrant::UpperOuter));
        check(Side::Left, "4:00", Some(Quadrant::LowerOuter));
        check(Side::Right, "4:00", Some(Quadrant::LowerInner));
        check(Side::Right, "8:30", Some(Quadrant::LowerOuter));
        check(Side::Right, "12:00", None);
        check(Side::Left, "9:00", None);
        check(Side::Left, "12:30", Some(Quadrant::UpperOuter));
    }

    #[test]
    fn the_map_is_seen_facing_the_patient() {
        let at = |clock: &str, from: f32| clock.parse::<Clock>().unwrap().on_map(from);
        let near = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]) < 1e-3;
        assert!(near(at("10:00", 4.0), [-3.464, 2.0]));
        assert!(near(at("2:00", 3.0), [2.598, 1.5]));
        assert!(near(at("6:00", 5.0), [0.0, -5.0]));
        let apart = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        assert!((apart(at("10:00", 4.0), at("2:00", 4.0)) - 6.928).abs() < 1e-3);
        assert!((apart(at("12:00", 3.0), at("1:00", 3.0)) - 1.553).abs() < 1e-3);
    }

    #[test]
    fn a_clock_is_read_as_it_is_written_and_nothing_else() {
        for half_hours in 0..24 {
            let clock = Clock { half_hours };
            assert_eq!(clock.to_string().parse(), Ok(clock));
            assert_eq!(Clock::nearest(clock.degrees() + 7.0), Some(clock));
        }
        for wrong in ["", "0:00", "13:00", "10", "10:15", "10:3", "-1:00", "10:300"] {
            assert_eq!(wrong.parse::<Clock>(), Err(ClockError), "{wrong}");
        }
        assert_eq!(Clock::nearest(-15.0).map(|clock| clock.to_string()).as_deref(), Some("11:30"));
        assert_eq!(Clock::nearest(f32::NAN), None);
    }
}
