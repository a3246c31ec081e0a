/** Which page is shown, of which examination: written in the address, so that it can be kept and gone back to. */
import { useCallback, useEffect, useState } from "react";

export type PageName = "live" | "report" | "exams" | "studies" | "nodes" | "orders" | "accounts";

export interface Route {
  readonly page: PageName;
  /** `null`: the newest open one. */
  readonly exam: string | null;
  /** The study that is open among the studies, by its UID; without it their list. Of other nodes it is the one whose patient is looked for there. */
  readonly study?: string;
  /** Beside the list of the studies stands who is who. */
  readonly doubts?: true;
}

const PAGES: readonly string[] = ["report", "exams", "studies", "nodes", "orders", "accounts"] satisfies PageName[];
/** Those that are of no examination, but of a study. */
const isOfStudies = (page: PageName): boolean => page === "studies" || page === "nodes";
/** Those whose address names an examination. */
const isOfExam = (page: PageName): boolean => page === "live" || page === "report";
const isPage = (name: string | null): name is PageName => name !== null && PAGES.includes(name);

export function routeOf(search: string): Route {
  const parameters = new URLSearchParams(search);
  const named = parameters.get("page");
  const page = isPage(named) ? named : "live";
  const study = isOfStudies(page) && parameters.get("study");
  const doubts = page === "studies" && !study && parameters.has("doubts");
  return { page, exam: parameters.get("exam") || null, ...(study && { study }), ...(doubts && { doubts }) };
}

export function addressOf({ page, exam, study, doubts }: Route): string {
  const parameters = new URLSearchParams();
  if (exam !== null && isOfExam(page)) {
    parameters.set("exam", exam);
  }
  if (page !== "live") {
    parameters.set("page", page);
  }
  if (isOfStudies(page) && study !== undefined) {
    parameters.set("study", study);
  }
  if (page === "studies" && study === undefined && doubts) {
    parameters.set("doubts", "1");
  }
  return parameters.size > 0 ? `/?${parameters}` : "/";
}

/** Goes to another page; `instead`: the way back does not lead to the present one. */
export type Go = (route: Route, instead?: boolean) => void;

/** The address's page; going elsewhere does not load the program's page again. */
export function useRoute(): readonly [Route, Go] {
  const [route, setRoute] = useState(() => routeOf(window.location.search));
  useEffect(() => {
    const follow = (): void => setRoute(routeOf(window.location.search));
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }, []);
  const go = useCallback((next: Route, instead = false): void => {
    window.history[instead ? "replaceState" : "pushState"](null, "", addressOf(next));
    setRoute(next);
  }, []);
  return [route, go];
}
