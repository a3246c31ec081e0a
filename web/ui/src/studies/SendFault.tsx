import { Shape } from "../parts/shapes";
import { useWords } from "../words/words";
import { NodeError } from "./client";

/** Why the program did not take what was asked of its queue. */
export function SendFault({ error }: { readonly error: unknown }) {
  const { say } = useWords();
  return (
    <p className="row" role="alert">
      <Shape status="stop" />
      {say("send_not_asked", { reason: error instanceof NodeError ? error.reason : say("state_lost") })}
    </p>
  );
}
