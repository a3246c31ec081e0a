//! How alike two lesions look.

use peony_model::Look;

#[test]
fn likeness_is_the_cosine_and_unknown_where_there_is_nothing_to_compare() {
    let look = |unit: &[f32]| Look {
        embedding: Look::embedded(unit),
        fluid: 0.5,
        deep: 10.0,
        large: 8.0,
        scaled: true,
    };
    let check = |a: &[f32], b: &[f32], expect: Option<f32>| {
        let likeness = look(a).likeness(&look(b));
        let is = likeness.zip(expect).map_or(likeness == expect, |(is, should)| (is - should).abs() < 0.01);
        assert!(is, "{a:?} and {b:?}: {likeness:?}");
    };
    check(&[1.0, 0.0], &[1.0, 0.0], Some(1.0));
    check(&[1.0, 0.0], &[-1.0, 0.0], Some(-1.0));
    check(&[0.6, 0.8], &[0.8, 0.6], Some(0.96));
    check(&[0.6, 0.8], &[0.6, 0.8, 0.0], None);
    check(&[], &[], None);
}
