/**
 * The picture of a study on the screen, drawn by Cornerstone3D (MIT), which this module alone imports, so that it is loaded with the first picture.
 *
 * Two of its parts are not used. Its DICOM loader decodes with WebAssembly, which the page's policy does not allow: here the node decodes, and an
 * 8-bit frame comes as a JPEG of quality 95 through the file's own window, a deeper grey one as samples. Its tools write styles into the page, which
 * the policy does not allow either: the calipers are the page's own.
 */
import {
  cache,
  Enums,
  imageLoader,
  init,
  metaData,
  RenderingEngine,
  type StackViewport,
  type Types,
} from "@cornerstonejs/core";
import { faultIn } from "../words/fault";
import { NodeError, type Place, renderedFrame, samplesOf } from "./client";
import { extentOf, type Picture, rangeOf, valuesOfSamples, type Window } from "./picture";
import type { Point } from "./scale";

const SCHEME = "peony";
/** Decoded frames of all pictures together; what was not looked at for longest goes first. */
const CACHE_BYTES = 768 * 1024 * 1024;
/** Of that, what is loaded ahead of the frame that is looked at. */
const AHEAD_BYTES = CACHE_BYTES / 2;
/** Frames that are asked for at once. */
const AT_ONCE = 4;
/** A frame that has failed so often is not asked for again. */
const TRIES = 3;
const [SMALLEST_ZOOM, LARGEST_ZOOM] = [0.25, 16];

/** The pictures that are open, by the key in their frames' names. */
const opened = new Map<string, { readonly place: Place; readonly picture: Picture }>();

/** `peony:KEY:FRAME`. */
function frameOf(imageId: string): { readonly place: Place; readonly picture: Picture; readonly frame: number } | null {
  const [scheme, key, frame] = imageId.split(":");
  const of = scheme === SCHEME && key !== undefined ? opened.get(key) : undefined;
  return of ? { ...of, frame: Number(frame) } : null;
}

/** Frames that have come and are not in Cornerstone's cache yet: it is asked for none that could fail, since nobody hears its errors. */
const come = new Map<string, Types.IImage>();

async function load(imageId: string): Promise<Types.IImage> {
  const found = frameOf(imageId);
  if (!found) {
    throw new Error("the picture is closed");
  }
  const { place, picture, frame } = found;
  const { columns, rows, deep } = picture;
  const data = deep
    ? valuesOfSamples(await samplesOf(place, frame), deep, columns * rows)
    : await drawn(place, frame, picture);
  const colour = !picture.grey;
  const [low, high] = deep ? extentOf(data) : [0, 255];
  const window: Window = deep?.window ?? { centre: (low + high + 1) / 2, width: high - low + 1 };
  const image = {
    imageId,
    minPixelValue: low,
    maxPixelValue: high,
    slope: 1,
    intercept: 0,
    windowCenter: window.centre,
    windowWidth: window.width,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    getPixelData: () => data,
    rows,
    columns,
    height: rows,
    width: columns,
    color: colour,
    rgba: false,
    numberOfComponents: colour ? 3 : 1,
    // In this plane a pixel is one unit wide: what it is in a body the picture's scale says.
    columnPixelSpacing: 1,
    rowPixelSpacing: 1,
    invert: deep?.inverted ?? false,
    photometricInterpretation: colour ? "RGB" : deep?.inverted ? "MONOCHROME1" : "MONOCHROME2",
    sizeInBytes: data.byteLength,
    dataType: data.constructor.name,
  };
  return image as unknown as Types.IImage;
}

/** A frame as the node draws it: three samples a pixel, or one where it is grey. */
async function drawn(place: Place, frame: number, { columns, rows, grey }: Picture): Promise<Uint8Array> {
  const response = await fetch(renderedFrame(place, frame));
  if (!response.ok) {
    throw new NodeError(response.status, faultIn(await response.text()));
  }
  const bitmap = await createImageBitmap(await response.blob());
  const canvas = new OffscreenCanvas(columns, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) {
    throw new Error("the browser has no canvas to read a frame from");
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = context.getImageData(0, 0, columns, rows).data;
  const samples = grey ? 1 : 3;
  const data = new Uint8Array(columns * rows * samples);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    for (let sample = 0; sample < samples; sample += 1) {
      data[to++] = rgba[from + sample] as number;
    }
  }
  return data;
}

/** What Cornerstone asks of a frame, in its own words. */
function moduleOf(type: string, imageId: string): unknown {
  const found = typeof imageId === "string" ? frameOf(imageId) : null;
  if (!found) {
    return undefined;
  }
  const { columns, rows, grey, deep } = found.picture;
  const bits = deep ? 16 : 8;
  switch (type) {
    case "imagePixelModule":
      return {
        bitsAllocated: bits,
        bitsStored: bits,
        highBit: bits - 1,
        samplesPerPixel: grey ? 1 : 3,
        photometricInterpretation: grey ? (deep?.inverted ? "MONOCHROME1" : "MONOCHROME2") : "RGB",
        pixelRepresentation: deep?.signed ? 1 : 0,
        rows,
        columns,
      };
    case "imagePlaneModule":
      return {
        imageOrientationPatient: [1, 0, 0, 0, 1, 0],
        rowCosines: [1, 0, 0],
        columnCosines: [0, 1, 0],
        imagePositionPatient: [0, 0, 0],
        pixelSpacing: [1, 1],
        rowPixelSpacing: 1,
        columnPixelSpacing: 1,
        frameOfReferenceUID: found.place.instance,
        rows,
        columns,
      };
    case "generalSeriesModule":
      return { modality: "OT", seriesInstanceUID: found.place.series };
    default:
      return undefined;
  }
}

let begun: Promise<void> | null = null;

/** Once for the page. */
function begin(): Promise<void> {
  begun ??= (async () => {
    await init();
    cache.setMaxCacheSize(CACHE_BYTES);
    imageLoader.registerImageLoader(SCHEME, (imageId) => {
      const image = come.get(imageId);
      return { promise: (image ? Promise.resolve(image) : load(imageId)) as never };
    });
    metaData.addProvider(moduleOf, 10_000);
  })();
  return begun;
}

/** Where the picture lies on the screen: `screen = origin + pixel × scale`, in CSS pixels of its element. */
export interface Lie {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

let count = 0;

/** One picture in one element. */
export class PictureView {
  readonly #key = String(++count);
  readonly #engine: RenderingEngine;
  readonly #ids: readonly string[];
  readonly #size: ResizeObserver;
  readonly #failures = new Map<string, number>();
  #showing = false;
  #wanted = 0;
  readonly #fetching = new Map<string, Promise<void>>();
  #closed = false;

  private constructor(
    private readonly element: HTMLDivElement,
    readonly place: Place,
    readonly picture: Picture,
    /** Told when the picture lies elsewhere. */
    private readonly onLie: (lie: Lie) => void,
    /** Told how many frames are there, and how many cannot be had. */
    private readonly onLoaded: (frames: number, missing: number) => void,
  ) {
    opened.set(this.#key, { place, picture });
    this.#ids = Array.from({ length: picture.frames }, (_, frame) => `${SCHEME}:${this.#key}:${frame}`);
    this.#engine = new RenderingEngine(`engine-${this.#key}`);
    this.#engine.enableElement({ viewportId: this.#key, type: Enums.ViewportType.STACK, element });
    this.#size = new ResizeObserver(() => {
      this.#engine.resize(true, false);
      this.#tellLie();
    });
  }

  /** Shows the frame `frame` of a picture; fails where the node cannot draw it. */
  static async open(
    element: HTMLDivElement,
    place: Place,
    picture: Picture,
    frame: number,
    told: { readonly onLie: (lie: Lie) => void; readonly onLoaded: (frames: number, missing: number) => void },
  ): Promise<PictureView> {
    await begin();
    const view = new PictureView(element, place, picture, told.onLie, told.onLoaded);
    try {
      await view.#fetch(view.#ids[frame] ?? "");
      if (view.#closed) {
        return view;
      }
      await view.#viewport.setStack([...view.#ids], frame);
      view.setWindow(null);
      view.#wanted = frame;
      view.#size.observe(element);
      element.addEventListener(Enums.Events.CAMERA_MODIFIED, view.#tellLie);
      view.#tellLie();
      view.#load();
      return view;
    } catch (error) {
      view.close();
      throw error;
    }
  }

  get #viewport(): StackViewport {
    return this.#engine.getViewport(this.#key) as StackViewport;
  }

  close(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#size.disconnect();
    this.element.removeEventListener(Enums.Events.CAMERA_MODIFIED, this.#tellLie);
    this.#engine.destroy();
    for (const id of this.#ids) {
      if (cache.getImageLoadObject(id)) {
        cache.removeImageLoadObject(id, { force: true });
      }
    }
    opened.delete(this.#key);
  }

  /** One that cannot be had is passed over like one that is there: the cine goes on. */
  readonly isLoaded = (frame: number): boolean => {
    const id = this.#ids[frame] ?? "";
    return cache.isLoaded(id) || this.#isMissing(id);
  };

  #isMissing(id: string): boolean {
    return (this.#failures.get(id) ?? 0) >= TRIES;
  }

  readonly isBusy = (): boolean => this.#showing;

  /** Shows a frame, as soon as it is there; what was asked for meanwhile comes after it. */
  readonly show = (frame: number): void => {
    this.#wanted = frame;
    this.element.dataset["wanted"] = String(frame);
    void this.#show();
    this.#load();
  };

  async #show(): Promise<void> {
    if (this.#showing) {
      return;
    }
    this.#showing = true;
    try {
      while (!this.#closed && this.#viewport.getCurrentImageIdIndex() !== this.#wanted) {
        const frame = this.#wanted;
        if (this.#isMissing(this.#ids[frame] ?? "")) {
          break;
        }
        await this.#fetch(this.#ids[frame] ?? "");
        if (this.#closed) {
          break;
        }
        await this.#viewport.setImageIdIndex(frame);
        this.element.dataset["frame"] = String(frame);
        if (frame === this.#wanted) {
          break;
        }
      }
    } catch {
      // A frame that did not come leaves the one before; the next is asked for like any other.
    } finally {
      this.#showing = false;
    }
  }

  /** Loads the frames after the one that is looked at, around the end, as far as there is room. */
  #load(): void {
    const { columns, rows, grey, deep, frames } = this.picture;
    const each = columns * rows * (grey ? 1 : 3) * (deep ? 4 : 1);
    const ahead = Math.min(frames, Math.max(Math.floor(AHEAD_BYTES / each), 2));
    for (let step = 0; step < ahead && this.#fetching.size < AT_ONCE; step += 1) {
      const id = this.#ids[(this.#wanted + step) % frames] ?? "";
      if (!cache.isLoaded(id) && !this.#isMissing(id) && !this.#fetching.has(id)) {
        // A failure is counted, and the frame is asked for again while there are tries.
        this.#fetch(id).catch(() => {});
      }
    }
  }

  /** Brings a frame into the cache; whoever asks for one that is on its way waits for the same. */
  #fetch(id: string): Promise<void> {
    if (cache.isLoaded(id)) {
      return Promise.resolve();
    }
    const present = this.#fetching.get(id);
    if (present) {
      return present;
    }
    const fetching = this.#bring(id).finally(() => {
      this.#fetching.delete(id);
      if (!this.#closed) {
        const there = this.#ids.filter((one) => cache.isLoaded(one)).length;
        this.onLoaded(there, this.#ids.filter((one) => this.#isMissing(one)).length);
        this.#load();
      }
    });
    this.#fetching.set(id, fetching);
    return fetching;
  }

  async #bring(id: string): Promise<void> {
    try {
      come.set(id, await load(id));
      await imageLoader.loadAndCacheImage(id);
    } catch (error) {
      this.#failures.set(id, (this.#failures.get(id) ?? 0) + 1);
      throw error;
    } finally {
      come.delete(id);
    }
  }

  /** The window that is shown, of deep pictures in their own values, else of 0 to 255; `null`: as the file has it. */
  setWindow(window: Window | null): Window {
    const image = cache.getImage(this.#ids[this.#wanted] ?? "");
    const one = (value: number | number[] | undefined): number => (Array.isArray(value) ? value[0] : value) ?? 0;
    const set = window ?? {
      centre: image ? one(image.windowCenter) : 128,
      width: image ? one(image.windowWidth) : 256,
    };
    this.#viewport.setProperties({ voiRange: rangeOf(set), invert: this.picture.deep?.inverted ?? false });
    this.#viewport.render();
    return set;
  }

  /** The values that a window can be set over. */
  get extent(): readonly [number, number] {
    const image = cache.getImage(this.#ids[this.#wanted] ?? "");
    return image ? [image.minPixelValue, image.maxPixelValue] : [0, 255];
  }

  zoom(by: number): void {
    const next = this.#viewport.getZoom() * by;
    this.#viewport.setZoom(Math.min(Math.max(next, SMALLEST_ZOOM), LARGEST_ZOOM));
    this.#viewport.render();
    this.#tellLie();
  }

  pan(dx: number, dy: number): void {
    const [x, y] = this.#viewport.getPan();
    this.#viewport.setPan([x + dx, y + dy]);
    this.#viewport.render();
    this.#tellLie();
  }

  fit(): void {
    this.#viewport.resetCamera();
    this.#viewport.render();
    this.#tellLie();
  }

  readonly #tellLie = (): void => {
    if (this.#closed) {
      return;
    }
    const at = ({ x, y }: Point): Types.Point2 => this.#viewport.worldToCanvas([x, y, 0]);
    const [origin, unit] = [at({ x: 0, y: 0 }), at({ x: 100, y: 0 })];
    this.onLie({ x: origin[0], y: origin[1], scale: (unit[0] - origin[0]) / 100 });
  };
}
