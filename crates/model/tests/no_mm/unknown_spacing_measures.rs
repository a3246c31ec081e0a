use peony_model::{PointPx, Spacing};

fn main() {
    let (a, b) = (PointPx::new(0.0, 0.0), PointPx::new(30.0, 40.0));
    // An unknown spacing has no way to measure: only a `MmPerPx` has.
    let _length = Spacing::Unknown.distance(a, b);
}
