import { useEffect, useRef, useState } from "react";
import { pdfAddress } from "../exam/api";
import { Icon } from "../parts/shapes";
import { type Language, useWords, WordsContext, wordsIn } from "../words/words";
import { useReview } from "./context";
import { Paper } from "./Paper";

/** The page waits this long after a change before it asks for the sheet again, ms. */
const CALM_MS = 700;

/** The sheet as it would leave the house, in a language of its own. */
export function Preview() {
  const { say, language } = useWords();
  const { exam, view } = useReview();
  const [of, setOf] = useState<Language>(language);
  const [asText, setAsText] = useState(!canShowPdf());
  const sheet = usePdf(exam, of, view.seq, !asText);
  const text = asText || sheet === "none";
  return (
    <aside className="preview" aria-label={say("preview")}>
      <div className="preview-head">
        <fieldset className="segments">
          <legend className="hidden">{say("preview")}</legend>
          <button type="button" aria-pressed={!text} onClick={() => setAsText(false)}>
            PDF
          </button>
          <button type="button" aria-pressed={text} onClick={() => setAsText(true)}>
            {say("preview_text")}
          </button>
        </fieldset>
        {!asText && sheet === "none" && <span className="faint small">{say("no_pdf")}</span>}
        <span className="space" />
        <fieldset className="segments">
          <legend className="hidden">{say("report_language")}</legend>
          <button type="button" lang="en" aria-pressed={of === "en"} onClick={() => setOf("en")}>
            English
          </button>
          <button type="button" lang="zh-CN" aria-pressed={of === "zh"} onClick={() => setOf("zh")}>
            中文
          </button>
        </fieldset>
        {sheet !== "none" && (
          <a
            className="button small"
            href={pdfAddress(exam, of)}
            target="_blank"
            rel="noopener"
            title={say("open_pdf")}
          >
            <Icon name="big" />
            <span className="hidden">{say("open_pdf")}</span>
          </a>
        )}
      </div>
      <div className="sheet">
        {text ? (
          <WordsContext value={wordsIn(of)}>
            <Paper />
          </WordsContext>
        ) : (
          sheet !== "waiting" && <Frames address={sheet} title={say("preview")} />
        )}
      </div>
    </aside>
  );
}

/** A narrow window has the text first: a sheet would be too small to read in it. */
const canShowPdf = (): boolean =>
  navigator.pdfViewerEnabled !== false && !window.matchMedia("(max-width: 1199px)").matches;

/**
 * The sheet's address, another one when the report has changed. `waiting` for the first, `none` where this program makes no
 * PDF. It is asked for before it is shown: what stands in the frame stays until the next one is there.
 */
function usePdf(exam: string, language: Language, seq: number, wanted: boolean): string {
  const [sheet, setSheet] = useState<string>("waiting");
  const calm = useRef(0);
  useEffect(() => {
    if (!wanted) {
      return;
    }
    const stop = new AbortController();
    // The number tells the browser that this is another sheet than the one it has.
    const address = `${pdfAddress(exam, language)}&seq=${seq}`;
    const ask = async (): Promise<void> => {
      try {
        const { ok } = await fetch(address, { method: "HEAD", signal: stop.signal });
        setSheet(ok ? address : "none");
        calm.current = CALM_MS;
      } catch {
        // The program is away, which the page says elsewhere.
      }
    };
    const timer = setTimeout(() => void ask(), calm.current);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [exam, language, seq, wanted]);
  return sheet;
}

/** Without the browser's own bars, and as wide as there is room. */
const PLAIN = "#toolbar=0&navpanes=0&view=FitH";

/** Two frames, one over the other: the newer one shows once it has loaded, so nothing flashes. */
function Frames({ address, title }: { readonly address: string; readonly title: string }) {
  const [loaded, setLoaded] = useState<string | null>(null);
  const addresses = loaded && loaded !== address ? [loaded, address] : [address];
  return addresses.map((each) => (
    <iframe
      key={each}
      className={each === address && loaded !== address ? "coming" : ""}
      src={`${each}${PLAIN}`}
      title={title}
      onLoad={() => setLoaded(each)}
    />
  ));
}
