//! Pure image mathematics on 8-bit and float pictures: no files, no models, no state.
