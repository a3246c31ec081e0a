/** Which page is shown, of which examination: written in the address, so that it can be kept and gone back to. */
import { useCallback, useEffect, useState } from "react";

export type PageName = "live" | "report" | "exams";

export interface Route {
  readonly page: PageName;
  /** `null`: the newest open one. */
  readonly exam: string | null;
}

export function routeOf(search: string): Route {
  const parameters = new URLSearchParams(search);
  const page = parameters.get("page");
  return { page: page === "report" || page === "exams" ? page : "live", exam: parameters.get("exam") || null };
}

export function addressOf({ page, exam }: Route): string {
  const parameters = new URLSearchParams();
  if (exam !== null && page !== "exams") {
    parameters.set("exam", exam);
  }
  if (page !== "live") {
    parameters.set("page", page);
  }
  return parameters.size > 0 ? `/?${parameters}` : "/";
}

/** The address's page; going elsewhere does not load the program's page again. */
export function useRoute(): readonly [Route, (route: Route) => void] {
  const [route, setRoute] = useState(() => routeOf(window.location.search));
  useEffect(() => {
    const follow = (): void => setRoute(routeOf(window.location.search));
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }, []);
  const go = useCallback((next: Route): void => {
    window.history.pushState(null, "", addressOf(next));
    setRoute(next);
  }, []);
  return [route, go];
}
