//! Writes sample reports, drafts and signed, in English and Chinese: `cargo run -p peony-encode --example report -- OUT_DIR`.

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use image::GrayImage;
use peony_encode::{Lang, pdf};

#[path = "../tests/samples/mod.rs"]
mod samples;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("the folder to write into is missing")?);
    std::fs::create_dir_all(&folder)?;
    let pictures: HashMap<u64, GrayImage> =
        (0..40).map(|plane| (plane, samples::picture::of(plane))).collect();
    let picture = |plane| pictures.get(&plane).cloned();
    for (name, report) in [("draft", samples::described()), ("signed", samples::signed())] {
        for lang in [Lang::En, Lang::Zh] {
            let path = folder.join(format!("{name}-{}.pdf", lang.pick("en", "zh")));
            let start = Instant::now();
            let bytes = pdf(&report, lang, &picture)?;
            let took = start.elapsed();
            std::fs::write(&path, &bytes)?;
            println!("{}: {} bytes, {:.0} ms", path.display(), bytes.len(), took.as_secs_f64() * 1e3);
        }
    }
    Ok(())
}
