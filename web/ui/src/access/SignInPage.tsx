import { type FormEvent, useEffect, useRef, useState } from "react";
import { LanguageSwitch } from "../parts/LanguageSwitch";
import { PeonyMark, Shape } from "../parts/shapes";
import { type Language, useWords } from "../words/words";
import { refusalOf } from "./refusal";
import { type Offer, type SignIn, signIn } from "./session";

interface Props {
  /** Signing in at a provider, where there is one. */
  readonly offer: Offer | null;
  /** Somebody was signed in, and their session has ended. */
  readonly ended: boolean;
  readonly onLanguage: (language: Language) => void;
}

/** Asked before anything else is shown, where there are accounts. */
export function SignInPage({ offer, ended, onLanguage }: Props) {
  const { say } = useWords();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Exclude<SignIn, "done"> | null>(null);
  // Said once: the address is kept without it.
  const [refusal, setRefusal] = useState(() => refusalOf(window.location.search));
  const first = useRef<HTMLInputElement>(null);
  const second = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = say("sign_in_title");
  }, [say]);
  useEffect(() => first.current?.focus(), []);
  useEffect(() => {
    const address = new URL(window.location.href);
    if (address.searchParams.has("sign_in")) {
      address.searchParams.delete("sign_in");
      window.history.replaceState(null, "", address);
    }
  }, []);
  const enter = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) {
      return;
    }
    if (!name.trim() || !password) {
      (name.trim() ? second : first).current?.focus();
      return;
    }
    setBusy(true);
    setFault(null);
    setRefusal(null);
    const answer = await signIn(name, password);
    if (answer !== "done") {
      // What was done stands in the page still, and goes on where it stood.
      setBusy(false);
      setFault(answer);
      setPassword("");
      second.current?.focus();
    }
  };
  return (
    <div className="sign-in-page">
      <header className="top">
        <h1 className="logo">
          <PeonyMark />
          Peony
        </h1>
        <span className="space" />
        <LanguageSwitch onLanguage={onLanguage} />
        <span className="research">{say("research_use")}</span>
      </header>
      <main>
        <form className="sign-in panel" onSubmit={(event) => void enter(event)}>
          <h2 className="title">{say("sign_in")}</h2>
          {ended && (
            <p className="row" role="status">
              <Shape status="info" /> {say("sign_in_again")}
            </p>
          )}
          <label>
            <span>{say("account_name")}</span>
            <input
              ref={first}
              className="text"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              maxLength={64}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </label>
          <label>
            <span>{say("password")}</span>
            <input
              ref={second}
              className="text"
              type="password"
              autoComplete="current-password"
              maxLength={256}
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </label>
          <p className="row fault" role="alert">
            {fault ? (
              <>
                <Shape status={fault === "away" ? "stop" : "warn"} /> {say(`sign_in_${fault}`)}
              </>
            ) : (
              refusal && (
                <>
                  <Shape status="warn" /> {say(refusal)}
                </>
              )
            )}
          </p>
          <button type="submit" className="button next" aria-disabled={busy}>
            {say("sign_in")}
          </button>
          {offer && (
            <a className="button line" href={offer.address}>
              {offer.label ?? say("sign_in_oidc")}
            </a>
          )}
        </form>
      </main>
    </div>
  );
}
