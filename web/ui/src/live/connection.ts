/** The live socket: comes back by itself, acknowledges what was drawn, and loses no key press silently. */
import { BadMessage, type Picture, PictureReader } from "../api/message";
import type { Command, DeviceLost, ErrorCode, Hello, ServerMessage } from "../api/wire";
import { newActId } from "../exam/actId";

/** A command, and what this page calls it: under one identifier the program follows it once, however often it comes. */
export interface Called {
  readonly command: Command;
  readonly id: string;
}

export interface Listener {
  /** Answers whether this is still the program that the page belongs to; a stranger gets none of the commands that waited. */
  readonly onHello: (hello: Hello, unsent: readonly Called[]) => boolean;
  readonly onPicture: (picture: Picture) => void;
  readonly onError: (code: ErrorCode, message: string) => void;
  readonly onLost: () => void;
  /** The device that gives the frames is lost for this reason, or back. */
  readonly onDevice: (lost: DeviceLost | null) => void;
  /** A command could be neither sent nor kept until the program is back. */
  readonly onForgotten: () => void;
}

/** Waits before each new attempt, ms; the last one repeats. */
const RETRY_MS = [250, 500, 1000, 2000] as const;
/** A program that takes the connection and says nothing is not there. */
const HELLO_LIMIT_MS = 5000;
/** More unsent commands than this were not meant. */
const MOST_UNSENT = 16;

export class Connection {
  private socket: WebSocket | null = null;
  private reader = new PictureReader();
  private attempts = 0;
  private greeted = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  /** Those that wait for the program. */
  private readonly unsent: Called[] = [];
  /** Those that were sent and not answered: when the socket is lost nobody knows whether they came. */
  private unanswered: readonly Called[] = [];

  constructor(
    /** Asked for each attempt. */
    private readonly address: () => string,
    private readonly listener: Listener,
  ) {}

  open(): void {
    const socket = new WebSocket(this.address());
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.reader = new PictureReader();
    const silence = setTimeout(() => socket.close(), HELLO_LIMIT_MS);
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      clearTimeout(silence);
      this.hear(event.data);
    };
    socket.onclose = () => {
      clearTimeout(silence);
      if (this.socket === socket) {
        this.lose();
      }
    };
  }

  close(): void {
    clearTimeout(this.retry);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  /** Attempts in a row since the program last said a word. */
  get failures(): number {
    return this.attempts;
  }

  /** How many commands wait for the program to come back. */
  get waiting(): number {
    return this.unsent.length;
  }

  /** Sends a command, or keeps it until the program is back. */
  send(command: Command): void {
    this.sendAgain({ command, id: newActId() });
  }

  /** The same for one that was called before. */
  sendAgain(called: Called): void {
    if (this.greeted && this.ask(called)) {
      return;
    }
    if (this.unsent.length < MOST_UNSENT) {
      this.unsent.push(called);
    } else {
      this.listener.onForgotten();
    }
  }

  /** Tells the program that a frame was drawn, so that the next one may come. */
  drawn(frame: number): void {
    this.write({ drawn: frame });
  }

  private ask(called: Called): boolean {
    const isWritten = this.write({ ...called.command, id: called.id });
    if (isWritten) {
      this.unanswered = [...this.unanswered, called];
    }
    return isWritten;
  }

  private answered(id: string | null | undefined): void {
    this.unanswered = this.unanswered.filter((called) => called.id !== id);
  }

  /** False where the socket has begun to close. */
  private write(message: (Command & { readonly id: string }) | { readonly drawn: number }): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) {
      return false;
    }
    this.socket.send(JSON.stringify(message));
    return true;
  }

  private hear(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      this.listener.onPicture(this.read(data));
      return;
    }
    const message = JSON.parse(data) as ServerMessage;
    if (message.type === "followed") {
      this.answered(message.id);
      return;
    }
    if (message.type === "error") {
      this.answered(message.id);
      this.listener.onError(message.code, message.message);
      return;
    }
    if (message.type === "device") {
      this.listener.onDevice(message.lost);
      return;
    }
    this.greeted = true;
    this.attempts = 0;
    const unsent = this.unsent.splice(0);
    if (this.listener.onHello(message, unsent)) {
      for (const called of unsent) {
        this.ask(called);
      }
    }
  }

  /** A message that cannot be read means that page and program differ: this connection cannot go on. */
  private read(data: ArrayBuffer): Picture {
    try {
      return this.reader.read(data);
    } catch (error) {
      if (error instanceof BadMessage) {
        this.socket?.close();
      }
      throw error;
    }
  }

  private lose(): void {
    this.greeted = false;
    this.unsent.unshift(...this.unanswered);
    this.unanswered = [];
    this.listener.onLost();
    const wait = RETRY_MS[Math.min(this.attempts, RETRY_MS.length - 1)] ?? 2000;
    this.attempts += 1;
    this.retry = setTimeout(() => this.open(), wait);
  }
}
