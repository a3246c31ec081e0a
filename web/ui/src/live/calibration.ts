/** Calibrating the probe of an examination that goes on: sweeps between two marks, what they make, and which probe is used. */
import { useCallback, useEffect, useRef, useState } from "react";
import { type CalibrationAct, type CalibrationView, calibrate, readCalibration } from "../exam/api";
import { rememberedPerson } from "../exam/person";

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

/**
 * Which answers are news. Answers come in any order: what was looked at before an act, or beside one, may be older than what the act itself
 * answered, and of two looks or two acts the later one is right.
 */
export class Turns {
  #acts = 0;
  #underWay = 0;
  #actShown = 0;
  #looks = 0;
  #lookShown = 0;

  /** A look begins. What it gives says, when its answer is there, whether that is news. */
  look(): () => boolean {
    this.#looks += 1;
    const look = this.#looks;
    const acts = this.#acts;
    const beside = this.#underWay > 0;
    return () => {
      const isNews = !beside && acts === this.#acts && look > this.#lookShown;
      if (isNews) {
        this.#lookShown = look;
      }
      return isNews;
    };
  }

  /** The same of an act; it is to be asked once, whatever the answer. */
  act(): () => boolean {
    this.#acts += 1;
    this.#underWay += 1;
    const act = this.#acts;
    return () => {
      this.#underWay -= 1;
      const isNews = act > this.#actShown;
      if (isNews) {
        this.#actShown = act;
      }
      return isNews;
    };
  }
}

export function useCalibration(exam: string): UsedCalibration {
  const [view, setView] = useState<CalibrationView | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const turns = useRef(new Turns());
  const sweeping = view === null || view.moved !== null;
  useEffect(() => {
    let mounted = true;
    const look = async (): Promise<void> => {
      const isNews = turns.current.look();
      const answer = await readCalibration(exam);
      if (mounted && isNews() && answer.kind === "ok") {
        setView(answer.value);
      }
    };
    void look();
    const timer = sweeping ? setInterval(() => void look(), LOOK_MS) : undefined;
    return () => {
      mounted = false;
      clearInterval(timer);
    };
  }, [exam, sweeping]);
  const act = useCallback(
    async (wanted: CalibrationAct): Promise<boolean> => {
      const isNews = turns.current.act();
      const answer = await calibrate(exam, wanted, rememberedPerson().name);
      const news = isNews();
      if (answer.kind === "ok") {
        if (news) {
          setView(answer.value);
          setRefused(null);
        }
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
