import { useWords } from "../words/words";
import { PeonyMark } from "./shapes";

/** The mark and the name; a press leads to the list of examinations. */
export function Logo({ onHome }: { readonly onHome: () => void }) {
  const { say } = useWords();
  return (
    <h1 className="logo">
      <a
        href="/?page=exams"
        title={say("all_exams")}
        onClick={(event) => {
          if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
            event.preventDefault();
            onHome();
          }
        }}
      >
        <PeonyMark />
        Peony
      </a>
    </h1>
  );
}
