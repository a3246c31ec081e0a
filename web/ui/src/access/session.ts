/** Who is signed in, as the program says it: one answer for the whole page. */
import { useSyncExternalStore } from "react";
import type { components } from "../api/schema";

export type Me = components["schemas"]["Me"];
/** Signing in at a provider. */
export type Offer = components["schemas"]["Offer"];

export type Session =
  /** Not known yet. */
  | { readonly kind: "asking" }
  /** There are no accounts: whoever sits here may do everything. */
  | { readonly kind: "open" }
  /** There are accounts, and nobody is signed in. */
  | {
      readonly kind: "nobody";
      readonly offer: Offer | null;
      /** Somebody was, and their session has ended. */
      readonly ended: boolean;
    }
  | { readonly kind: "somebody"; readonly me: Me };

type Answer = components["schemas"]["Session"];

const ROUTE = "/api/session";
/** A program that does not answer is asked again after so long, ms. */
const AGAIN_MS = 2000;

let session: Session = { kind: "asking" };
const listeners = new Set<() => void>();

function set(next: Session): void {
  session = next;
  for (const listener of listeners) {
    listener();
  }
}

/** What the program's answer means: one without accounts says that it is open. */
export function sessionOf(answer: Answer, before: Session = { kind: "asking" }): Session {
  if (answer.me) {
    return { kind: "somebody", me: answer.me };
  }
  const ended = before.kind === "somebody" || (before.kind === "nobody" && before.ended);
  return answer.open ? { kind: "open" } : { kind: "nobody", offer: answer.oidc, ended };
}

let isAsking = false;

/** Asks until there is an answer; who asks meanwhile waits for the same one. */
export async function askSession(): Promise<void> {
  if (isAsking) {
    return;
  }
  isAsking = true;
  while (!(await isAnswered())) {
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  isAsking = false;
}

async function isAnswered(): Promise<boolean> {
  try {
    const answer = await fetch(ROUTE, { cache: "no-store" });
    if (answer.ok) {
      set(sessionOf(await answer.json(), session));
    }
    return answer.ok;
  } catch {
    // It is starting, or it is gone for now.
    return false;
  }
}

/** The program no longer knows who asks: the session has ended. How one signs in again is asked. */
export function sessionEnded(): void {
  if (session.kind === "somebody") {
    set({ kind: "nobody", offer: null, ended: true });
    void askSession();
  }
}

/** A socket was lost that a session had opened: it may have ended with it. */
export function socketLost(): void {
  if (session.kind === "somebody") {
    void askSession();
  }
}

export type SignIn = "done" | "wrong" | "wait" | "away";

export async function signIn(name: string, password: string): Promise<SignIn> {
  try {
    const answer = await fetch(ROUTE, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name, password }),
    });
    if (answer.ok) {
      set({ kind: "somebody", me: await answer.json() });
      return "done";
    }
    return answer.status === 401 ? "wrong" : answer.status === 429 ? "wait" : "away";
  } catch {
    return "away";
  }
}

export async function signOut(): Promise<void> {
  await fetch(ROUTE, { method: "DELETE" }).catch(() => undefined);
  // Who signs next is another person.
  sessionStorage.clear();
  // Nothing of the former person's work stays in the page.
  window.location.assign("/?page=exams");
}

export const getSession = (): Session => session;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useSession(): Session {
  return useSyncExternalStore(subscribe, getSession);
}

/** Whether whoever sits here may do something; without accounts everything. */
export function mayDo(of: Session, permit: string): boolean {
  return of.kind === "open" || (of.kind === "somebody" && of.me.may.includes(permit));
}
