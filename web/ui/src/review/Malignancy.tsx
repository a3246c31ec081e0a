import type { LesionReport } from "../exam/api";
import { Bar } from "../parts/chips";
import { intervalText, isUnsure, NONE, percent, probability } from "../words/numbers";
import { useWords } from "../words/words";
import { Row } from "./inputs";

/** The machine's probability, its interval, and the edges of the categories. Nobody says another. */
export function Malignancy({ lesion: { malignancy } }: { readonly lesion: LesionReport }) {
  const { say, language } = useWords();
  const interval = malignancy?.interval ? ([...malignancy.interval] as [number, number]) : null;
  const figure =
    malignancy === null
      ? NONE
      : isUnsure(interval)
        ? say("unsure")
        : percent(probability(malignancy.estimate), language);
  return (
    <Row label={say("chance_word")}>
      <div className="chance">
        <p>
          <b>{figure}</b>{" "}
          <span className="quiet">
            {interval ? say("machine_interval", { interval: intervalText(interval) }) : say("machine")}
          </span>
          <span className="faint edges" aria-hidden="true">
            2 · 10 · 50 · 95
          </span>
        </p>
        <Bar value={malignancy?.estimate ?? null} interval={interval} />
      </div>
    </Row>
  );
}
