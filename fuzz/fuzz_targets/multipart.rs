//! A body in parts as the network brings it, in pieces of any length: what comes out does not depend on them, and little is kept back. Its crate
//! brings a store with two databases, which this target is not about: so the source is compiled in.
#![no_main]

#[allow(dead_code, reason = "the server uses the rest")]
#[path = "../../crates/dicomweb/src/multipart.rs"]
mod multipart;

use multipart::{MultipartError, Piece, Reader};

/// The heads and bytes of the parts, and how it ended.
type Outcome = (Vec<(String, Vec<u8>)>, Result<(), MultipartError>);

fn read(body: &[u8], step: usize) -> Outcome {
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    let mut reader = Reader::new("b").expect("a boundary");
    for bytes in body.chunks(step) {
        reader.feed(bytes);
        loop {
            match reader.take() {
                Ok(Some(Piece::Part(head))) => parts.push((head.kind + "\0" + &head.location, Vec::new())),
                Ok(Some(Piece::Data(data))) => parts.last_mut().expect("a part").1.extend(data),
                Ok(Some(Piece::PartEnd | Piece::End)) => {}
                Ok(None) => break,
                Err(error) => return (parts, Err(error)),
            }
        }
    }
    (parts, reader.finish())
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((step, body)) = input.split_first() else { return };
    let (whole, ended) = read(body, body.len().max(1));
    let (in_pieces, ended_in_pieces) = read(body, usize::from(*step).max(1));
    assert_eq!(ended.is_ok(), ended_in_pieces.is_ok());
    if ended.is_ok() {
        assert_eq!(whole, in_pieces);
    }
});
