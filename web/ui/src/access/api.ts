/** The routes of accounts, sites and tokens. */
import type { components } from "../api/schema";
import { type Fault, faultIn } from "../words/fault";
import { sessionEnded } from "./session";

type Schemas = components["schemas"];
export type Account = Schemas["AccountRow"];
export type Site = Schemas["SiteRow"];
export type Token = Schemas["TokenRow"];

/** What came back; without a fault there was no answer. */
export type Asked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault | null };

async function ask<T>(method: string, path: string, body?: unknown): Promise<Asked<T>> {
  try {
    const answer = await fetch(path, {
      method,
      cache: "no-store",
      ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
    if (answer.ok) {
      return { ok: true, value: (answer.status === 204 ? null : await answer.json()) as T };
    }
    const fault = faultIn(await answer.text());
    // A wrong old password is answered alike, and ends nothing.
    if (answer.status === 401 && path !== "/api/me/password") {
      sessionEnded();
    }
    return { ok: false, fault };
  } catch {
    return { ok: false, fault: null };
  }
}

const of = (name: string): string => `/api/accounts/${encodeURIComponent(name)}`;

export const listAccounts = (): Promise<Asked<readonly Account[]>> => ask("GET", "/api/accounts");
export const addAccount = (account: Schemas["AddAccount"]): Promise<Asked<Account>> =>
  ask("POST", "/api/accounts", account);
export const changeAccount = (name: string, account: Schemas["ChangeAccount"]): Promise<Asked<Account>> =>
  ask("PUT", of(name), account);
export const givePassword = (name: string, password: string): Promise<Asked<null>> =>
  ask("PUT", `${of(name)}/password`, { password });
export const listSites = (): Promise<Asked<readonly Site[]>> => ask("GET", "/api/sites");
export const addSite = (name: string): Promise<Asked<null>> => ask("POST", "/api/sites", { name });
export const listTokens = (): Promise<Asked<readonly Token[]>> => ask("GET", "/api/me/tokens");
export const addToken = (label: string): Promise<Asked<Schemas["MadeToken"]>> =>
  ask("POST", "/api/me/tokens", { label });
export const revokeToken = (id: number): Promise<Asked<null>> => ask("DELETE", `/api/me/tokens/${id}`);
export const changePassword = (passwords: Schemas["OtherPassword"]): Promise<Asked<null>> =>
  ask("POST", "/api/me/password", passwords);
