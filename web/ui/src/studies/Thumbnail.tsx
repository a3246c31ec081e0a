import { useState } from "react";
import { useWords } from "../words/words";

/** A small picture that the node makes; where it has none, the word for that. */
export function Thumbnail({ source, name }: { readonly source: string; readonly name: string }) {
  const { say } = useWords();
  const [gone, setGone] = useState(false);
  return gone ? (
    <span className="thumb none">{say("no_picture_of")}</span>
  ) : (
    <img
      className="thumb"
      src={source}
      alt={name}
      loading="lazy"
      decoding="async"
      draggable={false}
      onError={() => setGone(true)}
    />
  );
}
