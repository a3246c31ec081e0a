/**
 * A whole examination in a real browser: the browser's fake camera plays a sweep of the phantom, nothing is touched but the
 * breast map, and a report is signed whose lesions are those of the phantom.
 *
 *     cargo run --release -p peony-phantom --example video -- sweep.y4m 3
 *     peony serve --data DIR --open --mm-per-px MM       (the scale that sweep.json holds)
 *     node e2e/exam.mjs http://127.0.0.1:8686 sweep.y4m FOLDER [en|zh]
 *
 * Screenshots and the signed PDF go into FOLDER.
 */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { frameOf, openPage, press, until, withBrowser } from "./browser.mjs";

const [url, video, folder, language = "en"] = process.argv.slice(2);
if (!url || !video || !folder) {
  console.error("usage: node e2e/exam.mjs URL SWEEP.y4m FOLDER [en|zh]");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const truth = JSON.parse(await readFile(video.replace(/\.y4m$/, ".json"), "utf8"));
const camera = [
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  `--use-file-for-fake-video-capture=${path.resolve(video)}`,
];
const shot = (page, name) => page.screenshot({ path: path.join(folder, `${name}-${language}.png`) });
const reportOf = async (exam) => (await fetch(`${url}/api/exams/${exam}/report`)).json();

await withBrowser(async (context) => {
  const { page, complaints } = await openPage(context, `${url}/?page=exams`);
  await page.locator(".language button", { hasText: language === "zh" ? "中" : "EN" }).click();
  await page.locator(".new-exam input").first().fill("Demo 01");
  await page.locator(".new-exam input").nth(1).fill("P-2041873");
  await shot(page, "1-start");
  await page.locator(".new-exam [type=submit]").click();
  await until("the live page", async () => /exam=/.test(page.url()));
  const exam = new URL(page.url()).searchParams.get("exam");
  await until("the choice of a device", () => page.locator('[data-action="capture-any"]').isVisible());
  await shot(page, "2-capture");
  await page.locator('[data-action="capture-any"]').click();
  await until("the first picture", async () => (await frameOf(page)) >= 0);
  await press(page, "m");
  await until("the map", () => page.locator(".place-panel").isVisible());
  await shot(page, "3-map");
  for (const key of ["ArrowRight", "ArrowUp", "Enter"]) {
    await press(page, key);
  }
  await until("the probe's place", async () => (await reportOf(exam)).history > 2);
  const confirmed = async () => (await reportOf(exam)).report.lesions.length;
  await until("every lesion of the phantom", async () => (await confirmed()) >= truth.masses.length, 240_000);
  await until("the last of them to have left the picture", async () => {
    const sightings = async () => JSON.stringify((await reportOf(exam)).report.lesions.map((each) => each.sightings));
    const before = await sightings();
    await page.waitForTimeout(600);
    return before === (await sightings());
  });
  await shot(page, "4-live");

  await press(page, "f");
  await until("the report", () => page.locator(".review .form").isVisible());
  await page.waitForTimeout(1500);
  await shot(page, "5-report");
  const { report } = await reportOf(exam);
  // Both in the order in which the probe met them.
  const seenAt = ({ planes }) => planes.find(({ reason }) => reason === "largest").time_ms;
  const met = report.lesions.toSorted((one, other) => seenAt(one) - seenAt(other));
  assert.equal(met.length, truth.masses.length, "no lesion more, and none less");
  const rank = ({ category }) => ["2", "3", "4A", "4B", "4C", "5"].indexOf(category.proposed);
  for (const [place, mass] of truth.masses.entries()) {
    const long = Math.max(mass.wide_mm, mass.deep_mm);
    const { size, letter, category } = met[place];
    console.log(
      `${mass.kind}, ${long.toFixed(1)} mm: ${letter}, ${size.proposed.long.toFixed(1)} mm, ${category.proposed}`,
    );
    // A machine that is busy passes over frames, the largest plane among them.
    assert.ok(Math.abs(size.proposed.long / long - 1) < 0.35, `${letter} has the ${mass.kind}'s size`);
    const higher = truth.masses.filter(
      (other, at) => other.malignant !== mass.malignant && rank(met[at]) > rank(met[place]),
    );
    assert.ok(!mass.malignant || higher.length === 0, `nothing benign is graded above the ${mass.kind}`);
  }
  for (const lesion of report.lesions) {
    assert.equal(lesion.size.proposed.unit, "mm");
    assert.ok(
      lesion.planes.some(({ reason }) => reason === "largest"),
      `${lesion.letter} has its largest plane`,
    );
    assert.ok(lesion.category.proposed, `${lesion.letter} has a category`);
  }
  for (const _ of report.lesions) {
    await press(page, "c");
    await page.waitForTimeout(700);
    await press(page, "n");
    await page.waitForTimeout(300);
  }
  await until("nothing is open", async () => (await reportOf(exam)).open.length === 0);
  const { obstacles } = await reportOf(exam);
  assert.deepEqual(obstacles, [], "nothing stands in the way");
  await press(page, "Control+Enter");
  await until("who signs", () => page.locator(".person-panel").isVisible());
  await page.keyboard.type("Examiner 1");
  await press(page, "Enter");
  await until("the signature", async () => (await reportOf(exam)).report.signatures.length === 1);
  await page.waitForTimeout(1500);
  await shot(page, "6-signed");
  const pdf = await fetch(`${url}/api/exams/${exam}/report.pdf?lang=${language}`);
  await writeFile(path.join(folder, `report-${language}.pdf`), Buffer.from(await pdf.arrayBuffer()));
  assert.deepEqual(complaints, []);
  console.log(`ok  ${report.lesions.length} lesions of ${truth.masses.length} masses, signed`);
}, camera);
