import { useWords } from "../words/words";
import { KeyCap } from "./chips";

/** The keys of a list that is searched, at the foot of its page. */
export function ListKeys() {
  const { say } = useWords();
  return (
    <footer className="status">
      <span className="item">
        <KeyCap>↑</KeyCap> <KeyCap>↓</KeyCap> {say("key_choose")}
      </span>
      <span className="item">
        <KeyCap>⏎</KeyCap> {say("key_open")}
      </span>
      <span className="item">
        <KeyCap>/</KeyCap> {say("key_search")}
      </span>
    </footer>
  );
}
