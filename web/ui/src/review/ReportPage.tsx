import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Act, FieldName, LesionReport, ReportView } from "../exam/api";
import { categoryByDigit } from "../exam/category";
import { categoryOf, openFields, placeOf } from "../exam/field";
import { type Person, rememberedPerson, rememberPerson } from "../exam/person";
import type { ExamState, ExamStore } from "../exam/store";
import { type ItemKey, itemsOf, lesionItem, nextTodo, todosOf } from "../exam/todo";
import { PlacePanel } from "../map/PlacePanel";
import type { Language } from "../words/words";
import { useWords } from "../words/words";
import { BreastsForm } from "./BreastsForm";
import { Contents } from "./Contents";
import { type Review, ReviewContext, saying } from "./context";
import { Foot } from "./Foot";
import { Impression } from "./Impression";
import type { ReportCommand } from "./keys";
import { LesionForm } from "./LesionForm";
import { coverageOf, mapLesions } from "./mapped";
import { PatientForm } from "./PatientForm";
import { Preview } from "./Preview";
import { AddendumPanel, HistoryPanel, PersonPanel } from "./panels";
import { ReportTop } from "./ReportTop";
import { useReportKeys } from "./useReportKeys";

interface Props {
  readonly store: ExamStore;
  readonly state: ExamState;
  readonly onLanguage: (language: Language) => void;
  readonly onBack: () => void;
  readonly onHome: () => void;
}

type PanelName = "history" | "person" | "sign" | "addendum" | "place";

/** The draft, what is left to confirm, and the signature. */
export function ReportPage({ store, state, onLanguage, onBack, onHome }: Props) {
  const { say } = useWords();
  const { view, exam } = state;
  const [chosen, setChosen] = useState<ItemKey | null>(null);
  const [at, setAt] = useState<FieldName | null>(null);
  const [panel, setPanel] = useState<PanelName | null>(null);
  // Only a narrow window asks: a wide one shows both.
  const [tab, setTab] = useState<"form" | "sheet">("form");
  const [person, setPerson] = useState<Person>(rememberedPerson);
  const form = useRef<HTMLElement>(null);
  const todos = useMemo(() => (view ? todosOf(view) : []), [view]);
  // Where the page begins is found once: confirming the last word of a lesion does not turn to another.
  const first = useRef<ItemKey | null>(null);
  first.current ??= view && firstItem(view);
  const wanted = chosen ?? first.current;
  const item = wanted && view && itemsOf(view).includes(wanted) ? wanted : "breasts";
  const lesion = view?.report.lesions.find((each) => lesionItem(each.lesion) === item) ?? null;
  const readOnly = (view?.report.signatures.length ?? 0) > 0;
  const act = useCallback((done: Act) => store.act(done), [store]);
  const toggle = (name: PanelName): void => setPanel((before) => (before === name ? null : name));
  const review = useMemo<Review | null>(
    () => (view && exam ? { exam, view, readOnly, at, act, openMap: () => setPanel("place") } : null),
    [exam, view, readOnly, at, act],
  );

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
      act({ act: "confirm", lesion: lesion.lesion, fields: openFields(lesion) });
    }
    if (item === "breasts") {
      for (const { side, examined } of view?.report.breasts ?? []) {
        if (examined.proposed === true && !examined.said) {
          act({ act: "set_examined", side, examined: true });
        }
      }
    }
  };
  const sign = (signer: Person): void => {
    if (!view?.signable || readOnly) {
      next();
    } else if (signer.name) {
      setPanel(null);
      act({ act: "sign", name: signer.name, role: signer.role, licence: signer.licence });
    } else {
      setPanel("sign");
    }
  };
  const keep = (written: Person): void => {
    rememberPerson(written);
    setPerson(written);
    if (panel === "sign") {
      sign(written);
    } else {
      setPanel(null);
    }
  };
  useReportKeys((command: ReportCommand): void => {
    const change = !readOnly;
    const acts: Readonly<Record<ReportCommand["kind"], () => void>> = {
      next: () => change && next(),
      confirm: () => change && confirm(),
      undo: () => change && view?.undo !== 0 && store.undo(),
      sign: () => change && sign(person),
      escape: () => setPanel(null),
      category: () => {
        const digit = command.kind === "category" ? command.digit : "";
        const category = lesion && categoryByDigit(digit, categoryOf(lesion));
        if (change && lesion && !lesion.dismissed && category) {
          act(saying(lesion.lesion, { field: "category", value: category }));
          setAt("category");
        }
      },
    };
    acts[command.kind]();
  });
  useEffect(() => {
    document.title = say("report_title");
  }, [say]);

  const top = (
    <ReportTop
      {...{ state, person, panel, onLanguage, onHome }}
      onHistory={() => toggle("history")}
      onPerson={() => toggle("person")}
    />
  );
  if (!review || !view) {
    return (
      <div className="review">
        {top}
        <main className="nothing">
          <p className="hint">
            {say(state.presence === "missing" ? "no_such_exam" : state.away ? "state_lost" : "loading")}
          </p>
          <button type="button" className="button line" onClick={onHome}>
            {say("all_exams")}
          </button>
        </main>
      </div>
    );
  }
  return (
    <ReviewContext value={review}>
      <div className="review">
        {top}
        <main className="desk" data-tab={tab}>
          <Contents item={item} todos={todos} onItem={(to) => goTo(to, null)} />
          <div className="segments tabs">
            {(["form", "sheet"] as const).map((each) => (
              <button key={each} type="button" aria-pressed={tab === each} onClick={() => setTab(each)}>
                {say(each === "form" ? "form_tab" : "preview")}
              </button>
            ))}
          </div>
          <section
            className="form"
            ref={form}
            aria-label={say("report")}
            onFocus={(event) => {
              const name = event.target.closest("[data-field]")?.getAttribute("data-field");
              setAt((name as FieldName | null | undefined) ?? null);
            }}
          >
            {item === "patient" && <PatientForm />}
            {item === "breasts" && <BreastsForm onConfirm={confirm} />}
            {item === "impression" && <Impression />}
            {lesion && <LesionForm key={lesion.lesion} lesion={lesion} onConfirm={confirm} />}
          </section>
          <Preview />
          {panel === "history" && <HistoryPanel onUndo={() => store.undo()} onClose={() => setPanel(null)} />}
          {(panel === "person" || panel === "sign") && (
            <PersonPanel person={person} signing={panel === "sign"} onPerson={keep} onClose={() => setPanel(null)} />
          )}
          {panel === "addendum" && <AddendumPanel onClose={() => setPanel(null)} />}
          {panel === "place" && lesion && (
            <LesionPlace lesion={lesion} review={review} onClose={() => setPanel(null)} />
          )}
        </main>
        <Foot
          {...{ state, todos, person, onBack }}
          onNext={next}
          onSign={() => sign(person)}
          onAdd={() => toggle("addendum")}
        />
      </div>
    </ReviewContext>
  );
}

interface PlaceProps {
  readonly lesion: LesionReport;
  readonly review: Review;
  readonly onClose: () => void;
}

function LesionPlace({ lesion, review, onClose }: PlaceProps) {
  const { say } = useWords();
  const { report } = review.view;
  const place = placeOf(lesion);
  return (
    <PlacePanel
      title={say("place_of", { letter: lesion.letter })}
      place={place}
      side={place?.side ?? "right"}
      lesions={mapLesions(report, lesion.lesion)}
      coverage={coverageOf(report)}
      onPlace={(value) => review.act(saying(lesion.lesion, { field: "place", value }))}
      onClose={onClose}
    />
  );
}

/** The first lesion that waits, or the first one, or the breasts. */
function firstItem({ report }: ReportView): ItemKey {
  const lesions = report.lesions.filter(({ dismissed }) => !dismissed);
  const first = lesions.find((lesion) => openFields(lesion).length > 0) ?? lesions[0];
  return first ? lesionItem(first.lesion) : "breasts";
}

/** Puts the focus on the value that a field has, or on its first word. */
function focusField(form: HTMLElement | null, field: FieldName | null): void {
  const row = field && form?.querySelector(`[data-field="${field}"]`);
  // A figure that only waits is taken with its own button, so that its digits are not written over by chance.
  const target =
    row?.querySelector<HTMLElement>(".take") ??
    row?.querySelector<HTMLElement>('[aria-pressed="true"], .figure') ??
    row?.querySelector<HTMLElement>("button, input");
  target?.focus();
  target?.scrollIntoView({ block: "nearest" });
}
