use peony_model::MmPerPx;

fn main() {
    // No default of one millimetre, and no way around the check and the source.
    let _default = MmPerPx::default();
    let _by_hand = MmPerPx { x: 1.0, y: 1.0 };
}
