//! Metadata of objects that come apart, in JSON and in XML: a file that is made of it is one that the scan reads. Their crate brings a store with
//! two databases, which this target is not about: so the sources are compiled in.
#![no_main]

#[path = "../../crates/dicomweb/src/storing/apart/native.rs"]
mod native;
#[path = "../../crates/dicomweb/src/storing/apart/object.rs"]
mod object;

use std::io::Cursor;

use object::{Bulk, Chunk, Store};
use peony_dicom::Elements;
use serde_json::{Map, Value};

/// Some bytes for every address, coded for some.
struct Anything;

impl Store for Anything {
    fn take(&mut self, uri: &str) -> Result<Bulk, &'static str> {
        let coding = uri.ends_with('c').then(|| "1.2.840.10008.1.2.4.50".to_owned());
        if uri.is_empty() {
            Err("nothing")
        } else {
            Ok(Bulk { parts: std::iter::once(0..3).collect(), coding })
        }
    }
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Ok(Value::Object(metadata)) = serde_json::from_slice(input) {
        made(metadata);
    }
    match native::data_set(input) {
        Ok(metadata) => made(metadata),
        Err(why) => assert!(why.len() < 64),
    }
});

fn made(metadata: Map<String, Value>) {
    let chunks = match object::file(&metadata, &mut Anything) {
        Ok(chunks) => chunks,
        Err(unfit) => return assert!(unfit.why.len() < 100),
    };
    let mut file = Vec::new();
    for chunk in chunks {
        match chunk {
            Chunk::Made(bytes) => file.extend(bytes),
            Chunk::Stored(range) => file.resize(file.len() + (range.end - range.start) as usize, 7),
        }
    }
    let data_set = Elements::open(Cursor::new(file)).expect("a file");
    // A value of an unknown representation and of any length is no fault of the writer.
    data_set.walk(|_| Ok(())).expect("elements");
}
