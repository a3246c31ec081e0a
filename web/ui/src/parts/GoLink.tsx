import type { ReactNode } from "react";
import { addressOf, type Route } from "../route";

interface LinkProps {
  readonly route: Route;
  readonly onGo: (route: Route) => void;
  readonly children: ReactNode;
}

/** A link that stays in the page; with a key held it is the browser's own. */
export function GoLink({ route, onGo, children }: LinkProps) {
  return (
    <a
      className="button small link"
      href={addressOf(route)}
      onClick={(event) => {
        if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
          event.preventDefault();
          onGo(route);
        }
      }}
    >
      {children}
    </a>
  );
}
