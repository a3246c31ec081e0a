/**
 * A probe is calibrated in a real browser: the fake camera plays a sweep between two marks again and again, three of them are taken, one that
 * is cut short is told as unfit, and the next examination has lengths along the sweep.
 *
 *     cargo run --release -p peony-phantom --example marks -- marks.y4m 410000
 *     peony serve --data DIR --open
 *     node e2e/calibrate.mjs http://127.0.0.1:8686 marks.y4m FOLDER [en|zh]
 */
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { frameOf, openPage, press, SMALL, until, withBrowser } from "./browser.mjs";
import { checkAccessible, checkLayout } from "./layout.mjs";

const [url, video, folder, language = "en"] = process.argv.slice(2);
if (!url || !video || !folder) {
  console.error("usage: node e2e/calibrate.mjs URL MARKS.y4m FOLDER [en|zh]");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const truth = JSON.parse(await readFile(video.replace(/\.y4m$/, ".json"), "utf8"));
const camera = [
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  `--use-file-for-fake-video-capture=${path.resolve(video)}`,
];
const PROBE = `L12-${language}`;
const shot = (page, name) => page.screenshot({ path: path.join(folder, `${name}-${language}.png`) });
const examOf = (page) => new URL(page.url()).searchParams.get("exam");
const asked = async (page) => (await fetch(`${url}/api/exams/${examOf(page)}/calibration`)).json();

/** An examination whose pictures the browser's camera gives, at the depth that the machine would show. */
async function begins(page) {
  await page.goto(`${url}/?page=exams`);
  await page.locator(".language button", { hasText: language === "zh" ? "中" : "EN" }).click();
  await page.locator(".new-exam [type=submit]").click();
  await until("the live page", async () => /exam=/.test(page.url()));
  await until("the choice of a device", () => page.locator('[data-action="capture-any"]').isVisible());
  await page.locator('[data-action="capture-any"]').click();
  await until("the first picture", async () => (await frameOf(page)) >= 0);
}

async function entersDepth(page) {
  await page.locator('[data-action="depth-first"]').click();
  await page.keyboard.type((truth.mm_per_px * truth.height_px).toFixed(1));
  await press(page, "Enter");
  await until("the scale", async () => /0\.\d+\s*mm\/px/.test(await page.locator(".status").innerText()));
}

/** Waits until the probe rests, or moves, for some looks in a row. */
async function untilProbe(page, moves, looks) {
  let row = 0;
  await until(moves ? "the probe to move" : "the probe to rest", async () => {
    row = (await asked(page)).moves === moves ? row + 1 : 0;
    return row >= looks;
  });
}

const fitOf = async (page) => (await asked(page)).sweeps.filter(({ unfit }) => unfit === null).length;

/** From rest to rest, by the key alone. What the machine was too busy to read may be unfit: then it is led again. */
async function sweeps(page) {
  const before = await fitOf(page);
  const begins = page.locator('[data-action="begin-sweep"]');
  for (let tries = 0; (await fitOf(page)) === before; tries += 1) {
    assert.ok(tries < 6, `no sweep is fit: ${JSON.stringify((await asked(page)).sweeps)}`);
    // The node is asked past the page, which may not have heard yet that the last one has ended.
    await until("the page to offer a sweep", () => begins.isVisible());
    await press(page, "Space");
    await until("the sweep to begin", async () => (await asked(page)).moved !== null);
    await untilProbe(page, false, 3);
    await untilProbe(page, true, 2);
    await untilProbe(page, false, 4);
    await press(page, "Space");
    await until("the sweep to end", async () => (await asked(page)).moved === null);
    const { unfit } = (await asked(page)).sweeps.at(-1);
    if (unfit) {
      console.log(`unfit: ${JSON.stringify(unfit)}`);
      // The last on the page is this one once the page has heard of it.
      const listed = page.locator(".sweeps li");
      await until("it to be listed", async () => (await listed.count()) === (await asked(page)).sweeps.length);
      await listed.last().locator("button").click();
      await until("it to be gone", async () => !(await asked(page)).sweeps.some((sweep) => sweep.unfit));
    }
  }
}

/** Ended in the midst of it: too short, or not of the length that was said. */
async function sweepsTooShort(page) {
  await press(page, "Space");
  await page.waitForTimeout(500);
  await press(page, "Space");
  await until("the sweep", async () => (await asked(page)).sweeps.length === 1);
  assert.notEqual((await asked(page)).sweeps[0].unfit, null);
  await until("why it is unfit", async () => (await page.locator('.sweeps [data-sweep="fit"]').count()) === 0);
  await shot(page, "calibrate-2-unfit");
  await page.locator(".sweeps li button").click();
  await until("it to be taken out", async () => (await page.locator(".sweeps li").count()) === 0);
}

/** Begun by the foot while a field has the focus, and seen above the picture while the panel is closed; ended by the foot. */
async function sweepsByFoot(page) {
  await page.locator("#marks-apart").focus();
  await press(page, "PageUp");
  await until("the sweep to begin", async () => (await asked(page)).moved !== null);
  await press(page, "Escape");
  const goesOn = page.locator('.top [data-action="calibrate"]');
  await until("the sweep above the picture", () => goesOn.isVisible());
  await checkLayout(page, "a sweep while the panel is closed");
  await shot(page, "calibrate-2-closed");
  await goesOn.click();
  await until("the panel", () => page.locator('[data-action="end-sweep"]').isVisible());
  assert.equal(
    await page.locator("#marks-apart").inputValue(),
    truth.length_mm.toFixed(1),
    "the distance is still there",
  );
  await press(page, "PageUp");
  await until("the sweep to end", async () => (await asked(page)).moved === null);
  await until("nothing above the picture any more", async () => !(await goesOn.isVisible()));
  await page.locator(".sweeps li button").click();
  await until("it to be taken out", async () => (await page.locator(".sweeps li").count()) === 0);
}

await withBrowser(async (context) => {
  const { page, complaints } = await openPage(context, `${url}/?page=exams`);
  await page.setViewportSize(SMALL);
  await begins(page);
  await press(page, "l");
  await until("the panel", () => page.locator('[data-action="depth-first"]').isVisible());
  await shot(page, "calibrate-1-depth");
  await entersDepth(page);
  await press(page, "l");
  const distance = page.locator("#marks-apart");
  await distance.fill(truth.length_mm.toFixed(1));
  await page.evaluate(() => document.activeElement?.blur());
  await sweepsTooShort(page);
  await sweepsByFoot(page);
  for (let sweep = 1; sweep <= 3; sweep += 1) {
    await sweeps(page);
  }
  await until("the error", () => page.locator("[data-fitted]").isVisible());
  await checkLayout(page, "three sweeps");
  await checkAccessible(page, "three sweeps");
  await shot(page, "calibrate-3-fit");
  for (const { read_mm, length_mm } of (await asked(page)).sweeps) {
    console.log(`${length_mm.toFixed(1)} mm, reads ${read_mm.toFixed(1)} mm`);
    assert.equal(length_mm, Number(truth.length_mm.toFixed(1)), "of the length that was written");
    assert.ok(Math.abs(read_mm / length_mm - 1) < 0.2, "the sweeps agree");
  }
  await page.locator('[data-field="probe"]').fill(PROBE);
  await page.locator('[data-action="keep-calibration"]').click();
  await until("that it is kept", () => page.locator("[data-kept]").isVisible());
  await shot(page, "calibrate-4-kept");
  const { known } = await asked(page);
  assert.equal(known.find(({ used }) => used).probe, PROBE);

  // The next examination has lengths along the sweep, and says whose calibration they rest on.
  await begins(page);
  await press(page, "l");
  await entersDepth(page);
  const exam = examOf(page);
  const rests = async () => (await (await fetch(`${url}/api/exams/${exam}/report`)).json()).report.calibrations ?? [];
  await until("the calibration to be used", async () => (await rests()).at(-1)?.probe === PROBE);
  await shot(page, "calibrate-5-next");
  // Taken back where examinations begin, the one after it has none.
  await page.goto(`${url}/?page=exams`);
  const used = page.locator('.new-exam [data-field="used"]');
  await until("the next examination's probe", () => used.isVisible());
  assert.match(await used.locator("option:checked").innerText(), new RegExp(`^${PROBE} · `));
  await checkLayout(page, "the next examination's probe");
  await checkAccessible(page, "the next examination's probe");
  await shot(page, "calibrate-6-start");
  await used.selectOption("-1");
  const next = async () => (await fetch(`${url}/api/calibrations?source=capture`)).json();
  await until("none to be used", async () => !(await next()).some((known) => known.used));
  assert.deepEqual(complaints, []);
  console.log(`ok  ${PROBE} is calibrated and was used`);
}, camera);
