//! Writes a sweep as video, for a browser's fake camera:
//! `cargo run --release -p peony-phantom --example video -- OUT.y4m SEED [WIDTH HEIGHT]`.
//!
//! YUV4MPEG2, 4:2:0, grey in limited range as a frame grabber gives it. What is really there is written beside it: `OUT.json` holds
//! the scale and, in the order in which they come, each mass with its kind, whether it is malignant, and its largest extents in
//! the planes that were written.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use peony_model::{Pixels, Spacing};
use peony_phantom::{Phantom, PhantomConfig};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (out, seed, size) = match &args[..] {
        [out, seed] => (out, seed, None),
        [out, seed, width, height] => (out, seed, Some([width.parse()?, height.parse()?])),
        _ => return Err("needs OUT.y4m SEED [WIDTH HEIGHT]".into()),
    };
    let usual = PhantomConfig::default();
    let config = PhantomConfig { size_px: size.unwrap_or(usual.size_px), ..usual };
    let [width, height] = config.size_px;
    if width % 2 != 0 || height % 2 != 0 {
        return Err(format!("{width} × {height}: 4:2:0 needs even sides").into());
    }
    let mut video = BufWriter::new(File::create(out)?);
    writeln!(video, "YUV4MPEG2 W{width} H{height} F{}:1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED", config.fps)?;
    let grey = vec![128_u8; (width * height / 2) as usize];
    let mut masses: Vec<(&str, bool, [f32; 2])> = Vec::new();
    let mut mm_per_px = 0.0;
    for made in Phantom::new(seed.parse()?, &config)?.sweep().build_ahead() {
        let Pixels::Luma8(luma) = &made.frame.pixels else { return Err("the phantom is grey".into()) };
        let Spacing::Uniform(scale) = made.frame.spacing else {
            return Err("the phantom has a scale".into());
        };
        mm_per_px = scale.x();
        let limited: Vec<u8> =
            luma.as_raw().iter().map(|level| 16 + (u16::from(*level) * 219 / 255) as u8).collect();
        video.write_all(b"FRAME\n")?;
        video.write_all(&limited)?;
        video.write_all(&grey)?;
        for mass in &made.truth.masses {
            let (kind, size) = (mass.kind.as_str(), mass.box_px.size());
            if !masses.iter().any(|known| known.0 == kind) {
                masses.push((kind, mass.malignant, [0.0; 2]));
            }
            for known in masses.iter_mut().filter(|known| known.0 == kind) {
                for (most, now) in known.2.iter_mut().zip([size.width, size.height]) {
                    *most = most.max(now * mm_per_px);
                }
            }
        }
    }
    video.flush()?;
    let masses: Vec<_> = masses
        .iter()
        .map(|(kind, malignant, [wide, deep])| json!({ "kind": kind, "malignant": malignant, "wide_mm": wide, "deep_mm": deep }))
        .collect();
    let truth = json!({ "mm_per_px": mm_per_px, "height_px": height, "masses": masses });
    Ok(fs::write(Path::new(out).with_extension("json"), truth.to_string())?)
}
