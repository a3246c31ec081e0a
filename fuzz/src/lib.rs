//! What the fuzz targets share: a frame's header from the first bytes of the input, and the way a target ends.
//!
//! ```text
//! mkdir -p fuzz/corpus/dicom_read      # the first folder takes what is found; the seeds stay as they are
//! cargo fuzz run -s none dicom_read fuzz/corpus/dicom_read fuzz/seeds/dicom_read -- \
//!     -max_total_time=60 -timeout=20 -rss_limit_mb=2048 -max_len=65536
//! ```
//!
//! Stable Rust is enough without a sanitizer: our code and the decoders but that of H.264 (`mp4`, C++: a crash of its
//! own is a finding too) are safe Rust, so what is looked for is a
//! panic that gets out, a stack overflow, a hang, or memory past the limit. `-s none` leaves debug assertions on.

use peony_dicom::pixels::{self, ImageHeader, Palette, Photometric, SampleOrder, Tone};
use peony_dicom::{Codec, limits, open_bytes};
use peony_model::{Frame, Pixels};
use peony_sources::capture::{Announcement, Examination, HEADER_BYTES as CAPTURE_HEADER_BYTES, Range, Sent};
use peony_sources::igtl::{Connection, Content, Depth, HEADER_BYTES, Header, Message, crc64};
use peony_sources::mp4::Mp4;
use peony_sources::y4m::Y4m;
use peony_sources::{Heard, Link};

/// The panic hook of libFuzzer aborts before anything is unwound. A decoder's panic that `pixels::decode` catches is no
/// finding and passes it, unless `PEONY_FUZZ_STRICT` is set; one that gets out, or that another thread says, is.
fn let_caught_panics_pass() {
    if std::env::var_os("PEONY_FUZZ_STRICT").is_none() {
        peony_model::quiet_guarded_panics();
    }
}

/// Decodes one frame of `codec`. The first four bytes of the input are its header; the rest is coded.
pub fn frame(codec: Codec, input: &[u8]) {
    let_caught_panics_pass();
    let Some((header, coded)) = input.split_first_chunk::<4>() else { return };
    let image = image_header(*header);
    if image.check().is_err() {
        return;
    }
    if let Ok(decoded) = pixels::decode(codec, coded, &image) {
        assert_eq!(decoded.samples.len(), image.decoded_samples());
        let palette = Palette::new(u16::from(header[3]), &[0, 127, 255], &[255, 127, 0], &[0, 255, 0]);
        let _ = Tone::plain(&image, palette).apply(decoded, &image);
    }
}

/// At most 64 × 64 pixels: faults of decoders do not need large pictures.
fn image_header([rows, columns, kind, bits]: [u8; 4]) -> ImageHeader {
    let photometric = match kind & 7 {
        0 => Photometric::Monochrome1,
        1 => Photometric::Monochrome2,
        2 => Photometric::Palette,
        3 => Photometric::YbrFull,
        4 => Photometric::YbrFull422,
        5 => Photometric::Ybr2000,
        _ => Photometric::Rgb,
    };
    let colour = kind & 7 > 2;
    let bits_allocated = if bits & 0x80 != 0 { 16 } else { 8 };
    let bits_stored = ((bits & 0x0F) + 1).min(bits_allocated);
    let high_bit = (bits_stored - 1 + (bits >> 4 & 7)).min(bits_allocated - 1);
    let order =
        [SampleOrder::Little, SampleOrder::Big, SampleOrder::BigWords][usize::from(kind >> 5 & 3) % 3];
    ImageHeader {
        rows: u32::from(rows % 64) + 1,
        columns: u32::from(columns % 64) + 1,
        samples: if colour { 3 } else { 1 },
        photometric,
        planar: kind & 8 != 0,
        bits_allocated,
        bits_stored,
        high_bit,
        signed: kind & 16 != 0,
        order,
    }
}

/// Decodes a PNG or a JPEG, as the program does.
pub fn still(input: &[u8]) {
    let_caught_panics_pass();
    let _ = peony_imaging::read_still(input);
}

/// Reads a whole file, and its first frames where they are small.
pub fn file(input: &[u8]) {
    let_caught_panics_pass();
    let Ok(cine) = open_bytes(input.to_vec()) else { return };
    let [columns, rows] = cine.size_px();
    assert!(u64::from(columns) * u64::from(rows) <= limits::FRAME_PIXELS);
    assert!(cine.frame_count() > 0);
    if u64::from(columns) * u64::from(rows) > 1 << 16 {
        return;
    }
    let mut last_ns = 0;
    for frame in cine.frames().take(3).flatten() {
        assert!(frame.time_ns >= last_ns);
        assert_eq!(frame.size_px(), cine.size_px());
        last_ns = frame.time_ns;
    }
}

/// Reads the input as a message, as the same with the CRC that its body has, and as a stream of messages.
pub fn igtl(input: &[u8]) {
    igtl_message(input);
    let mut input = input.to_vec();
    let Ok(header) = Header::parse(&input) else { return };
    if let Some(body) = input.get(HEADER_BYTES..header.message_bytes()) {
        let crc = crc64(body).to_be_bytes();
        input[HEADER_BYTES - crc.len()..HEADER_BYTES].copy_from_slice(&crc);
    }
    igtl_message(&input);
    let mut connection = Connection::new(&input[..], None, std::time::Duration::ZERO);
    while let Ok(heard) = connection.next() {
        if let Heard::Picture(picture) = heard {
            assert!(picture.pixels.size_px().iter().all(|side| (1..=8192).contains(side)));
        }
    }
}

fn igtl_message(input: &[u8]) {
    match Message::parse(input) {
        Ok(Message { content: Content::Image(image), .. }) => {
            let [columns, rows, slices] = image.size.map(u32::from);
            let pictures: Vec<Pixels> = image.slices(&mut Depth::default()).collect();
            assert_eq!(pictures.len(), slices as usize);
            assert!(pictures.iter().all(|pixels| pixels.size_px() == [columns, rows]));
            let _ = image.mm_per_px();
        }
        Ok(_) => {}
        Err(error) => assert!(error.to_string().len() < 200),
    }
}

/// Reads a file's header and its first frames.
pub fn y4m(input: &[u8]) {
    let_caught_panics_pass();
    let Ok(y4m) = Y4m::new(input) else { return };
    let size_px = y4m.size_px();
    assert!(size_px.iter().all(|side| (1..=8192).contains(side)));
    let mut last: Option<Frame> = None;
    for frame in y4m.take(3).flatten() {
        assert_eq!(frame.size_px(), size_px);
        assert!(last.is_none_or(|last| last.index < frame.index && last.time_ns <= frame.time_ns));
        last = Some(frame);
    }
}

/// Reads the input as an announcement, as a message, and as the header of a picture whose levels follow.
pub fn capture(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input)
        && let Err(error) = Announcement::parse(text)
    {
        assert!(error.to_string().len() < 1000);
    }
    capture_message(input);
    let Some(header) = input.get(..CAPTURE_HEADER_BYTES) else { return };
    let side = |at: usize| usize::from(header[at]) + usize::from(header[at + 1]) * 256;
    let payload_bytes = side(16) * side(18) + if header[4] & 2 == 0 { 0 } else { 768 };
    if payload_bytes > 1 << 16 {
        return;
    }
    let mut message = [&header[..20], &(payload_bytes as u32).to_le_bytes()].concat();
    message.resize(CAPTURE_HEADER_BYTES + payload_bytes, 128);
    capture_message(&message);
}

fn capture_message(message: &[u8]) {
    match Sent::parse(message) {
        Ok(sent) => {
            let size_px = sent.size_px.map(u32::from);
            assert!(size_px.iter().all(|side| (64..=4096).contains(side)));
            let now = std::time::Instant::now();
            assert_eq!(Examination::default().take(&sent, Range::Limited, now).frame.size_px(), size_px);
        }
        Err(error) => assert!(error.to_string().len() < 200),
    }
}

/// Reads a file's tables and its first frames.
pub fn mp4(input: &[u8]) {
    let_caught_panics_pass();
    let mp4 = match Mp4::new(std::io::Cursor::new(input)) {
        Ok(mp4) => mp4,
        Err(error) => return assert!(error.to_string().len() < 200),
    };
    let mut last_ns = 0;
    for frame in mp4.take(20).flatten() {
        assert!(frame.time_ns >= last_ns);
        last_ns = frame.time_ns;
    }
}
