import { useEffect, useState } from "react";

/** How often it is looked what time it is, ms: minutes are shown, and the day. */
const LOOK_MS = 20_000;

/** The time now, to within a moment. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
