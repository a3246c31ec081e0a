//! A file in which some boxes are called `free`, so that whoever reads it passes them over, and which ends for a reader that goes
//! round in it.

use std::io::{self, Read, Seek, SeekFrom};

/// What the masked boxes are called.
const NAME: [u8; 4] = *b"free";

/// The file, from its beginning.
pub struct Masked<'a, R> {
    pub file: &'a mut R,
    /// Where the next byte lies.
    pub at: u64,
    /// Where the names of the masked boxes begin, rising.
    pub names: &'a [u64],
    /// How many more reads there may be: a box that claims to be empty holds a careless reader for ever.
    pub reads_left: u64,
}

impl<R: Read> Read for Masked<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads_left = self.reads_left.checked_sub(1).ok_or(io::ErrorKind::UnexpectedEof)?;
        let read = self.file.read(buffer)?;
        let (begins, ends) = (self.at, self.at + read as u64);
        let first = self.names.partition_point(|name| name + NAME.len() as u64 <= begins);
        for name in self.names[first..].iter().take_while(|name| **name < ends) {
            for (place, letter) in (*name..).zip(NAME) {
                if (begins..ends).contains(&place) {
                    buffer[(place - begins) as usize] = letter;
                }
            }
        }
        self.at = ends;
        Ok(read)
    }
}

impl<R: Seek> Seek for Masked<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}
