/** Calibrating the probe of an examination that goes on: sweeps between two marks, what they make, and which probe is used. */
import { useCallback, useEffect, useState } from "react";
import { type CalibrationAct, type CalibrationView, calibrate, readCalibration } from "../exam/api";

/** How often a sweep that goes on is looked at, ms. */
const LOOK_MS = 400;

export interface Refused {
  readonly error: string;
  readonly code: string | null;
}

export interface UsedCalibration {
  /** `null` until the program has answered. */
  readonly view: CalibrationView | null;
  /** What was asked last was not done. */
  readonly refused: Refused | null;
  /** Whether it was done. */
  readonly act: (act: CalibrationAct) => Promise<boolean>;
}

export function useCalibration(exam: string): UsedCalibration {
  const [view, setView] = useState<CalibrationView | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const sweeping = view === null || view.moved !== null;
  useEffect(() => {
    let mounted = true;
    const look = (): void =>
      void readCalibration(exam).then((answer) => mounted && answer.kind === "ok" && setView(answer.value));
    look();
    const timer = sweeping ? setInterval(look, LOOK_MS) : undefined;
    return () => {
      mounted = false;
      clearInterval(timer);
    };
  }, [exam, sweeping]);
  const act = useCallback(
    async (wanted: CalibrationAct): Promise<boolean> => {
      const answer = await calibrate(exam, wanted);
      if (answer.kind === "ok") {
        setView(answer.value);
        setRefused(null);
        return true;
      }
      setRefused(answer.kind === "refused" ? answer : { error: "", code: answer.kind });
      return false;
    },
    [exam],
  );
  return { view, refused, act };
}

/** Sweeps that tell of the beam, of those that are wanted. */
export const fitCount = ({ sweeps }: CalibrationView): number => sweeps.filter(({ unfit }) => unfit === null).length;

/** Enough sweeps are fit, and they agree: they can be kept. */
export const canKeep = (view: CalibrationView): boolean => view.fitted !== null && fitCount(view) >= view.wanted;
