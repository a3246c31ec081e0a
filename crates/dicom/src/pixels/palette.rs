//! PALETTE COLOR (PS3.3 §C.7.6.3.1.5, §C.7.6.3.1.6).

use super::segmented;
use crate::Encoding;
use crate::error::{DicomError, Field};
use crate::header::{self, Header};

/// The elements of one table: written out, or in segments.
struct Channel {
    descriptor: Field,
    data: Field,
    segments: Field,
}

const RED: Channel = Channel {
    descriptor: header::RED_PALETTE_DESCRIPTOR,
    data: header::RED_PALETTE,
    segments: header::RED_SEGMENTED_PALETTE,
};
const GREEN: Channel = Channel {
    descriptor: header::GREEN_PALETTE_DESCRIPTOR,
    data: header::GREEN_PALETTE,
    segments: header::GREEN_SEGMENTED_PALETTE,
};
const BLUE: Channel = Channel {
    descriptor: header::BLUE_PALETTE_DESCRIPTOR,
    data: header::BLUE_PALETTE,
    segments: header::BLUE_SEGMENTED_PALETTE,
};

/// A palette: the sRGB colour of each index from `first` on.
#[derive(Debug, Clone)]
pub struct Palette {
    first: u16,
    colours: Vec<[u8; 3]>,
}

impl Palette {
    /// The palette of the picture.
    pub(crate) fn read(header: &Header, encoding: Encoding) -> Result<Self, DicomError> {
        let table = |channel| read_table(header, channel, encoding);
        let (first, red) = table(&RED)?;
        let (_, green) = table(&GREEN)?;
        let (_, blue) = table(&BLUE)?;
        Ok(Self::new(first, &red, &green, &blue))
    }

    /// A palette of three tables; the shortest sets its length.
    #[must_use]
    pub fn new(first: u16, red: &[u8], green: &[u8], blue: &[u8]) -> Self {
        let colours = red.iter().zip(green).zip(blue).map(|((r, g), b)| [*r, *g, *b]).collect();
        Self { first, colours }
    }

    /// The colour of an index; those outside the table take its ends, as the standard says.
    #[must_use]
    pub fn colour(&self, index: u16) -> [u8; 3] {
        let place = usize::from(index.saturating_sub(self.first));
        self.colours.get(place).or(self.colours.last()).copied().unwrap_or_default()
    }
}

/// The first index and the entries, in eight bits.
fn read_table(header: &Header, channel: &Channel, encoding: Encoding) -> Result<(u16, Vec<u8>), DicomError> {
    let Channel { descriptor, data, segments } = *channel;
    let descriptor_words = header.words(descriptor, encoding).ok_or(DicomError::Missing(descriptor))?;
    let [entries, first, bits] = descriptor_words[..] else { return Err(DicomError::Missing(descriptor)) };
    // 0 stands for 65,536, which 16 bits cannot hold.
    let entries = if entries == 0 { 65_536 } else { usize::from(entries) };
    let table = match (header.words(data, encoding), header.words(segments, encoding), bits) {
        (Some(words), _, 8) => low_bytes(&words, entries),
        (Some(words), _, 16) => high_bytes(&words, entries),
        (None, Some(words), 16) => {
            high_bytes(&segmented::expand(&words, entries).ok_or(DicomError::Missing(segments))?, entries)
        }
        (None, Some(_), 8) => {
            return Err(DicomError::Unsupported("a segmented palette of eight bits an entry"));
        }
        (None, None, _) => return Err(DicomError::Missing(data)),
        _ => {
            let value = i64::from(bits);
            return Err(DicomError::BadValue { field: descriptor, value, allowed: "8 or 16 bits an entry" });
        }
    };
    if table.len() < entries {
        return Err(DicomError::Missing(data));
    }
    Ok((first, table))
}

/// Entries of eight bits lie two in a word, the first in its low byte; some writers give each a word.
fn low_bytes(words: &[u16], entries: usize) -> Vec<u8> {
    if words.len() < entries {
        words.iter().flat_map(|word| word.to_le_bytes()).take(entries).collect()
    } else {
        words.iter().take(entries).map(|word| word.to_le_bytes()[0]).collect()
    }
}

/// Of entries of 16 bits the upper eight. Some writers declare 16 and fill eight: such a palette would be black.
fn high_bytes(words: &[u16], entries: usize) -> Vec<u8> {
    let words = &words[..entries.min(words.len())];
    let narrow = words.iter().all(|word| *word < 256);
    words.iter().map(|word| word.to_le_bytes()[usize::from(!narrow)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_outside_the_table_take_its_ends() {
        let palette = Palette::new(10, &[1, 2, 3], &[4, 5, 6], &[7, 8, 9]);
        let check = |index, expect| assert_eq!(palette.colour(index), expect, "{index}");
        check(0, [1, 4, 7]);
        check(10, [1, 4, 7]);
        check(11, [2, 5, 8]);
        check(12, [3, 6, 9]);
        check(65_535, [3, 6, 9]);
        assert_eq!(Palette::new(0, &[], &[], &[]).colour(3), [0, 0, 0]);
    }
}
