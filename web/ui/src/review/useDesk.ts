/** Where the person is in the report, and what the keys and buttons do there. */
import { type RefObject, useMemo, useRef, useState } from "react";
import type { FieldName, LesionReport, ReportView, Role } from "../exam/api";
import { categoryByDigit } from "../exam/category";
import { categoryOf, confirming, isOpen, openFields } from "../exam/field";
import { accountName, hasSaidWho, type Person, rememberedPerson, rememberPerson } from "../exam/person";
import type { ExamStore } from "../exam/store";
import { type ItemKey, itemsOf, lesionItem, nextTodo, presentItem, type Todo, todosOf } from "../exam/todo";
import { hasSigned, turnOf } from "../exam/turn";
import { saying } from "./context";
import type { ReportCommand } from "./keys";

export type PanelName = "history" | "person" | "sign" | "addendum" | "place" | "todos";

/** Every key but that which hides what is drawn on pictures: the page sees to that. */
export type DeskCommand = Exclude<ReportCommand, { readonly kind: "marks" }>;

export interface Desk {
  readonly item: ItemKey;
  readonly lesion: LesionReport | null;
  readonly at: FieldName | null;
  readonly todos: readonly Todo[];
  readonly readOnly: boolean;
  readonly panel: PanelName | null;
  readonly person: Person;
  /** In which role the report can be signed now; `null` where it is not for whoever is signed in. */
  readonly turn: Role | null;
  /** Only a narrow window asks: a wide one shows both. */
  readonly tab: "form" | "sheet";
  readonly setAt: (field: FieldName | null) => void;
  readonly setPanel: (panel: PanelName | null) => void;
  readonly setTab: (tab: "form" | "sheet") => void;
  readonly toggle: (panel: PanelName) => void;
  readonly goTo: (item: ItemKey, field: FieldName | null) => void;
  readonly next: () => void;
  readonly confirm: () => void;
  readonly sign: () => void;
  /** Who sits here; where that was asked for a signature, it follows. */
  readonly keep: (person: Person) => void;
  readonly follow: (command: DeskCommand) => void;
}

export function useDesk(store: ExamStore, view: ReportView | null, form: RefObject<HTMLElement | null>): Desk {
  const [chosen, setChosen] = useState<ItemKey | null>(null);
  const [at, setAt] = useState<FieldName | null>(null);
  const [panel, setPanel] = useState<PanelName | null>(null);
  const [tab, setTab] = useState<"form" | "sheet">("form");
  const [person, setPerson] = useState<Person>(rememberedPerson);
  const todos = useMemo(() => (view ? todosOf(view) : []), [view]);
  // Where the page begins is found once: confirming the last word of a lesion does not turn to another.
  const first = useRef<ItemKey | null>(null);
  first.current ??= view && firstItem(view);
  const wanted = chosen ?? first.current;
  const item = (wanted && view && presentItem(view, wanted)) ?? "breasts";
  const lesion = view?.report.lesions.find((each) => lesionItem(each.lesion) === item) ?? null;
  const readOnly = (view?.report.signatures.length ?? 0) > 0;

  const goTo = (to: ItemKey, field: FieldName | null): void => {
    setChosen(to);
    setAt(field);
    setPanel(null);
    setTab("form");
    // The form of another item is drawn first.
    requestAnimationFrame(() => focusField(form.current, field));
  };
  const next = (): void => {
    const todo = view && nextTodo(todos, item, at, itemsOf(view));
    if (todo) {
      goTo(todo.item, todo.field);
    }
  };
  const confirm = (): void => {
    if (lesion && openFields(lesion).length > 0) {
      store.act(confirming(lesion, openFields(lesion)));
    }
    for (const { side, examined } of item === "breasts" ? (view?.report.breasts ?? []) : []) {
      if (isOpen(examined)) {
        store.act({ act: "set_examined", side, examined: examined.proposed ?? true });
      }
    }
  };
  const mine = view !== null && hasSigned(accountName() ?? "", view.report);
  const turn = view && !mine ? turnOf(view.report) : null;
  const signAs = ({ name, licence }: Person, asked: boolean): void => {
    if (turn === null || !(view?.signable || readOnly)) {
      next();
    } else if (name && asked) {
      setPanel(null);
      store.act({ act: "sign", name, role: turn, licence });
    } else {
      setPanel("sign");
    }
  };
  // An account says the name and not the role: that is asked for once a session, and again in another role or of another person.
  const sign = (): void => {
    const same = person.role === turn && view !== null && !hasSigned(person.name, view.report);
    signAs(person, same && (accountName() === null || hasSaidWho()));
  };
  const keep = (written: Person): void => {
    rememberPerson(written);
    setPerson(written);
    setPanel(null);
    if (panel === "sign") {
      signAs(written, true);
    }
  };
  const categorize = (digit: string): void => {
    const category = lesion && !lesion.dismissed && categoryByDigit(digit, categoryOf(lesion));
    if (lesion && category) {
      store.act(saying(lesion.lesion, { field: "category", value: category }));
      setAt("category");
    }
  };
  const follow = (command: DeskCommand): void => {
    if (command.kind === "escape") {
      setPanel(null);
    } else if (readOnly) {
      return;
    } else if (command.kind === "category") {
      categorize(command.digit);
    } else {
      const undo = (): void => (view?.undo === 0 ? undefined : store.undo());
      ({ next, confirm, undo, sign })[command.kind]();
    }
  };
  const toggle = (name: PanelName): void => setPanel((before) => (before === name ? null : name));
  const position = { item, lesion, at, todos, readOnly, panel, person, turn, tab };
  return { ...position, setAt, setPanel, setTab, toggle, goTo, next, confirm, sign, keep, follow };
}

/** The first lesion that waits, or the first one, or the breasts. */
function firstItem({ report }: ReportView): ItemKey {
  const lesions = report.lesions.filter(({ dismissed }) => !dismissed);
  const first = lesions.find((lesion) => openFields(lesion).length > 0) ?? lesions[0];
  return first ? lesionItem(first.lesion) : "breasts";
}

/** Puts the focus on the value that a field has, or on its first word. */
function focusField(form: HTMLElement | null, field: FieldName | null): void {
  if (field === null && document.activeElement === document.body) {
    // What was pressed is gone with its panel: the keys go on from the form.
    form?.focus();
  }
  const row = field && form?.querySelector(`[data-field="${field}"]`);
  // A figure that only waits is taken with its own button, so that its digits are not written over by chance.
  const target =
    form?.querySelector<HTMLElement>(`[data-field="${field}"][data-wanted] input`) ??
    row?.querySelector<HTMLElement>(".take") ??
    row?.querySelector<HTMLElement>('[aria-pressed="true"], .figure') ??
    row?.querySelector<HTMLElement>("button, input");
  target?.focus();
  target?.scrollIntoView({ block: "nearest" });
}
