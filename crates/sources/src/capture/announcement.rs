//! The first message of a page: what it is going to send.

use serde::Deserialize;
use serde_json::Value;

use super::CaptureError;
use super::sent::check_size;

/// The version of the protocol.
pub const PROTOCOL: u64 = 1;
/// An error that quotes the text is no longer than this: foreign text in an answer is short.
const QUOTED: usize = 160;
const BELIEVABLE_RATE: std::ops::RangeInclusive<f32> = 0.1..=1000.0;

/// What a page is going to send. Fields that this version does not know are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Announcement {
    /// Columns of the first pictures; the size may change later.
    pub width: u16,
    /// Rows of the first pictures.
    pub height: u16,
    /// What a picture holds.
    pub format: Format,
    /// The range of its levels.
    pub range: Range,
    /// Pictures a second that the device says it gives; `None` where it says nothing believable.
    #[serde(default)]
    pub frame_rate: Option<f32>,
    /// What is captured.
    pub source: Kind,
    /// Whether this page takes the place of one that captures already.
    #[serde(default)]
    pub take_over: bool,
    /// A number that the page has drawn by lot, so that it gets its own place back when its socket was lost.
    #[serde(default)]
    pub page: Option<u64>,
}

/// What a picture holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Format {
    /// Eight bits of luma.
    #[serde(rename = "luma8")]
    Luma8,
    /// The same, and where the page could read them, how strong the colours are.
    #[serde(rename = "luma8+chroma")]
    Luma8Chroma,
}

/// The range of the levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// Black is 16 and white 235, as in video.
    Limited,
    /// Black is 0 and white 255.
    Full,
}

/// What is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A frame grabber or a camera.
    Camera,
    /// A window or a screen.
    Screen,
    /// A video file that the page plays.
    File,
}

impl Announcement {
    /// Reads a text message. serde_json bounds its depth; whoever owns the socket bounds its length.
    ///
    /// # Errors
    /// [`CaptureError::Version`], [`CaptureError::Announcement`], [`CaptureError::Size`].
    pub fn parse(text: &str) -> Result<Self, CaptureError> {
        let value: Value = serde_json::from_str(text).map_err(not_one)?;
        match value.get("peony_capture").map(Value::as_u64) {
            Some(Some(PROTOCOL)) => {}
            Some(Some(other)) => return Err(CaptureError::Version(other)),
            Some(None) | None => {
                return Err(CaptureError::Announcement("peony_capture: missing or no number".to_owned()));
            }
        }
        let mut announced = Self::deserialize(value).map_err(not_one)?;
        check_size([announced.width, announced.height])?;
        announced.frame_rate = announced.frame_rate.filter(|rate| BELIEVABLE_RATE.contains(rate));
        Ok(announced)
    }
}

fn not_one(error: serde_json::Error) -> CaptureError {
    CaptureError::Announcement(error.to_string().chars().take(QUOTED).collect())
}
