/** The picture of an instance on the screen: what it is, its view, and the cine that plays on it. */
import { useQuery } from "@tanstack/react-query";
import { type RefObject, useEffect, useRef, useState } from "react";
import { Cine, type CineState } from "./cine";
import { metadataOf, NodeError } from "./client";
import { type Picture, pictureOf, type Unfit, type Window } from "./picture";
import type { InstanceTile } from "./study";
import type { Lie, PictureView } from "./viewport";

/** While a cine plays, its controls are drawn so often and no oftener, ms. */
const TOLD_MS = 125;

export interface UsedPicture {
  readonly picture: Picture | null;
  /** Why nothing can be shown of it, by what the file says of itself. */
  readonly unfit: Unfit | null;
  /** Why nothing is shown. */
  readonly error: string | Error | null;
  readonly view: PictureView | null;
  readonly lie: Lie | null;
  readonly loaded: number;
  /** Frames that cannot be had. */
  readonly missing: number;
  readonly cine: Cine | null;
  readonly state: CineState;
  /** After whatever a person did with the cine. */
  readonly told: () => void;
  readonly window: Window | null;
  readonly setWindow: (window: Window | null) => void;
}

const STILL: CineState = { frame: 0, playing: false, speed: 1 };

export function usePicture(tile: InstanceTile, element: RefObject<HTMLDivElement | null>): UsedPicture {
  const { study, series, instance, frames } = tile;
  const about = useQuery({
    queryKey: ["metadata", study, series, instance, frames],
    queryFn: async ({ signal }) => pictureOf(await metadataOf({ study, series, instance }, signal), frames),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const known = about.data ?? null;
  const [picture, unfit] = known && "unfit" in known ? [null, known] : [known, null];
  const [view, setView] = useState<PictureView | null>(null);
  const [lie, setLie] = useState<Lie | null>(null);
  const [{ loaded, missing }, setLoaded] = useState({ loaded: 0, missing: 0 });
  const [error, setError] = useState<string | Error | null>(null);
  const [state, setState] = useState(STILL);
  const [shownWindow, setShownWindow] = useState<Window | null>(null);
  const cine = useRef<Cine | null>(null);
  useEffect(() => {
    const { current } = element;
    if (!picture || !current) {
      return;
    }
    let open: PictureView | null = null;
    let gone = false;
    let timer = 0;
    const begin = async (): Promise<void> => {
      const { PictureView } = await import("./viewport");
      if (gone) {
        return;
      }
      const made = await PictureView.open(current, { study, series, instance }, picture, 0, {
        onLie: setLie,
        onLoaded: (there, lost) => setLoaded({ loaded: there, missing: lost }),
      });
      if (gone) {
        made.close();
        return;
      }
      open = made;
      const player = new Cine(picture.times, made);
      cine.current = player;
      let toldAt = 0;
      const tick = (now: number): void => {
        if (player.tick(now) && now - toldAt > TOLD_MS) {
          toldAt = now;
          setState(player.state);
        }
        timer = requestAnimationFrame(tick);
      };
      timer = requestAnimationFrame(tick);
      setShownWindow(made.setWindow(null));
      setView(made);
      // What moves is what a cine was taken for; slices, which have no times, and whoever wants no motion are left to begin by hand.
      const still = globalThis.matchMedia("(prefers-reduced-motion: reduce)").matches;
      player.setPlaying(picture.times.source !== "assumed" && !still);
      setState(player.state);
    };
    begin().catch((fault: unknown) => {
      if (!gone) {
        setError(fault instanceof NodeError ? fault : fault instanceof Error ? fault.message : String(fault));
      }
    });
    return () => {
      gone = true;
      cancelAnimationFrame(timer);
      cine.current = null;
      open?.close();
    };
  }, [picture, element, study, series, instance]);
  return {
    picture,
    unfit,
    error: about.error ?? error,
    view,
    lie,
    loaded,
    missing,
    cine: cine.current,
    state,
    told: () => cine.current && setState(cine.current.state),
    window: shownWindow,
    setWindow: (window) => view && setShownWindow(view.setWindow(window)),
  };
}
