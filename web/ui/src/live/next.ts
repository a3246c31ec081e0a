/** Whether there is anything of an examination yet. */
import type { Report } from "../exam/api";

type Scanned = Pick<Report, "lesions" | "planes" | "unsided_s"> & {
  readonly breasts: readonly Pick<Report["breasts"][number], "scanned_s">[];
};

/** Whether pictures of it were read, before this page was opened. */
export function wasScanned({ lesions, planes, unsided_s, breasts }: Scanned): boolean {
  return lesions.length > 0 || planes.length > 0 || unsided_s > 0 || breasts.some(({ scanned_s }) => scanned_s > 0);
}
