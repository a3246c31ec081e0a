//! What a page is told once, what it is told when something cannot be followed, and the program's health.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text message from the server.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The first message of every connection.
    Hello(Box<Hello>),
    /// A message from this page could not be followed; nothing was changed by it.
    Error(ErrorMessage),
    /// A command that had an identifier was followed, now or when it was sent before.
    Followed(Followed),
    /// The device that gives the frames is lost, or back. Said once it is lost, to a page that comes later too.
    Device(DeviceState),
}

/// How the device that gives the frames stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeviceState {
    /// Why it gives none, while it is looked for again; `null` where it does.
    #[schema(required)]
    pub lost: Option<DeviceLost>,
}

/// Why a device gives no frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceLost {
    /// Nothing answers at its address, or it is not plugged in.
    Unreachable,
    /// It wants another user or password.
    Unauthorized,
    /// It closed the connection, or the connection broke.
    Closed,
    /// It is there and sends nothing.
    Silent,
    /// What it sends is none of what is read.
    Unreadable,
}

/// What a page needs to know once.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Hello {
    /// Always `Peony`.
    pub product: String,
    /// The program's version.
    pub version: String,
    /// Differs each time the program is started: a page that finds another one reloads.
    pub run: String,
    /// The model that reads the frames; `null` where there is none, and then `no_model` says why.
    #[schema(required)]
    pub model: Option<Model>,
    /// Why no model runs: only picture quality is shown then.
    #[schema(required)]
    pub no_model: Option<String>,
    /// Where the frames come from.
    pub source: Source,
}

/// The model that reads the frames, and how it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Model {
    /// Its name, from its card.
    pub name: String,
    /// Its version, from its card.
    pub version: String,
    /// SHA-256 of the weights as loaded, hex.
    pub sha256: String,
    /// Engine and execution provider: `rten`, `onnxruntime/cpu`, `onnxruntime/openvino`.
    pub engine: String,
    /// `fp32`, `bf16`, `fp16` or `int8`.
    pub precision: String,
    /// How many threads it runs on.
    pub threads: u32,
}

/// Where the frames come from.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Source {
    /// What kind it is.
    pub kind: SourceKind,
    /// What the status strip calls it, such as `virtual transducer`; never a file's path or a patient's name.
    pub name: String,
    /// Frames a second it gives when nothing is dropped; `null` where unknown.
    #[schema(required)]
    pub fps: Option<f32>,
    /// The faults that can be switched on; empty for everything but the phantom.
    pub faults: Vec<Fault>,
    /// Whether `restart` is understood, and the source rests at `set_paused`.
    pub can_restart: bool,
    /// Whether `new_breast` is understood.
    pub can_renew: bool,
    /// Whether the truth of each frame is known, so that `show_truth` has something to show.
    pub has_truth: bool,
}

/// What kind of source the frames come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The virtual transducer: nobody was scanned.
    Phantom,
    /// Recorded pictures, played again.
    Replay,
    /// A machine's video output, captured by a page.
    Capture,
    /// A device that the program reads by itself.
    Device,
}

/// A fault of the phantom, on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Part of the probe has lost the skin.
    ContactLost,
    /// The gain is too low.
    TooDark,
    /// The gain is too high.
    TooBright,
    /// The picture is out of focus.
    Blur,
    /// The probe moves too fast.
    TooFast,
    /// The hand stops and goes.
    Jerky,
    /// The machine's freeze button was pressed.
    Frozen,
    /// Calipers, their text and a body mark lie on the picture.
    Marks,
    /// A colour box lies on the picture.
    ColourBox,
    /// The vendor's screen stands around the picture.
    VendorScreen,
}

/// Something this page sent could not be followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorMessage {
    /// What went wrong, for the page's own words.
    pub code: ErrorCode,
    /// The same in one English line with the field, the value and the limit.
    pub message: String,
    /// The identifier of the command that was not followed, where it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// A command was followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Followed {
    /// Its identifier.
    pub id: String,
}

/// What went wrong with a message from a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not one of the messages a page may send. The connection stays.
    BadMessage,
    /// Longer than a page's message may be. The connection is closed (WebSocket code 1009).
    TooLarge,
    /// The track is not one of this sweep.
    UnknownTrack,
    /// This source cannot do that.
    NotSupported,
    /// Nothing has been drawn yet that could be kept.
    NothingDrawn,
    /// No more planes can be kept by hand.
    TooManyPlanes,
    /// There is nothing to undo.
    NothingToUndo,
    /// The source has not followed the former commands yet.
    Busy,
    /// The disk did not take it in time; nothing is shown as done.
    NotSaved,
    /// The report is signed and closed.
    Signed,
    /// A value that cannot be.
    BadValue,
    /// Another page gives the commands: `take_over` first.
    Watching,
    /// Another command or act was done under this identifier.
    OtherAct,
}

/// Whether the program is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`: a program that is not well does not answer.
    pub status: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// Whether a model reads the frames of the newest examination, and does not fail.
    pub model: bool,
    /// How many pages watch it.
    pub viewers: u32,
    /// Its frames that were analysed.
    pub frames: u64,
    /// How many examinations go on.
    pub examinations: usize,
    /// Where frames come from unless a page asks for another source; `null` where no further examination can be begun.
    #[schema(required)]
    pub usual_source: Option<UsualSource>,
}

/// A source before it is opened: see `Source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsualSource {
    /// What kind it is.
    pub kind: SourceKind,
    /// What it is called, such as `OpenIGTLink`.
    pub name: &'static str,
}

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// One English line with the field, the value and the limit.
    pub error: String,
    /// Its key, which stays the same: a page has words for it in each language.
    pub code: &'static str,
}
