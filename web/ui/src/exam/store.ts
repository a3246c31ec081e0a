/** The report of one examination as the program last told it, and what this page still has to tell the program. */

import { replaceEqualDeep } from "@tanstack/query-core";
import { type Act, type Answer, listExams, type ReportView, readReport, sendAct, sendUndo } from "./api";
import { rememberedPerson } from "./person";
import { ActQueue, type Change } from "./queue";

export interface ExamState {
  /** The examination's identifier; `null` until it is known. */
  readonly exam: string | null;
  /** `missing`: this program has no such examination, or no examinations at all. */
  readonly presence: "loading" | "there" | "missing";
  readonly view: ReportView | null;
  /** The program does not answer. */
  readonly away: boolean;
  /** Changes that the program does not have yet. */
  readonly waiting: number;
  /** Why the last change was not taken; `null` when all is well. */
  readonly refusal: { readonly error: string; readonly code: string | null } | null;
}

/** A report hangs on its entries alone; beside it stand whether they are saved and what this person can take back. */
const same = (one: ReportView, other: ReportView): boolean =>
  one.seq === other.seq &&
  one.saved === other.saved &&
  one.not_saved_why === other.not_saved_why &&
  one.not_saved === other.not_saved &&
  one.undo === other.undo;

/** The code of a refusal: the machine proposes something else than the person was shown. */
const PROPOSAL_CHANGED = "proposal_changed";
const POLL_MS = 2000;
/** A program without these routes is asked again this seldom, ms. */
const POLL_MISSING_MS = 30_000;

/** More examinations than go on at a time: the newest open one is among them. */
const SOME = 50;

export class ExamStore {
  private state: ExamState;
  private readonly queue: ActQueue;
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  private silent = false;

  /** Without `exam`: the newest open one. */
  constructor(private exam: string | null) {
    this.state = { exam, presence: "loading", view: null, away: false, waiting: 0, refusal: null };
    this.queue = new ActQueue({
      send: (change, id) => this.send(change, id),
      onView: (view) => this.take(view),
      onRefused: (_, error, code) => this.refused(error, code),
      onState: () => this.set({ waiting: this.queue.waiting, away: this.queue.away || this.silent }),
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): ExamState => this.state;

  open(): void {
    this.closed = false;
    void this.poll();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  act(act: Act): void {
    this.set({ refusal: null });
    this.queue.push(act);
  }

  undo(): void {
    this.set({ refusal: null });
    this.queue.push({ act: "undo" });
  }

  private refused(error: string, code: string | null): void {
    this.set({ refusal: { error, code } });
    if (code === PROPOSAL_CHANGED && !this.closed) {
      // What is to be confirmed again is shown at once.
      void this.poll();
    }
  }

  private send(change: Change, id: string): Promise<Answer<ReportView>> {
    const { name } = rememberedPerson();
    if (this.exam === null) {
      return Promise.resolve({ kind: "missing" });
    }
    return change.act === "undo" ? sendUndo(this.exam, name, id) : sendAct(this.exam, change, name, id);
  }

  private async poll(): Promise<void> {
    const answer = await this.look();
    if (this.closed) {
      return;
    }
    this.silent = answer.kind === "away";
    if (answer.kind === "ok") {
      this.take(answer.value);
    } else if (answer.kind !== "away" && !this.state.view) {
      this.set({ presence: "missing", refusal: answer.kind === "refused" ? answer : null });
    }
    this.set({ away: this.queue.away || this.silent });
    const missing = this.state.presence === "missing";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.poll(), missing ? POLL_MISSING_MS : POLL_MS);
  }

  private async look(): Promise<Answer<ReportView>> {
    if (this.exam === null) {
      const answer = await listExams(SOME);
      if (answer.kind !== "ok") {
        return answer;
      }
      const open = answer.value.filter(({ status }) => status === "open");
      const [newest] = open.toSorted((a, b) => Number(b.live) - Number(a.live) || b.began_ms - a.began_ms);
      if (!newest) {
        return { kind: "missing" };
      }
      this.exam = newest.id;
      this.set({ exam: newest.id });
    }
    return readReport(this.exam);
  }

  /** An answer that was overtaken by a newer one says nothing, and one that says the same draws nothing. */
  private take(view: ReportView): void {
    const present = this.state.view;
    if (present && (view.seq < present.seq || same(view, present))) {
      return;
    }
    // Why a report could not be read is over once it is.
    const refusal = present ? this.state.refusal : null;
    this.set({ view: replaceEqualDeep(present, view), presence: "there", refusal });
  }

  private set(change: Partial<ExamState>): void {
    const next = { ...this.state, ...change };
    if ((Object.keys(next) as (keyof ExamState)[]).every((key) => next[key] === this.state[key])) {
      return;
    }
    this.state = next;
    for (const listener of this.listeners) {
      listener();
    }
  }
}
