//! What a person types to say where frames come from.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use crate::{Backoff, LiveSource, igtl};

/// The forms, in words.
const FORMS: &str = "phantom[:SEED], a path, igtl://HOST:PORT, rtsp://[USER:PASSWORD@]HOST[:PORT]/PATH, v4l2:/dev/videoN, gst:PIPELINE or capture";
/// The port of OpenIGTLink where none is given (IANA).
const IGTL_PORT: u16 = 18944;

/// Where frames come from. Printed, it is what was typed without user and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceUrl {
    /// `phantom` or `phantom:SEED`: the virtual transducer.
    Phantom {
        /// Which breast; `None` where any will do.
        seed: Option<u64>,
    },
    /// A folder, a DICOM cine, or a video file: what it is, its bytes say.
    Path(PathBuf),
    /// `igtl://HOST[:PORT]`: an OpenIGTLink server.
    Igtl {
        /// `HOST:PORT`.
        address: String,
    },
    /// `rtsp://[USER:PASSWORD@]HOST[:PORT]/PATH`: an RTSP device.
    Rtsp(RtspAddress),
    /// `v4l2:/dev/video0`: a capture device of Linux.
    V4l2(PathBuf),
    /// `gst:PIPELINE`: what a GStreamer pipeline gives.
    Gst(Pipeline),
    /// `capture`: a page sends the pictures.
    Capture,
}

/// The text of a GStreamer pipeline, which may hold a password and is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Pipeline(String);

/// The address of an RTSP device, which may hold a password: it is never printed whole.
#[derive(Clone, PartialEq, Eq)]
pub struct RtspAddress(String);

/// Why a text says no source. No message carries the text: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing, or a scheme that is not known.
    #[error("no source; one is {FORMS}")]
    Form,
    /// No seed behind `phantom:`.
    #[error("phantom: its seed is a whole number, as in phantom:7")]
    Seed,
    /// No host, or no port that is one.
    #[error("igtl: host and port are wanted, as in igtl://localhost:18944")]
    Igtl,
    /// No host.
    #[error("rtsp: a host is wanted, as in rtsp://192.168.0.20/stream1")]
    Rtsp,
    /// No path of a device.
    #[error("v4l2: the path of a device is wanted, as in v4l2:/dev/video0")]
    V4l2,
    /// No pipeline.
    #[error("gst: a pipeline is wanted, as in 'gst:videotestsrc is-live=true'")]
    Gst,
}

impl FromStr for SourceUrl {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        // A drive of Windows is one letter, and a path may hold a colon: only what is known is a scheme.
        match text.split_once(':') {
            _ if text.is_empty() => Err(AddressError::Form),
            _ if text == "capture" => Ok(Self::Capture),
            _ if text == "phantom" => Ok(Self::Phantom { seed: None }),
            Some(("phantom", seed)) => {
                seed.parse().map(|seed| Self::Phantom { seed: Some(seed) }).map_err(|_| AddressError::Seed)
            }
            Some(("igtl", rest)) => igtl_address(rest).map(|address| Self::Igtl { address }),
            Some(("rtsp", rest)) => {
                let rest = rest.strip_prefix("//").ok_or(AddressError::Rtsp)?;
                let address = RtspAddress(format!("rtsp://{rest}"));
                if address.place().starts_with(['/', ':', '?']) || address.place().is_empty() {
                    return Err(AddressError::Rtsp);
                }
                Ok(Self::Rtsp(address))
            }
            Some(("v4l2", path)) if is_device(path) => Ok(Self::V4l2(path.into())),
            Some(("v4l2", _)) => Err(AddressError::V4l2),
            Some(("gst", text)) if text.trim().is_empty() => Err(AddressError::Gst),
            Some(("gst", text)) => Ok(Self::Gst(Pipeline(text.trim().to_owned()))),
            Some((_, rest)) if rest.starts_with("//") => Err(AddressError::Form),
            _ => Ok(Self::Path(text.into())),
        }
    }
}

/// A path that is one word of a pipeline and nothing else.
fn is_device(path: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/_-.".contains(character);
    path.starts_with('/') && path.chars().all(plain)
}

fn igtl_address(rest: &str) -> Result<String, AddressError> {
    let place = rest.strip_prefix("//").ok_or(AddressError::Igtl)?.trim_end_matches('/');
    // An address of version 6 has colons of its own, in brackets.
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| AddressError::Igtl)?),
        _ => (place, IGTL_PORT),
    };
    if host.is_empty() || host.contains(['/', '@']) {
        return Err(AddressError::Igtl);
    }
    Ok(format!("{host}:{port}"))
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("gst:…")
    }
}

impl RtspAddress {
    /// The whole address, with user and password: for the connection, and nothing else.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Host, port and path.
    fn place(&self) -> &str {
        let rest = self.0.strip_prefix("rtsp://").unwrap_or_default();
        // A password may hold an `@`; the host begins behind the last one before the path.
        let path = rest.find('/').unwrap_or(rest.len());
        rest.get(..path).and_then(|authority| authority.rfind('@')).map_or(rest, |at| &rest[at + 1..])
    }
}

impl fmt::Display for RtspAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "rtsp://{}", self.place())
    }
}

impl fmt::Debug for RtspAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for SourceUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phantom { seed: None } => formatter.write_str("phantom"),
            Self::Phantom { seed: Some(seed) } => write!(formatter, "phantom:{seed}"),
            Self::Path(path) => path.display().fmt(formatter),
            Self::Igtl { address } => write!(formatter, "igtl://{address}"),
            Self::Rtsp(address) => address.fmt(formatter),
            Self::V4l2(path) => write!(formatter, "v4l2:{}", path.display()),
            Self::Gst(pipeline) => write!(formatter, "{pipeline:?}"),
            Self::Capture => formatter.write_str("capture"),
        }
    }
}

/// Why no device is read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The phantom, files and the capturing page are opened by others.
    #[error("{0} is no device that is connected to")]
    NoDevice(SourceUrl),
    /// This program was built without it.
    #[cfg(not(all(feature = "rtsp", feature = "gstreamer")))]
    #[error("{what} is not in this program; it is built with `--features {feature}`")]
    NotBuilt {
        /// What is missing.
        what: &'static str,
        /// With which feature it comes.
        feature: &'static str,
    },
    /// The address of an RTSP device cannot be right.
    #[cfg(feature = "rtsp")]
    #[error("RTSP: {0}")]
    Rtsp(#[from] crate::rtsp::RtspError),
    /// The system gives no thread.
    #[error("the system gives no thread for the source: {0}")]
    Thread(#[from] io::Error),
}

/// Begins to connect to a device and to read it, and goes on whenever it drops out.
///
/// # Errors
/// [`OpenError`]. A device that cannot be reached is an [`Event::Lost`](crate::Event::Lost).
pub fn open(url: &SourceUrl) -> Result<LiveSource, OpenError> {
    let backoff = Backoff::default();
    match url {
        SourceUrl::Igtl { address } => Ok(LiveSource::start(igtl::Server::new(address.as_str()), backoff)?),
        #[cfg(feature = "rtsp")]
        SourceUrl::Rtsp(address) => {
            Ok(LiveSource::start(crate::rtsp::Server::new(address.secret())?, backoff)?)
        }
        #[cfg(not(feature = "rtsp"))]
        SourceUrl::Rtsp(_) => Err(OpenError::NotBuilt { what: "RTSP", feature: "rtsp" }),
        #[cfg(feature = "gstreamer")]
        SourceUrl::V4l2(path) => {
            let pipeline = format!("v4l2src device={}", path.display());
            Ok(LiveSource::start(crate::gst::Server::new(&pipeline), backoff)?)
        }
        #[cfg(feature = "gstreamer")]
        SourceUrl::Gst(Pipeline(text)) => Ok(LiveSource::start(crate::gst::Server::new(text), backoff)?),
        #[cfg(not(feature = "gstreamer"))]
        SourceUrl::V4l2(_) => Err(OpenError::NotBuilt {
            what: "V4L2 (the live page captures the device without it)",
            feature: "gstreamer",
        }),
        #[cfg(not(feature = "gstreamer"))]
        SourceUrl::Gst(_) => Err(OpenError::NotBuilt { what: "GStreamer", feature: "gstreamer" }),
        SourceUrl::Phantom { .. } | SourceUrl::Path(_) | SourceUrl::Capture => {
            Err(OpenError::NoDevice(url.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_understood_and_printed_as_it_was_typed() {
        let check = |text: &str, expected: SourceUrl| {
            assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
            assert_eq!(expected.to_string(), text);
        };
        let path = |text: &str| SourceUrl::Path(text.into());
        let igtl = |address: &str| SourceUrl::Igtl { address: address.to_owned() };
        check("phantom", SourceUrl::Phantom { seed: None });
        check("phantom:7", SourceUrl::Phantom { seed: Some(7) });
        check("capture", SourceUrl::Capture);
        check("cine.dcm", path("cine.dcm"));
        check("./capture", path("./capture"));
        check("C:\\cines\\a.mp4", path("C:\\cines\\a.mp4"));
        check("2026-11-26 10:30.y4m", path("2026-11-26 10:30.y4m"));
        check("igtl://localhost:18944", igtl("localhost:18944"));
        check("igtl://[::1]:18945", igtl("[::1]:18945"));
        check("v4l2:/dev/video0", SourceUrl::V4l2("/dev/video0".into()));
        assert_eq!("igtl://plus/".parse(), Ok(igtl("plus:18944")));
        assert_eq!("igtl://[::1]".parse(), Ok(igtl("[::1]:18944")));
    }

    #[test]
    fn what_is_no_source_says_what_one_is() {
        let check = |text: &str, expected: AddressError| {
            assert_eq!(text.parse::<SourceUrl>(), Err(expected), "{text}");
        };
        check("", AddressError::Form);
        check("http://example.org/a.mp4", AddressError::Form);
        check("phantom:x", AddressError::Seed);
        check("phantom:-1", AddressError::Seed);
        check("igtl:localhost", AddressError::Igtl);
        check("igtl://", AddressError::Igtl);
        check("igtl://host:port", AddressError::Igtl);
        check("igtl://user@host:18944", AddressError::Igtl);
        check("rtsp:host/a", AddressError::Rtsp);
        check("rtsp://", AddressError::Rtsp);
        check("rtsp://user:password@/a", AddressError::Rtsp);
        check("v4l2:video0", AddressError::V4l2);
        check("v4l2:/dev/video0 ! filesink location=/tmp/a", AddressError::V4l2);
        check("gst:", AddressError::Gst);
    }

    #[test]
    fn a_password_is_kept_and_never_printed() {
        let check = |text: &str, printed: &str| {
            let url: SourceUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), printed);
            assert!(!format!("{url:?}").contains("s3cret"), "{url:?}");
            let SourceUrl::Rtsp(address) = &url else { panic!("{url:?}") };
            assert_eq!(address.secret(), text);
            if let Err(error) = open(&url) {
                assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
            }
        };
        check("rtsp://example.org/a", "rtsp://example.org/a");
        check("rtsp://user:s3cret@127.0.0.1:1/a@b?c=d", "rtsp://127.0.0.1:1/a@b?c=d");
        check("rtsp://user:s3cret@s3cret@127.0.0.1:1", "rtsp://127.0.0.1:1");
    }

    #[test]
    fn a_pipeline_is_never_printed() {
        let url: SourceUrl = "gst:rtspsrc location=rtsp://user:s3cret@host/a".parse().unwrap();
        assert_eq!(format!("{url} {url:?}"), "gst:… Gst(gst:…)");
    }

    #[test]
    fn what_is_no_device_is_not_connected_to() {
        for text in ["phantom", "capture", "a.mp4"] {
            let error = open(&text.parse().unwrap()).map(|_| ()).unwrap_err();
            assert_eq!(error.to_string(), format!("{text} is no device that is connected to"));
        }
    }
}
