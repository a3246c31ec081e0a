/** The worker in which pictures are copied and sent: the page's own thread is for drawing. */
import type { Draw, Frame } from "./frames";
import type { FromWorker, ToWorker } from "./messages";
import { Pump } from "./pump";

/** The worker's global, as far as it is used; the page's types have no worker. */
interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
  readonly MediaStreamTrackProcessor?: new (init: {
    readonly track: MediaStreamTrack;
    readonly maxBufferSize: number;
  }) => { readonly readable: ReadableStream<unknown> };
}

const scope = self as unknown as Scope;
let pump: Pump | null = null;
/** Counts devices, so that the former one's last frames are not taken for the present one's. */
let device = 0;

const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext("2d", { willReadFrequently: true });

const draw: Draw = (frame, width, height) => {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const source = (frame as Partial<{ readonly bitmap: ImageBitmap }>).bitmap ?? (frame as unknown as VideoFrame);
  context?.drawImage(source, 0, 0);
  return context?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray(4 * width * height);
};

/** A picture without planes, seen as a frame. */
function frameOf(bitmap: ImageBitmap): Frame & { readonly bitmap: ImageBitmap } {
  return {
    bitmap,
    format: null,
    visibleRect: { width: bitmap.width, height: bitmap.height },
    colorSpace: { fullRange: true },
    timestamp: 0,
    copyTo: () => Promise.reject(new TypeError("a bitmap has no planes")),
    close: () => bitmap.close(),
  };
}

async function readAll(frames: ReadableStream<unknown>): Promise<void> {
  device += 1;
  const mine = device;
  pump?.begins();
  const reader = frames.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    const frame = value as Frame;
    if (pump && mine === device) {
      pump.take(frame, frame.timestamp);
    } else {
      // To the end, which comes with the track's: a stream that is cancelled lets go of what is under way, closed by nobody.
      frame.close();
    }
  }
}

function readTrack(track: MediaStreamTrack): void {
  const Processor = scope.MediaStreamTrackProcessor;
  if (Processor) {
    void readAll(new Processor({ track, maxBufferSize: 1 }).readable);
  } else {
    scope.postMessage({ say: "bitmaps_please" });
  }
}

scope.onmessage = ({ data }) => {
  switch (data.say) {
    case "begin":
      pump?.end();
      pump = new Pump({ ...data, draw, tell: (message) => scope.postMessage(message) });
      break;
    case "frames":
      void readAll(data.frames);
      break;
    case "track":
      readTrack(data.track);
      break;
    case "bitmap":
      if (pump) {
        pump.take(frameOf(data.bitmap), null);
      } else {
        data.bitmap.close();
      }
      break;
    case "take_over":
      pump?.takeOver();
      break;
    case "end":
      device += 1;
      pump?.end();
      pump = null;
      break;
  }
};
