//! What a person without the program would keep: the figure that its key planes are held against.

/// The sharpest frame of each second, as a plain pick would keep.
#[derive(Debug)]
pub struct Picks {
    /// Frames of a second.
    every: u64,
    best: Option<(u64, f64)>,
    kept: Vec<u64>,
}

impl Picks {
    /// A second has so many frames.
    pub fn new(fps: f64) -> Self {
        Self { every: (fps.round() as u64).max(1), best: None, kept: Vec::new() }
    }

    pub fn offer(&mut self, frame: u64, luma: &image::GrayImage) {
        let sharpness = sharpness(luma);
        if self.best.is_none_or(|(_, best)| sharpness > best) {
            self.best = Some((frame, sharpness));
        }
        if (frame + 1).is_multiple_of(self.every) {
            self.kept.extend(self.best.take().map(|(frame, _)| frame));
        }
    }

    /// The frames picked.
    pub fn finish(mut self) -> Vec<u64> {
        self.kept.extend(self.best.map(|(frame, _)| frame));
        self.kept
    }
}

/// The variance of the Laplacian (Pertuz 2013), of every second pixel each way.
fn sharpness(luma: &image::GrayImage) -> f64 {
    let at = |x: u32, y: u32| f64::from(luma.get_pixel(x, y).0[0]);
    let (width, height) = luma.dimensions();
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for y in (1..height.saturating_sub(1)).step_by(2) {
        for x in (1..width.saturating_sub(1)).step_by(2) {
            let bend = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4.0 * at(x, y);
            (sum, squares, count) = (sum + bend, squares + bend * bend, count + 1.0);
        }
    }
    if count > 0.0 { squares / count - (sum / count) * (sum / count) } else { 0.0 }
}
