/** What is left to do, in words. */
import type { LesionReport } from "../exam/api";
import type { ItemKey, Todo } from "../exam/todo";
import type { Words } from "../words/words";

type Lettered = Pick<LesionReport, "lesion" | "letter">;

/** One thing to do: the field, or what stands in the way. */
export function todoText({ field, obstacle }: Todo, { say, language }: Words): string {
  const text = obstacle ? obstacle.words[language] : field ? say(`short_${field}`) : "";
  return text.replace(/[.。]$/, "");
}

/** The letter of the lesion that an item is about; empty for the others. */
export function letterOf(item: ItemKey, lesions: readonly Lettered[]): string {
  return lesions.find(({ lesion }) => `lesion-${lesion}` === item)?.letter ?? "";
}

/** The things to do of each item, in their order. */
export function byItem(todos: readonly Todo[]): readonly (readonly [item: ItemKey, todos: readonly Todo[]])[] {
  const groups = new Map<ItemKey, Todo[]>();
  for (const todo of todos) {
    groups.set(todo.item, [...(groups.get(todo.item) ?? []), todo]);
  }
  return [...groups];
}

/** The first so many things to do, `A: third axis, posterior; B: BI-RADS`; the letter only where several items wait. */
export function todosText(todos: readonly Todo[], count: number, lesions: readonly Lettered[], words: Words): string {
  const [comma, semicolon, colon] = words.language === "zh" ? ["、", "；", "："] : [", ", "; ", ": "];
  const several = byItem(todos).length > 1;
  return byItem(todos.slice(0, count))
    .map(([item, of]) => {
      const letter = several ? letterOf(item, lesions) : "";
      return `${letter && letter + colon}${of.map((todo) => todoText(todo, words)).join(comma)}`;
    })
    .join(semicolon);
}
