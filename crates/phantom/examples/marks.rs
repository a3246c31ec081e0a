//! Writes a sweep from one mark to another as video, for a browser's fake camera, which plays it again and again:
//! `cargo run --release -p peony-phantom --example marks -- OUT.y4m SEED [masses]`.
//!
//! The probe rests on the first mark, is led to the second, and rests there. Its beam is none that the program knows. `OUT.json` holds the
//! scale, how far the marks are apart and, with `masses`, the largest extents of each mass that lies between them, in the order in which
//! they come. YUV4MPEG2, 4:2:0, grey in limited range as a frame grabber gives it.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use peony_model::{Pixels, Spacing};
use peony_phantom::{Difficulty, Elevation, MassPlan, PathKind, Phantom, PhantomConfig, Preset};
use serde_json::json;

const SIZE_PX: [u32; 2] = [400, 300];
/// So long the probe rests on each mark, frames.
const REST: u32 = 75;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (out, seed, with_masses) = match &args[..] {
        [out, seed] => (out, seed, false),
        [out, seed, masses] if masses == "masses" => (out, seed, true),
        _ => return Err("needs OUT.y4m SEED [masses]".into()),
    };
    let seed: u64 = seed.parse()?;
    let elevation = Elevation { focus_mm: 20.0, width_mm: 1.4 };
    let config = PhantomConfig {
        masses: if with_masses { MassPlan::OneOfEach(Difficulty::Easy) } else { MassPlan::Normal },
        size_px: SIZE_PX,
        preset: Some(Preset { depth_mm: 34.0, elevation, smoothing: 1.1, ..Preset::drawn(seed) }),
        speed_mm_s: 8.0,
        length_mm: if with_masses { 80.0 } else { 40.0 },
        path: PathKind::Straight,
        ..PhantomConfig::default()
    };
    let [width, height] = SIZE_PX;
    let mut video = BufWriter::new(File::create(out)?);
    writeln!(video, "YUV4MPEG2 W{width} H{height} F{}:1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED", config.fps)?;
    let grey = vec![128_u8; (width * height / 2) as usize];
    let mut noise = Noise(seed);
    // A picture that stands still to the last bit is one that was frozen: a machine's own noise is on a probe at rest.
    let mut write = |luma: &[u8]| -> std::io::Result<()> {
        let limited: Vec<u8> =
            luma.iter().map(|level| 16 + (u16::from(*level) * 219 / 255) as u8 + noise.next()).collect();
        video.write_all(b"FRAME\n")?;
        video.write_all(&limited)?;
        video.write_all(&grey)
    };
    let (mut along, mut mm_per_px) = (Vec::new(), 0.0);
    let mut last = Vec::new();
    let mut masses: Vec<Met> = Vec::new();
    for made in Phantom::new(seed, &config)?.sweep().build_ahead() {
        let Pixels::Luma8(luma) = &made.frame.pixels else { return Err("the phantom is grey".into()) };
        let Spacing::Uniform(scale) = made.frame.spacing else {
            return Err("the phantom has a scale".into());
        };
        mm_per_px = scale.x();
        if along.is_empty() {
            (0..REST).try_for_each(|_| write(luma.as_raw()))?;
        }
        let at = made.truth.pose.t_mm[1];
        for mass in &made.truth.masses {
            let size = mass.box_px.size();
            let place = masses.iter().position(|known| known.id == mass.id).unwrap_or_else(|| {
                masses.push(Met {
                    id: mass.id,
                    kind: mass.kind.as_str(),
                    malignant: mass.malignant,
                    extents_px: [0.0; 2],
                    along: at..at,
                });
                masses.len() - 1
            });
            let known = &mut masses[place];
            known.along.end = at;
            for (most, now) in known.extents_px.iter_mut().zip([size.width, size.height]) {
                *most = most.max(now);
            }
        }
        along.push(at);
        write(luma.as_raw())?;
        last.clone_from(luma.as_raw());
    }
    (0..REST).try_for_each(|_| write(&last))?;
    let length_mm = along.last().zip(along.first()).map(|(last, first)| last - first);
    let masses: Vec<_> = masses
        .iter()
        .map(|Met { kind, malignant, extents_px: [wide, deep], along, .. }| {
            json!({ "kind": kind, "malignant": malignant, "wide_mm": wide * mm_per_px, "deep_mm": deep * mm_per_px,
                "along_mm": along.end - along.start })
        })
        .collect();
    let truth =
        json!({ "mm_per_px": mm_per_px, "height_px": height, "length_mm": length_mm, "masses": masses });
    Ok(fs::write(Path::new(out).with_extension("json"), truth.to_string())?)
}

/// A mass that the sweep has met, and its extents in the planes so far.
struct Met {
    id: u32,
    kind: &'static str,
    malignant: bool,
    extents_px: [f32; 2],
    along: Range<f32>,
}

/// One grey level or none, by chance.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 63) as u8
    }
}
