//! Peony reads breast ultrasound as the probe moves.
fn main() {}
