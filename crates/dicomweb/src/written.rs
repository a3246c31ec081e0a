//! Elements as they are written in explicit little endian (PS3.5 §7.1.2), and the file meta information before them (PS3.10 §7.1).

use peony_dicom::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, Tag, VR};

pub(crate) const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
pub(crate) const UNDEFINED: u32 = u32::MAX;
pub(crate) const ITEM: Tag = Tag(0xFFFE, 0xE000);
pub(crate) const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
pub(crate) const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);

/// Preamble and file meta information.
pub(crate) fn file_meta(sop_class_uid: &str, instance_uid: &str, transfer_syntax_uid: &str) -> Vec<u8> {
    let mut elements = Vec::new();
    let mut put = |element, vr, value: &[u8]| put(&mut elements, Tag(0x0002, element), vr, value);
    put(0x0001, VR::OB, &[0, 1]);
    put(0x0002, VR::UI, sop_class_uid.as_bytes());
    put(0x0003, VR::UI, instance_uid.as_bytes());
    put(0x0010, VR::UI, transfer_syntax_uid.as_bytes());
    put(0x0012, VR::UI, IMPLEMENTATION_CLASS_UID.as_bytes());
    put(0x0013, VR::SH, IMPLEMENTATION_VERSION_NAME.as_bytes());
    let mut file = vec![0; 128];
    file.extend(b"DICM");
    let length = elements.len() as u32;
    self::put(&mut file, Tag(0x0002, 0x0000), VR::UL, &length.to_le_bytes());
    file.extend(elements);
    file
}

pub(crate) fn put_tag(into: &mut Vec<u8>, tag: Tag) {
    into.extend(tag.group().to_le_bytes());
    into.extend(tag.element().to_le_bytes());
}

/// An item or a delimiter, which have no value representation (§7.5).
pub(crate) fn put_item(into: &mut Vec<u8>, tag: Tag, length: u32) {
    put_tag(into, tag);
    into.extend(length.to_le_bytes());
}

/// The header of an element (PS3.5 §7.1.2). What is too long for its value representation is of an unknown one (§6.2.2).
pub(crate) fn put_header(into: &mut Vec<u8>, tag: Tag, vr: VR, length: u32) {
    put_tag(into, tag);
    let long = peony_dicom::has_long_length(vr);
    match u16::try_from(length) {
        Ok(length) if !long => {
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
pub(crate) const fn padding(vr: VR) -> u8 {
    match vr {
        VR::UI | VR::OB | VR::UN => 0,
        _ => b' ',
    }
}

pub(crate) fn put(into: &mut Vec<u8>, tag: Tag, vr: VR, value: &[u8]) {
    let odd = value.len() % 2;
    put_header(into, tag, vr, (value.len() + odd) as u32);
    into.extend(value);
    into.extend([padding(vr)].iter().take(odd));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_its_value_representation_is_of_an_unknown_one() {
        let header = |vr, length| {
            let mut bytes = Vec::new();
            put_header(&mut bytes, Tag(0x0008, 0x0060), vr, length);
            bytes
        };
        assert_eq!(header(VR::CS, 2), b"\x08\0\x60\0CS\x02\0");
        assert_eq!(header(VR::DS, 70_000), b"\x08\0\x60\0UN\0\0\x70\x11\x01\0");
        assert_eq!(header(VR::OB, 2), b"\x08\0\x60\0OB\0\0\x02\0\0\0");
    }
}
