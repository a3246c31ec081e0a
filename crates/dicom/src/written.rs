//! Elements as they are written in little endian (PS3.5 §7.1.2, §7.1.3), and the file meta information before them (PS3.10 §7.1).

use dicom_core::{Tag, VR};

use crate::pixels::Lossless;
use crate::{Encoding, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, has_long_length};

/// Explicit little endian (PS3.5 §A.2).
pub const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
/// Implicit little endian, which every node speaks (PS3.5 §A.1, §10.1).
pub const IMPLICIT_LITTLE: &str = "1.2.840.10008.1.2";
/// A length that a delimiter tells.
pub const UNDEFINED: u32 = u32::MAX;
/// Begins an item.
pub const ITEM: Tag = Tag(0xFFFE, 0xE000);
/// Ends an item of undefined length.
pub const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
/// Ends a sequence of undefined length.
pub const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);

/// What data sets are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// With value representations.
    ExplicitLittle,
    /// Without.
    ImplicitLittle,
    /// With value representations, and frames that are coded (PS3.5 §A.4).
    Compressed(Lossless),
}

impl Target {
    /// All of them, those that take every object first.
    pub fn all() -> impl Iterator<Item = Self> {
        let compressed = Lossless::ALL.into_iter().map(Self::Compressed);
        [Self::ExplicitLittle, Self::ImplicitLittle].into_iter().chain(compressed)
    }

    /// The one of a transfer syntax.
    #[must_use]
    pub fn of(uid: &str) -> Option<Self> {
        Self::all().find(|target| target.uid() == uid)
    }

    /// How its frames are coded, where they are.
    #[must_use]
    pub const fn coding(self) -> Option<Lossless> {
        if let Self::Compressed(coding) = self { Some(coding) } else { None }
    }

    /// Its transfer syntax.
    #[must_use]
    pub const fn uid(self) -> &'static str {
        match self {
            Self::ExplicitLittle => EXPLICIT_LITTLE,
            Self::ImplicitLittle => IMPLICIT_LITTLE,
            Self::Compressed(coding) => coding.uid(),
        }
    }
}

/// Preamble and file meta information.
#[must_use]
pub fn file_meta(sop_class_uid: &str, instance_uid: &str, transfer_syntax_uid: &str) -> Vec<u8> {
    let explicit = Target::ExplicitLittle;
    let mut elements = Vec::new();
    let mut put = |element, vr, value: &[u8]| put(&mut elements, explicit, Tag(0x0002, element), vr, value);
    put(0x0001, VR::OB, &[0, 1]);
    put(0x0002, VR::UI, sop_class_uid.as_bytes());
    put(0x0003, VR::UI, instance_uid.as_bytes());
    put(0x0010, VR::UI, transfer_syntax_uid.as_bytes());
    put(0x0012, VR::UI, IMPLEMENTATION_CLASS_UID.as_bytes());
    put(0x0013, VR::SH, IMPLEMENTATION_VERSION_NAME.as_bytes());
    let mut file = vec![0; 128];
    file.extend(b"DICM");
    let length = elements.len() as u32;
    self::put(&mut file, explicit, Tag(0x0002, 0x0000), VR::UL, &length.to_le_bytes());
    file.extend(elements);
    file
}

/// A tag.
pub fn put_tag(into: &mut Vec<u8>, tag: Tag) {
    into.extend(tag.group().to_le_bytes());
    into.extend(tag.element().to_le_bytes());
}

/// An item or a delimiter, which have no value representation (§7.5).
pub fn put_item(into: &mut Vec<u8>, tag: Tag, length: u32) {
    put_tag(into, tag);
    into.extend(length.to_le_bytes());
}

/// The header of an element (PS3.5 §7.1.2, §7.1.3). What is too long for its value representation is of an unknown one (§6.2.2).
pub fn put_header(into: &mut Vec<u8>, target: Target, tag: Tag, vr: VR, length: u32) {
    put_tag(into, tag);
    let long = has_long_length(vr);
    match (target, u16::try_from(length)) {
        (Target::ImplicitLittle, _) => into.extend(length.to_le_bytes()),
        (_, Ok(length)) if !long => {
            into.extend(vr.to_bytes());
            into.extend(length.to_le_bytes());
        }
        _ => {
            into.extend(if long { vr } else { VR::UN }.to_bytes());
            into.extend([0, 0]);
            into.extend(length.to_le_bytes());
        }
    }
}

/// What makes a value's length even (PS3.5 §6.2).
#[must_use]
pub const fn padding(vr: VR) -> u8 {
    match vr {
        VR::UI | VR::OB | VR::UN => 0,
        _ => b' ',
    }
}

/// An element.
pub fn put(into: &mut Vec<u8>, target: Target, tag: Tag, vr: VR, value: &[u8]) {
    let odd = value.len() % 2;
    put_header(into, target, tag, vr, (value.len() + odd) as u32);
    into.extend(value);
    into.extend([padding(vr)].iter().take(odd));
}

/// How many bytes of a value are turned around together in big endian.
const fn width(vr: VR) -> usize {
    match vr {
        VR::US | VR::SS | VR::OW | VR::AT => 2,
        VR::UL | VR::SL | VR::FL | VR::OL | VR::OF => 4,
        VR::FD | VR::OD | VR::UV | VR::SV | VR::OV => 8,
        _ => 1,
    }
}

/// A value in little endian.
#[must_use]
pub fn little(vr: VR, bytes: &[u8], encoding: Encoding) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if encoding == Encoding::ExplicitBig && width(vr) > 1 {
        bytes.chunks_exact_mut(width(vr)).for_each(<[u8]>::reverse);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_its_value_representation_is_of_an_unknown_one() {
        let written = |target, vr, length| {
            let mut bytes = Vec::new();
            put_header(&mut bytes, target, Tag(0x0008, 0x0060), vr, length);
            bytes
        };
        let header = |vr, length| written(Target::ExplicitLittle, vr, length);
        assert_eq!(header(VR::CS, 2), b"\x08\0\x60\0CS\x02\0");
        assert_eq!(header(VR::DS, 70_000), b"\x08\0\x60\0UN\0\0\x70\x11\x01\0");
        assert_eq!(header(VR::OB, 2), b"\x08\0\x60\0OB\0\0\x02\0\0\0");
        // Without a value representation nothing is.
        for vr in [VR::CS, VR::DS, VR::OB] {
            assert_eq!(written(Target::ImplicitLittle, vr, 70_000), b"\x08\0\x60\0\x70\x11\x01\0");
        }
    }
}
