/** What every part of the report page knows. */
import { createContext, useContext } from "react";
import type { Act, BreastWord, FieldName, FieldWord, LesionReport, ReportView, Side } from "../exam/api";

export interface Review {
  readonly exam: string;
  readonly view: ReportView;
  /** Signed: nothing can be changed any more. */
  readonly readOnly: boolean;
  /** The field where the person is. */
  readonly at: FieldName | null;
  /** What is drawn on key planes is shown. */
  readonly marks: boolean;
  readonly act: (act: Act) => void;
  readonly openMap: (lesion: LesionReport) => void;
}

export const ReviewContext = createContext<Review | null>(null);

export function useReview(): Review {
  const review = useContext(ReviewContext);
  if (!review) {
    throw new Error("a part of the report page stands outside it");
  }
  return review;
}

/** Says a field of a breast. */
export const sayingOf = (side: Side, word: BreastWord): Act => ({ act: "say_of_breast", side, word });

/** Says a field of a lesion. */
export const saying = (lesion: number, word: FieldWord): Act => ({ act: "say", lesion, word });
