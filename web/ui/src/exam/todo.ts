/** What is left to do before the report can be signed, and in which order the page walks through it. */
import { FIELD_NAMES, type FieldName, type Obstacle, type ReportView } from "./api";

/** A part of the report that the form shows by itself. */
export type ItemKey = "patient" | "breasts" | "impression" | `lesion-${number}`;

export interface Todo {
  readonly item: ItemKey;
  /** `null`: the item as a whole. */
  readonly field: FieldName | null;
  /** What stands in the way, where it is more than a word that waits for a person. */
  readonly obstacle: Obstacle | null;
}

export const lesionItem = (lesion: number): ItemKey => `lesion-${lesion}`;

/** The items of the contents, in their order. */
export function itemsOf(view: ReportView): readonly ItemKey[] {
  return ["patient", "breasts", ...view.report.lesions.map(({ lesion }) => lesionItem(lesion)), "impression"];
}

/** The item itself, or the lesion that it was joined to; `null` where neither is there. */
export function presentItem(view: ReportView, item: ItemKey): ItemKey | null {
  const whole = view.report.lesions.find(({ joined }) => joined.some(({ lesion }) => lesionItem(lesion) === item));
  return itemsOf(view).includes(item) ? item : whole ? lesionItem(whole.lesion) : null;
}

/** Everything that waits, in the order of the contents and of the form. */
export function todosOf(view: ReportView): readonly Todo[] {
  const open = view.open.map(({ lesion, field }) => ({ item: lesionItem(lesion), field, obstacle: null }));
  const waits = (obstacle: Obstacle): boolean =>
    view.open.some(({ lesion, field }) => lesion === obstacle.lesion && field === obstacle.field);
  const others = view.obstacles
    // A word that waits stands in the way too: it is told once.
    .filter((obstacle) => !waits(obstacle))
    .map((obstacle) => ({ item: itemOf(obstacle), field: obstacle.field, obstacle }));
  const items = itemsOf(view);
  return [...open, ...others].toSorted((a, b) => rankOf(a, items) - rankOf(b, items));
}

/** Where an obstacle is mended. */
function itemOf({ code, lesion }: Obstacle): ItemKey {
  if (lesion !== null) {
    return lesionItem(lesion);
  }
  const ofPatient = code === "no_patient" || code === "other_patient";
  const ofBreasts = code === "nothing_examined" || code === "not_scanned";
  return ofPatient ? "patient" : ofBreasts ? "breasts" : "impression";
}

/** The one after where the person is now, round and round; `null` when nothing is left. */
export function nextTodo(
  todos: readonly Todo[],
  item: ItemKey,
  field: FieldName | null,
  items: readonly ItemKey[],
): Todo | null {
  const here = items.indexOf(item) * ITEM + (field === null ? -1 : FIELD_NAMES.indexOf(field));
  return todos.find((todo) => rankOf(todo, items) > here) ?? todos[0] ?? null;
}

/** More than any item has fields. */
const ITEM = 100;

/** What concerns an item as a whole comes after its fields. */
function rankOf({ item, field }: Todo, items: readonly ItemKey[]): number {
  return items.indexOf(item) * ITEM + (field === null ? ITEM - 1 : FIELD_NAMES.indexOf(field));
}
