import { GoLink } from "../parts/GoLink";
import { Icon } from "../parts/shapes";
import type { Route } from "../route";

import { useWords } from "../words/words";
import { mayDo, signOut, useSession } from "./session";

/** Who is signed in, and the way out; nothing where there are no accounts. */
export function WhoIsHere({ onGo }: { readonly onGo: (route: Route) => void }) {
  const { say } = useWords();
  const session = useSession();
  if (session.kind !== "somebody") {
    return null;
  }
  return (
    <>
      <GoLink route={{ page: "accounts", exam: null }} onGo={onGo}>
        {say(mayDo(session, "administer") ? "accounts" : "my_account")}
      </GoLink>
      <span className="row signed-in" title={session.me.sites.join(", ")}>
        <Icon name="person" /> {session.me.display}
      </span>
      <button type="button" className="button small" data-action="sign-out" onClick={() => void signOut()}>
        {say("sign_out")}
      </button>
    </>
  );
}
