use peony_model::LengthMm;

fn main() {
    // A bare number of pixels does not become millimetres.
    let _length = LengthMm(30.0);
}
