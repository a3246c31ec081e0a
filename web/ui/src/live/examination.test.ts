import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { adviceOf } from "../parts/advice";
import { wordsIn } from "../words/words";
import { Examination } from "./examination";
import { keepStood } from "./stood";

/** Every socket that was opened, the newest last. */
let sockets: Socket[];
let frame: (() => void) | null;

class Socket {
  static readonly OPEN = 1;
  readyState = 1;
  readonly sent: string[] = [];
  onmessage: ((event: { readonly data: string | ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly url: string) {
    sockets.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  greet(): void {
    this.say({ type: "hello", run: "1", model: {}, source: { kind: "phantom", faults: [] } });
  }

  /** A picture of one pixel. */
  show(drives: boolean): void {
    const update = {
      frame: 1,
      size_px: [1, 1],
      drives,
      quality: [],
      tracks: [],
      volume: { tracks: [] },
      stats: { dropped_source: 0, dropped_client: 0 },
      state: { exam: "7", sweep: 1, paused: false, saved: true },
    };
    const text = new TextEncoder().encode(JSON.stringify(update));
    const message = new Uint8Array(4 + text.length + 1);
    new DataView(message.buffer).setUint32(0, text.length, true);
    message.set(text, 4);
    this.onmessage?.({ data: message.buffer });
    frame?.();
  }
}

const newest = (): Socket => sockets.at(-1) as Socket;

function open(): Examination {
  const examination = new Examination("ws://127.0.0.1/live?exam=7");
  examination.open();
  return examination;
}

describe("a page that comes back", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    sockets = [];
    frame = null;
    const kept = new Map<string, string>();
    vi.stubGlobal("WebSocket", Socket);
    vi.stubGlobal("window", globalThis);
    vi.stubGlobal("requestAnimationFrame", (show: () => void) => {
      frame = show;
    });
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, text: string) => kept.set(key, text),
      removeItem: (key: string) => kept.delete(key),
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const was = (): string | null => new URL(newest().url).searchParams.get("was");

  it("says how it stood, also where the page was loaded anew", () => {
    for (const [drives, stood] of [
      [true, "commanding"],
      [false, "watching"],
    ] as const) {
      keepStood("another", "watching");
      const examination = open();
      expect(was()).toBeNull();
      newest().greet();
      newest().show(drives);
      newest().close();
      vi.advanceTimersByTime(1000);
      expect([was(), new URL(newest().url).searchParams.get("exam")]).toEqual([stood, "7"]);
      examination.close();
      open().close();
      expect(was()).toBe(stood);
    }
  });

  it("keeps no key where it watched: whoever gives the commands is to be heard first", () => {
    const examination = open();
    newest().greet();
    newest().show(false);
    newest().close();
    examination.send({ command: "set_side", side: "left" });
    expect(examination.getScene().notice?.says).toBe("error_watching");
    vi.advanceTimersByTime(1000);
    newest().greet();
    expect(newest().sent).toEqual([]);
    examination.close();
  });

  it("says that keys which waited were not followed, as long as another window gives the commands", () => {
    const examination = open();
    newest().greet();
    newest().show(true);
    newest().close();
    examination.send({ command: "set_side", side: "left" });
    vi.advanceTimersByTime(1000);
    newest().greet();
    newest().show(false);
    const { id } = JSON.parse(newest().sent[0] ?? "{}");
    newest().say({ type: "error", code: "watching", message: "", id });
    const said = (language: "en" | "zh") => adviceOf(examination.getScene(), wordsIn(language));
    vi.advanceTimersByTime(10_000);
    expect(said("en")?.detail).toBe("Keys pressed while the program was away were not followed.");
    expect(said("zh")?.detail).toBe("程序离线期间的按键未执行。");
    examination.send({ command: "take_over" });
    newest().show(true);
    vi.advanceTimersByTime(1000);
    expect(examination.getScene().notFollowed).toBe(false);
    examination.close();
  });
});
