import type { Plane } from "../exam/api";

/** The lesion's outline on its plane, and the part that the network finds most suspicious; within the picture's own drawing. */
export function PlaneMarks({ plane: { contour_px, focus_px } }: { readonly plane: Plane }) {
  return (
    <g className="plane-marks">
      {contour_px.length > 2 && (
        <polygon className="outline" points={contour_px.map((point) => point.join(",")).join(" ")} />
      )}
      {focus_px && <Part box={focus_px} />}
    </g>
  );
}

function Part({ box: [x0, y0, x1, y1] }: { readonly box: readonly [number, number, number, number] }) {
  const place = { cx: (x0 + x1) / 2, cy: (y0 + y1) / 2, rx: (x1 - x0) / 2, ry: (y1 - y0) / 2 };
  return (
    <>
      <ellipse className="focus-halo" {...place} />
      <ellipse className="focus-part" data-focus {...place} />
    </>
  );
}
