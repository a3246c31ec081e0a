/** What the advice line is about: of all that holds now the worst, and among equals the oldest. */
import type { Hello, Issue, LiveUpdate, Severity } from "../api/wire";
import type { Notice } from "./notice";
import type { Phase } from "./phase";

/** What the page has to say beside the faults of the picture, and how much each matters. */
export const OWN = {
  lost: "stop",
  waiting: "stop",
  model_failed: "stop",
  not_saved: "stop",
  watching: "warn",
  behind: "warn",
  connecting: "info",
  first: "info",
  ended: "info",
  paused: "info",
  notice: "info",
  no_model: "info",
} as const satisfies Readonly<Record<string, Severity>>;

export type OwnConcern = keyof typeof OWN;

/** One of the page's own, or a fault of the picture by its code. */
export type ConcernKey = OwnConcern | Issue["code"];

export interface Concern {
  readonly key: ConcernKey;
  readonly severity: Severity;
}

export interface Facts {
  readonly phase: Phase;
  readonly hello: Hello | null;
  readonly update: LiveUpdate | null;
  readonly watching: boolean;
  /** The share of frames lost, where it is worth saying. */
  readonly lost: number | null;
  readonly notice: Notice | null;
}

/** Everything that holds now; what came together stands in the order in which it is said. */
export function concernsOf(facts: Facts): readonly Concern[] {
  const { phase, hello, update, lost } = facts;
  // Faults of an old or resting picture are no news, nor is what was lost before.
  const live = phase === "scanning" || phase === "frozen";
  const holds: Readonly<Record<OwnConcern, boolean>> = {
    lost: phase === "lost",
    waiting: phase === "waiting",
    // Silence would be taken for a breast without a lesion.
    model_failed: live && update?.model_failed === true,
    // What a program said that is out of reach is old.
    not_saved: phase !== "lost" && phase !== "connecting" && update !== null && !update.state.saved,
    watching: facts.watching,
    behind: live && lost !== null,
    connecting: phase === "connecting",
    first: phase === "first",
    ended: phase === "ended",
    paused: phase === "paused",
    notice: facts.notice !== null,
    no_model: hello !== null && hello.model === null,
  };
  const own = (Object.keys(OWN) as OwnConcern[]).filter((key) => holds[key]);
  // The page counts losses too, its own among them, and says what to do: one sentence for one thing.
  const faults = update?.quality.filter(({ code }) => live && (lost === null || code !== "frames_dropped")) ?? [];
  return [
    ...own.map((key) => ({ key, severity: OWN[key] })),
    ...faults.map(({ code, severity }) => ({ key: code, severity })),
  ];
}

/** The keys of what holds now, the oldest first; `former` is what this said last. */
export function oldestFirst(former: readonly ConcernKey[], concerns: readonly Concern[]): readonly ConcernKey[] {
  const present = concerns.map(({ key }) => key);
  return [...former.filter((key) => present.includes(key)), ...present.filter((key) => !former.includes(key))];
}

/** The one to speak of; `null` when all is well. */
export function foremost(concerns: readonly Concern[], order: readonly ConcernKey[]): ConcernKey | null {
  const [first] = concerns.toSorted((a, b) => rank(b) - rank(a) || order.indexOf(a.key) - order.indexOf(b.key));
  return first?.key ?? null;
}

/**
 * Two keys have a rank of their own. A notice answers a key that was just pressed: for its few seconds only a stop is
 * worth more. A page that watches can mend nothing, and its one action must stay in reach: the lights say the rest.
 */
const RANKS = ["info", "warn", "notice", "stop", "watching"] as const;

function rank({ key, severity }: Concern): number {
  return RANKS.indexOf(key === "notice" || key === "watching" ? key : severity);
}
