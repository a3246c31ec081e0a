//! Writes a sweep as raw 8-bit luma, one frame after the other, for programs in other languages to read:
//! `cargo run --release -p peony-phantom --example cine -- FILE SEED FRAMES`. Its size and scale are printed.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use peony_model::{BoxPx, Pixels, PointPx};
use peony_phantom::{Phantom, PhantomConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, seed, frames] = &args[..] else { return Err("needs FILE SEED FRAMES".into()) };
    let phantom = Phantom::new(seed.parse()?, &PhantomConfig::default())?;
    let mut out = BufWriter::new(File::create(file)?);
    let mut said = false;
    for made in phantom.sweep().take(frames.parse()?) {
        let Pixels::Luma8(grey) = &made.frame.pixels else { continue };
        out.write_all(grey.as_raw())?;
        if !std::mem::replace(&mut said, true) {
            let inside = BoxPx::new(PointPx::new(8.0, 8.0), PointPx::new(16.0, 16.0));
            let scale = made.frame.spacing.within(inside).ok_or("a frame without a scale")?;
            println!("--size {}x{} --mm-per-px {}", grey.width(), grey.height(), scale.x());
        }
    }
    Ok(out.flush()?)
}
