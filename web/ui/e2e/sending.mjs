/**
 * Sending in a real browser: a study to a node that is away, again once it is there, a series to one that never is, and that
 * taken back; and the patient's earlier study found at that node and fetched; in both languages.
 *
 *     peony serve --data DIR --open --dicom 127.0.0.1:0      # its peony.toml knows ARCHIVE at 127.0.0.1:PORT and NOBODY where nobody is
 *     node e2e/sending.mjs http://127.0.0.1:8686 FOLDER PORT path/to/peony
 *
 * The program named last plays ARCHIVE at that port, with a store in FOLDER. Screenshots go into FOLDER.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { openPage, SMALL, until, withBrowser } from "./browser.mjs";
import { sweep, ultrasound } from "./dicom.mjs";
import { checkAccessible, checkLayout } from "./layout.mjs";

const [url, folder, port, program] = process.argv.slice(2);
if (!url || !folder || !port || !program) {
  console.error("usage: node e2e/sending.mjs URL FOLDER PORT PEONY");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const LANGUAGES = [
  ["zh", "中"],
  ["en", "EN"],
];
const TABLET = { width: 820, height: 1180 };

const mark = `SEND${Date.now()}`;
const uid = `2.25.${Date.now()}7`;
const size = { columns: 320, rows: 240 };

/** Two series of one study, and a study beside it, as files. */
async function writesFiles() {
  const study = { name: `${mark}^LI`, id: `P-${mark}`, ...size, uid, description: "Both breasts" };
  const files = [
    { ...study, series: 1, instance: 1, frames: sweep({ ...size, count: 3 }), frameTime: 50 },
    { ...study, series: 1, instance: 2, frames: sweep({ ...size, count: 1 }) },
    { ...study, series: 2, instance: 1, frames: sweep({ ...size, count: 1 }) },
  ];
  const paths = files.map((_, at) => path.join(folder, `send-${at}.dcm`));
  await Promise.all(files.map((file, at) => writeFile(paths[at], ultrasound(file))));
  return paths;
}

/** The other node, until `use` is done. */
async function withArchive(use) {
  const data = path.join(folder, "archive");
  await rm(data, { recursive: true, force: true });
  const args = ["serve", "--open", "--no-model", "--data", data, "--http", "127.0.0.1:0"];
  const archive = spawn(program, [...args, "--dicom", `127.0.0.1:${port}`, "--aet", "ARCHIVE"]);
  let said = "";
  for (const stream of [archive.stdout, archive.stderr]) {
    stream.on("data", (bytes) => {
      said += bytes;
    });
  }
  const ended = new Promise((resolve) => archive.once("exit", resolve));
  try {
    const [at] = await until("the other node", () => said.match(/http:\/\/127\.0\.0\.1:\d+/));
    await use(at);
  } finally {
    archive.kill();
    await ended;
  }
}

const queueOf = async () => (await (await fetch(`${url}/api/sending`)).json()).queue;
/** The newest sending of this check to that node. */
const sendingTo = async (to) => (await queueOf()).filter((one) => one.study_uid === uid && one.to === to)[0];

/** What is shown, in both languages, on a screen of a desk and on a tablet; it may be taken for granted that it is whole. */
async function looksAt(page, what, file) {
  for (const [name, viewport] of [
    ["tablet", TABLET],
    ["small", SMALL],
  ]) {
    await page.setViewportSize(viewport);
    for (const [language, label] of LANGUAGES) {
      // By script: a press beside a menu closes it, and it is the menu that is looked at.
      await page.locator(".language button", { hasText: label }).evaluate((button) => button.click());
      await page.waitForTimeout(300);
      await checkLayout(page, `${what}, ${name}, ${language}`);
      await checkAccessible(page, `${what}, ${name}, ${language}`);
      await page.screenshot({ path: path.join(folder, `${file}-${name}-${language}.png`) });
    }
  }
}

async function addsTheStudy(page) {
  await page.locator("input[type=file]").setInputFiles(await writesFiles());
  await until("the uploads", async () => (await page.locator('[data-upload="kept"]').count()) === 3);
  await page.locator(".uploads .square").click();
  await page.locator(".search input").fill(mark);
  // And nothing else: rows that are about to go would move what is pressed.
  await until("the study alone", async () => {
    const [all, ours] = [page.locator(".study-row"), page.locator(".study-row", { hasText: mark })];
    return (await all.count()) === 1 && (await ours.count()) === 1;
  });
}

async function opensTheStudy(page) {
  await page.locator(".study-row", { hasText: mark }).click();
  await until("the study's page", () => page.locator('[data-action="send"]').isVisible());
}

/** The node is away: that is said, and that it will be tried again. */
async function sendsToWhoIsAway(page) {
  await page.locator('[data-action="send"]').click();
  const menu = page.locator(".hanging");
  await until("the menu", () => menu.isVisible());
  await looksAt(page, "the send menu", "sending-1-menu");
  await menu.locator('[data-to="ARCHIVE"]').click();
  await until("why it waits", async () => /no connection; again in \d+ min/.test(await menu.innerText()));
  await looksAt(page, "a node that is away", "sending-2-away");
  assert.equal((await sendingTo("ARCHIVE")).state, "waiting");
}

/** One series to another node, which is never there. */
async function sendsASeries(page) {
  const menu = page.locator(".hanging");
  await menu.locator('[data-filter="send-what"]').selectOption({ index: 2 });
  await menu.locator('[data-to="NOBODY"]').click();
  await until("its fault", async () => (await sendingTo("NOBODY"))?.fault?.why === "unreachable");
  assert.equal((await sendingTo("NOBODY")).series_uid, `${uid}.2`, "the series that was chosen");
  await page.keyboard.press("Escape");
  await until("the menu to be gone", async () => !(await menu.isVisible()));
}

const rowTo = (page, to) => page.locator(".uploads [data-sending]", { hasText: `→ ${to}` }).first();

/** The queue beside the list: what failed is tried again by hand, and what nobody takes is taken back. */
async function seesTheQueue(page) {
  await page.locator('[data-action="sendings"]').click();
  await until("both in the queue", async () => (await page.locator('.uploads [data-sending="waiting"]').count()) >= 2);
  await until("whose study it is", async () => (await rowTo(page, "ARCHIVE").innerText()).includes(mark));
  await looksAt(page, "the queue", "sending-3-queue");
  await withArchive(async (archive) => {
    await rowTo(page, "ARCHIVE").locator('[data-action="retry"]').click();
    const done = async () => (await rowTo(page, "ARCHIVE").getAttribute("data-sending")) === "done";
    await until("it to be sent", done);
    await until("the promise", async () => /promises to keep/.test(await rowTo(page, "ARCHIVE").innerText()));
    const query = new URLSearchParams({ StudyInstanceUID: uid });
    const found = await (await fetch(`${archive}/dicomweb/instances?${query}`)).json();
    assert.equal(found.length, 3, "every object is there");
  });
  await rowTo(page, "NOBODY").locator('[data-action="cancel"]').click();
  await until("it to be taken back", async () => (await sendingTo("NOBODY")).state === "cancelled");
  await until("that to be shown", async () => /cancelled/.test(await rowTo(page, "NOBODY").innerText()));
  await looksAt(page, "the queue at its end", "sending-4-done");
}

/** Of the study itself it is told as well. */
async function seesItAtTheStudy(page) {
  await page.locator(".uploads .square").click();
  await opensTheStudy(page);
  const said = page.locator(".top [data-sending]");
  await until("the newest sending", () => said.isVisible());
  await page.locator('[data-action="send"]').click();
  await looksAt(page, "the menu at the end", "sending-5-menu");
  assert.match(await page.locator(".hanging").innerText(), /sent: 3 images; the node promises to keep them/);
}

const earlier = `2.25.${Date.now()}8`;

/** The other node has an earlier study of the patient. */
async function hasAnEarlierStudy(archive) {
  const patient = { name: `${mark}^LI`, id: `P-${mark}`, ...size };
  const study = { ...patient, uid: earlier, description: "Both breasts, two years ago", series: 1 };
  const files = [1, 2].map((instance) => ultrasound({ ...study, instance, frames: sweep({ ...size, count: 1 }) }));
  const parts = files.flatMap((file) => [
    Buffer.from("--part\r\nContent-Type: application/dicom\r\n\r\n"),
    file,
    "\r\n",
  ]);
  const body = Buffer.concat([...parts.map((part) => Buffer.from(part)), Buffer.from("--part--\r\n")]);
  const headers = { "Content-Type": 'multipart/related; type="application/dicom"; boundary=part' };
  const stored = await fetch(`${archive}/dicomweb/studies`, { method: "POST", headers, body });
  assert.equal(stored.status, 200, await stored.text());
}

const there = (page) => page.locator(`.there[data-study="${earlier}"]`);

/** From the study its patient is looked for elsewhere, by keys alone, and what is found comes here. */
async function fetchesTheEarlierStudy(page) {
  await page.setViewportSize(SMALL);
  await withArchive(async (archive) => {
    await hasAnEarlierStudy(archive);
    await page.goto(`${url}/?page=studies&study=${uid}`);
    const link = page.locator('.strips a[href*="page=nodes"]');
    await until("the way to other nodes", () => link.isVisible());
    await looksAt(page, "the way to other nodes", "nodes-1-way");
    await link.focus();
    await page.keyboard.press("Enter");
    await until("the earlier study", () => there(page).isVisible());
    assert.equal(await page.locator(".search input").inputValue(), `P-${mark}`, "the patient is filled in");
    assert.equal(await page.locator(".study-row.there").count(), 1, "and nobody else is found");
    await looksAt(page, "what another node has", "nodes-2-found");
    await there(page).locator('[data-action="fetch"]').focus();
    await page.keyboard.press("Enter");
    await until("it to be here", async () => /images here: 2/.test(await there(page).innerText()));
    await looksAt(page, "what was fetched", "nodes-3-here");
    const query = new URLSearchParams({ StudyInstanceUID: earlier });
    assert.equal((await (await fetch(`${url}/dicomweb/instances?${query}`)).json()).length, 2, "every object came");
    await page.locator(".search input").fill("nobody of this name");
    await page.keyboard.press("Enter");
    await until("that nothing is found", async () =>
      /has no study that fits/.test(await page.innerText(".study-rows")),
    );
  });
  // It is away.
  await page.locator(".search input").fill(`P-${mark}`);
  await page.keyboard.press("Enter");
  await until("why not", async () =>
    /cannot be searched: There is no connection/.test(await page.innerText(".study-rows")),
  );
  await looksAt(page, "a node that is not there", "nodes-4-away");
  await page.locator('[data-action="sendings"]').click();
  await until("the queue", async () => /← ARCHIVE/.test(await page.innerText(".uploads")));
  await looksAt(page, "the queue with what was fetched", "nodes-5-queue");
}

await withBrowser(async (context) => {
  const { page, complaints } = await openPage(context, `${url}/?page=studies`);
  await until("the list", () => page.locator(".study-rows").isVisible());
  await addsTheStudy(page);
  await opensTheStudy(page);
  await sendsToWhoIsAway(page);
  await sendsASeries(page);
  await page.goBack();
  await until("the list again", () => page.locator(".study-rows").isVisible());
  await seesTheQueue(page);
  await seesItAtTheStudy(page);
  await fetchesTheEarlierStudy(page);
  // The browser writes down that a node did not answer.
  assert.deepEqual(
    complaints.filter((complaint) => !/502/.test(complaint)),
    [],
  );
});
console.log("sending: all is well");
