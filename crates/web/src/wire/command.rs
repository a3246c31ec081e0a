//! What a page says.

use peony_model::{Place, Side};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Fault;

/// The page has drawn a binary message; the next one may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// The `frame` of the message that was drawn.
    pub drawn: u64,
}

/// How a page stood to the examination that it comes back to. One that says nothing comes anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stood {
    /// It gave the commands.
    Commanding,
    /// It watched.
    Watching,
}

/// What a page may ask for. Beside the fields of the command a message may have an `id`, drawn by lot for it: the same command with the same
/// `id` is followed once, however often it is sent. A command that is followed shows in the `State` of the next binary message (which comes
/// even while the source rests); one that is not is answered by an `ErrorMessage`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, ToSchema)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Give the commands from now on; the page that gave them before watches. Only this one is followed from a page
    /// that watches.
    TakeOver {},
    /// Sweep the same breast again from its beginning; a source that rested goes on.
    Restart {},
    /// Scan another breast; the same seed gives the same one, no seed the next. A source that rested goes on.
    NewBreast {
        /// The phantom's seed; at most 2^53 - 1, so that JSON carries it.
        #[schema(required = false)]
        seed: Option<u64>,
    },
    /// Switch one of the phantom's faults.
    SetFault {
        /// Which.
        fault: Fault,
        /// On or off.
        on: bool,
    },
    /// Let the examination rest, or go on: the source rests where it can, or its frames are passed over.
    SetPaused {
        /// Rest or go on.
        paused: bool,
    },
    /// Say how deep the picture reaches, as the machine shows it, for a source that does not say its scale; it holds until the picture's
    /// size changes.
    SetDepth {
        /// From the upper edge of the B-mode picture to the lower, mm, 10 to 200; `null` takes it back.
        depth_mm: Option<f32>,
    },
    /// Keep the frame that this page drew last.
    KeepPlane {
        /// The lesion it is kept for, if any.
        #[schema(required = false)]
        track: Option<u32>,
    },
    /// Strike a lesion out.
    Dismiss {
        /// Which.
        track: u32,
    },
    /// Say that a lesion is one and the same as an earlier one, such as its `may_be`: it counts there from now on.
    Join {
        /// Which.
        track: u32,
        /// The one that goes on.
        into: u32,
    },
    /// Say that a lesion is not the earlier one of its `may_be`: it is not asked again.
    KeepApart {
        /// Which.
        track: u32,
        /// The earlier one.
        from: u32,
    },
    /// Take back the last `dismiss`, `join`, `keep_apart`, `keep_plane`, `set_side` or `set_probe` of any page.
    Undo {},
    /// Say which breast is being scanned; where on it the probe stands is unknown then.
    SetSide {
        /// Which.
        side: Side,
    },
    /// Say where the probe stands.
    SetProbe {
        /// Where.
        place: Place,
    },
    /// Show or hide the phantom's truth.
    ShowTruth {
        /// Show or hide.
        on: bool,
    },
}
