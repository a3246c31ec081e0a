//! Multipart bodies (RFC 2046 §5.1) as they come: what was fed in comes out as pieces, and no more than a few kilobytes of it is kept back.
//!
//! `multer` takes in what the network has before it gives anything out, and its limit is one on the whole body: an object of a
//! gigabyte would be in memory. Hence a reader of our own, which knows no socket and is fuzzed.

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memmem;

/// Of the headers of one part.
const HEADER_BYTES: usize = 8 << 10;
/// Before the first boundary.
const PREAMBLE_BYTES: usize = 64 << 10;
/// White space after a boundary.
const PADDING_BYTES: usize = 256;
/// RFC 2046 §5.1.1.
const BOUNDARY_BYTES: usize = 70;

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// RFC 2046 §5.1.1 allows 1 to 70 characters.
    #[error("the boundary is missing or is none")]
    Boundary,
    /// Bytes that are part of nothing.
    #[error("more than {PREAMBLE_BYTES} bytes come before the first boundary")]
    Preamble,
    /// Something else stands where a boundary's line ends.
    #[error("a boundary is followed by something else than the end of its line")]
    AfterBoundary,
    /// Headers of a part without an end.
    #[error("a part has more than {HEADER_BYTES} bytes of headers")]
    HeadersTooLong,
    /// Something else stands where a header should.
    #[error("a part has something that is no header among its headers")]
    NoHeader,
    /// The body ends before its last boundary.
    #[error("the body ends before its last boundary")]
    CutOff,
}

/// A piece of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A part begins.
    Part(Head),
    /// Bytes of the part that began last.
    Data(Bytes),
    /// That part is there whole.
    PartEnd,
    /// The last boundary. What follows is nothing (§5.1.1).
    End,
}

/// What the headers of a part say, empty where they do not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// Content-Type.
    pub kind: String,
    /// Content-Location.
    pub location: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Bytes before the first boundary, so many were passed over.
    Preamble(usize),
    AfterBoundary,
    Headers,
    Data,
    End,
}

/// A reader of one body.
#[derive(Debug)]
pub struct Reader {
    /// The boundary with the end of the line before it and its two hyphens.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    state: State,
}

impl Reader {
    /// A reader of a body with this boundary.
    ///
    /// # Errors
    /// [`MultipartError::Boundary`].
    pub fn new(boundary: &str) -> Result<Self, MultipartError> {
        let fits = (1..=BOUNDARY_BYTES).contains(&boundary.len())
            && boundary.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
            && !boundary.ends_with(' ');
        if !fits {
            return Err(MultipartError::Boundary);
        }
        // The first boundary may begin the body: then there is no line before it that ends.
        let buffer = BytesMut::from(&b"\r\n"[..]);
        Ok(Self { delimiter: format!("\r\n--{boundary}").into_bytes(), buffer, state: State::Preamble(0) })
    }

    /// Takes what came.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.state != State::End {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next piece; `None` where more must come first.
    ///
    /// # Errors
    /// [`MultipartError`]; nothing follows then.
    pub fn take(&mut self) -> Result<Option<Piece>, MultipartError> {
        loop {
            match self.state {
                State::Preamble(passed) => match memmem::find(&self.buffer, &self.delimiter) {
                    Some(at) => self.pass(at),
                    None => {
                        let rest = self.buffer.len().min(self.delimiter.len() - 1);
                        let over = self.buffer.len() - rest;
                        self.buffer.advance(over);
                        if passed + over > PREAMBLE_BYTES {
                            return Err(MultipartError::Preamble);
                        }
                        self.state = State::Preamble(passed + over);
                        return Ok(None);
                    }
                },
                State::AfterBoundary => {
                    if self.buffer.starts_with(b"--") {
                        self.buffer.clear();
                        self.state = State::End;
                        return Ok(Some(Piece::End));
                    }
                    let padding = self.buffer.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                    match &self.buffer[padding..] {
                        _ if padding > PADDING_BYTES => return Err(MultipartError::AfterBoundary),
                        [b'\r', b'\n', ..] => {
                            self.buffer.advance(padding + 2);
                            self.state = State::Headers;
                        }
                        [] | [b'\r'] => return Ok(None),
                        [b'-'] if padding == 0 => return Ok(None),
                        _ => return Err(MultipartError::AfterBoundary),
                    }
                }
                State::Headers => {
                    // Without a header the empty line comes at once.
                    let end = if self.buffer.starts_with(b"\r\n") {
                        Some((0, 2))
                    } else {
                        memmem::find(&self.buffer, b"\r\n\r\n").map(|at| (at, at + 4))
                    };
                    let Some((end, next)) = end.filter(|(end, _)| *end <= HEADER_BYTES) else {
                        let too_long = self.buffer.len() > HEADER_BYTES + 4;
                        return if too_long { Err(MultipartError::HeadersTooLong) } else { Ok(None) };
                    };
                    let head = head(&self.buffer[..end])?;
                    self.buffer.advance(next);
                    self.state = State::Data;
                    return Ok(Some(Piece::Part(head)));
                }
                State::Data => match memmem::find(&self.buffer, &self.delimiter) {
                    Some(0) => {
                        self.pass(0);
                        return Ok(Some(Piece::PartEnd));
                    }
                    Some(at) => return Ok(Some(Piece::Data(self.buffer.split_to(at).freeze()))),
                    None => {
                        let over = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
                        let data = self.buffer.split_to(over).freeze();
                        return Ok((over > 0).then_some(Piece::Data(data)));
                    }
                },
                State::End => return Ok(None),
            }
        }
    }

    /// Whether the body may end here.
    ///
    /// # Errors
    /// [`MultipartError::CutOff`].
    pub fn finish(&self) -> Result<(), MultipartError> {
        if self.state == State::End { Ok(()) } else { Err(MultipartError::CutOff) }
    }

    fn pass(&mut self, at: usize) {
        self.buffer.advance(at + self.delimiter.len());
        self.state = State::AfterBoundary;
    }
}

/// The headers of a part.
fn head(headers: &[u8]) -> Result<Head, MultipartError> {
    let mut head = Head::default();
    let text = std::str::from_utf8(headers).map_err(|_| MultipartError::NoHeader)?;
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or(MultipartError::NoHeader)?;
        match name.trim().to_ascii_lowercase().as_str() {
            "content-type" => value.trim().clone_into(&mut head.kind),
            "content-location" => value.trim().clone_into(&mut head.location),
            _ => {}
        }
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a body gives when it comes in parts of this length: each part's type and bytes.
    fn read(body: &[u8], step: usize) -> Result<Vec<(String, Vec<u8>)>, MultipartError> {
        let mut reader = Reader::new("b-1")?;
        let (mut parts, mut whole) = (Vec::new(), 0);
        for bytes in body.chunks(step) {
            reader.feed(bytes);
            while let Some(piece) = reader.take()? {
                match piece {
                    Piece::Part(head) => parts.push((head.kind, Vec::new())),
                    Piece::Data(data) => parts.last_mut().unwrap().1.extend_from_slice(&data),
                    Piece::PartEnd => whole += 1,
                    Piece::End => assert_eq!(whole, parts.len()),
                }
            }
            assert!(reader.buffer.len() <= HEADER_BYTES + 8);
        }
        reader.finish()?;
        Ok(parts)
    }

    #[test]
    fn a_body_comes_out_however_it_comes_in() {
        let body = b"preamble\r\n--b-1 \t\r\nContent-Type: application/dicom\r\nX: y\r\n\r\nab\r\n--b-\r\ncd\
            \r\n--b-1\r\n\r\n\r\n--b-1\r\ncontent-type:text/plain\r\n\r\n\r\n\r\n--b-1--\r\nepilogue \r\n--b-1\r\n";
        let expect = [
            ("application/dicom".to_owned(), b"ab\r\n--b-\r\ncd".to_vec()),
            (String::new(), Vec::new()),
            ("text/plain".to_owned(), b"\r\n".to_vec()),
        ];
        for step in [1, 2, 3, 7, 1000] {
            assert_eq!(read(body, step).unwrap(), expect, "{step}");
        }
        assert_eq!(read(b"--b-1--", 1).unwrap(), []);
    }

    #[test]
    fn what_is_no_body_is_refused() {
        let long = |text: &str| text.repeat(100_000).into_bytes();
        for (body, expect) in [
            (b"".to_vec(), MultipartError::CutOff),
            (b"--b-1\r\n\r\nabc".to_vec(), MultipartError::CutOff),
            (b"--b-1\r\n\r\nabc\r\n--b-1".to_vec(), MultipartError::CutOff),
            (b"--b-1x\r\n\r\n".to_vec(), MultipartError::AfterBoundary),
            (b"--b-1-\r\n\r\n".to_vec(), MultipartError::AfterBoundary),
            (long("x"), MultipartError::Preamble),
            ([b"--b-1".to_vec(), long(" ")].concat(), MultipartError::AfterBoundary),
            ([b"--b-1\r\n".to_vec(), long("a: b\r\n")].concat(), MultipartError::HeadersTooLong),
            (b"--b-1\r\nno header\r\n\r\n".to_vec(), MultipartError::NoHeader),
            (b"--b-1\r\n\xFF: x\r\n\r\n".to_vec(), MultipartError::NoHeader),
        ] {
            for step in [1, 1000] {
                assert_eq!(read(&body, step).unwrap_err(), expect, "{:?}", body.get(..20));
            }
        }
        for boundary in ["", &"x".repeat(71), "a\r\nb", "ends ", "ü"] {
            assert!(Reader::new(boundary).is_err(), "{boundary}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_of_a_part_come_out(data in prop::collection::vec(any::<u8>(), 0..300), step in 1..50_usize) {
            prop_assume!(memmem::find(&data, b"\r\n--b-1").is_none());
            let body = [b"--b-1\r\n\r\n", &data[..], b"\r\n--b-1--"].concat();
            prop_assert_eq!(read(&body, step).unwrap(), [(String::new(), data)]);
        }
    }
}
