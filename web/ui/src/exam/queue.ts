/** What a person did goes to the program in order, one by one; what cannot go now waits and is sent again. */
import { newActId } from "./actId";
import type { Act, Answer, ReportView } from "./api";

export type Change = Act | { readonly act: "undo" };

export interface QueueListener {
  /** Under its own identifier each time: what was done already, and whose answer was lost, is not done again. */
  readonly send: (change: Change, id: string) => Promise<Answer<ReportView>>;
  readonly onView: (view: ReportView) => void;
  /** The program will not do it: it is not sent again. */
  readonly onRefused: (change: Change, error: string, code: string | null) => void;
  /** `waiting` or `away` is another. */
  readonly onState: () => void;
}

/** Waits before each new attempt, ms; the last one repeats. */
const RETRY_MS = [500, 1000, 2000, 4000] as const;

export class ActQueue {
  private readonly changes: { readonly change: Change; readonly id: string }[] = [];
  private sending = false;
  private attempts = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly listener: QueueListener) {}

  /** How many changes the program does not have yet. */
  get waiting(): number {
    return this.changes.length;
  }

  /** The last attempt found no program. */
  get away(): boolean {
    return this.attempts > 0;
  }

  push(change: Change): void {
    this.changes.push({ change, id: newActId() });
    this.listener.onState();
    if (!this.away) {
      void this.drain();
    }
  }

  close(): void {
    clearTimeout(this.retry);
    this.changes.length = 0;
  }

  private async drain(): Promise<void> {
    if (this.sending) {
      return;
    }
    this.sending = true;
    for (let first = this.changes[0]; first; first = this.changes[0]) {
      const { change, id } = first;
      const answer = await this.listener.send(change, id);
      if (answer.kind === "away") {
        this.wait();
        break;
      }
      this.attempts = 0;
      this.changes.shift();
      if (answer.kind === "ok") {
        this.listener.onView(answer.value);
      } else {
        const refusal = answer.kind === "refused" ? answer : { error: "", code: "missing" };
        this.listener.onRefused(change, refusal.error, refusal.code);
      }
      this.listener.onState();
    }
    this.sending = false;
  }

  private wait(): void {
    const delay = RETRY_MS[Math.min(this.attempts, RETRY_MS.length - 1)] ?? 4000;
    this.attempts += 1;
    this.listener.onState();
    this.retry = setTimeout(() => void this.drain(), delay);
  }
}
