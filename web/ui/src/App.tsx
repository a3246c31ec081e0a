import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { AccountsPage } from "./access/AccountsPage";
import { SignInPage } from "./access/SignInPage";
import { mayDo, useSession } from "./access/session";
import { type UsedCapture, useCapture } from "./capture/useCapture";
import type { Act } from "./exam/api";
import { useReport } from "./exam/useReport";
import { isSigned, useClosed } from "./live/entrance";
import { Examination, type Scene } from "./live/examination";
import { Rest } from "./live/rest";
import { isCaptured } from "./live/source";
import { ClosedPage } from "./parts/ClosedPage";
import { LivePage } from "./parts/LivePage";
import { ReportPage } from "./review/ReportPage";
import { type Go, type Route, useRoute } from "./route";
import { StartPage } from "./start/StartPage";
import { rememberedLanguage, rememberLanguage } from "./words/preferences";
import { type Language, WordsContext, wordsIn } from "./words/words";

/** Loaded when it is first looked at: who scans does not wait for it. */
const StudiesPages = lazy(() => import("./studies/StudiesPages"));

/** The page that the address names, in the chosen language. */
export function App() {
  const [route, go] = useRoute();
  const [language, setLanguage] = useState<Language>(rememberedLanguage);
  const words = useMemo(() => wordsIn(language), [language]);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    rememberLanguage(language);
  }, [language]);
  const session = useSession();
  if (session.kind === "asking") {
    return null;
  }
  return (
    <WordsContext value={words}>
      {session.kind === "nobody" ? (
        <SignInPage offer={session.offer} ended={session.ended} onLanguage={setLanguage} />
      ) : route.page === "accounts" && session.kind === "somebody" ? (
        <AccountsPage onLanguage={setLanguage} onGo={go} />
      ) : route.page === "exams" ||
        route.page === "accounts" ||
        !mayDo(session, route.page === "live" ? "scan" : "read") ? (
        <StartPage onLanguage={setLanguage} onGo={go} />
      ) : route.page === "studies" || route.page === "nodes" || route.page === "orders" ? (
        <Suspense>
          <StudiesPages
            study={route.study ?? null}
            page={route.page}
            doubts={route.doubts ?? false}
            onLanguage={setLanguage}
            onGo={go}
          />
        </Suspense>
      ) : (
        <OneExam route={route} onGo={go} onLanguage={setLanguage} />
      )}
    </WordsContext>
  );
}

interface Props {
  readonly route: Route;
  readonly onGo: Go;
  readonly onLanguage: (language: Language) => void;
}

/** One examination, live or its report. Both share what the program says of it. */
function OneExam({ route, onGo, onLanguage }: Props) {
  // The examination that the frames on the screen belong to: another breast of the phantom is another one.
  const [shown, setShown] = useState<string | null>(null);
  const { store, state } = useReport(route.page === "live" ? (shown ?? route.exam) : (route.exam ?? shown));
  // The report's address names its examination also where the live page's did not.
  const exam = route.page === "live" ? (state.exam ?? route.exam) : (route.exam ?? state.exam);
  // What is signed is not scanned any further: its source, its socket and its capture end here.
  const signed = exam !== null && route.exam === exam && state.exam === exam && isSigned(state.view);
  const examination = useExamination(exam, route.page === "live", signed);
  const connected = useScene(examination, isConnected, false);
  const refused = useScene(examination, isRefused, false);
  const greeted = useScene(examination, isGreeted, false);
  const closed = useClosed({ exam, state, connected, greeted, refused });
  const showReport = useCallback((instead: boolean) => onGo({ page: "report", exam }, instead), [onGo, exam]);
  const onHome = useCallback(() => onGo({ page: "exams", exam: null }), [onGo]);
  useEffect(() => {
    if (route.page === "live" && signed) {
      showReport(true);
    }
  }, [route.page, signed, showReport]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another address is another examination until its frames say so.
  useEffect(() => setShown(null), [route.exam]);
  useEffect(
    () => examination?.subscribe(() => setShown((before) => examination.getScene().update?.state.exam ?? before)),
    [examination],
  );
  const captures = useScene(examination, isOfPage, false);
  const rest = useRef(new Rest());
  useEffect(() => {
    if (rest.current.goesOn(route.page, examination !== null)) {
      examination?.send({ command: "set_paused", paused: false });
    }
  }, [route.page, examination]);
  const [capture, setCapture] = useState<UsedCapture | null>(null);
  const onAct = useCallback((act: Act) => store.act(act), [store]);
  const onFinish = useCallback(() => {
    // What comes while a person reads the report would change it under their hands.
    examination?.send({ command: "set_paused", paused: true });
    showReport(false);
  }, [examination, showReport]);
  return (
    <>
      {captures && exam !== null && <CaptureKeeper key={exam} exam={exam} onCapture={setCapture} />}
      {route.page === "report" ? (
        <ReportPage
          store={store}
          state={state}
          onLanguage={onLanguage}
          onBack={() => onGo({ page: "live", exam })}
          onHome={onHome}
        />
      ) : closed ? (
        <ClosedPage {...{ closed, onLanguage, onHome }} onReport={() => showReport(false)} />
      ) : (
        examination && (
          <LivePage
            examination={examination}
            exam={state}
            capture={captures ? capture : null}
            onAct={onAct}
            onLanguage={onLanguage}
            onFinish={onFinish}
            onHome={onHome}
          />
        )
      )}
    </>
  );
}

/** One thing of what an examination shows; this page is drawn again when that changes, and not with each scene. */
function useScene<T>(examination: Examination | null, of: (scene: Scene) => T, none: T): T {
  const subscribe = useCallback(
    (listener: () => void) => examination?.subscribe(listener) ?? (() => undefined),
    [examination],
  );
  return useSyncExternalStore(subscribe, () => (examination ? of(examination.getScene()) : none));
}

const isConnected = ({ phase }: Scene): boolean => phase !== "connecting" && phase !== "lost";
const isGreeted = ({ hello }: Scene): boolean => hello !== null;
const isRefused = ({ refused }: Scene): boolean => refused;
/** Whether the frames of the examination are what a page captures. */
const isOfPage = ({ hello }: Scene): boolean => isCaptured(hello?.source);

interface CaptureKeeperProps {
  readonly exam: string;
  readonly onCapture: (capture: UsedCapture | null) => void;
}

/** Keeps the capture going from the live page to the report and back. */
function CaptureKeeper({ exam, onCapture }: CaptureKeeperProps) {
  const { capture, scene } = useCapture(exam);
  useEffect(() => onCapture({ capture, scene }), [capture, scene, onCapture]);
  useEffect(() => () => onCapture(null), [onCapture]);
  return null;
}

/**
 * The live examination, opened when its page is first shown. It goes on while the report is looked at, so that 'Back to
 * scan' returns to the same second. `ended`: nothing of it is live any more.
 */
function useExamination(exam: string | null, wanted: boolean, ended: boolean): Examination | null {
  const [opened, setOpened] = useState<Examination | null>(null);
  const present = useRef<{ readonly exam: string | null; readonly examination: Examination } | null>(null);
  useEffect(() => {
    const { current } = present;
    if (ended) {
      current?.examination.close();
      present.current = null;
      setOpened(null);
      return;
    }
    const showsIt = current && current.examination.getScene().update?.state.exam === exam;
    if (current && exam !== null && (current.exam === null || showsIt)) {
      // It was opened before it was known which one is the newest, or the program has gone on to this one: that is the one.
      present.current = { ...current, exam };
    } else if (wanted && (!current || current.exam !== exam)) {
      current?.examination.close();
      const examination = new Examination(liveAddress(exam));
      examination.open();
      present.current = { exam, examination };
      setOpened(examination);
    }
  }, [exam, wanted, ended]);
  useEffect(
    () => () => {
      present.current?.examination.close();
      present.current = null;
    },
    [],
  );
  return opened;
}

function liveAddress(exam: string | null): string {
  const address = new URL(exam === null ? "/live" : `/live?exam=${encodeURIComponent(exam)}`, window.location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
