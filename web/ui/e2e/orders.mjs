/**
 * Orders in a real browser where there are accounts and two sites: an order is of the site that is chosen, and a day with more of them than stand on one
 * page is gone through; in both languages.
 *
 *     node e2e/orders.mjs path/to/peony FOLDER
 *
 * It starts that program with a store in FOLDER, where the screenshots go as well.
 */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { openPage, until, withBrowser } from "./browser.mjs";
import { checkAccessible, checkLayout } from "./layout.mjs";

const [program, folder] = process.argv.slice(2);
if (!program || !folder) {
  console.error("usage: node e2e/orders.mjs PEONY FOLDER");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const shot = (page, name) => page.screenshot({ path: path.join(folder, `${name}.png`) });

const PASSWORD = "of this check alone";
const SITES = ["east", "west"];
/** One more than the program lists at a time. */
const COUNT = 101;
const DAY = "2031-05-06";

/** The program with its accounts, until `use` is done. */
async function withProgram(use) {
  const data = path.join(folder, "orders-data");
  await rm(data, { recursive: true, force: true });
  const run = promisify(execFile);
  for (const site of SITES) {
    await run(program, ["site", "add", site, "--data", data]);
  }
  const adding = run(program, [
    "account",
    "add",
    "li.na",
    "--role",
    "sonographer",
    "--site",
    SITES.join(","),
    "--data",
    data,
  ]);
  adding.child.stdin.end(`${PASSWORD}\n`);
  await adding;
  const serve = spawn(program, ["serve", "--no-model", "--data", data, "--http", "127.0.0.1:0"]);
  let said = "";
  for (const stream of [serve.stdout, serve.stderr]) {
    stream.on("data", (bytes) => {
      said += bytes;
    });
  }
  const ended = new Promise((resolve) => serve.once("exit", resolve));
  try {
    const [at] = await until("the program", () => said.match(/http:\/\/127\.0\.0\.1:\d+/));
    await use(at);
  } finally {
    serve.kill();
    await ended;
  }
}

const field = (page, name) => page.locator(`[data-field="${name}"]`);
const order = (page, id) => page.locator(`[data-patient="${id}"]`);

async function signsIn(page) {
  await page.locator('input[autocomplete="username"]').fill("li.na");
  await page.locator('input[type="password"]').fill(PASSWORD);
  await page.locator('button[type="submit"]').click();
  await field(page, "patientId").waitFor();
}

/** The first of the account's sites is the usual one; the other is kept for the next order, and said in its row. */
async function choosesASite(page) {
  const site = field(page, "site");
  assert.deepEqual(await site.locator("option").allInnerTexts(), SITES);
  for (const [id, chosen, expected] of [
    ["S-1", null, "east"],
    ["S-2", "west", "west"],
    ["S-3", null, "west"],
  ]) {
    await field(page, "patientId").fill(id);
    await field(page, "letters").fill("OUYANG Nana");
    if (chosen) {
      await site.selectOption(chosen);
    }
    await page.locator('[data-action="keep-order"]').click();
    await order(page, id).waitFor();
    assert.match(await order(page, id).innerText(), new RegExp(`${id} · ${expected}`));
  }
  await checkAccessible(page, "choosing a site");
}

/** What the form cannot know the program says, and it stands at its field. */
async function isRefused(page) {
  // The site that is chosen is hers too.
  const taken = (await order(page, "S-3").locator(".order-number").innerText()).trim();
  await field(page, "patientId").fill("S-4");
  await field(page, "letters").fill("LI Na");
  await field(page, "accession").fill(taken);
  await page.locator('[data-action="keep-order"]').click();
  await until("the reason", async () =>
    /Accession: another patient/.test(await page.locator("#order-fault").innerText()),
  );
  await until("its field", () => field(page, "accession").evaluate((input) => input === document.activeElement));
  assert.equal(await field(page, "accession").getAttribute("aria-invalid"), "true");
  await shot(page, "orders-1-refused");
}

/** A name that machines which read letters cannot show is said to be one, before and after it is registered. */
async function hasNoLetters(page) {
  await field(page, "patientId").fill("S-5");
  await field(page, "accession").fill("");
  await field(page, "letters").fill("");
  await field(page, "own").fill("欧阳娜娜");
  await page.locator('[data-part="own-alone"]').waitFor();
  await page.locator('[data-action="keep-order"]').click();
  const kept = page.locator('.order-form [role="status"][data-kept]');
  await until("it to be said", async () => /show no name/.test(await kept.innerText()));
  await shot(page, "orders-2-no-letters");
}

async function goesThroughPages(page) {
  await page.evaluate(
    async ([count, date]) => {
      for (let at = 0; at < count; at += 1) {
        const minutes = String(at % 60).padStart(2, "0");
        const time = `${String(8 + Math.floor(at / 60)).padStart(2, "0")}${minutes}`;
        const said = { patient_id: `N-${at}`, patient_name: "LI^NA", date, time, modality: "US" };
        await fetch("/api/orders", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ order: said, site: "east" }),
        });
      }
    },
    [COUNT, DAY.replaceAll("-", "")],
  );
  await page.locator('[data-filter="day"]').fill(DAY);
  const rows = (count) =>
    until(`${count} rows`, async () => (await page.locator(".study-row.order").count()) === count);
  const [earlier, later] = [0, 1].map((at) => page.locator("nav.pages button").nth(at));
  await rows(COUNT - 1);
  assert.equal(await earlier.getAttribute("aria-disabled"), "true");
  await shot(page, "orders-3-first-page");
  await checkLayout(page, "the first page");
  await later.click();
  await rows(1);
  await order(page, `N-${COUNT - 1}`).waitFor();
  assert.equal(await later.getAttribute("aria-disabled"), "true");
  for (const label of ["中", "EN"]) {
    await page.locator(".language button", { hasText: label }).click();
    await checkLayout(page, "the last page");
    await shot(page, `orders-4-last-page-${label === "EN" ? "en" : "zh"}`);
  }
  // What is registered for another day leads there, and to its first page.
  await earlier.click();
  await rows(COUNT - 1);
  await later.click();
  await rows(1);
  await page.locator('[data-filter="state"]').selectOption("cancelled");
  await rows(0);
  assert.equal(await page.locator("nav.pages").count(), 0, "another state begins at its first page");
  await page.locator('[data-filter="state"]').selectOption("");
  await rows(COUNT - 1);
}

await withProgram((url) =>
  withBrowser(async (context) => {
    const { page, complaints } = await openPage(context, `${url}/?page=orders`);
    await signsIn(page);
    await choosesASite(page);
    await isRefused(page);
    await hasNoLetters(page);
    await goesThroughPages(page);
    // What was asked before anybody had signed in, and what was refused, are meant.
    const others = complaints.filter((text) => !/status of (401|409)/.test(text));
    assert.deepEqual(others, []);
  }),
);
console.log("the orders of two sites: all is well");
