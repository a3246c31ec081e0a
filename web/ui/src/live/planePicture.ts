/** The pictures of the key planes: fetched calmly, and shown only once they are there. */
import { useEffect, useRef, useState } from "react";
import type { KeyPlane } from "../api/wire";

/** A plane and the address of its picture within this page. */
export interface ShownPlane {
  readonly plane: KeyPlane;
  readonly picture: string;
}

/**
 * While a lesion grows, its planes are replaced with almost every frame, and each fetch costs the program an encoding: a
 * tile asks for its picture this often at most, ms.
 */
const FETCH_EVERY_MS = 1000;

/** The newest plane whose picture has come; `null` until the first one has. The former stays until then. */
export function useShownPlane(plane: KeyPlane): ShownPlane | null {
  const [shown, setShown] = useState<ShownPlane | null>(null);
  const newest = useRef(plane);
  newest.current = plane;

  useEffect(() => {
    let mounted = true;
    let asked = -1;
    const renew = async (): Promise<void> => {
      const wanted = newest.current;
      if (wanted.id === asked) {
        return;
      }
      asked = wanted.id;
      const picture = await fetchPicture(wanted.url);
      if (picture && mounted) {
        setShown({ plane: wanted, picture });
      } else if (picture) {
        URL.revokeObjectURL(picture);
      }
    };
    void renew();
    const timer = setInterval(renew, FETCH_EVERY_MS);
    return () => {
      mounted = false;
      clearInterval(timer);
    };
  }, []);

  useEffect(() => () => void (shown && URL.revokeObjectURL(shown.picture)), [shown]);
  return shown;
}

async function fetchPicture(url: string): Promise<string | null> {
  try {
    const answer = await fetch(url);
    return answer.ok ? URL.createObjectURL(await answer.blob()) : null;
  } catch {
    // The program is gone, which the page says elsewhere.
    return null;
  }
}
