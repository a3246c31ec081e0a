/**
 * The pages of an examination in a real browser, beside `node dev/server.mjs`:
 *
 *     node dev/look.mjs http://127.0.0.1:8787 FOLDER
 *
 * writes a screenshot of each page at both sizes in both languages, and says what spills, is too small, or what axe finds.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { LARGE, openPage, SMALL, withBrowser } from "../e2e/browser.mjs";
import { checkAccessible, checkLayout } from "../e2e/layout.mjs";

const [url, folder, only = ""] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const entry = (index) => (page) => page.locator(".entry").nth(index).click();

/** Name, address, what is done before the picture. */
const PAGES = [
  ["start", "/?page=exams"],
  ["report", "/?exam=demo-01&page=report"],
  ["report-patient", "/?exam=demo-01&page=report", entry(0)],
  ["report-breasts", "/?exam=demo-01&page=report", entry(1)],
  ["report-impression", "/?exam=demo-01&page=report", entry(5)],
  ["report-map", "/?exam=demo-01&page=report", (page) => page.locator('[data-field="place"] .figure').first().click()],
  ["report-history", "/?exam=demo-01&page=report", (page) => page.locator('[data-action="history"]').click()],
  ["report-person", "/?exam=demo-01&page=report", (page) => page.locator(".who").click()],
  ["report-text", "/?exam=demo-01&page=report", (page) => page.locator(".preview .segments button").nth(1).click()],
  [
    "report-downgrade",
    "/?exam=demo-downgrade&page=report",
    async (page) => {
      for (const key of ["n", "Enter", "n", "Enter", "c", "3", "4"]) {
        await page.keyboard.press(key);
        await wait(250);
      }
    },
  ],
  [
    "report-sign",
    "/?exam=demo-sign&page=report",
    async (page) => {
      await page.keyboard.press("c");
      await wait(500);
      await page.keyboard.press("Control+Enter");
    },
  ],
  [
    "report-signed",
    "/?exam=demo-signed&page=report",
    async (page) => {
      await page.keyboard.press("c");
      await wait(500);
      await page.keyboard.press("Control+Enter");
      await page.keyboard.type("Doctor 2 Mei");
      await page.keyboard.press("Enter");
      await wait(600);
      await page.locator('[data-action="add"]').click();
      await page.keyboard.type("Seen again with the earlier pictures: no change.");
      await page.locator(".popover [type=submit]").click();
      await wait(500);
      await entry(5)(page);
    },
  ],
  [
    "report-away",
    "/?exam=demo-away&page=report",
    async (page) => {
      await page.route("**/api/exams/**", (route) => route.abort());
      await page.keyboard.press("c");
      await page.keyboard.press("2");
      await wait(2500);
    },
  ],
  ["live", "/?exam=demo-01", async () => wait(25_000)],
  [
    "live-map",
    "/?exam=demo-01",
    async (page) => {
      await wait(6000);
      await page.keyboard.press("m");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowUp");
    },
  ],
].filter(([name]) => !only || only.split(",").includes(name));

const problems = [];
async function check(name, what) {
  await what().catch((error) => problems.push(`${name}: ${String(error.message).slice(0, 900)}`));
}

await withBrowser(async (context) => {
  for (const [name, address, prepare = async () => {}] of PAGES) {
    const { page, complaints } = await openPage(context, url + address);
    await wait(1200);
    await prepare(page);
    for (const [language, label] of [
      ["en", "EN"],
      ["zh", "中"],
    ]) {
      await page.locator(".language button", { hasText: label }).click();
      for (const size of [SMALL, LARGE]) {
        await page.setViewportSize(size);
        await wait(900);
        const shot = `${name}-${language}-${size.width}`;
        await page.screenshot({ path: path.join(folder, `${shot}.png`) });
        await check(shot, () => checkLayout(page, shot));
      }
      await check(name, () => checkAccessible(page, `${name} ${language}`));
    }
    await page.setViewportSize({ width: SMALL.width / 2, height: SMALL.height / 2 });
    await check(`${name} 200 %`, () => checkLayout(page, `${name} at 200 %`, { scrolls: true }));
    await page.screenshot({ path: path.join(folder, `${name}-zh-zoom-200.png`), fullPage: true });
    // What is made to fail is no news.
    const news = complaints.filter((complaint) => !complaint.includes("ERR_FAILED"));
    problems.push(...news.map((complaint) => `${name}: ${complaint}`));
    await page.close();
  }
});
console.log(problems.length > 0 ? problems.join("\n") : "nothing spills, axe is content, the console is silent");
