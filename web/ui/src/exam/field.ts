/** What a field says, and whose word that is. */
import {
  type Act,
  type BiRads,
  FIELD_NAMES,
  type Field,
  type FieldName,
  type FieldWord,
  type LesionReport,
  type Place,
  type Size,
} from "./api";

/**
 * `proposed`: the machine's word, dashed. `confirmed`: a person says the same, or the machine said nothing. `changed`: a
 * person says something else. `unassessed`: a person says that it was not assessed. `empty`: nobody has said anything.
 */
export type Standing = "empty" | "proposed" | "confirmed" | "changed" | "unassessed";

/** A field of which nobody has said anything is not written where no machine ever proposes it. */
export const NOTHING_SAID: Field<never> = { proposed: null, said: null };

export function valueIn<T>(field: Field<T>): T | null {
  return field.said ? field.said.value : field.proposed;
}

export function standingOf<T>(field: Field<T>): Standing {
  if (!field.said) {
    return field.proposed === null ? "empty" : "proposed";
  }
  if (field.said.value === null) {
    return "unassessed";
  }
  return field.proposed === null || alike(field.said.value, field.proposed) ? "confirmed" : "changed";
}

/** Whether two values are the same word: of several words the order says nothing. */
function alike(a: unknown, b: unknown): boolean {
  const written = (value: unknown): string => JSON.stringify(Array.isArray(value) ? value.toSorted() : ordered(value));
  return written(a) === written(b);
}

/** The keys of an object in one order, and without those that say nothing. */
function ordered(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.entries(value)
    .filter(([, each]) => each !== null)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([key, each]) => [key, ordered(each)]);
}

/** The machine's proposal stands and nobody has said anything. */
export const isOpen = <T>(field: Field<T>): boolean => field.proposed !== null && field.said === null;

/** The fields of a lesion that wait for a person, in the order of the form. */
export function openFields(lesion: LesionReport): readonly FieldName[] {
  return FIELD_NAMES.filter((name) => isOpen((lesion[name] ?? NOTHING_SAID) as Field<unknown>));
}

/** Takes the machine's proposals for these fields as this report shows them: where they have changed since, nothing is taken. */
export function confirming(lesion: LesionReport, fields: readonly FieldName[]): Act {
  // A field and its value belong together by the name, which the types cannot say of all of them at once.
  const shown = fields.map(
    (field) => ({ field, value: valueIn((lesion[field] ?? NOTHING_SAID) as Field<unknown>) }) as FieldWord,
  );
  return { act: "confirm", lesion: lesion.lesion, fields: [...fields], shown };
}

export const categoryOf = (lesion: LesionReport): BiRads | null => valueIn(lesion.category);
export const placeOf = (lesion: LesionReport): Place | null => valueIn(lesion.place);
export const sizeOf = (lesion: LesionReport): Size | null => valueIn(lesion.size);
