//! Draws a sheet of frames with their true outlines:
//! `cargo run --release -p peony-phantom --example sheet -- out.png [first seed] [easy|hard|plain]`.

use image::{Rgb, RgbImage, imageops};
use peony_model::Pixels;
use peony_phantom::{Difficulty, Faults, MassPlan, Phantom, PhantomConfig};

const COLUMNS: u32 = 4;
const CELL: [u32; 2] = [480, 360];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let out = args.next().unwrap_or_else(|| "sheet.png".to_owned());
    let first: u64 = args.next().map_or(Ok(1), |n| n.parse())?;
    let (difficulty, outlined) = match args.next().as_deref() {
        Some("hard") => (Difficulty::Hard, true),
        Some("plain") => (Difficulty::Easy, false),
        _ => (Difficulty::Easy, true),
    };
    let mut sheet = RgbImage::new(COLUMNS * CELL[0], 4 * CELL[1]);
    for cell in 0..16_u32 {
        let masses = MassPlan::OneOfEach(difficulty);
        let config = PhantomConfig { masses, size_px: CELL, ..PhantomConfig::default() };
        let phantom = Phantom::new(first + u64::from(cell), &config)?;
        // Every fourth picture shows no mass.
        let centre = phantom.mass_centres_mm().nth(cell as usize % 4).map_or(2.0, |centre| centre[1]);
        let pose = phantom.path().pose(centre / config.speed_mm_s);
        let mut pose = pose;
        pose.t_mm[1] = centre;
        let shown = phantom.frame(&pose, Faults::NONE);
        let Pixels::Luma8(grey) = &shown.frame.pixels else { continue };
        let mut picture = image::DynamicImage::ImageLuma8(grey.clone()).into_rgb8();
        for point in shown.truth.masses.iter().filter(|_| outlined).flat_map(|mass| &mass.contour_px) {
            let (x, y) = ((point.x as u32).min(CELL[0] - 1), (point.y as u32).min(CELL[1] - 1));
            picture.put_pixel(x, y, Rgb([60, 220, 90]));
        }
        let at = [(cell % COLUMNS) * CELL[0], (cell / COLUMNS) * CELL[1]];
        imageops::replace(&mut sheet, &picture, i64::from(at[0]), i64::from(at[1]));
    }
    sheet.save(out)?;
    Ok(())
}
