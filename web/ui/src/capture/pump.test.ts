import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Frame } from "./frames";
import type { FromWorker } from "./messages";
import { Newest } from "./newest";
import { Pump } from "./pump";

/** Lets everything that waits for nothing but its turn have it. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) {
    await Promise.resolve();
  }
};

describe("the newest picture", () => {
  it("is next, in order, no more under way than allowed, and each is closed once", async () => {
    const sent: string[] = [];
    const closed: number[] = [];
    const newest = new Newest<{ readonly name: number; close(): void }>(async ({ name }, sequence) => {
      await Promise.resolve();
      sent.push(`${name}#${sequence}`);
      return true;
    });
    const offer = (name: number): void => newest.offer({ name, close: () => closed.push(name) });
    offer(1);
    offer(2);
    await settle();
    expect(sent).toEqual([]);
    newest.open(2);
    await settle();
    for (const name of [3, 4, 5]) {
      offer(name);
      await settle();
    }
    expect([sent, newest.passedOver]).toEqual([["2#1", "3#2"], 2]);
    newest.answered();
    await settle();
    expect(sent).toEqual(["2#1", "3#2", "5#4"]);
    expect(closed).toEqual([1, 2, 3, 4, 5]);
  });

  it("goes on after one that could not be sent", async () => {
    const numbers: number[] = [];
    const newest = new Newest<{ close(): void }>((_, sequence) => {
      numbers.push(sequence);
      return sequence === 0 ? Promise.reject(new Error("lost")) : Promise.resolve(true);
    });
    newest.open(1);
    newest.offer({ close: () => {} });
    await settle();
    newest.offer({ close: () => {} });
    await settle();
    expect(numbers).toEqual([0, 1]);
  });
});

/** The newest socket that was opened, and how many were. */
let socket: Socket;
let opened = 0;

class Socket {
  static readonly OPEN = 1;
  readyState = 0;
  readonly texts: { readonly take_over?: boolean; readonly range: string; readonly page: number }[] = [];
  readonly pictures: number[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor() {
    socket = this;
    opened += 1;
  }

  send(message: string | Uint8Array): void {
    if (typeof message === "string") {
      this.texts.push(JSON.parse(message));
    } else {
      this.pictures.push(new DataView(message.buffer).getUint32(0, true));
    }
  }

  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  up(): void {
    this.readyState = Socket.OPEN;
    this.onopen?.();
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const CAPTURING = { capturing: true, in_flight: 2 };

describe("a page's pictures", () => {
  let nowMs = 0;
  let told: FromWorker[] = [];
  const states = (): readonly string[] => told.flatMap((message) => (message.say === "link" ? [message.state] : []));

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", Socket);
    nowMs = 1_700_000_000_000;
    told = [];
    opened = 0;
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  function begin(): Pump {
    const draw = (): Uint8ClampedArray => new Uint8ClampedArray(4 * 64 * 64);
    const options = { url: "ws://127.0.0.1/capture", page: 9, kind: "camera", frameRate: 30 } as const;
    return new Pump({ ...options, draw, tell: (message) => told.push(message), nowMs: () => nowMs });
  }

  async function show(pump: Pump, width = 64, fullRange = true): Promise<() => boolean> {
    let closed = false;
    const frame: Frame = {
      format: "I420",
      visibleRect: { width, height: 64 },
      colorSpace: { fullRange },
      timestamp: 0,
      copyTo: () => Promise.resolve(),
      close: () => {
        closed = true;
      },
    };
    nowMs += 40;
    pump.take(frame, null);
    await settle();
    return () => closed;
  }

  it("are announced by the first and sent as they are answered", async () => {
    const pump = begin();
    socket.up();
    expect(socket.texts).toEqual([]);
    await show(pump);
    expect(socket.texts.map(({ page }) => page)).toEqual([9]);
    expect(socket.pictures).toEqual([]);
    socket.say(CAPTURING);
    await settle();
    await show(pump);
    await show(pump);
    const newest = await show(pump);
    expect(socket.pictures).toEqual([0, 1]);
    expect(newest()).toBe(false);
    socket.say({ taken: 0 });
    await settle();
    expect(socket.pictures).toEqual([0, 1, 3]);
    expect(newest()).toBe(true);
  });

  it("are announced anew when their range changes, not when their size does", async () => {
    const pump = begin();
    socket.up();
    await show(pump, 64, true);
    socket.say(CAPTURING);
    await show(pump, 128, true);
    await show(pump, 128, false);
    expect(socket.texts.map(({ range }) => range)).toEqual(["full", "limited"]);
  });

  it("go on by themselves after the socket was lost", async () => {
    const pump = begin();
    socket.up();
    await show(pump);
    socket.say(CAPTURING);
    await settle();
    const former = socket;
    socket.close();
    await show(pump);
    expect(states()).toEqual(["capturing", "lost"]);
    vi.advanceTimersByTime(300);
    expect(socket).not.toBe(former);
    socket.up();
    expect(socket.texts).toHaveLength(1);
    socket.say(CAPTURING);
    await settle();
    expect(socket.pictures).toEqual([1]);
    expect(states()).toEqual(["capturing", "lost", "capturing"]);
  });

  it("wait where another page captures, and take over when asked to", async () => {
    const pump = begin();
    socket.up();
    await show(pump);
    socket.say({ error: "busy", message: "" });
    await show(pump);
    expect([states(), socket.pictures]).toEqual([["busy"], []]);
    pump.takeOver();
    expect(socket.texts.map(({ take_over }) => take_over)).toEqual([undefined, true]);
    socket.say(CAPTURING);
    await settle();
    expect(socket.pictures).toEqual([1]);
  });

  it("stay away after another page has taken over, until they take it back", async () => {
    const pump = begin();
    socket.up();
    await show(pump);
    socket.say(CAPTURING);
    socket.say({ error: "taken_over", message: "" });
    socket.close();
    vi.advanceTimersByTime(60_000);
    await show(pump);
    expect([states().at(-1), opened]).toEqual(["elsewhere", 1]);
    pump.takeOver();
    expect(opened).toBe(2);
    socket.up();
    expect(socket.texts.map(({ take_over }) => take_over)).toEqual([true]);
  });

  it("of a size that is not read are not sent, and it is said", async () => {
    const pump = begin();
    socket.up();
    const closed = await show(pump, 5120);
    expect([closed(), socket.texts]).toEqual([true, []]);
    const figures = told.flatMap((message) => (message.say === "figures" ? [message.figures] : []));
    expect(figures.at(-1)).toMatchObject({ width: 5120, unfit: true });
  });

  it("end with the page: nothing is opened again", async () => {
    const pump = begin();
    socket.up();
    const waiting = await show(pump);
    pump.end();
    vi.advanceTimersByTime(60_000);
    expect([waiting(), opened]).toEqual([true, 1]);
  });
});
