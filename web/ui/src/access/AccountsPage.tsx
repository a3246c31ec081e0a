import { type FormEvent, useCallback, useEffect, useState } from "react";
import { Icon, Shape } from "../parts/shapes";
import type { Route } from "../route";
import { StudiesTop } from "../studies/StudiesTop";
import { faultText } from "../words/fault";
import { COMMA } from "../words/marks";
import { type Language, useWords, type WordKey } from "../words/words";
import {
  type Account,
  type Asked,
  addAccount,
  addSite,
  addToken,
  changeAccount,
  changePassword,
  givePassword,
  listAccounts,
  listSites,
  listTokens,
  revokeToken,
  type Site,
  type Token,
} from "./api";
import { mayDo, useSession } from "./session";

const ROLES = ["sonographer", "radiologist", "coordinator", "researcher", "teacher", "administrator"] as const;

interface Props {
  readonly onLanguage: (language: Language) => void;
  readonly onGo: (route: Route) => void;
}

/** What everybody does with their own account, and administrators with all of them and with the sites. */
export function AccountsPage({ onLanguage, onGo }: Props) {
  const { say } = useWords();
  const session = useSession();
  useEffect(() => {
    document.title = say("accounts_title");
  }, [say]);
  return (
    <div className="accounts">
      <StudiesTop onLanguage={onLanguage} onGo={onGo}>
        <span className="mid">{say("accounts")}</span>
      </StudiesTop>
      <main>
        {mayDo(session, "administer") && <House />}
        {session.kind === "somebody" && <Own hasPassword={session.me.has_password} />}
      </main>
    </div>
  );
}

/** What was not done, in words. */
function Fault({ fault }: { readonly fault: string | null }) {
  return (
    <p className="row fault" role="alert">
      {fault !== null && (
        <>
          <Shape status="warn" /> {fault}
        </>
      )}
    </p>
  );
}

/** Does something and says why not. */
function useDoing(): readonly [string | null, <T>(work: Promise<Asked<T>>) => Promise<T | undefined>] {
  const words = useWords();
  const [fault, setFault] = useState<string | null>(null);
  const run = useCallback(
    async <T,>(work: Promise<Asked<T>>): Promise<T | undefined> => {
      const done = await work;
      setFault(done.ok ? null : done.fault ? faultText(done.fault, words) : words.say("sign_in_away"));
      return done.ok ? done.value : undefined;
    },
    [words],
  );
  return [fault, run];
}

/** All accounts and sites. */
function House() {
  const { say, language } = useWords();
  const [accounts, setAccounts] = useState<readonly Account[]>([]);
  const [sites, setSites] = useState<readonly Site[]>([]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [site, setSite] = useState("");
  const [fault, run] = useDoing();
  const look = useCallback(async () => {
    setAccounts((await run(listAccounts())) ?? []);
    setSites((await run(listSites())) ?? []);
  }, [run]);
  useEffect(() => void look(), [look]);
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (site.trim() && (await run(addSite(site.trim()))) !== undefined) {
      setSite("");
      await look();
    }
  };
  const account = accounts.find(({ name }) => name === chosen) ?? null;
  return (
    <>
      <section className="panel">
        <h2 className="title">{say("accounts")}</h2>
        <table>
          <thead>
            <tr>
              <th>{say("account_name")}</th>
              <th>{say("account_display")}</th>
              <th>{say("account_roles")}</th>
              <th>{say("account_sites")}</th>
              <th>{say("account_state")}</th>
            </tr>
          </thead>
          <tbody>
            {accounts.map((row) => (
              <tr key={row.name} aria-selected={row.name === chosen}>
                <td>
                  <button type="button" className="button small line" onClick={() => setChosen(row.name)}>
                    {row.name}
                  </button>
                </td>
                <td>{row.display}</td>
                <td>{row.roles.map((role) => say(`role_name_${role}` as WordKey)).join(say("list_comma"))}</td>
                <td>{row.sites.join(say("list_comma"))}</td>
                <td>
                  <span className="row">
                    <Shape status={row.disabled ? "off" : "ok"} />
                    {say(row.disabled ? "account_disabled" : "account_enabled")}
                    {row.provider && `${COMMA[language]}${say("account_provider")} ${row.provider}`}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <form className="row" onSubmit={(event) => void add(event)}>
          <input
            className="text"
            aria-label={say("site_name")}
            placeholder={say("site_name")}
            maxLength={64}
            value={site}
            onChange={(event) => setSite(event.target.value)}
          />
          <button type="submit" className="button line">
            {say("site_add")}
          </button>
        </form>
        <Fault fault={fault} />
      </section>
      <AccountForm
        key={account?.name ?? ""}
        account={account}
        sites={sites.map(({ name }) => name)}
        onDone={() => {
          setChosen(null);
          void look();
        }}
        onNew={() => setChosen(null)}
      />
    </>
  );
}

interface FormProps {
  /** `null`: a new one. */
  readonly account: Account | null;
  readonly sites: readonly string[];
  readonly onDone: () => void;
  readonly onNew: () => void;
}

/** A new account, or what one is from now on. */
function AccountForm({ account, sites, onDone, onNew }: FormProps) {
  const { say } = useWords();
  const [name, setName] = useState("");
  const [display, setDisplay] = useState(account?.display ?? "");
  const [roles, setRoles] = useState<readonly string[]>(account?.roles ?? []);
  const [of, setOf] = useState<readonly string[]>(account?.sites ?? []);
  const [password, setPassword] = useState("");
  const [fault, run] = useDoing();
  const save = async (disabled: boolean): Promise<void> => {
    if (account === null) {
      const made = await run(addAccount({ name, display, roles: [...roles], sites: [...of], password }));
      if (made) {
        onDone();
      }
      return;
    }
    const changed = await run(changeAccount(account.name, { display, roles: [...roles], sites: [...of], disabled }));
    if (changed && (password === "" || (await run(givePassword(account.name, password))) !== undefined)) {
      onDone();
    }
  };
  const choices = (
    title: string,
    all: readonly string[],
    chosen: readonly string[],
    word: (one: string) => string,
    onChosen: (chosen: readonly string[]) => void,
  ) => (
    <fieldset className="choices">
      <legend>{title}</legend>
      <div className="options">
        {all.map((one) => {
          const on = chosen.includes(one);
          return (
            <button
              key={one}
              type="button"
              className={on ? "option said" : "option"}
              aria-pressed={on}
              onClick={() => onChosen(on ? chosen.filter((other) => other !== one) : [...chosen, one])}
            >
              {on && <Icon name="tick" />}
              {word(one)}
            </button>
          );
        })}
      </div>
    </fieldset>
  );
  return (
    <section className="panel">
      <form
        className="account-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save(account?.disabled ?? false);
        }}
      >
        <h2 className="title">{account ? account.name : say("account_new")}</h2>
        {account === null && (
          <label>
            <span>{say("account_name")}</span>
            <input
              className="text"
              autoComplete="off"
              autoCapitalize="none"
              maxLength={64}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </label>
        )}
        <label>
          <span>{say("account_display")}</span>
          <input
            className="text"
            maxLength={128}
            value={display}
            onChange={(event) => setDisplay(event.target.value)}
          />
        </label>
        {choices(say("account_roles"), ROLES, roles, (role) => say(`role_name_${role}` as WordKey), setRoles)}
        {sites.length > 0 && choices(say("account_sites"), sites, of, (one) => one, setOf)}
        <label>
          <span>{say(account ? "password_other" : "password_first")}</span>
          <input
            className="text"
            type="password"
            autoComplete="new-password"
            maxLength={256}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        <Fault fault={fault} />
        <div className="row">
          <button type="submit" className="button next">
            {say(account ? "account_save" : "account_add")}
          </button>
          {account && (
            <>
              <button type="button" className="button line" onClick={() => void save(!account.disabled)}>
                {say(account.disabled ? "account_enable" : "account_disable")}
              </button>
              <button type="button" className="button line" onClick={onNew}>
                {say("account_new")}
              </button>
            </>
          )}
        </div>
      </form>
    </section>
  );
}

/** One's own password and tokens. */
function Own({ hasPassword }: { readonly hasPassword: boolean }) {
  const { say, language } = useWords();
  const [tokens, setTokens] = useState<readonly Token[]>([]);
  const [label, setLabel] = useState("");
  const [secret, setSecret] = useState<string | null>(null);
  const [written, setWritten] = useState({ old: "", new: "" });
  const [changed, setChanged] = useState(false);
  const [fault, run] = useDoing();
  const look = useCallback(async () => setTokens((await run(listTokens())) ?? []), [run]);
  useEffect(() => void look(), [look]);
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const made = label.trim() ? await run(addToken(label.trim())) : undefined;
    if (made) {
      setSecret(made.secret);
      setLabel("");
      await look();
    }
  };
  const change = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setChanged((await run(changePassword(written))) !== undefined);
    setWritten({ old: "", new: "" });
  };
  return (
    <section className="panel">
      <h2 className="title">{say("tokens")}</h2>
      <p className="hint">{say("tokens_why")}</p>
      <ul>
        {tokens.map((token) => (
          <li key={token.id} className="row">
            <span>{token.label}</span>
            <span className="note">
              {new Date(token.made_ms).toISOString().slice(0, 10)}
              {token.used_ms > 0 &&
                `${COMMA[language]}${say("token_used")} ${new Date(token.used_ms).toISOString().slice(0, 10)}`}
            </span>
            <span className="space" />
            <button
              type="button"
              className="button small line"
              onClick={() => void run(revokeToken(token.id)).then(look)}
            >
              {say("token_revoke")}
            </button>
          </li>
        ))}
      </ul>
      {secret !== null && (
        <p className="secret">
          <Shape status="info" /> {say("token_once")} <code>{secret}</code>
        </p>
      )}
      <form className="row" onSubmit={(event) => void add(event)}>
        <input
          className="text"
          aria-label={say("token_label")}
          placeholder={say("token_label")}
          maxLength={64}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
        />
        <button type="submit" className="button line">
          {say("token_add")}
        </button>
      </form>
      {hasPassword && (
        <form className="account-form" onSubmit={(event) => void change(event)}>
          <h2 className="title">{say("password_change")}</h2>
          {(["old", "new"] as const).map((which) => (
            <label key={which}>
              <span>{say(`password_${which}`)}</span>
              <input
                className="text"
                type="password"
                autoComplete={which === "old" ? "current-password" : "new-password"}
                maxLength={256}
                value={written[which]}
                onChange={(event) => setWritten({ ...written, [which]: event.target.value })}
              />
            </label>
          ))}
          <p className="row" aria-live="polite">
            {changed && (
              <>
                <Shape status="ok" /> {say("password_changed")}
              </>
            )}
          </p>
          <button type="submit" className="button line">
            {say("password_change")}
          </button>
        </form>
      )}
      <Fault fault={fault} />
    </section>
  );
}
