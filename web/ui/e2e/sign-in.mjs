/**
 * Signing in at a provider of OpenID Connect in a real browser, in which the provider is another site.
 *
 *     python crates/access/tests/provider.py PORT
 *     peony serve --data DIR --oidc-issuer http://localhost:PORT --oidc-public-url http://127.0.0.1:8686 --oidc-client-id peony \
 *       --oidc-role-claim groups --oidc-role readers=radiologist --oidc-newcomers --source phantom:2
 *     node e2e/sign-in.mjs http://127.0.0.1:8686 http://localhost:PORT FOLDER
 *
 * It wants the secret of the provider's client in PEONY_OIDC_CLIENT_SECRET of the program. Screenshots go into FOLDER.
 */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { openPage, until, withBrowser } from "./browser.mjs";
import { checkAccessible, checkLayout } from "./layout.mjs";

const [url, issuer, folder] = process.argv.slice(2);
if (!url || !issuer || !folder) {
  console.error("usage: node e2e/sign-in.mjs URL ISSUER FOLDER");
  process.exit(2);
}
await mkdir(folder, { recursive: true });

const put = async (route, said) => {
  const answer = await fetch(`${issuer}${route}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(said),
  });
  assert.equal(answer.status, 204, route);
};
// It was started a moment ago, on a machine that may be busy.
await until("the provider", () =>
  fetch(issuer).then(
    () => true,
    () => new Promise((wait) => setTimeout(wait, 200, false)),
  ),
);
const subject = `s-${Date.now()}`;
await put(`/users/${subject}`, { name: "Li Na", groups: ["readers"] });

const button = (page) => page.locator('a[href*="/api/oidc/sign-in"]');
const alert = (page) => page.locator('.sign-in [role="alert"]');
const somebody = (page) => page.locator(".signed-in");

/** From the sign-in page to the provider and back. */
async function signsIn(page) {
  await button(page).click();
  await page.getByPlaceholder("sub").fill(subject);
  await page.getByRole("button", { name: "Authorize" }).click();
  await page.waitForURL(`${url}/**`);
}

await withBrowser(async (context) => {
  const { page, complaints } = await openPage(context, `${url}/?page=exams`);
  await button(page).waitFor();
  await checkLayout(page, "signing in");
  await checkAccessible(page, "signing in");
  await page.screenshot({ path: path.join(folder, "sign-in-en.png") });

  await signsIn(page);
  await somebody(page).waitFor();
  assert.equal((await somebody(page).textContent()).trim(), "Li Na");
  const cookies = await context.cookies(url);
  assert.deepEqual(
    cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]),
    [["peony", true, "Strict"]],
    "the way there has left nothing",
  );

  // A live page whose session ends asks to sign in again, and shows the same examination then.
  await page.evaluate(async () => {
    const begun = await fetch("/api/exams", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ source: "phantom:2" }),
    });
    const { id } = await begun.json();
    window.location.assign(`/?exam=${id}`);
  });
  await page.locator("[data-phase]").waitFor();
  const exam = new URL(page.url()).searchParams.get("exam");
  const elsewhere = await context.newPage();
  await elsewhere.goto(`${url}/?page=exams`);
  await elsewhere.evaluate(() => fetch("/api/session", { method: "DELETE" }));
  await elsewhere.close();
  await page.locator('.sign-in [role="status"]').waitFor({ timeout: 15_000 });
  await page.screenshot({ path: path.join(folder, "signed-out-en.png") });
  await signsIn(page);
  await somebody(page).waitFor();
  await page.goto(`${url}/?exam=${exam}`);
  await page.locator("[data-phase]").waitFor();

  // Who is refused is told why, in both languages, and once.
  await page.goto(`${url}/?page=exams`);
  await page.locator('[data-action="sign-out"]').click();
  await button(page).waitFor();
  await put(`/users/${subject}`, { name: "Li Na", groups: [] });
  await signsIn(page);
  await until("the refusal", async () => (await alert(page).textContent()).includes("no role"));
  assert.equal(new URL(page.url()).searchParams.get("sign_in"), null);
  await page.locator('.language button[lang="zh-CN"]').click();
  await until("the Chinese page", async () => /[\u4e00-\u9fff]/.test(await alert(page).textContent()));
  await checkLayout(page, "signing in, in Chinese");
  await page.screenshot({ path: path.join(folder, "sign-in-zh.png") });
  // The socket that was sent away, what was asked without a session, and what the provider's page wants of the world are meant.
  const others = complaints.filter((text) => !/Failed to load resource|WebSocket/.test(text));
  assert.deepEqual(others, []);
});
console.log("signed in at the provider, sent away, signed in again, refused");
