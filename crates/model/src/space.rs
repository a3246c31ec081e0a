//! Coordinate spaces. A value's type names the space it lives in, so that pixels never meet millimetres.

/// Image pixels of one frame: x to the right, y down, the centre of the first pixel at (0.5, 0.5), as in
/// `(column, row)` of the file that was read (not of the network's input).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImagePx {}

/// Millimetres of one freehand sweep: x lateral and z depth of its first frame, y along the probe's path.
/// It is simulated from speckle, not measured by a tracker: whatever carries it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SweepMm {}

/// A point in image pixels.
pub type PointPx = euclid::Point2D<f32, ImagePx>;

/// An upright box in image pixels; `max` is exclusive: a box of one pixel is one wide.
pub type BoxPx = euclid::Box2D<f32, ImagePx>;

/// A point in the millimetres of a sweep.
pub type PointMm = euclid::Point3D<f32, SweepMm>;
