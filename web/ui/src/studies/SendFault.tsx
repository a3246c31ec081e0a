import { Shape } from "../parts/shapes";
import { useWords } from "../words/words";
import { reasonText } from "./client";

/** Why the program did not take what was asked of its queue. */
export function SendFault({ error }: { readonly error: unknown }) {
  const words = useWords();
  return (
    <p className="row" role="alert">
      <Shape status="stop" />
      {words.say("send_not_asked", { reason: reasonText(error, words) })}
    </p>
  );
}
