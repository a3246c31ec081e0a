import { categoryOf, placeOf, sizeOf, standingOf, valueIn } from "../exam/field";
import { dateText, shortPlace, sizeLine, timeText, whoText } from "../exam/format";
import { Letter } from "../parts/chips";
import { NONE } from "../words/numbers";
import { useWords } from "../words/words";
import { useReview } from "./context";
import { Paragraphs } from "./Narrative";

/** The sections of the narrative that speak of the whole. */
const OF_THE_WHOLE: readonly string[] = ["impression", "overall", "advice", "technique", "record"];

/** What follows from the lesions: the overall category, the advice, and what was added later. Nothing is entered here. */
export function Impression() {
  const words = useWords();
  const { say } = words;
  const { view } = useReview();
  const { report, narrative } = view;
  const sections = narrative[words.language].sections.filter(({ key }) => OF_THE_WHOLE.includes(key));
  const lesions = report.lesions.filter(({ dismissed }) => !dismissed);
  return (
    <>
      <header className="form-head">
        <h2 className="title">{say("impression")}</h2>
        <span className="quiet">{say("follows_lesions")}</span>
        <span className="space" />
        {report.overall && (
          <>
            <span className="quiet">{say("overall")}</span>
            <span className={`category c${report.overall}`}>{report.overall}</span>
          </>
        )}
      </header>
      <div className="fields">
        {lesions.length > 0 && (
          <table className="impression">
            <thead>
              <tr>
                <th>
                  <span className="hidden">{say("lesion_word")}</span>
                </th>
                <th>{say("feature_place")}</th>
                <th>{say("size_word")}</th>
                <th>{say("report_advice")}</th>
                <th>BI-RADS</th>
              </tr>
            </thead>
            <tbody>
              {lesions.map((lesion) => {
                const [category, advice] = [categoryOf(lesion), valueIn(lesion.advice)];
                return (
                  <tr key={lesion.lesion}>
                    <th scope="row">
                      <Letter letter={lesion.letter} current={false} />
                    </th>
                    <td>{shortPlace(placeOf(lesion), words)}</td>
                    <td>{sizeLine(sizeOf(lesion), words) ?? NONE}</td>
                    <td>{advice ? say(`advice_${advice}`) : NONE}</td>
                    <td>
                      <span
                        className={`category ${category ? `c${category}` : "none"} ${
                          standingOf(lesion.category) === "proposed" ? "proposed" : ""
                        }`}
                      >
                        {category ?? NONE}
                      </span>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
        {lesions.length === 0 && <p className="hint">{say("no_lesion_report")}</p>}
        <div className="narrative open">
          {sections.map((section) => (
            <section key={section.key}>
              <h3>{section.heading}</h3>
              <Paragraphs section={section} />
            </section>
          ))}
        </div>
        {report.addenda.length > 0 && (
          <div className="narrative open">
            <h3>{say("addenda")}</h3>
            {report.addenda.map((addendum) => (
              <p key={addendum.version}>
                {addendum.text}{" "}
                <span className="faint">
                  {whoText(addendum.by, words)}, {dateText(addendum.at_ms, words)} {timeText(addendum.at_ms, words)}
                </span>
              </p>
            ))}
          </div>
        )}
      </div>
    </>
  );
}
