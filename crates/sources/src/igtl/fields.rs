//! Numbers one after the other, big endian as all of OpenIGTLink's headers are.

use super::IgtlError;

/// What is left of a header.
pub(super) struct Fields<'a> {
    what: &'static str,
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    /// A header named `what` of exactly `needs` bytes, and what follows it.
    pub fn split(what: &'static str, bytes: &'a [u8], needs: usize) -> Result<(Self, &'a [u8]), IgtlError> {
        let truncated = || IgtlError::Truncated { what, needs: needs as u64, has: bytes.len() };
        let (head, rest) = bytes.split_at_checked(needs).ok_or_else(truncated)?;
        Ok((Self { what, bytes: head }, rest))
    }

    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], IgtlError> {
        let truncated = || IgtlError::Truncated { what: self.what, needs: N as u64, has: self.bytes.len() };
        let (taken, rest) = self.bytes.split_first_chunk::<N>().ok_or_else(truncated)?;
        self.bytes = rest;
        Ok(*taken)
    }

    pub fn u8(&mut self) -> Result<u8, IgtlError> {
        self.bytes::<1>().map(|[byte]| byte)
    }

    pub fn u16(&mut self) -> Result<u16, IgtlError> {
        self.bytes().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, IgtlError> {
        self.bytes().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, IgtlError> {
        self.bytes().map(u64::from_be_bytes)
    }

    pub fn u16s<const N: usize>(&mut self) -> Result<[u16; N], IgtlError> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.u16()?;
        }
        Ok(numbers)
    }

    pub fn f32s<const N: usize>(&mut self) -> Result<[f32; N], IgtlError> {
        let mut numbers = [0.0; N];
        for number in &mut numbers {
            *number = self.bytes().map(f32::from_be_bytes)?;
        }
        Ok(numbers)
    }
}
