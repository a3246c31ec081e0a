//! Invariant 4: no length in millimetres can be made from an unknown spacing. Each file under `no_mm` tries one
//! way to do it and must fail to compile; `known.rs` is the same program with a calibration and compiles.

#[test]
fn no_millimetre_without_calibration() {
    let tests = trybuild::TestCases::new();
    tests.pass("tests/no_mm/known.rs");
    tests.compile_fail("tests/no_mm/unknown_*.rs");
}
