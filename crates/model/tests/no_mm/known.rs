use peony_model::{BoxPx, CalibrationSource, Measurement, MmPerPx, PointPx, Quantity, Spacing};

fn main() {
    let (a, b) = (PointPx::new(0.0, 0.0), PointPx::new(30.0, 40.0));
    let spacing = Spacing::Uniform(MmPerPx::new(0.1, 0.1, CalibrationSource::Entered).unwrap());
    let mm_per_px = spacing.within(BoxPx::new(a, b)).expect("known");
    let size = Measurement::length(Quantity::LongAxis, mm_per_px.distance(a, b));
    assert!((size.value() - 5.0).abs() < 1e-5);
}
