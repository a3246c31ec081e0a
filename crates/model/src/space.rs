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

/// Intersection over union of two boxes; 0 where they only touch.
#[must_use]
pub fn iou(a: BoxPx, b: BoxPx) -> f32 {
    let both = a.intersection(&b).map_or(0.0, |both| both.area());
    let either = a.area() + b.area() - both;
    if either > 0.0 { both / either } else { 0.0 }
}

/// A point in the millimetres of a sweep.
pub type PointMm = euclid::Point3D<f32, SweepMm>;

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f32, y: f32, side: f32) -> BoxPx {
        BoxPx::new(PointPx::new(x, y), PointPx::new(x + side, y + side))
    }

    #[test]
    fn overlap_of_boxes() {
        let check =
            |a: BoxPx, b: BoxPx, expect: f32| assert!((iou(a, b) - expect).abs() < 1e-6, "{a:?} {b:?}");
        check(square(0.0, 0.0, 10.0), square(0.0, 0.0, 10.0), 1.0);
        check(square(0.0, 0.0, 10.0), square(5.0, 0.0, 10.0), 1.0 / 3.0);
        check(square(0.0, 0.0, 10.0), square(10.0, 0.0, 10.0), 0.0);
        check(square(0.0, 0.0, 0.0), square(0.0, 0.0, 0.0), 0.0);
    }
}
