/** What a coronal view says beside its picture. */
import type { CoronalLesion, CoronalView } from "../api/wire";
import { millimetres, NONE, roundHalfAway } from "../words/numbers";

/** The lesions that are cut at this depth, the chosen one last, so that it lies on top. */
export function cutOutlines(
  view: CoronalView,
  current: number | null,
  dismissed: ReadonlySet<number>,
): readonly CoronalLesion[] {
  return view.lesions
    .filter(({ outline, track }) => outline.length > 2 && !dismissed.has(track))
    .toSorted((a, b) => Number(a.track === current) - Number(b.track === current));
}

/** `± 0.3`: never smaller than what is shown of the length. */
function withError(value: number, error: number): string {
  const tenths = roundHalfAway(value, 1) < 5;
  const shown =
    tenths || error < 1 ? Math.max(roundHalfAway(error, 1), 0.1).toFixed(1) : roundHalfAway(error).toFixed(0);
  return `${millimetres(value)} ± ${shown}\u202fmm`;
}

/** How far a lesion reaches on each axis, each with its error: a cell in the plane, the speckle's error along the way. */
export function extents(
  view: CoronalView,
  lesion: CoronalLesion,
): Readonly<Record<"across" | "along" | "deep", string>> {
  const [across, along, deep] = lesion.extent_mm;
  const { cell } = view.across;
  return {
    across: withError(across, cell),
    along: `≈${withError(along, Math.max(along * lesion.relative_error, view.along.cell))}`,
    deep: withError(deep, cell),
  };
}

/** A depth with its unit: tenths of a millimetre, whole pixels. */
export function depthText({ depth, across }: CoronalView): string {
  return across.unit === "mm" ? `${roundHalfAway(depth, 1).toFixed(1)}\u202fmm` : `${roundHalfAway(depth)}\u202fpx`;
}

/** How long the way is, in millimetres with its error; a dash where lengths along it are unknown. */
export function wayText(view: CoronalView): string {
  const { unit, relative_error } = view.along;
  const way = (view.path.at(-1)?.[1] ?? 0) - (view.path[0]?.[1] ?? 0);
  if (unit !== "mm" || relative_error === null) {
    return NONE;
  }
  return `≈${withError(way, way * relative_error)}`;
}
