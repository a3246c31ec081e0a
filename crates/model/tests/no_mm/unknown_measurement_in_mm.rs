use peony_model::{Measurement, Quantity};

fn main() {
    // A measurement in millimetres takes a `LengthMm`, not a number.
    let _size = Measurement::length(Quantity::LongAxis, 30.0_f32);
}
