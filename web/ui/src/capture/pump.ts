/** The worker's part: frames in, messages out, no more than the program asks for. */
import { Copier, type Draw, type Frame, isFit, lookOf } from "./frames";
import { CaptureLink } from "./link";
import type { Figures, FromWorker } from "./messages";
import { Newest } from "./newest";
import type { CaptureKind } from "./protocol";
import { Stamps } from "./stamps";

const TELL_EVERY_MS = 500;

interface Timed {
  readonly frame: Frame;
  readonly stampUs: number;
  close(): void;
}

export interface PumpOptions {
  readonly url: string;
  readonly page: number;
  readonly kind: CaptureKind;
  readonly frameRate: number | null;
  readonly draw: Draw;
  readonly tell: (message: FromWorker) => void;
  /** Milliseconds since 1970; tests give their own. */
  readonly nowMs?: () => number;
}

export class Pump {
  private readonly link: CaptureLink;
  private readonly newest: Newest<Timed>;
  private readonly stamps = new Stamps();
  private readonly copier: Copier;
  private readonly nowMs: () => number;
  private taken = 0;
  private size = { width: 0, height: 0 };
  private unfit = false;
  private since = { ms: 0, taken: 0 };

  constructor(private readonly options: PumpOptions) {
    this.nowMs = options.nowMs ?? (() => performance.timeOrigin + performance.now());
    this.copier = new Copier(options.draw);
    this.newest = new Newest(({ frame, stampUs }, sequence) => this.transmit(frame, stampUs, sequence));
    this.link = new CaptureLink(options.url, options, {
      onState: (state) => options.tell({ say: "link", state }),
      onWindow: (most) => (most > 0 ? this.newest.open(most) : this.newest.shut()),
      onAnswer: (taken) => {
        this.taken += taken ? 1 : 0;
        this.newest.answered();
      },
    });
    this.link.open();
  }

  /** Another device, or the same anew, gives the coming frames. */
  begins(): void {
    this.stamps.untie();
  }

  /** Takes a frame and closes it in time. `deviceUs` is its own time, where it has one. */
  take(frame: Frame, deviceUs: number | null): void {
    const nowMs = this.nowMs();
    const look = lookOf(frame);
    this.size = { width: look.width, height: look.height };
    this.unfit = !isFit(look);
    if (this.unfit) {
      frame.close();
    } else {
      this.link.lookOf(look);
      const stampUs = this.stamps.of(deviceUs, nowMs * 1000);
      this.newest.offer({ frame, stampUs, close: () => frame.close() });
    }
    this.tellFigures(nowMs);
  }

  takeOver(): void {
    this.link.takeOver();
  }

  end(): void {
    this.link.close();
    this.newest.clear();
  }

  private async transmit(frame: Frame, stampUs: number, sequence: number): Promise<boolean> {
    return this.link.send(await this.copier.message(frame, { sequence, stampUs }));
  }

  private tellFigures(nowMs: number): void {
    const span = nowMs - this.since.ms;
    if (span < TELL_EVERY_MS) {
      return;
    }
    const rate = this.since.ms > 0 ? ((this.taken - this.since.taken) * 1000) / span : 0;
    this.since = { ms: nowMs, taken: this.taken };
    const { taken, unfit } = this;
    const figures: Figures = { ...this.size, taken, passedOver: this.newest.passedOver, rate, unfit };
    this.options.tell({ say: "figures", figures });
  }
}
