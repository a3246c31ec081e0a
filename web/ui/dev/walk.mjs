/**
 * An examination from the scan to the signature, by keyboard alone, beside `node dev/server.mjs`:
 *
 *     node dev/walk.mjs http://127.0.0.1:8787
 */
import assert from "node:assert/strict";
import { openPage, press, until, withBrowser } from "../e2e/browser.mjs";

const [url] = process.argv.slice(2);
const name = `demo-walk-${Date.now()}`;
const report = async (exam = name) => (await fetch(`${url}/api/exams/${exam}/report`)).json();
const lesionOf = async (letter, exam) => (await report(exam)).report.lesions.find((each) => each.letter === letter);
const line = (page) => page.locator(".foot .said").innerText();

async function confirmsByKeys(page) {
  await page.goto(`${url}/?exam=${name}&page=report`);
  await until("the form", () => page.locator(".form .title").isVisible());
  assert.match(await line(page), /^4 to confirm before signing: size, posterior, BI-RADS, advice/);
  for (let left = 4; left > 1; left -= 1) {
    await press(page, "n");
    await until("the focus on what waits", () =>
      page.evaluate(() => document.activeElement?.closest("[data-standing=proposed]") !== null),
    );
    await press(page, "Enter");
    await until(`${left - 1} left`, async () => (await report()).open.length === left - 1);
    await until("the line", async () => new RegExp(`^${left - 1} to confirm`).test(await line(page)));
  }
  assert.equal((await lesionOf("A")).category.said.value, "4C");
  await press(page, "c");
  await until("nothing left", async () => /Everything is confirmed/.test(await line(page)));
  assert.match(await page.locator(".form .title").innerText(), /Lesion A/, "the form stays where it is");
  assert.equal(await page.locator(".button.next").count(), 1, "one pink button");
  assert.equal(await page.locator(".button.next").getAttribute("data-action"), "sign");
}

async function asksWhyLower(page) {
  for (const [key, category] of [
    ["4", "4A"],
    ["4", "4B"],
    ["4", "4C"],
    ["3", "3"],
  ]) {
    await press(page, key);
    await until(category, async () => (await lesionOf("A")).category.said.value === category);
    await until("it is shown", () => page.locator(`.category-option.c${category}[aria-pressed=true]`).isVisible());
  }
  await until("a reason is wanted", async () => /Say why/.test(await line(page)));
  await page.locator(".field .text").fill("Unchanged for three years");
  await press(page, "Enter");
  await until("the reason", async () => (await lesionOf("A")).downgrade_reason === "Unchanged for three years");
  await page.evaluate(() => document.activeElement?.blur());
  await press(page, "z");
  await until("it is taken back", async () => (await lesionOf("A")).downgrade_reason === "");
  await press(page, "4");
  await until("4A again", async () => (await lesionOf("A")).category.said.value === "4A");
}

async function placesByArrowsAndByTouch(page) {
  const open = page.locator('[data-field="place"] button.figure').first();
  await open.focus();
  await press(page, "Enter");
  await until("the map", () => page.locator(".place-panel").isVisible());
  for (const key of ["ArrowRight", "ArrowUp", "s", "s", "Enter"]) {
    await press(page, key);
  }
  await until("the place", async () => {
    const { value } = (await lesionOf("A")).place.said;
    return value.side === "left" && value.clock === "11:00" && value.from_nipple_mm === 45;
  });
  assert.equal(await page.locator(".place-panel").count(), 0, "it closes itself");
  assert.ok(await open.evaluate((button) => button === document.activeElement), "the focus is back");
  await open.click();
  // Nine o'clock, 40 mm, on the viewer's left: the patient's right breast.
  const box = await page.locator(".map-press").boundingBox();
  await page.mouse.click(box.x + (box.width * (80 - 29)) / 300, box.y + (box.height * 76) / 178);
  await until("the touched place", async () => {
    const { value } = (await lesionOf("A")).place.said;
    return value.side === "right" && value.clock === "9:00" && value.from_nipple_mm === 40;
  });
}

async function writesFigures(page) {
  const long = page.locator('[data-field="size"] .figure').first();
  await long.focus();
  await page.keyboard.type("12.5");
  await press(page, "Enter");
  await until("the size", async () => (await lesionOf("A")).size.said.value.long === 12.5);
  const { third } = (await lesionOf("A")).size.said.value;
  assert.ok(third.simulated && third.error === 2, "the simulated axis stays simulated");
}

async function keepsWhatWasDoneAway(page) {
  await page.route("**/api/exams/**", (route) => route.abort());
  await page.evaluate(() => document.activeElement?.blur());
  await press(page, "5");
  await press(page, "4");
  await until("it is said", async () => /Not connected, trying; 2 changes wait/.test(await line(page)));
  assert.equal((await lesionOf("A")).category.said.value, "4A");
  await page.unroute("**/api/exams/**");
  await until("they went out in order", async () => (await lesionOf("A")).category.said.value === "4B");
  await until("all is saved", async () => (await page.locator("[data-saved]").getAttribute("data-saved")) === "ok");
}

async function signsAndAdds(page) {
  await press(page, "Control+Enter");
  await until("who", () => page.locator(".person-panel").isVisible());
  await page.keyboard.type("Doctor 2 Mei");
  await press(page, "Enter");
  await until("signed", async () => /^Signed by Doctor 2 Mei, /.test(await line(page)));
  assert.equal(await page.locator(".button.next").count(), 0, "no next action, no pink");
  const before = (await report()).seq;
  for (const key of ["2", "c", "z", "Control+Enter"]) {
    await press(page, key);
  }
  await page.locator(".option").nth(1).click();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal((await report()).seq, before, "read-only");
  await page.locator('[data-action="add"]').click();
  await page.keyboard.type("Seen again.");
  await page.locator(".popover [type=submit]").click();
  await until("the addendum", async () => (await report()).report.addenda[0]?.text === "Seen again.");
}

async function goesToAndFro(page) {
  await page.goto(`${url}/`);
  await until("the live page", () => page.locator('[data-action="finish"]').isVisible());
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  await press(page, "f");
  await until("the report", () => page.locator(".review .form").isVisible());
  assert.match(page.url(), /exam=demo-01&page=report/);
  await page.locator('[data-action="back"]').click();
  await until("the scan", () => page.locator(".live").isVisible());
  assert.deepEqual(sockets, [], "the socket is the same");
  await press(page, "m");
  await until("the map", () => page.locator(".place-panel").isVisible());
  await press(page, "ArrowUp");
  await press(page, "Enter");
  await until("the probe", () => page.locator(".live-map .map-probe").isVisible());
  assert.equal(await page.locator(".place-panel").count(), 0);
}

async function beginsOne(page) {
  await page.goto(`${url}/?page=exams`);
  await until("the list", async () => (await page.locator(".exam-row").count()) > 3);
  await press(page, "/");
  await page.keyboard.type("demo 118187");
  await until("one is found", async () => (await page.locator(".exam-row").count()) === 1);
  await press(page, "Escape");
  await page.locator(".new-exam input").first().fill("Demo 99");
  await page.locator(".new-exam [type=submit]").click();
  await until("its live page", async () => /exam=new-/.test(page.url()));
  await until("its patient", () => page.getByText("Demo 99").isVisible());
}

const CHECKS = [
  ["N and Enter confirm, C confirms the rest", confirmsByKeys],
  ["a lower category wants a reason, Z takes back", asksWhyLower],
  ["a place by arrows and by touch", placesByArrowsAndByTouch],
  ["figures are written", writesFigures],
  ["what was done while the program was away arrives", keepsWhatWasDoneAway],
  ["signing asks once, then all is read-only but an addendum", signsAndAdds],
  ["to the report and back to the same second", goesToAndFro],
  ["a new examination", beginsOne],
];

await withBrowser(async (context) => {
  const { page, complaints } = await openPage(context, `${url}/?exam=${name}&page=report`);
  for (const [what, check] of CHECKS) {
    await check(page).catch((error) => {
      throw new Error(`${what}: ${error.message}`, { cause: error });
    });
    console.log(`ok  ${what}`);
  }
  assert.deepEqual(
    complaints.filter((each) => !each.includes("ERR_FAILED")),
    [],
  );
});
