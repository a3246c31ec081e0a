//! From the likeness of speckle to a distance out of the plane: the beam, and its theory.

/// What a probe and its processing do to a distance read from speckle. One sweep of known length for each probe and
/// preset would make one of these; so far there is only that of the phantom's beam.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BeamCalibration {
    /// True step over the step read from pure speckle's curve: structure keeps the likeness of tissue up.
    pub gain: f32,
    /// The same for the turn about the depth axis.
    pub turn_gain: f32,
    /// The relative error to state beside a length along the way and a volume; `None` where nobody has measured it, and then
    /// there is no such length to state.
    pub relative_error: Option<f32>,
}

impl BeamCalibration {
    /// For frames of the phantom, whose beam this is. The gains are those of the method's notes, learnt on other
    /// sweeps; the error is what `examples/sweep_error.rs` shows (with true masks, 52 of 59 solids within it).
    pub const PHANTOM: Self = Self { gain: 1.22, turn_gain: 1.42, relative_error: Some(0.25) };
    /// For any other probe: the same beam is assumed, which can be far off. Good enough for a light that says that the probe
    /// moves too fast, and for telling planes apart; not for a size.
    pub const ASSUMED: Self = Self { relative_error: None, ..Self::PHANTOM };
}

/// The elevational standard deviation of the beam at a depth, in mm: full width 0.9 at the focus (18 mm), widening
/// on both sides, less so above it.
pub(crate) fn beam_sigma_mm(depth_mm: f32) -> f32 {
    let off_focus = 2.2 * (depth_mm / 18.0 - 1.0);
    let above = if depth_mm < 18.0 { 0.35 } else { 1.0 };
    (0.81 + off_focus * off_focus * above).sqrt() / 2.355
}

/// The distance between two planes, in mm, whose high-passed speckle correlates by `rho` at a depth.
///
/// Intensity correlates by exp(−d² / 2 s²) at a distance d for a beam of elevational standard deviation s.
/// A simple form: the theory of intensity stands in for a curve measured on compressed, high-passed speckle.
pub(crate) fn distance_mm(rho: f32, depth_mm: f32) -> f32 {
    let rho = rho.clamp(0.02, 0.9995);
    beam_sigma_mm(depth_mm) * (-2.0 * rho.ln()).sqrt()
}
