/** The capture socket: comes back by itself, announces what it sends, and gives way where another page captures. */
import { type Announcing, announcement, type Look, type Refusal, readAnswer } from "./protocol";

/** `elsewhere`: another page has taken over, and this one does not come back by itself. */
export type LinkState = "connecting" | "capturing" | "lost" | "busy" | "elsewhere" | "refused";

export interface LinkListener {
  readonly onState: (state: LinkState, code: Refusal | null) => void;
  /** So many pictures may be under way from now on; 0: none. */
  readonly onWindow: (most: number) => void;
  readonly onAnswer: (taken: boolean) => void;
}

/** Waits before each new attempt, ms; the last one repeats. */
const RETRY_MS = [250, 500, 1000, 2000] as const;

export class CaptureLink {
  private socket: WebSocket | null = null;
  private attempts = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private look: Look | null = null;
  private takeOverNext = false;
  private state: LinkState = "connecting";

  constructor(
    private readonly url: string,
    private readonly about: Pick<Announcing, "kind" | "frameRate" | "page">,
    private readonly listener: LinkListener,
  ) {}

  open(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => this.announce();
    socket.onmessage = ({ data }: MessageEvent<string>) => this.hear(data);
    socket.onclose = () => {
      if (this.socket === socket) {
        this.lose();
      }
    };
  }

  close(): void {
    clearTimeout(this.retry);
    const { socket } = this;
    this.socket = null;
    socket?.close();
    this.listener.onWindow(0);
  }

  /** Says what the coming pictures are like; only what the program does not know yet is sent. */
  lookOf(look: Look): void {
    const { look: former } = this;
    this.look = look;
    // A size is in every picture, a range is not.
    if (!former || former.range !== look.range) {
      this.announce();
    }
  }

  /** Takes the place of the page that captures. */
  takeOver(): void {
    this.takeOverNext = true;
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.announce();
    } else {
      this.close();
      this.open();
    }
  }

  /** False where the socket cannot take it. */
  send(message: Uint8Array<ArrayBuffer>): boolean {
    if (this.state !== "capturing" || this.socket?.readyState !== WebSocket.OPEN) {
      return false;
    }
    this.socket.send(message);
    return true;
  }

  private announce(): void {
    if (!this.look || this.socket?.readyState !== WebSocket.OPEN) {
      return;
    }
    this.socket.send(announcement({ ...this.about, ...this.look, takeOver: this.takeOverNext }));
    this.takeOverNext = false;
  }

  private hear(data: string): void {
    const answer = readAnswer(data);
    if (answer?.kind === "capturing") {
      this.attempts = 0;
      // A second announcement leaves what is under way as it is.
      if (this.state !== "capturing") {
        this.become("capturing");
        this.listener.onWindow(answer.inFlight);
      }
    } else if (answer?.kind === "answered") {
      this.listener.onAnswer(answer.taken);
    } else if (answer?.kind === "error") {
      this.refuse(answer.code);
    }
  }

  private refuse(code: Refusal): void {
    if (code === "bad_frame" || code === "size") {
      // One picture was answered, with a no; the next may be good.
      this.listener.onAnswer(false);
      return;
    }
    this.become(code === "busy" ? "busy" : code === "taken_over" ? "elsewhere" : "refused", code);
    this.listener.onWindow(0);
  }

  private lose(): void {
    this.listener.onWindow(0);
    if (this.state === "elsewhere") {
      return;
    }
    if (this.state !== "busy" && this.state !== "refused") {
      this.become("lost");
    }
    const wait = RETRY_MS[Math.min(this.attempts, RETRY_MS.length - 1)] ?? 2000;
    this.attempts += 1;
    this.retry = setTimeout(() => this.open(), wait);
  }

  private become(state: LinkState, code: Refusal | null = null): void {
    this.state = state;
    this.listener.onState(state, code);
  }
}
