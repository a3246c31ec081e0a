//! PALETTE COLOR (PS3.3 §C.7.6.3.1.5, §C.7.6.3.1.6).

use crate::Encoding;
use crate::error::{DicomError, Field};
use crate::header::{self, Header};

/// A palette: the sRGB colour of each index from `first` on.
#[derive(Debug, Clone)]
pub struct Palette {
    first: u16,
    colours: Vec<[u8; 3]>,
}

impl Palette {
    /// The palette of the picture.
    pub(crate) fn read(header: &Header, encoding: Encoding) -> Result<Self, DicomError> {
        if header.has(header::RED_SEGMENTED_PALETTE) && !header.has(header::RED_PALETTE) {
            return Err(DicomError::Unsupported("a segmented palette"));
        }
        let table = |descriptor, data| read_table(header, descriptor, data, encoding);
        let (first, red) = table(header::RED_PALETTE_DESCRIPTOR, header::RED_PALETTE)?;
        let (_, green) = table(header::GREEN_PALETTE_DESCRIPTOR, header::GREEN_PALETTE)?;
        let (_, blue) = table(header::BLUE_PALETTE_DESCRIPTOR, header::BLUE_PALETTE)?;
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
fn read_table(
    header: &Header,
    descriptor: Field,
    data: Field,
    encoding: Encoding,
) -> Result<(u16, Vec<u8>), DicomError> {
    let descriptor_words = header.words(descriptor, encoding).ok_or(DicomError::Missing(descriptor))?;
    let [entries, first, bits] = descriptor_words[..] else { return Err(DicomError::Missing(descriptor)) };
    // 0 stands for 65,536, which 16 bits cannot hold.
    let entries = if entries == 0 { 65_536 } else { usize::from(entries) };
    let words = header.words(data, encoding).ok_or(DicomError::Missing(data))?;
    let table = match bits {
        // Entries of eight bits lie two in a word, the first in its low byte.
        8 if words.len() < entries => {
            words.iter().flat_map(|word| word.to_le_bytes()).take(entries).collect()
        }
        8 => words.iter().take(entries).map(|word| word.to_le_bytes()[0]).collect(),
        16 => {
            let words = &words[..entries.min(words.len())];
            // Some writers declare 16 bits and fill eight: such a palette would be black.
            let narrow = words.iter().all(|word| *word < 256);
            words.iter().map(|word| word.to_le_bytes()[usize::from(!narrow)]).collect::<Vec<u8>>()
        }
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
