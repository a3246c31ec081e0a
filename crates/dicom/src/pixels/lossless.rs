//! The samples of a frame to coded bytes, without loss: what the decoders beside give back.

use peony_model::guarded;

use super::{Decoded, ImageHeader, Samples, jpegls, jpegxl, rle};
use crate::{Codec, DicomError};

/// A coding that frames are written in. Nothing here loses anything: whoever would have less asks for a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lossless {
    /// Run lengths of byte planes (PS3.5 Annex G): of any samples.
    Rle,
    /// JPEG-LS (ITU-T T.87): of one sample a pixel.
    JpegLs,
    /// JPEG XL (ISO/IEC 18181): of unsigned grey and of red, green and blue.
    JpegXl,
}

impl Lossless {
    /// All of them. The first one takes every picture.
    pub const ALL: [Self; 3] = [Self::Rle, Self::JpegLs, Self::JpegXl];

    /// The transfer syntax whose frames are coded so.
    #[must_use]
    pub const fn uid(self) -> &'static str {
        match self {
            Self::Rle => "1.2.840.10008.1.2.5",
            Self::JpegLs => "1.2.840.10008.1.2.4.80",
            Self::JpegXl => "1.2.840.10008.1.2.4.110",
        }
    }

    /// By which a frame is decoded again.
    #[must_use]
    pub const fn codec(self) -> Codec {
        match self {
            Self::Rle => Codec::Rle,
            Self::JpegLs => Codec::JpegLs,
            Self::JpegXl => Codec::JpegXl,
        }
    }

    /// Codes a frame; `image` is the header by which it was decoded.
    ///
    /// # Errors
    /// [`DicomError::NotWritten`] where the coding has no such pictures, or its encoder none.
    pub fn encode(self, frame: Decoded, image: &ImageHeader) -> Result<Vec<u8>, DicomError> {
        // As with decoders: a panic of somebody else's encoder costs this answer, not the program.
        let coded = guarded(|| match self {
            Self::Rle => rle::encode(frame, image),
            Self::JpegLs => jpegls::encode(frame, image),
            Self::JpegXl => jpegxl::encode(frame, image),
        });
        coded.unwrap_or_else(|_| Err(self.refused("what its encoder gave up on")))
    }

    pub(super) const fn refused(self, what: &'static str) -> DicomError {
        DicomError::NotWritten { coding: self, what }
    }
}

/// Samples as numbers without a sign: those in two's complement as the bits that are stored.
pub(super) fn unsigned(frame: Decoded, image: &ImageHeader) -> Vec<u16> {
    // An unsigned sample keeps what stands above the bits that are said to be stored: it may be one.
    let kept = if image.signed { u16::MAX >> (16 - image.bits_stored) } else { u16::MAX };
    match frame.samples {
        Samples::U8(samples) => samples.into_iter().map(|sample| u16::from(sample) & kept).collect(),
        Samples::U16(samples) => samples.into_iter().map(|sample| sample & kept).collect(),
    }
}

/// The bits that a stream of such numbers says: as many as are stored, more where one of them has more, and more than eight where a cell has sixteen, since a
/// stream of eight is decoded into cells of eight.
pub(super) fn bits(samples: &[u16], image: &ImageHeader) -> u8 {
    let most = samples.iter().copied().max().unwrap_or_default();
    let least = if image.bits_allocated > 8 { 9 } else { 1 };
    image.bits_stored.max((u16::BITS - most.leading_zeros()) as u8).max(least)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pixels::{Photometric, SampleOrder, decode};

    fn header(columns: u32, rows: u32, bits_stored: u8, signed: bool, colour: bool) -> ImageHeader {
        ImageHeader {
            rows,
            columns,
            samples: if colour { 3 } else { 1 },
            photometric: if colour { Photometric::Rgb } else { Photometric::Monochrome2 },
            planar: false,
            bits_allocated: if bits_stored > 8 { 16 } else { 8 },
            bits_stored,
            high_bit: bits_stored - 1,
            signed,
            order: SampleOrder::Little,
        }
    }

    /// The samples of a frame out of its numbers, cut to the bits that are stored.
    fn frame(numbers: &[u16], image: &ImageHeader) -> Decoded {
        let cut = numbers.iter().map(|number| number & (u16::MAX >> (16 - image.bits_stored)));
        let samples = if image.bits_allocated == 8 {
            Samples::U8(cut.map(|sample| sample as u8).collect())
        } else {
            Samples::U16(cut.collect())
        };
        Decoded { samples, is_rgb: false }
    }

    /// Whether a frame comes back as it was, in every coding that takes it.
    fn comes_back(numbers: &[u16], image: &ImageHeader) {
        let frame = frame(numbers, image);
        for coding in Lossless::ALL {
            let coded = match coding.encode(frame.clone(), image) {
                Ok(coded) => coded,
                Err(error) => {
                    assert!(!takes(coding, image), "{coding:?} {image:?}: {error}");
                    continue;
                }
            };
            assert!(takes(coding, image), "{coding:?} {image:?}");
            let back = decode(coding.codec(), &coded, image)
                .unwrap_or_else(|error| panic!("{coding:?} {image:?}: {error}"));
            let [back, sent] = [back, frame.clone()].map(|frame| frame.written(image, None).unwrap());
            assert!(back == sent, "{coding:?} {image:?}");
        }
    }

    fn takes(coding: Lossless, image: &ImageHeader) -> bool {
        match coding {
            Lossless::Rle => true,
            Lossless::JpegLs => image.samples == 1,
            Lossless::JpegXl => !image.signed && image.rows > 1 && image.columns > 1,
        }
    }

    /// Numbers that look like noise, the same each time.
    fn noise(count: usize) -> Vec<u16> {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u16
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn every_depth_size_and_kind_of_picture_comes_back() {
        // JPEG XL is coded in groups of 256 pixels a side, run lengths in pieces of 128.
        let sizes = [(1, 1), (1, 9), (9, 1), (2, 2), (5, 3), (129, 4), (255, 7), (257, 259), (600, 2)];
        for (columns, rows) in sizes {
            for (bits_stored, signed) in [
                (1, false),
                (6, true),
                (8, false),
                (8, true),
                (10, false),
                (12, false),
                (12, true),
                (16, false),
                (16, true),
            ] {
                for colour in [false, true] {
                    if colour && (bits_stored != 8 || signed) {
                        continue;
                    }
                    let image = header(columns, rows, bits_stored, signed, colour);
                    image.check().unwrap();
                    let count = image.decoded_samples();
                    let noise = noise(count);
                    let steps: Vec<u16> = (0..count).map(|at| (at / 150 * 37) as u16).collect();
                    let faint: Vec<u16> = noise.iter().map(|number| 200 + number % 3).collect();
                    let edges: Vec<u16> =
                        (0..count).map(|at| if at % 5 < 2 { 0 } else { u16::MAX }).collect();
                    for numbers in [&vec![0; count], &vec![u16::MAX; count], &noise, &steps, &faint, &edges] {
                        comes_back(numbers, &image);
                    }
                }
            }
        }
    }

    #[test]
    fn a_stream_says_how_many_bits_are_stored() {
        for (columns, rows) in [(2, 3), (300, 700), (9000, 2), (2, 9000)] {
            for bits_stored in [1, 6, 8, 10, 12, 16] {
                let image = header(columns, rows, bits_stored, false, false);
                let frame = frame(&noise(image.pixels()), &image);
                let coded = |coding: Lossless| coding.encode(frame.clone(), &image).unwrap();
                assert_eq!(coded(Lossless::JpegLs)[6], bits_stored.max(2), "{image:?}");
                let read = jxl_oxide::JxlImage::builder().read(coded(Lossless::JpegXl).as_slice()).unwrap();
                let bits = read.image_header().metadata.bit_depth.bits_per_sample();
                assert_eq!(bits, u32::from(bits_stored), "{image:?}");
            }
        }
        // Eight bits and fewer in cells of sixteen.
        for bits_stored in [1, 5, 8] {
            let image = ImageHeader { bits_allocated: 16, ..header(9, 7, bits_stored, false, false) };
            let numbers = noise(image.pixels());
            comes_back(&numbers, &image);
            comes_back(&numbers, &ImageHeader { signed: true, ..image });
            let coded = Lossless::JpegLs.encode(frame(&numbers, &image), &image).unwrap();
            assert_eq!(coded[6], 9, "{image:?}");
        }
    }

    #[test]
    fn what_a_coding_has_no_place_for_is_refused() {
        let said = |coding: Lossless, image: &ImageHeader| {
            let frame = frame(&vec![7; image.decoded_samples()], image);
            coding.encode(frame.clone(), image).map(|_| ()).map_err(|error| error.to_string())
        };
        let (grey, colour) = (header(4, 3, 8, false, false), header(4, 3, 8, false, true));
        assert_eq!(said(Lossless::JpegLs, &colour), Err("colour is not written in JPEG-LS".into()));
        let ybr = ImageHeader { photometric: Photometric::YbrFull, ..colour };
        let mixed = Err("colour other than red, green and blue is not written in JPEG XL".into());
        assert_eq!((said(Lossless::JpegXl, &colour), said(Lossless::JpegXl, &ybr)), (Ok(()), mixed));
        let signed = ImageHeader { signed: true, ..grey };
        let of_sign = Err("a picture of signed samples is not written in JPEG XL".into());
        assert_eq!(said(Lossless::JpegXl, &signed), of_sign);
        let palette = ImageHeader { photometric: Photometric::Palette, ..grey };
        assert_eq!(said(Lossless::JpegLs, &palette), Ok(()));
        assert!(said(Lossless::JpegXl, &palette).is_err());
        for coding in Lossless::ALL {
            let short = coding.encode(frame(&[1, 2], &grey), &grey);
            assert!(short.is_err(), "{coding:?}: fewer samples than the header says");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_samples_are_they_come_back(
            (columns, rows) in (1_u32..40, 1_u32..40),
            bits_stored in 1_u8..=16,
            signed: bool,
            colour: bool,
            runs in prop::collection::vec((any::<u16>(), 1_usize..300), 1..60),
        ) {
            let colour = colour && bits_stored == 8 && !signed;
            let image = header(columns, rows, bits_stored, signed, colour);
            let numbers: Vec<u16> = runs
                .iter()
                .cycle()
                .flat_map(|(number, length)| std::iter::repeat_n(*number, *length))
                .take(image.decoded_samples())
                .collect();
            comes_back(&numbers, &image);
        }
    }
}
