/** A device that is asked for its pictures, and asked again when it was unplugged. */
import type { CaptureKind } from "./protocol";

/** `gone`: it gave pictures, and does not now; it is looked for. */
export type DeviceState = "none" | "asking" | "live" | "gone" | "denied" | "missing";

/** What is asked of the browser; tests give their own. */
export interface Media {
  enumerateDevices(): Promise<readonly Pick<MediaDeviceInfo, "deviceId" | "kind" | "label">[]>;
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  getDisplayMedia(constraints: DisplayMediaStreamOptions): Promise<MediaStream>;
  addEventListener(type: "devicechange", listener: () => void): void;
  removeEventListener(type: "devicechange", listener: () => void): void;
}

export interface Choice {
  readonly deviceId: string;
  readonly label: string;
}

export interface DeviceListener {
  readonly onState: (state: DeviceState) => void;
  /** The device gives pictures, for the first time or again. */
  readonly onTrack: (track: MediaStreamTrack, kind: CaptureKind) => void;
  readonly onChoices: (choices: readonly Choice[]) => void;
}

/** While it is gone it is also asked without a sign of the browser: some grabbers come back without one. */
const ASK_EVERY_MS = 1000;

/** As the device gives them: no size is asked for that would be scaled to. */
const BEST = { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 60 } } as const;

export class Device {
  private wanted: { readonly kind: "camera" | "screen"; readonly choice: Choice | null } | null = null;
  private track: MediaStreamTrack | null = null;
  private state: DeviceState = "none";
  private timer: ReturnType<typeof setInterval> | undefined;
  private asking = false;
  /** Counts what a person asked for, so that a late answer to a former wish is let go. */
  private wish = 0;

  constructor(
    private readonly media: Media,
    private readonly listener: DeviceListener,
  ) {
    media.addEventListener("devicechange", this.changed);
  }

  /** Lists the video devices; before a person has allowed one, browsers give no names. */
  async list(): Promise<void> {
    // A browser that lists nothing may still offer a device when it is asked for one.
    const devices = await this.media.enumerateDevices().catch(() => []);
    const videos = devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId !== "");
    this.listener.onChoices(videos.map(({ deviceId, label }) => ({ deviceId, label })));
  }

  /** Asks for a device; `null` for whichever the browser offers. */
  async openCamera(choice: Choice | null): Promise<void> {
    await this.open({ kind: "camera", choice });
  }

  /** Asks for a window or a screen. It is a person's choice each time: it is never asked for again by itself. */
  async openScreen(): Promise<void> {
    await this.open({ kind: "screen", choice: null });
  }

  close(): void {
    this.wish += 1;
    this.wanted = null;
    this.rest();
    this.drop();
    this.become("none");
  }

  /** Never used again. */
  dispose(): void {
    this.close();
    this.media.removeEventListener("devicechange", this.changed);
  }

  private async open(wanted: NonNullable<Device["wanted"]>): Promise<void> {
    this.close();
    this.wanted = wanted;
    this.become("asking");
    await this.ask();
  }

  private readonly changed = (): void => {
    void this.list();
    if (this.state === "gone") {
      void this.ask();
    }
  };

  private async ask(): Promise<void> {
    const { wanted, wish } = this;
    if (!wanted || this.asking) {
      return;
    }
    this.asking = true;
    const outcome = await this.stream(wanted).catch((error: unknown) => error);
    this.asking = false;
    if (wish !== this.wish) {
      stop(outcome);
      // Another wish was waiting for this answer.
      if (this.state === "asking") {
        await this.ask();
      }
      return;
    }
    const track = isStream(outcome) ? outcome.getVideoTracks()[0] : undefined;
    if (track) {
      this.take(track, wanted.kind);
    } else if (this.state !== "gone") {
      this.become(outcome instanceof Error && outcome.name === "NotAllowedError" ? "denied" : "missing");
    }
  }

  private async stream({ kind, choice }: NonNullable<Device["wanted"]>): Promise<MediaStream> {
    if (kind === "screen") {
      return this.media.getDisplayMedia({ video: { frameRate: { ideal: 30 } }, audio: false });
    }
    const deviceId = await this.present(choice);
    const video = deviceId === null ? BEST : { ...BEST, deviceId: { exact: deviceId } };
    return this.media.getUserMedia({ video, audio: false });
  }

  /** The device under its present name: browsers may give another to the same device in another port. */
  private async present(choice: Choice | null): Promise<string | null> {
    if (!choice) {
      return null;
    }
    const devices = (await this.media.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    const same = devices.find(({ deviceId }) => deviceId === choice.deviceId);
    const alike = devices.find(({ label }) => choice.label !== "" && label === choice.label);
    return (same ?? alike)?.deviceId ?? choice.deviceId;
  }

  private take(track: MediaStreamTrack, kind: "camera" | "screen"): void {
    this.rest();
    this.track = track;
    track.onended = () => this.lose(track);
    if (this.wanted && kind === "camera") {
      // Whatever was offered is from now on the one that is meant.
      const deviceId = track.getSettings().deviceId ?? this.wanted.choice?.deviceId ?? "";
      this.wanted = { kind, choice: { deviceId, label: track.label } };
    }
    this.become("live");
    this.listener.onTrack(track, kind);
    void this.list();
  }

  private lose(track: MediaStreamTrack): void {
    if (this.track !== track) {
      return;
    }
    this.drop();
    if (this.wanted?.kind !== "camera") {
      // A person ended the sharing of a screen.
      this.close();
      return;
    }
    this.become("gone");
    this.timer = setInterval(() => void this.ask(), ASK_EVERY_MS);
    void this.ask();
  }

  private drop(): void {
    const { track } = this;
    this.track = null;
    if (track) {
      track.onended = null;
      track.stop();
    }
  }

  private rest(): void {
    clearInterval(this.timer);
  }

  private become(state: DeviceState): void {
    this.state = state;
    this.listener.onState(state);
  }
}

function isStream(outcome: unknown): outcome is MediaStream {
  return typeof outcome === "object" && outcome !== null && "getVideoTracks" in outcome;
}

function stop(outcome: unknown): void {
  if (isStream(outcome)) {
    for (const track of outcome.getTracks()) {
      track.stop();
    }
  }
}
