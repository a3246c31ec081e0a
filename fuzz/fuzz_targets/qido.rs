//! What a peer writes into a request: the query of a search, and media types. Their crate brings a store with two databases, which this target is
//! not about: so the sources are compiled in.
#![no_main]

#[allow(dead_code, reason = "the server uses the rest")]
#[path = "../../crates/dicomweb/src/media.rs"]
mod media;
#[allow(dead_code, reason = "the server uses the rest")]
#[path = "../../crates/dicomweb/src/question.rs"]
mod question;

use media::{Accept, MediaType};
use question::{MOST, Question};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    match Question::of(&text) {
        Ok(question) => {
            assert!(question.limit <= MOST && question.keys.len() <= 128);
        }
        // It goes out in an answer.
        Err(error) => {
            let line = error.to_string();
            assert!(line.len() < 200 && line.bytes().all(|byte| (b' '..0x7F).contains(&byte)), "{line}");
        }
    }
    let accept = Accept::of([&*text]);
    assert!(accept.0.len() <= 64);
    // Nothing is accepted only where all that was said is refused.
    assert!(!accept.0.is_empty() || text.contains(['q', 'Q']), "{text}");
    if let Some(media) = MediaType::of(&text) {
        assert!(media.covers(&media.name) || media.name.contains('*'));
    }
});
