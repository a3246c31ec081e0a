//! Pictures that look like speckle with a dark lesion in it; they show nobody.

use image::{GrayImage, Luma};

const SIZE: [u32; 2] = [640, 480];

/// The picture of a plane of the sample reports; every tenth number is a lesion's.
pub fn of(plane: u64) -> GrayImage {
    let mut noise = Noise(plane.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let grains: Vec<f32> =
        (0..SIZE[0] * SIZE[1]).map(|_| noise.next() + noise.next() - noise.next() - noise.next()).collect();
    // A point of an ultrasound picture is wider than it is deep.
    let at = |x: u32, y: u32| grains[((y % SIZE[1]) * SIZE[0] + x % SIZE[0]) as usize];
    let smooth = |x: u32, y: u32| {
        let around = (0..7).flat_map(|dx| (0..3).map(move |dy| (dx, dy)));
        around.map(|(dx, dy)| at(x + dx, y + dy)).sum::<f32>() / 4.6
    };
    GrayImage::from_fn(SIZE[0], SIZE[1], |x, y| {
        let (fx, fy) = (x as f32, y as f32);
        let layers = 12.0 * (fy / 21.0 + (fx / 150.0).sin() * 1.6 + plane as f32).sin();
        let skin = if fy < 14.0 { 90.0 } else { 0.0 };
        let fascia = 70.0 * (-((fy - 330.0 - 9.0 * (fx / 110.0).sin()) / 7.0).powi(2)).exp();
        let inside = ((fx - 320.0) / 74.0).hypot((fy - 220.0) / 54.0);
        let lesion = (1.0 / (1.0 + ((1.0 - inside) * 9.0).exp())).max(0.3)
            * (0.9 + 0.1 * (fx / 17.0).sin() * (fy / 13.0).cos());
        let shadow = if fy > 240.0 && (fx - 320.0).abs() < 58.0 { 0.72 } else { 1.0 };
        let tissue = (86.0 + layers + skin + fascia) * lesion * shadow * (-fy / 900.0).exp();
        Luma([(tissue * (1.0 + 0.85 * smooth(x, y))).clamp(0.0, 255.0) as u8])
    })
}

/// Numbers between 0 and 1, the same every time (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }
}
