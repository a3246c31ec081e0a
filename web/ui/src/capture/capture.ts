/** One page's capture for one examination: the device on this side, the worker with the socket on the other. */
import { type Choice, Device, type DeviceState, type Media } from "./device";
import type { LinkState } from "./link";
import type { Captured, Memory } from "./memory";
import type { Figures, FromWorker, ToWorker } from "./messages";
import { type CapturePhase, phaseOf } from "./phase";
import type { CaptureKind } from "./protocol";

/** What React shows. */
export interface CaptureScene {
  readonly phase: CapturePhase;
  readonly choices: readonly Choice[];
  /** The device that is captured, or was meant. */
  readonly label: string | null;
  readonly kind: CaptureKind | null;
  /** What was captured before and waits for a person; `null` where there is nothing to go on with. */
  readonly again: Captured | null;
  readonly figures: Figures | null;
  /** For the preview; `null` while there is no picture. */
  readonly track: MediaStreamTrack | null;
}

/** What is used of a worker. */
export interface CaptureWorker {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  postMessage(message: ToWorker, transfer?: Transferable[]): void;
  terminate(): void;
}

/** What the browser gives; tests give their own. */
export interface Browser {
  /** `null` where the page may not capture: on an address that is neither this machine's nor secure. */
  readonly media: Media | null;
  readonly worker: () => CaptureWorker;
  /** The frames of a track, where this thread can have them. */
  readonly framesOf: ((track: MediaStreamTrack) => ReadableStream<unknown>) | null;
  readonly bitmapsOf: (track: MediaStreamTrack, onBitmap: (bitmap: ImageBitmap) => void) => () => void;
}

const NO_MEMORY: Memory = { read: () => null, write: () => undefined };

export class Capture {
  private readonly listeners = new Set<() => void>();
  private readonly device: Device | null;
  private worker: CaptureWorker | null = null;
  private workerKind: CaptureKind | null = null;
  private stopBitmaps: (() => void) | null = null;
  private deviceState: DeviceState = "none";
  private link: LinkState = "connecting";
  private choices: readonly Choice[] = [];
  private label: string | null = null;
  private kind: CaptureKind | null = null;
  private figures: Figures | null = null;
  private track: MediaStreamTrack | null = null;
  /** What this tab captured for the examination last. */
  private captured: Captured | null;
  private scene: CaptureScene;
  /** Drawn by lot, so that this page gets its own place back when its socket was lost. */
  private readonly page = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);

  constructor(
    private readonly browser: Browser,
    private readonly url: string,
    private readonly memory: Memory = NO_MEMORY,
  ) {
    this.captured = memory.read();
    const { media } = browser;
    this.device =
      media &&
      new Device(media, {
        onState: (state) => this.hearDevice(state),
        onTrack: (track, kind) => this.begin(track, kind),
        onChoices: (choices) => {
          this.choices = choices;
          this.goOnByItself();
          this.tell();
        },
      });
    this.scene = this.look();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getScene = (): CaptureScene => this.scene;

  list(): void {
    void this.device?.list();
  }

  startCamera(choice: Choice | null): void {
    this.label = choice?.label || null;
    void this.device?.openCamera(choice);
  }

  /** Goes on with what was captured before: a person has pressed for it. */
  startAgain(): void {
    const { captured } = this;
    if (captured?.kind === "camera") {
      this.startCamera(captured);
    } else if (captured) {
      this.startScreen();
    }
  }

  startScreen(): void {
    this.label = null;
    void this.device?.openScreen();
  }

  stop(): void {
    this.remember(null);
    this.device?.close();
  }

  takeOver(): void {
    this.worker?.postMessage({ say: "take_over" });
  }

  dispose(): void {
    this.device?.dispose();
    this.endWorker();
    this.listeners.clear();
  }

  /**
   * A device that is there and was captured before is asked for without a press. Browsers name devices only to a page that may have
   * them: where there is no name, asking would open the browser's question before anybody has done anything.
   */
  private goOnByItself(): void {
    const { captured, choices, deviceState } = this;
    const shown = this.listeners.size > 0;
    if (shown && deviceState === "none" && captured?.kind === "camera" && captured.label !== "") {
      if (choices.some(({ label }) => label === captured.label)) {
        this.startCamera(captured);
      }
    }
  }

  private remember(captured: Captured | null): void {
    this.captured = captured;
    this.memory.write(captured);
  }

  private hearDevice(state: DeviceState): void {
    this.deviceState = state;
    if (state !== "live") {
      this.track = null;
      this.endBitmaps();
    }
    // A device that is gone comes back in the same examination: the socket stays.
    if (state === "none" || state === "denied" || state === "missing") {
      this.endWorker();
    }
    this.tell();
  }

  private begin(track: MediaStreamTrack, kind: CaptureKind): void {
    this.track = track;
    this.kind = kind;
    this.label = track.label || this.label;
    const { deviceId } = track.getSettings();
    this.remember(kind === "camera" ? { kind, deviceId: deviceId ?? "", label: track.label } : { kind: "screen" });
    const worker = this.workerFor(track, kind);
    const { framesOf } = this.browser;
    if (framesOf) {
      const frames = framesOf(track);
      worker.postMessage({ say: "frames", frames }, [frames]);
    } else {
      this.handOver(worker, track);
    }
    this.tell();
  }

  /** Some browsers give the frames of a track to workers only, and some to nobody. */
  private handOver(worker: CaptureWorker, track: MediaStreamTrack): void {
    const copy = track.clone();
    try {
      // The page's types do not know yet that a track can be handed over.
      worker.postMessage({ say: "track", track: copy }, [copy as unknown as Transferable]);
    } catch {
      copy.stop();
      this.beginBitmaps();
    }
  }

  private beginBitmaps(): void {
    const { track, worker } = this;
    this.endBitmaps();
    if (track && worker) {
      const send = (bitmap: ImageBitmap): void => worker.postMessage({ say: "bitmap", bitmap }, [bitmap]);
      this.stopBitmaps = this.browser.bitmapsOf(track, send);
    }
  }

  private endBitmaps(): void {
    this.stopBitmaps?.();
    this.stopBitmaps = null;
  }

  private workerFor(track: MediaStreamTrack, kind: CaptureKind): CaptureWorker {
    if (this.worker && this.workerKind === kind) {
      return this.worker;
    }
    this.endWorker();
    const worker = this.browser.worker();
    worker.onmessage = ({ data }) => this.hearWorker(data);
    const frameRate = track.getSettings().frameRate ?? null;
    worker.postMessage({ say: "begin", url: this.url, page: this.page, kind, frameRate });
    this.worker = worker;
    this.workerKind = kind;
    return worker;
  }

  private endWorker(): void {
    this.endBitmaps();
    this.worker?.postMessage({ say: "end" });
    this.worker?.terminate();
    this.worker = null;
    this.workerKind = null;
    this.link = "connecting";
    this.figures = null;
  }

  private hearWorker(message: FromWorker): void {
    if (message.say === "link") {
      this.link = message.state;
    } else if (message.say === "figures") {
      this.figures = message.figures;
    } else {
      this.beginBitmaps();
    }
    this.tell();
  }

  private look(): CaptureScene {
    const { deviceState, link, choices, label, kind, figures, track } = this;
    const supported = this.device !== null;
    const unfit = figures?.unfit ?? false;
    const phase = phaseOf({ supported, device: deviceState, link, unfit });
    const again = phase === "idle" ? this.captured : null;
    return { phase, choices, label, kind, again, figures, track };
  }

  private tell(): void {
    this.scene = this.look();
    for (const listener of this.listeners) {
      listener();
    }
  }
}
