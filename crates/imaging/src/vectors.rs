//! Loops in the widest vectors that this processor has.

/// Run an expression compiled once for each kind of vector (SSE2, SSE4.2, AVX2, AVX-512, NEON), the widest one that this
/// processor has being chosen at run time: a program built for every PC would use a quarter of a new one.
///
/// What the expression calls must be `#[inline(always)]`, or it is compiled for every PC after all. `return` and `?` in it
/// leave only the expression.
macro_rules! vectorized {
    ($body:expr) => {
        fearless_simd::dispatch!(fearless_simd::Level::new(), simd => fearless_simd::Simd::vectorize(
            simd,
            #[inline(always)]
            || $body
        ))
    };
}

pub(crate) use vectorized;
