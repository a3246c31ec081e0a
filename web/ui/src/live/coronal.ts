/** The coronal view of the present sweep: asked for while it is shown, and sent again only where something has changed. */
import { useEffect, useState } from "react";
import { type CoronalPicture, readCoronal } from "../api/message";

/** `nothing`: too few frames have been laid yet, or the examination no longer goes on. */
export type Coronal =
  | { readonly kind: "waiting" | "nothing" | "away" }
  | { readonly kind: "shown"; readonly picture: CoronalPicture };

/** The sweep goes on while the view is open: asked again this often, ms. */
const ASK_EVERY_MS = 700;
/** A slider that is dragged asks no more often than this, ms. */
const SETTLED_MS = 60;

/** Where the view is cut: at a depth, or in the middle of a lesion. */
export interface Cut {
  readonly depth: number | null;
  readonly lesion: number | null;
}

export function coronalAddress(exam: string, { depth, lesion }: Cut): string {
  const asked = depth !== null ? `?depth=${depth}` : lesion !== null ? `?lesion=${lesion}` : "";
  return `/api/exams/${encodeURIComponent(exam)}/coronal${asked}`;
}

export function useCoronal(exam: string | null, { depth, lesion }: Cut): Coronal {
  const [coronal, setCoronal] = useState<Coronal>({ kind: "waiting" });
  useEffect(() => {
    if (exam === null) {
      return;
    }
    const address = coronalAddress(exam, { depth, lesion });
    const stop = new AbortController();
    let known: string | null = null;
    let asking = false;
    const ask = async (): Promise<void> => {
      if (asking) {
        return;
      }
      asking = true;
      const answer = await askFor(address, known, stop.signal);
      asking = false;
      if (answer && !stop.signal.aborted) {
        known = answer.etag;
        setCoronal(answer.coronal);
      }
    };
    const first = setTimeout(ask, SETTLED_MS);
    const timer = setInterval(ask, ASK_EVERY_MS);
    return () => {
      stop.abort();
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [exam, depth, lesion]);
  return coronal;
}

interface Answer {
  readonly coronal: Coronal;
  readonly etag: string | null;
}

/** `null` where nothing has changed. */
async function askFor(address: string, known: string | null, signal: AbortSignal): Promise<Answer | null> {
  try {
    const headers = known === null ? {} : { "If-None-Match": known };
    const answer = await fetch(address, { headers, signal, cache: "no-store" });
    if (answer.status === 304) {
      return null;
    }
    if (answer.status !== 200) {
      return { coronal: { kind: answer.status >= 500 ? "away" : "nothing" }, etag: null };
    }
    const picture = readCoronal(await answer.arrayBuffer());
    return { coronal: { kind: "shown", picture }, etag: answer.headers.get("ETag") };
  } catch {
    return signal.aborted ? null : { coronal: { kind: "away" }, etag: null };
  }
}
