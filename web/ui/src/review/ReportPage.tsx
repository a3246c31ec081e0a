import { useEffect, useMemo, useRef, useState } from "react";
import type { FieldName, LesionReport } from "../exam/api";
import { placeOf } from "../exam/field";
import type { ExamState, ExamStore } from "../exam/store";
import { PlacePanel } from "../map/PlacePanel";
import { type Language, useWords } from "../words/words";
import { BreastsForm } from "./BreastsForm";
import { Contents } from "./Contents";
import { type Review, ReviewContext, saying, useReview } from "./context";
import { Foot } from "./Foot";
import { Impression } from "./Impression";
import { LesionForm } from "./LesionForm";
import { hoursNamed, mapLesions, scannedStrips } from "./mapped";
import { PatientForm } from "./PatientForm";
import { Preview } from "./Preview";
import { AddendumPanel, HistoryPanel, PersonPanel, TodosPanel } from "./panels";
import { ReportTop } from "./ReportTop";
import { refusalText } from "./refusal";
import { type Desk, useDesk } from "./useDesk";
import { useReportKeys } from "./useReportKeys";

interface Props {
  readonly store: ExamStore;
  readonly state: ExamState;
  readonly onLanguage: (language: Language) => void;
  readonly onBack: () => void;
  readonly onHome: () => void;
}

/** The draft, what is left to confirm, and the signature. */
export function ReportPage({ store, state, onLanguage, onBack, onHome }: Props) {
  const words = useWords();
  const { say } = words;
  const { view, exam } = state;
  const form = useRef<HTMLElement>(null);
  const desk = useDesk(store, view, form);
  const { item, todos, at, panel, person, readOnly, setPanel } = desk;
  const [marks, setMarks] = useState(true);
  const review = useMemo<Review | null>(() => {
    const act = store.act.bind(store);
    return view && exam ? { exam, view, readOnly, at, marks, act, openMap: () => setPanel("place") } : null;
  }, [exam, view, readOnly, at, marks, store, setPanel]);
  useReportKeys((command) => (command.kind === "marks" ? setMarks((on) => !on) : desk.follow(command)));
  useEffect(() => {
    document.title = say("report_title");
  }, [say]);

  const top = (
    <ReportTop
      {...{ state, person, panel, onLanguage, onHome }}
      onHistory={() => desk.toggle("history")}
      onPerson={() => desk.toggle("person")}
    />
  );
  if (!review) {
    return (
      <div className="review">
        {top}
        <main className="nothing">
          <p className="hint">
            {state.refusal
              ? refusalText(state.refusal, words)
              : say(state.presence === "missing" ? "no_such_exam" : state.away ? "state_lost" : "loading")}
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
        <main className="desk" data-tab={desk.tab}>
          <Contents item={item} todos={todos} onItem={(to) => desk.goTo(to, null)} />
          <Tabs desk={desk} />
          <section
            className="form"
            ref={form}
            tabIndex={-1}
            aria-label={say("report")}
            onFocus={(event) => {
              const name = event.target.closest("[data-field]")?.getAttribute("data-field");
              desk.setAt((name as FieldName | null | undefined) ?? null);
            }}
          >
            <Form desk={desk} />
          </section>
          <Preview />
          <Panels desk={desk} onUndo={() => store.undo()} />
        </main>
        <Foot
          {...{ state, todos, person, onBack, onHome }}
          listed={panel === "todos"}
          onList={() => desk.toggle("todos")}
          onNext={desk.next}
          turn={desk.turn}
          onSign={desk.sign}
          onAdd={() => desk.toggle("addendum")}
        />
      </div>
    </ReviewContext>
  );
}

const TABS = ["form", "sheet"] as const;

function Tabs({ desk }: { readonly desk: Desk }) {
  const { say } = useWords();
  return (
    <div className="segments tabs">
      {TABS.map((tab) => (
        <button key={tab} type="button" aria-pressed={desk.tab === tab} onClick={() => desk.setTab(tab)}>
          {say(tab === "form" ? "form_tab" : "preview")}
        </button>
      ))}
    </div>
  );
}

function Form({ desk: { item, lesion, confirm, goTo } }: { readonly desk: Desk }) {
  switch (item) {
    case "patient":
      return <PatientForm />;
    case "breasts":
      return <BreastsForm onConfirm={confirm} onGo={(to) => goTo(to, null)} />;
    case "impression":
      return <Impression />;
    default:
      return lesion && <LesionForm key={lesion.lesion} lesion={lesion} onConfirm={confirm} />;
  }
}

function Panels({ desk, onUndo }: { readonly desk: Desk; readonly onUndo: () => void }) {
  const { panel, person, lesion } = desk;
  const { signatures } = useReview().view.report;
  const close = (): void => desk.setPanel(null);
  switch (panel) {
    case "history":
      return <HistoryPanel onUndo={onUndo} onClose={close} />;
    case "person":
    case "sign":
      return (
        <PersonPanel
          person={person}
          turn={panel === "sign" ? desk.turn : null}
          examiner={signatures[0]?.name ?? ""}
          onPerson={desk.keep}
          onClose={close}
        />
      );
    case "addendum":
      return <AddendumPanel onClose={close} />;
    case "todos":
      return <TodosPanel todos={desk.todos} onGo={desk.goTo} onClose={close} />;
    case "place":
      return lesion && <LesionPlace lesion={lesion} onClose={close} />;
    default:
      return null;
  }
}

function LesionPlace({ lesion, onClose }: { readonly lesion: LesionReport; readonly onClose: () => void }) {
  const { say } = useWords();
  const { view, act } = useReview();
  const place = placeOf(lesion);
  return (
    <PlacePanel
      title={say("place_of", { letter: lesion.letter })}
      place={place}
      side={place?.side ?? "right"}
      lesions={mapLesions(view.report, lesion.lesion)}
      named={hoursNamed(view.report)}
      strips={scannedStrips(view.report)}
      onPlace={(value) => act(saying(lesion.lesion, { field: "place", value }))}
      onClose={onClose}
    />
  );
}
