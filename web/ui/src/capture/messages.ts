/** What the page and its capturing worker say to each other. */
import type { LinkState } from "./link";
import type { CaptureKind } from "./protocol";

export type ToWorker =
  | {
      readonly say: "begin";
      readonly url: string;
      readonly page: number;
      readonly kind: CaptureKind;
      readonly frameRate: number | null;
    }
  /** A device's frames; the stream or the track is handed over. */
  | { readonly say: "frames"; readonly frames: ReadableStream<unknown> }
  | { readonly say: "track"; readonly track: MediaStreamTrack }
  /** One picture, from a browser that gives no stream of frames. */
  | { readonly say: "bitmap"; readonly bitmap: ImageBitmap }
  | { readonly say: "take_over" }
  | { readonly say: "end" };

export type FromWorker =
  | { readonly say: "link"; readonly state: LinkState }
  | { readonly say: "figures"; readonly figures: Figures }
  /** The worker cannot read a track either: bitmaps are wanted. */
  | { readonly say: "bitmaps_please" };

export interface Figures {
  readonly width: number;
  readonly height: number;
  /** Pictures that the program took. */
  readonly taken: number;
  /** Pictures that a newer one replaced. */
  readonly passedOver: number;
  /** Pictures a second, over the last second. */
  readonly rate: number;
  /** The picture is too small or too large to be taken. */
  readonly unfit: boolean;
}
