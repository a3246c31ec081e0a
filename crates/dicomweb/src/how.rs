//! How an object goes out, or a frame of it: as it is kept, or written anew in the transfer syntax that the peer asks for.

use peony_dicom::TransferSyntax;
use peony_dicom::pixels::Lossless;
use peony_dicom::written::Target;
use peony_store::Kept;

/// How one object or frame goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// As it was received.
    AsKept,
    /// Written anew.
    Anew(Target),
}

impl How {
    /// How an object in the transfer syntax `kept`, whose frames have places or not, is answered to a peer that asks for `wanted`; `None` where it is
    /// not. Without a wish it is explicit little endian (PS3.18 §8.7.3.5.2).
    pub fn of(kept: &str, frames: bool, wanted: Option<&str>) -> Option<Self> {
        match wanted.unwrap_or(Target::ExplicitLittle.uid()) {
            "*" => Some(Self::AsKept),
            wanted if wanted == kept => Some(Self::AsKept),
            wanted => targets(kept, frames).find(|target| target.uid() == wanted).map(Self::Anew),
        }
    }

    /// What is written anew, where it is.
    pub fn target(self) -> Option<Target> {
        match self {
            Self::AsKept => None,
            Self::Anew(target) => Some(target),
        }
    }

    /// The transfer syntax that comes of it.
    pub fn transfer_syntax(self, kept: &Kept) -> &str {
        match self {
            Self::AsKept => &kept.transfer_syntax_uid,
            Self::Anew(target) => target.uid(),
        }
    }
}

/// In what an object in the transfer syntax `kept` is written anew: nothing where its pixels are not decoded here, and where its frames have places, coded
/// without loss. Implicit value representations are not for the web (PS3.18 §8.7.3.5.2).
pub(crate) fn targets(kept: &str, frames: bool) -> impl Iterator<Item = Target> {
    let decoded = TransferSyntax::of(kept.as_bytes()).is_ok();
    let coded = Lossless::ALL.into_iter().filter(move |_| frames).map(Target::Compressed);
    std::iter::once(Target::ExplicitLittle).chain(coded).filter(move |_| decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_decides_how_an_object_goes_out() {
        const EXPLICIT: &str = "1.2.840.10008.1.2.1";
        const JPEG: &str = "1.2.840.10008.1.2.4.50";
        const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
        const NEAR: &str = "1.2.840.10008.1.2.4.81";
        const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";
        const RLE: &str = "1.2.840.10008.1.2.5";
        const H264: &str = "1.2.840.10008.1.2.4.102";
        let explicit = Some(How::Anew(Target::ExplicitLittle));
        let coded = |coding| Some(How::Anew(Target::Compressed(coding)));
        for (kept, frames, wanted, expect) in [
            (JPEG, true, Some("*"), Some(How::AsKept)),
            (JPEG, true, Some(JPEG), Some(How::AsKept)),
            (JPEG, true, None, explicit),
            (JPEG, true, Some(EXPLICIT), explicit),
            (JPEG, true, Some(H264), None),
            (JPEG, true, Some(RLE), coded(Lossless::Rle)),
            (JPEG, true, Some(JPEG_2000), None),
            (EXPLICIT, true, None, Some(How::AsKept)),
            (EXPLICIT, true, Some(JPEG_LS), coded(Lossless::JpegLs)),
            (EXPLICIT, false, Some(JPEG_LS), None),
            (EXPLICIT, true, Some("1.2.840.10008.1.2"), None),
            (EXPLICIT, true, Some(JPEG), None),
            (NEAR, true, Some(JPEG_LS), coded(Lossless::JpegLs)),
            (JPEG_LS, true, Some(NEAR), None),
            (H264, true, None, None),
            (H264, true, Some("*"), Some(How::AsKept)),
            (H264, true, Some(RLE), None),
        ] {
            assert_eq!(How::of(kept, frames, wanted), expect, "{kept} {frames} {wanted:?}");
        }
    }
}
