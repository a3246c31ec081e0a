import { useEffect, useRef, useSyncExternalStore } from "react";
import { type ExamState, ExamStore } from "./store";

/** The report of an examination, kept up to date while a page shows it; `null`: of the newest open one. */
export function useReport(exam: string | null): { readonly store: ExamStore; readonly state: ExamState } {
  const kept = useRef<ExamStore | null>(null);
  // The newest open one stays the same examination once the address names it.
  if (!kept.current || (exam !== null && kept.current.getState().exam !== exam)) {
    kept.current = new ExamStore(exam);
  }
  const store = kept.current;
  useEffect(() => {
    store.open();
    return () => store.close();
  }, [store]);
  const state = useSyncExternalStore(store.subscribe, store.getState);
  useLeaveWarning(state.waiting > 0);
  return { store, state };
}

/** The browser asks before it closes a page whose changes the program does not have. */
function useLeaveWarning(unsent: boolean): void {
  useEffect(() => {
    if (!unsent) {
      return;
    }
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [unsent]);
}
