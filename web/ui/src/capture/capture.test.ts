import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { say } from "../words/words";
import { CapturePanel } from "./CapturePanel";
import { type Browser, Capture, type CaptureScene, type CaptureWorker } from "./capture";
import type { Media } from "./device";
import { type Captured, capturedIn, type Memory } from "./memory";
import type { FromWorker, ToWorker } from "./messages";
import { type CapturePhase, SEVERITY } from "./phase";
import { captureAdvice, captureUrl } from "./useCapture";

/** A grabber that can be unplugged, and a browser that asks for it. */
class Grabber implements Media {
  plugged = true;
  deviceId = "port-1";
  allowed = true;
  /** Empty where the page was not allowed anything yet. */
  label = "HDMI grabber";
  asked: (string | null)[] = [];
  tracks: FakeTrack[] = [];
  private readonly listeners = new Set<() => void>();

  async enumerateDevices() {
    const { deviceId, label } = this;
    return this.plugged ? [{ deviceId, kind: "videoinput", label } as const] : [];
  }

  async getUserMedia({ video }: MediaStreamConstraints): Promise<MediaStream> {
    const wanted = (video as { deviceId?: { exact: string } }).deviceId?.exact ?? null;
    this.asked.push(wanted);
    if (!this.allowed) {
      throw Object.assign(new Error("no"), { name: "NotAllowedError" });
    }
    if (!this.plugged || (wanted !== null && wanted !== this.deviceId)) {
      throw Object.assign(new Error("none"), { name: "NotFoundError" });
    }
    return this.stream();
  }

  async getDisplayMedia(): Promise<MediaStream> {
    return this.stream();
  }

  addEventListener(_: "devicechange", listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_: "devicechange", listener: () => void): void {
    this.listeners.delete(listener);
  }

  unplug(): void {
    this.plugged = false;
    this.tracks.at(-1)?.onended?.();
    this.change();
  }

  plug(deviceId = this.deviceId): void {
    this.plugged = true;
    this.deviceId = deviceId;
    this.change();
  }

  get listening(): number {
    return this.listeners.size;
  }

  private change(): void {
    for (const listener of this.listeners) {
      listener();
    }
  }

  private stream(): MediaStream {
    const track = new FakeTrack(this.deviceId);
    this.tracks.push(track);
    return { getVideoTracks: () => [track], getTracks: () => [track] } as unknown as MediaStream;
  }
}

class FakeTrack {
  readonly label = "HDMI grabber";
  stopped = false;
  onended: (() => void) | null = null;
  constructor(private readonly deviceId: string) {}
  getSettings = () => ({ deviceId: this.deviceId, frameRate: 60 });
  clone = () => new FakeTrack(this.deviceId);
  stop(): void {
    this.stopped = true;
  }
}

class FakeWorker implements CaptureWorker {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null = null;
  readonly heard: string[] = [];
  terminated = false;
  constructor(private readonly takesTracks: boolean) {}
  postMessage(message: ToWorker): void {
    if (message.say === "track" && !this.takesTracks) {
      throw new Error("DataCloneError");
    }
    this.heard.push(message.say);
  }
  terminate(): void {
    this.terminated = true;
  }
  tell(message: FromWorker): void {
    this.onmessage?.({ data: message } as MessageEvent<FromWorker>);
  }
}

describe("the capture of a page", () => {
  let grabber = new Grabber();
  let workers: FakeWorker[] = [];
  let bitmaps = 0;
  const last = (): FakeWorker => workers.at(-1) ?? new FakeWorker(true);
  /** Lets promises and timers of so many milliseconds come. */
  const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    vi.useFakeTimers();
    grabber = new Grabber();
    workers = [];
    bitmaps = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function open(changes: Partial<Browser> = {}, takesTracks = true, memory?: Memory): Capture {
    const browser: Browser = {
      media: grabber,
      worker: () => {
        const worker = new FakeWorker(takesTracks);
        workers.push(worker);
        return worker;
      },
      framesOf: () => new ReadableStream(),
      bitmapsOf: () => {
        bitmaps += 1;
        return () => {
          bitmaps -= 1;
        };
      },
      ...changes,
    };
    return new Capture(browser, "ws://127.0.0.1/capture", memory);
  }

  /** A page that is loaded where another one captured before. */
  function reload(kept: { captured: Captured | null }): Capture {
    const write = (captured: Captured | null): void => {
      kept.captured = captured;
    };
    const capture = open({}, true, { read: () => kept.captured, write });
    capture.subscribe(() => undefined);
    capture.list();
    return capture;
  }

  it("goes on by itself when the page is loaded again, with the same device in another port", async () => {
    const kept: { captured: Captured | null } = { captured: null };
    const before = reload(kept);
    await pass(0);
    expect(before.getScene().phase).toBe("idle");
    before.startCamera(null);
    await pass(0);
    expect(kept.captured).toEqual({ kind: "camera", deviceId: "port-1", label: "HDMI grabber" });
    before.dispose();
    grabber.deviceId = "port-2";
    const after = reload(kept);
    await pass(0);
    expect([after.getScene().phase, grabber.asked.at(-1)]).toEqual(["connecting", "port-2"]);
  });

  it("goes on when a device that was captured before is plugged in", async () => {
    grabber.plugged = false;
    const capture = reload({ captured: { kind: "camera", deviceId: "port-1", label: "HDMI grabber" } });
    await pass(0);
    expect(capture.getScene().again?.kind).toBe("camera");
    grabber.plug();
    await pass(0);
    expect([capture.getScene().phase, capture.getScene().again]).toEqual(["connecting", null]);
  });

  it("waits for a press where the browser names no device, and where a window was captured", async () => {
    grabber.label = "";
    const capture = reload({ captured: { kind: "camera", deviceId: "port-1", label: "HDMI grabber" } });
    await pass(0);
    expect([capture.getScene().phase, grabber.asked]).toEqual(["idle", []]);
    capture.startAgain();
    await pass(0);
    expect(capture.getScene().phase).toBe("connecting");
    const screen = reload({ captured: { kind: "screen" } });
    await pass(0);
    expect([screen.getScene().phase, screen.getScene().again]).toEqual(["idle", { kind: "screen" }]);
    screen.startAgain();
    await pass(0);
    expect(screen.getScene().kind).toBe("screen");
  });

  it("forgets what a person stopped", async () => {
    const kept: { captured: Captured | null } = { captured: null };
    const capture = reload(kept);
    capture.startCamera(null);
    await pass(0);
    capture.stop();
    await pass(0);
    expect([capture.getScene().phase, capture.getScene().again, kept.captured]).toEqual(["idle", null, null]);
  });

  it("goes on in the same examination when the grabber was unplugged for ten seconds", async () => {
    const capture = open();
    capture.startCamera(null);
    await pass(0);
    last().tell({ say: "link", state: "capturing" });
    expect(capture.getScene()).toMatchObject({ phase: "capturing", label: "HDMI grabber", kind: "camera" });
    grabber.unplug();
    await pass(10_000);
    expect(capture.getScene()).toMatchObject({ phase: "gone", label: "HDMI grabber", track: null });
    // In another port it has another name of the browser's.
    grabber.plug("port-2");
    await pass(0);
    expect(capture.getScene().phase).toBe("capturing");
    expect(grabber.asked.at(-1)).toBe("port-2");
    expect([workers.length, last().heard]).toEqual([1, ["begin", "frames", "frames"]]);
  });

  it("finds a grabber that comes back without a sign of the browser", async () => {
    const capture = open();
    capture.startCamera(null);
    await pass(0);
    grabber.unplug();
    await pass(3000);
    grabber.plugged = true;
    await pass(1100);
    expect(capture.getScene().track).not.toBeNull();
  });

  it("ends when a person stops it, and lets go of everything", async () => {
    const capture = open();
    capture.startCamera({ deviceId: "port-1", label: "HDMI grabber" });
    await pass(0);
    capture.stop();
    expect(capture.getScene()).toMatchObject({ phase: "idle", track: null });
    expect([grabber.tracks[0]?.stopped, last().terminated, last().heard.at(-1)]).toEqual([true, true, "end"]);
    await pass(5000);
    expect(grabber.asked).toEqual(["port-1"]);
    capture.dispose();
    expect(grabber.listening).toBe(0);
  });

  it("stops while the grabber is gone, and does not look for it any more", async () => {
    const capture = open();
    capture.startCamera(null);
    await pass(0);
    grabber.unplug();
    await pass(0);
    capture.stop();
    const asked = grabber.asked.length;
    grabber.plug();
    await pass(5000);
    expect([capture.getScene().phase, grabber.asked.length]).toEqual(["idle", asked]);
  });

  it("ends with the sharing of a screen, which is a person's choice each time", async () => {
    const capture = open();
    capture.startScreen();
    await pass(0);
    expect(capture.getScene().kind).toBe("screen");
    grabber.tracks[0]?.onended?.();
    await pass(5000);
    expect([capture.getScene().phase, grabber.tracks.length]).toEqual(["idle", 1]);
  });

  it("says what is in the way", async () => {
    const check = async (change: () => void, phase: CapturePhase): Promise<void> => {
      grabber = new Grabber();
      change();
      const capture = open();
      capture.startCamera(null);
      await pass(0);
      expect(capture.getScene().phase).toBe(phase);
    };
    await check(() => {
      grabber.allowed = false;
    }, "denied");
    await check(() => {
      grabber.plugged = false;
    }, "missing");
    expect(open({ media: null }).getScene().phase).toBe("unsupported");
  });

  it("gives a track to the worker, or bitmaps where the browser has no other way", async () => {
    const heard = async (takesTracks: boolean): Promise<readonly string[]> => {
      const capture = open({ framesOf: null }, takesTracks);
      capture.startCamera(null);
      await pass(0);
      return last().heard;
    };
    expect(await heard(true)).toEqual(["begin", "track"]);
    expect(bitmaps).toBe(0);
    last().tell({ say: "bitmaps_please" });
    expect(bitmaps).toBe(1);
    expect(await heard(false)).toEqual(["begin"]);
    expect(bitmaps).toBe(2);
    grabber.unplug();
    await pass(0);
    expect(bitmaps).toBe(1);
  });
});

describe("what is shown of it", () => {
  const figures = { width: 1024, height: 768, taken: 90, passedOver: 3, rate: 29.6, unfit: false };
  const scene = (phase: CapturePhase): CaptureScene => ({
    phase,
    choices: [{ deviceId: "1", label: "HDMI grabber" }],
    label: "HDMI grabber",
    kind: "camera",
    again: null,
    figures,
    track: null,
  });
  const nothing = { startCamera: () => {}, startScreen: () => {}, stop: () => {}, takeOver: () => {}, list: () => {} };
  const shown = (phase: CapturePhase): string =>
    renderToStaticMarkup(createElement(CapturePanel, { capture: nothing, scene: scene(phase), onClose: () => {} }));

  it.each(Object.keys(SEVERITY) as CapturePhase[])("%s has its words, and an action where there is one", (phase) => {
    const text = shown(phase);
    expect(text).toContain(say("en", `capture_${phase}`).replaceAll("'", "&#x27;"));
    expect(text.includes("capture-take-over")).toBe(phase === "busy" || phase === "elsewhere");
    const advice = captureAdvice(scene(phase));
    expect(advice === null).toBe(phase === "idle" || phase === "capturing");
  });

  it("says what was captured before, and asks for nothing where the pictures come from elsewhere", () => {
    const idle = scene("idle");
    const before = { ...idle, again: { kind: "screen" } } as const;
    expect(captureAdvice(idle, true)?.says).toBe("capture_idle");
    expect(captureAdvice(before, true)?.says).toBe("capture_again_screen");
    expect([captureAdvice(before), captureAdvice(scene("busy"))?.says]).toEqual([null, "capture_busy"]);
    const text = (elsewhere: boolean): string =>
      renderToStaticMarkup(
        createElement(CapturePanel, { capture: nothing, scene: idle, elsewhere, onClose: () => {} }),
      );
    expect([false, true].map((elsewhere) => text(elsewhere).includes(say("en", "capture_idle")))).toEqual([
      true,
      false,
    ]);
  });

  it("has the figures while it captures, and marks the device", () => {
    expect(shown("capturing")).toContain("1024 × 768, 30 a second, 3 passed over");
    expect(shown("capturing")).toContain('aria-pressed="true"><span class="word">HDMI grabber');
  });

  it("goes to the examination's own socket", () => {
    expect(captureUrl("7 a", "http://127.0.0.1:8686/exam?x=1")).toBe("ws://127.0.0.1:8686/capture?exam=7+a");
    expect(captureUrl("7", "https://peony.local/")).toBe("wss://peony.local/capture?exam=7");
  });
});

describe("what a tab remembers of its capture", () => {
  const camera: Captured = { kind: "camera", deviceId: "port-1", label: "HDMI grabber" };
  const written = (captured: unknown, exam = "7"): string => JSON.stringify({ exam, captured });
  it.each([
    [written(camera), camera],
    [written({ kind: "screen" }), { kind: "screen" }],
    [written(camera, "8"), null],
    [written(null), null],
    [written({ kind: "camera" }), null],
    [written({ kind: "oven" }), null],
    ["7", null],
    ["{", null],
    [null, null],
  ] as const)("%s", (text, expected) => {
    expect(capturedIn(text, "7")).toEqual(expected);
  });
});
