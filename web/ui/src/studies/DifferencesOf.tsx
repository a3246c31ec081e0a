import { useState } from "react";
import { useWords } from "../words/words";
import { linesOf, sumOf } from "./differences";
import { type AsideObject, type Differences, thumbnailAside, thumbnailKept } from "./identity";
import { SendFault } from "./SendFault";
import { Thumbnail } from "./Thumbnail";
import { useDifferences } from "./useIdentity";

/** So many lines stand there at first. */
const SHOWN = 10;

/** How an object that lies aside differs from the one that is handed out: both pictures, and what they say line by line. */
export function DifferencesOf({ one }: { readonly one: AsideObject }) {
  const { say } = useWords();
  const { differences, error } = useDifferences(one);
  if (error) {
    return <SendFault error={error} />;
  }
  return differences ? <Compared one={one} differences={differences} /> : <small role="status">{say("loading")}</small>;
}

function Compared({ one, differences }: { readonly one: AsideObject; readonly differences: Differences }) {
  const words = useWords();
  const { say } = words;
  const [all, setAll] = useState(false);
  const lines = linesOf(differences, Date.now(), words);
  const shown = all ? lines : lines.slice(0, SHOWN);
  return (
    <div className="compared" data-part="differences">
      {sumOf(differences, words).map((text) => (
        <small key={text}>{text}</small>
      ))}
      <table>
        <thead>
          <tr>
            <th scope="col">{say("difference_kept")}</th>
            <th scope="col">{say("difference_aside")}</th>
          </tr>
        </thead>
        {differences.pixels !== "none" && (
          <tbody>
            <tr>
              <td>
                <Thumbnail source={thumbnailKept(one, differences)} name={say("difference_kept")} />
              </td>
              <td>
                <Thumbnail source={thumbnailAside(one)} name={say("difference_aside")} />
              </td>
            </tr>
          </tbody>
        )}
        {shown.map(({ name, kept, aside }) => (
          <tbody key={name} data-difference={name}>
            <tr>
              <th scope="rowgroup" colSpan={2}>
                {name}
              </th>
            </tr>
            <tr>
              <td>{kept}</td>
              <td>{aside}</td>
            </tr>
          </tbody>
        ))}
      </table>
      {lines.length > shown.length && (
        <button type="button" className="button small" data-action="all-differences" onClick={() => setAll(true)}>
          {say("difference_all", { count: lines.length })}
        </button>
      )}
    </div>
  );
}
