import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Command } from "../api/wire";
import { type Called, Connection, type Listener } from "./connection";

/** The newest socket that was opened. */
let socket: Socket;

class Socket {
  static readonly OPEN = 1;
  readyState = 0;
  readonly sent: string[] = [];
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor() {
    socket = this;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  greet(): void {
    this.readyState = Socket.OPEN;
    this.hear({ type: "hello" });
  }

  hear(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const dismiss = (track: number): Command => ({ command: "dismiss", track });
const said = (): readonly { readonly track: number; readonly id: string }[] =>
  socket.sent.map((text) => JSON.parse(text));
const tracks = (): readonly number[] => said().map(({ track }) => track);

function connect(changes: Partial<Listener> = {}): { connection: Connection; forgotten: () => number } {
  let forgotten = 0;
  const connection = new Connection(() => "ws://127.0.0.1/live", {
    onHello: () => true,
    onDevice: () => {},
    onPicture: () => {},
    onError: () => {},
    onLost: () => {},
    onForgotten: () => {
      forgotten += 1;
    },
    ...changes,
  });
  connection.open();
  return { connection, forgotten: () => forgotten };
}

describe("commands while the program is away", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", Socket);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("wait, sixteen of them, and those beyond are told", () => {
    const { connection, forgotten } = connect();
    for (let track = 0; track < 19; track += 1) {
      connection.send(dismiss(track));
    }
    expect([connection.waiting, forgotten()]).toEqual([16, 3]);
    socket.greet();
    expect(tracks()).toEqual([...Array(16).keys()]);
    expect(connection.waiting).toBe(0);
  });

  it("wait over a loss, also one that the page has not heard of yet", () => {
    const { connection, forgotten } = connect();
    socket.greet();
    connection.send(dismiss(1));
    expect(tracks()).toEqual([1]);
    socket.readyState = 2;
    connection.send(dismiss(2));
    socket.close();
    connection.send(dismiss(3));
    vi.advanceTimersByTime(1000);
    socket.greet();
    expect([tracks(), forgotten()]).toEqual([[1, 2, 3], 0]);
  });

  it("go again under their own identifiers where no answer came, and not where one did", () => {
    const { connection } = connect();
    socket.greet();
    for (const track of [1, 2, 3]) {
      connection.send(dismiss(track));
    }
    const ids = said().map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    socket.hear({ type: "followed", id: ids[0] });
    socket.hear({ type: "error", code: "busy", message: "", id: ids[1] });
    socket.close();
    expect(connection.waiting).toBe(1);
    vi.advanceTimersByTime(1000);
    socket.greet();
    expect(said().map(({ track, id }) => [track, id])).toEqual([[3, ids[2]]]);
  });

  it("are kept while attempts fail, which are counted until the program says a word", () => {
    const { connection } = connect();
    connection.send(dismiss(1));
    socket.close();
    vi.advanceTimersByTime(1000);
    socket.close();
    expect([connection.failures, connection.waiting]).toEqual([2, 1]);
    vi.advanceTimersByTime(1000);
    socket.greet();
    expect([connection.failures, tracks()]).toEqual([0, [1]]);
  });

  it("go to no other program, and are handed to the page", () => {
    let left: readonly Called[] = [];
    const { connection } = connect({
      onHello: (_, unsent) => {
        left = unsent;
        return false;
      },
    });
    connection.send(dismiss(1));
    socket.greet();
    expect([tracks(), left.map(({ command }) => command)]).toEqual([[], [dismiss(1)]]);
  });
});
