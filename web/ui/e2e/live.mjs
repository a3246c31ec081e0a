/**
 * The live page in a real browser, on a running `peony demo`:
 *
 *     node e2e/live.mjs http://127.0.0.1:8686 FOLDER
 *
 * writes screenshots into FOLDER and ends with 1 where a check fails. The browser is $CHROMIUM or /usr/bin/chromium.
 */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { frameOf, LARGE, openPage, phaseOf, press, SMALL, setFault, until, withBrowser } from "./browser.mjs";
import { checkAccessible, checkLayout } from "./layout.mjs";

const [url, folder] = process.argv.slice(2);
if (!url || !folder) {
  console.error("usage: node e2e/live.mjs URL FOLDER");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const shot = (page, name) => page.screenshot({ path: path.join(folder, `${name}.png`) });
const lesionA = (page) => page.locator('.lesion[data-letter="A"]');
const lightOf = (page, light) => page.locator(`[data-light="${light}"]`).getAttribute("data-state");

/** In the order in which a person meets them. */
const CHECKS = [
  ["frames advance", framesAdvance],
  ["research use only is always there", saysResearchUse],
  ["a lesion is confirmed and a key plane kept", findsLesion],
  ["both sizes, both languages: nothing spills, axe is content", looksRight],
  ["the language switch keeps place and focus", switchesLanguage],
  ["the coronal view opens large and says that it is simulated", opensCoronal],
  ["a key plane opens large, with what spoke for suspicion", opensPlane],
  ["the report shows the lines of the current lesion, and takes no focus for it", followsInReport],
  ["keys: marks, keep, undo, dismiss, next, big picture", followsKeys],
  ["a press on the breast map says where the probe stands", pressesMap],
  ["faults light their lights", lightsFaults],
  ["the truth can be shown", showsTruth],
  ["pause rests, and a new sweep ends the rest", restsAndBeginsAnew],
  ["a second window watches until it takes over", sharesExamination],
  ["a lost program is said, and found again", survivesLoss],
];

async function framesAdvance(page) {
  await until("the first frame", async () => (await frameOf(page)) >= 0);
  // A sweep's frames begin at zero again with the next one, so frames are told apart and not compared.
  const seen = new Set();
  await until("ten frames more", async () => seen.add(await frameOf(page)).size > 10);
  await until("the frame rate", async () => Number(await page.locator("[data-fps]").getAttribute("data-fps")) > 1);
  const grey = await page.locator("canvas.grey").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(data.filter((_, index) => index % 4 === 0)).size;
  });
  assert.ok(grey > 50, `the picture has ${grey} greys`);
}

async function saysResearchUse(page) {
  assert.ok(await page.getByText("Research use only", { exact: true }).isVisible());
}

async function findsLesion(page) {
  await until("lesion A", async () => (await lesionA(page).count()) > 0, 180_000);
  await until("a key plane", async () => (await page.locator("[data-plane]").count()) > 0);
  const picture = page.locator("[data-plane] image").first();
  await until("its picture", async () => (await picture.evaluate((image) => image.getBBox().width)) > 0);
  assert.match(await lesionA(page).innerText(), /\d.*(mm|px)/, "its size has a unit");
  const report = page.locator(".report .lines");
  await until("the report to speak of it", async () =>
    /A: .*(lesion|mass), \d[\d.]*\s×\s\d/.test(await report.innerText()),
  );
}

async function looksRight(page) {
  for (const [language, label] of [
    ["en", "EN"],
    ["zh", "中"],
  ]) {
    await page.locator(".language button", { hasText: label }).click();
    for (const size of [SMALL, LARGE]) {
      await page.setViewportSize(size);
      const name = `live-${language}-${size.width}`;
      const marked = page.locator(".lesions tbody tr:first-child td:nth-child(2)", {
        hasText: /in the picture|在图像中/,
      });
      await until("a lesion in the picture", async () => (await marked.count()) > 0, 5000).catch(() => {});
      await shot(page, name);
      await checkLayout(page, name);
    }
    await checkAccessible(page, language);
  }
  await page.setViewportSize({ width: SMALL.width / 2, height: SMALL.height / 2 });
  await checkLayout(page, "200 % zoom", { scrolls: true });
  await page.screenshot({ path: path.join(folder, "live-zh-zoom-200.png"), fullPage: true });
  for (const [language, label] of [
    ["en", "EN"],
    ["zh", "中"],
  ]) {
    await page.locator(".language button", { hasText: label }).click();
    for (const [size, name] of TABLETS) {
      await page.setViewportSize(size);
      await checkTablet(page, `${name}, ${language}`);
      await shot(page, `live-${language}-tablet-${size.width}`);
    }
  }
  await page.setViewportSize(SMALL);
  await page.locator(".language button", { hasText: "EN" }).click();
}

const TABLETS = [
  [{ width: 1180, height: 820 }, "a tablet held across"],
  [{ width: 1024, height: 768 }, "a small tablet held across"],
  [{ width: 820, height: 1180 }, "a tablet held upright"],
  [{ width: 768, height: 1024 }, "a small tablet held upright"],
];

/** Nothing has to be scrolled to, and what opens lies beside the picture. */
async function checkTablet(page, name) {
  await checkLayout(page, name);
  const panel = page.locator(".place-panel");
  // It closes where the next examination begins just then.
  const map = await until(`${name}: the map`, async () => {
    if (!(await panel.isVisible())) {
      await press(page, "m");
    }
    return panel.boundingBox({ timeout: 2000 }).catch(() => null);
  });
  const picture = await page.locator("canvas.grey").boundingBox();
  const beside = map.x >= picture.x + picture.width || map.y >= picture.y + picture.height;
  assert.ok(beside, `${name}: the map lies over the picture`);
  const { height } = page.viewportSize();
  assert.ok(picture.y + picture.height <= height, `${name}: the picture is whole`);
  await press(page, "Escape");
  await until("the map to close", async () => (await panel.count()) === 0);
  await checkSwitches(page, name);
  await checkRooms(page, name);
  await checkBig(page, name, picture.width);
}

/** The switches of the demonstration stand in their panel, none wider than it. */
async function checkSwitches(page, name) {
  await press(page, "d");
  const panel = page.locator(".popover:has(.switches)");
  await panel.waitFor();
  const [inner, scrolled] = await panel.evaluate(({ clientWidth, scrollWidth }) => [clientWidth, scrollWidth]);
  assert.ok(scrolled <= inner, `${name}: the switches are ${scrolled - inner} px wider than their panel`);
  await press(page, "Escape");
  await until("the switches to close", async () => (await panel.count()) === 0);
}

/** Everything stands above the dock, which is one row; nothing stands empty between. */
async function checkRooms(page, name) {
  const box = (what) => page.locator(what).boundingBox();
  const dock = await box(".dock");
  for (const what of [".live-map", ".third", ".lesions", ".report .draft-notice"]) {
    const { y, height } = await box(what);
    assert.ok(y + height <= dock.y, `${name}: ${what} ends at ${y + height}, the dock begins at ${dock.y}`);
  }
  const [first, last] = [await box(".dock > .button >> nth=0"), await box(".dock > .button >> nth=-1")];
  const upright = page.viewportSize().height > page.viewportSize().width;
  if (upright) {
    assert.equal(last.y, first.y, `${name}: the dock has one row`);
    const [strip, tile] = [await box(".strip"), await box(".tile >> nth=0")];
    const empty = strip.y + strip.height - tile.y - tile.height;
    assert.ok(empty < 16, `${name}: ${empty} px stand empty under the key planes`);
  }
}

/** It is bigger by a third at least, where the window is wider than the picture. */
async function checkBig(page, name, before) {
  const { width, height } = page.viewportSize();
  await press(page, "b");
  await until("the big picture", () => page.locator(".side").isHidden());
  await checkLayout(page, `${name}, big`);
  const big = (await page.locator("canvas.grey").boundingBox()).width;
  if (width > height) {
    assert.ok(big >= before * 1.3, `${name}: the big picture is ${big} px wide, the other ${before}`);
  }
  await press(page, "b");
}

async function switchesLanguage(page) {
  const words = () => page.locator("body").innerText();
  await page.locator(".language button", { hasText: "中" }).focus();
  await press(page, "Enter");
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  assert.match(await words(), /关键切面[\s\S]*病灶[\s\S]*仅供|仅供[\s\S]*关键切面[\s\S]*病灶/);
  assert.doesNotMatch(await words(), /Lesions|Report|Key planes|Research/);
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "中");
  await page.locator(".language button", { hasText: "EN" }).click();
  assert.match(await words(), /Key planes/);
}

async function opensCoronal(page) {
  const large = page.locator('[data-large="coronal"]');
  const view = page.locator("[data-coronal]");
  await page.locator(".third .turn").click();
  await until("the coronal view", async () => (await view.count()) === 1);
  for (const [language, label, says] of [
    ["zh", "中", /冠状面.*模拟/s],
    ["en", "EN", /Coronal view.*simulated/s],
  ]) {
    await page.locator(".language button", { hasText: label }).click();
    assert.match(await large.innerText(), says);
    await checkLayout(page, `coronal view, ${language}`);
    await shot(page, `live-${language}-coronal-1366`);
  }
  await checkAccessible(page, "coronal view");
  const colours = await view.evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(data.filter((_, index) => index % 4 === 0)).size;
  });
  assert.ok(colours > 30, `the plane has ${colours} greys`);
  const depth = async () => Number(await view.getAttribute("data-coronal"));
  const before = await depth();
  await page.locator("#coronal-depth").focus();
  await press(page, "ArrowLeft");
  await press(page, "ArrowLeft");
  await until("a plane nearer to the skin", async () => (await depth()) < before);
  const frame = await frameOf(page);
  await until("the live picture goes on", async () => (await frameOf(page)) !== frame);
  await press(page, "Escape");
  assert.equal(await large.count(), 0, "Escape closes it");
  await press(page, "v");
  assert.equal(await large.count(), 1, "V opens it");
  await press(page, "v");
  assert.equal(await large.count(), 0, "and closes it");
}

async function opensPlane(page) {
  const large = page.locator('[data-large="plane"]');
  const part = large.locator("[data-focus]");
  // The strip turns over a plane while it grows, and the next breast has other planes: the sweep rests meanwhile.
  await until("a graded plane, and another to go on to", async () => {
    const graded = await page.locator(".tile[data-track] .share").count();
    return graded > 0 && (await page.locator(".tile[data-track]").count()) > 1;
  });
  await press(page, "p");
  await until("the rest", async () => (await phaseOf(page)) === "paused");
  await page
    .locator(".tile[data-track]", { has: page.locator(".share") })
    .first()
    .click();
  await until("the part that spoke for suspicion", async () => (await part.count()) === 1);
  for (const [language, label, says] of [
    ["zh", "中", /分级综合 \d+ 帧图像/],
    ["en", "EN", /The grade rests on \d+ pictures/],
  ]) {
    await page.locator(".language button", { hasText: label }).click();
    assert.match(await large.innerText(), says);
    await checkLayout(page, `key plane, ${language}`);
    await shot(page, `live-${language}-plane-1366`);
  }
  await checkAccessible(page, "key plane");
  await press(page, "h");
  await until("the marks are hidden", async () => (await part.count()) === 0);
  await press(page, "h");
  const shown = () => large.locator("[data-plane-large]").getAttribute("data-plane-large");
  const first = await shown();
  await large.locator("[data-first]").focus();
  await press(page, "ArrowRight");
  await until("the next plane", async () => (await shown()) !== first);
  await press(page, "ArrowLeft");
  await until("the first again", async () => (await shown()) === first);
  await press(page, "Escape");
  assert.equal(await large.count(), 0, "Escape closes it");
  await press(page, "p");
}

/** A tablet's report has a few lines only, so that most lesions are out of sight. */
async function followsInReport(page) {
  await page.setViewportSize({ width: 768, height: 1024 });
  await page.emulateMedia({ reducedMotion: "reduce" });
  const lines = page.locator(".report .lines");
  const rows = page.locator(".lesion:not(.new, .dismissed)");
  await until("two lesions", async () => (await rows.count()) > 1, 180_000);
  for (const letter of ["A", "B", "A"]) {
    await page.locator(`.lesion[data-letter="${letter}"]`).click();
    const first = lines.locator("p.current").first();
    await until(`the lines of ${letter}`, async () => (await first.innerText()).startsWith(`${letter}: `));
    const [line, room] = [await first.boundingBox(), await lines.boundingBox()];
    const seen = line.y >= room.y - 1 && line.y < room.y + room.height - 12;
    assert.ok(seen, `the first line of ${letter} is at ${line.y}, the report from ${room.y} on, ${room.height} px`);
    assert.equal(await page.evaluate(() => document.activeElement?.closest(".report") ?? null), null);
  }
  await page.emulateMedia({ reducedMotion: null });
  await page.setViewportSize(SMALL);
}

async function followsKeys(page) {
  const pressed = (action) => page.locator(`[data-action="${action}"]`).getAttribute("aria-pressed");
  await page.evaluate(() => document.activeElement?.blur());
  await press(page, "h");
  assert.equal(await pressed("marks"), "false");
  await press(page, "h");
  const kept = page.locator(".tile .hand");
  // Between two breasts there is no frame to keep.
  const before = await until("a plane kept by hand", async () => {
    const count = await kept.count();
    await page.locator(".lesion:enabled").first().click();
    await press(page, " ");
    const isKept = until("it", async () => (await kept.count()) === count + 1, 5000);
    return isKept.then(() => ({ count })).catch(() => null);
  });
  await press(page, "z");
  await until("the kept plane taken back", async () => (await kept.count()) === before.count);
  await until("a current lesion", () => page.locator(".lesion.current").first().getAttribute("data-track"));
  // Whichever is current when the key arrives: one that is confirmed just then takes its place.
  const struck = page.locator(".lesion.dismissed");
  const already = await struck.count();
  await press(page, "x");
  await until("the lesion struck", async () => (await struck.count()) === already + 1);
  await press(page, "z");
  await until("the lesion back", async () => (await struck.count()) === already);
  await press(page, "b");
  assert.ok(await page.locator(".side").isHidden());
  await shot(page, "live-en-big-1366");
  await press(page, "b");
  await press(page, "?");
  await until("the keys", () => page.locator(".popover").isVisible());
  await checkLayout(page, "keys");
  await shot(page, "live-en-keys-1366");
  await press(page, "Escape");
  assert.equal(await page.locator(".popover").count(), 0);
}

/** The light that each fault of the phantom must light. */
const LIT = [
  ["contact_lost", "contact"],
  ["too_dark", "gain"],
  ["too_bright", "gain"],
  ["blur", "sharp"],
  ["too_fast", "speed"],
];

/** By mouse and not by key: it is the one thing that a person touches while scanning. */
async function pressesMap(page) {
  // Each sweep of the phantom is an examination of its own, which knows nothing of where the probe stood in the last one: at the beginning of one there is time.
  const sweep = () => page.locator(".picture").getAttribute("data-sweep").then(Number);
  const before = await sweep();
  await page.locator('[data-action="sweep"]').click();
  await until("the next sweep", async () => (await sweep()) > before);
  // Without a report there is nothing that a place could be said in.
  await until("the map's key", () => page.locator('.dock [data-action="place"]').isVisible());
  const stands = () => page.locator(".live-map .map-probe").getAttribute("transform");
  const press = async (across) => {
    await page.keyboard.press("m");
    const map = page.locator(".place-panel .map-press");
    const box = await map.boundingBox();
    assert.ok(box.width > 300 && box.height > 150, `the map has ${box.width} × ${box.height} px to press`);
    await map.click({ position: { x: across * box.width, y: 0.3 * box.height } });
    await until("the map to close", async () => (await map.count()) === 0);
    await until("the probe on the small map", async () => (await page.locator(".live-map .map-probe").count()) === 1);
    return stands();
  };
  const right = await press(0.2);
  await press(0.8);
  await until("the probe on the other breast", async () => (await stands()) !== right);
}

async function lightsFaults(page) {
  for (const [fault, light] of LIT) {
    await setFault(page, fault, true);
    await until(`${fault} lights ${light}`, async () => ["warn", "stop"].includes(await lightOf(page, light)));
    assert.ok(await page.locator("[data-advice]").isVisible(), "and says what to do");
    await shot(page, `live-en-${fault}-1366`);
    await setFault(page, fault, false);
    await until(`${light} is well again`, async () => !["warn", "stop"].includes(await lightOf(page, light)));
  }
  await setFault(page, "frozen", true);
  await until("frozen", async () => (await phaseOf(page)) === "frozen");
  await press(page, "d");
  await checkLayout(page, "faults");
  await checkAccessible(page, "faults");
  await shot(page, "live-en-frozen-1366");
  await press(page, "Escape");
  await setFault(page, "frozen", false);
  await until("scanning again", async () => (await phaseOf(page)) === "scanning");
}

async function showsTruth(page) {
  await press(page, "d");
  const truth = page.locator('[data-switch="truth"]');
  for (const on of ["true", "false"]) {
    await truth.click();
    await until("the switch of the truth", async () => (await truth.getAttribute("aria-pressed")) === on);
  }
  await press(page, "Escape");
}

async function restsAndBeginsAnew(page) {
  const sweep = () => page.locator(".picture").getAttribute("data-sweep").then(Number);
  const phaseIs = (phase) => until(phase, async () => (await phaseOf(page)) === phase);
  const pause = page.locator('[data-action="pause"]');
  await pause.click();
  await phaseIs("paused");
  await checkLayout(page, "paused");
  await shot(page, "live-en-paused-1366");
  await pause.click();
  await phaseIs("scanning");
  await press(page, "p");
  await phaseIs("paused");
  // It rests while the report is read, and goes on whichever way leads back.
  await press(page, "p");
  await phaseIs("scanning");
  for (const back of [() => page.goBack(), () => page.locator('[data-action="back"]').click()]) {
    await press(page, "f");
    await page.waitForURL(/page=report/);
    await back();
    await phaseIs("scanning");
  }
  await press(page, "p");
  await phaseIs("paused");
  const before = await sweep();
  await page.locator('[data-action="sweep"]').click();
  await until("the next sweep", async () => (await sweep()) === before + 1);
  await phaseIs("scanning");
}

async function sharesExamination(page) {
  const { page: second, complaints } = await openPage(page.context(), url);
  const takeOver = (window) => window.locator('[data-action="take-over"]');
  await until("the second window watches", () => takeOver(second).isVisible());
  for (const [language, label] of [
    ["zh", "中"],
    ["en", "EN"],
  ]) {
    await second.locator(".language button", { hasText: label }).click();
    await checkLayout(second, `watching, ${language}`);
    await shot(second, `live-${language}-watching-1366`);
  }
  assert.equal(await second.locator('[data-action="sweep"]').getAttribute("aria-disabled"), "true");
  await takeOver(second).click();
  await until("it gives the commands", async () => (await takeOver(second).count()) === 0);
  await page.bringToFront();
  await until("the first window watches", () => takeOver(page).isVisible());
  await second.close();
  await until("the first window has them back", async () => (await takeOver(page).count()) === 0);
  assert.deepEqual(complaints, []);
}

async function survivesLoss(page, socket) {
  socket.refuse = true;
  await socket.now?.close();
  await until("the loss is seen", async () => (await phaseOf(page)) === "lost");
  assert.equal(await page.locator("[data-advice]").getAttribute("data-advice"), "stop");
  await until("old picture is said", () => page.locator(".sign.old").isVisible());
  await checkLayout(page, "lost");
  await shot(page, "live-en-lost-1366");
  socket.refuse = false;
  await until("the program is found again", async () => (await phaseOf(page)) === "scanning");
  assert.equal(await page.locator(".sign.old").count(), 0);
}

/** Another page, whose program is made to have no model. */
async function seesNoModel(context) {
  const { page, complaints } = await openPage(context, url, (opened) =>
    opened.routeWebSocket("**/live", (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => socket.send(typeof message === "string" ? withoutModel(message) : message));
    }),
  );
  await page.locator('[data-action="take-over"]').click();
  await until("no model is said", async () => /No model|Scale|Lesion/.test(await page.locator(".advice").innerText()));
  await shot(page, "live-en-no-model-1366");
  await page.close();
  assert.deepEqual(complaints, []);
}

/** What each kind of fault does to a frame, and what is said of it in both languages, on the advice line and in the status strip. */
const STOPS = [
  [
    (update) => ({ ...update, model_failed: true }),
    ["Model failed: lesions are not looked for", "failed, no lesions looked for"],
    ["模型故障：当前未检测病灶", "故障，未检测病灶"],
  ],
  [
    (update) => ({ ...update, state: { ...update.state, saved: false, not_saved: "no_room" } }),
    ["Disk full: nothing is being saved", "disk full"],
    ["磁盘已满：当前内容未保存", "磁盘已满"],
  ],
];

/** The widest size that a row of the list shows: three axes in tenths, with an error, the third one growing; in more rows than are seen at once. */
function widest(update) {
  const solid = { along_mm: 4.3, relative_error: 0.97, slices_mm: [], volume_cm3: 0.4 };
  const size_mm = { long: 4.8, short: 4.7 };
  const tracks = update.tracks
    .filter(({ letter }) => letter !== null)
    .flatMap((one) => [..."ABCDEF"].map((letter, index) => ({ ...one, id: one.id * 10 + index, letter })))
    .map((one) => ({ ...one, size_mm, third: null, status: "seen" }));
  return {
    ...update,
    tracks,
    volume: { ...update.volume, tracks: tracks.map(({ id, letter }) => ({ ...solid, track: id, letter })) },
  };
}

/** Another page, whose frames' updates are made others by what `change` answers just then. */
async function openChanged(context, change) {
  const opened = await openPage(context, url, (page) =>
    page.routeWebSocket("**/live", (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => socket.send(typeof message === "string" ? message : changed(message, change())));
    }),
  );
  await opened.page.locator('[data-action="take-over"]').click();
  return opened;
}

async function holdsWidest(context) {
  const { page, complaints } = await openChanged(context, () => widest);
  await until("three axes", async () => (await page.locator('.size[data-growth="grows"]').count()) > 0, 60_000);
  for (const label of ["EN", "中"]) {
    await page.locator(".language button", { hasText: label }).click();
    for (const size of [SMALL, LARGE, ...TABLETS.map(([size]) => size)]) {
      await page.setViewportSize(size);
      await checkLayout(page, `the widest size, ${label}, ${size.width}`);
      await shot(page, `live-widest-${label}-${size.width}`);
    }
  }
  await page.locator(".language button", { hasText: "EN" }).click();
  await page.close();
  assert.deepEqual(complaints, []);
}

/** Another page, whose program is made to have each fault, and none again. */
async function saysStops(context) {
  let change = (update) => update;
  const { page, complaints } = await openChanged(context, () => change);
  for (const [fault, ...said] of STOPS) {
    for (const [index, label] of ["EN", "中"].entries()) {
      change = fault;
      await page.locator(".language button", { hasText: label }).click();
      for (const size of [SMALL, { width: 768, height: 1024 }]) {
        await page.setViewportSize(size);
        const [title, short] = said[index];
        const stop = page.locator('[data-advice="stop"]', { hasText: title });
        await until(title, () => stop.isVisible());
        assert.ok(await page.locator(".status .stop", { hasText: short }).isVisible(), short);
        const { saved } = fault({ state: { saved: true } }).state;
        const sign = await page.locator("[data-saved]").getAttribute("data-saved");
        assert.ok(saved || sign === "stop", `${title}, and in the top bar ${sign}`);
        await checkLayout(page, title);
        await shot(page, `live-stop-${STOPS.findIndex(([one]) => one === fault)}-${label}-${size.width}`);
      }
      change = (update) => update;
      await until("it to be gone", async () => (await page.locator(".status .stop").count()) === 0);
    }
  }
  // The browser remembers the language for the pages that come.
  await page.locator(".language button", { hasText: "EN" }).click();
  await page.close();
  assert.deepEqual(complaints, []);
}

/** A frame's message with another update before its picture. */
function changed(message, change) {
  const length = message.readUInt32LE(0);
  const update = change(JSON.parse(message.subarray(4, 4 + length).toString()));
  const json = Buffer.from(JSON.stringify(update));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(json.length);
  return Buffer.concat([head, json, message.subarray(4 + length)]);
}

function withoutModel(text) {
  const message = JSON.parse(text);
  return JSON.stringify(message.type === "hello" ? { ...message, model: null, no_model: "--no-model" } : message);
}

await withBrowser(async (context) => {
  const socket = { refuse: false, now: null };
  const { page, complaints } = await openPage(context, url, (opened) =>
    opened.routeWebSocket("**/live", (now) => {
      if (socket.refuse) {
        now.close();
        return;
      }
      socket.now = now;
      now.connectToServer();
    }),
  );
  try {
    for (const [name, check] of CHECKS) {
      const begun = Date.now();
      await check(page, socket);
      assert.deepEqual(complaints, [], `${name}: the console is silent`);
      console.log(`ok  ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
    }
  } catch (error) {
    await shot(page, "failed");
    throw error;
  }
  await holdsWidest(context);
  console.log("ok  the widest size of a lesion has room in its row");
  await saysStops(context);
  console.log("ok  a model that fails and a full disk are said, and gone again");
  await seesNoModel(context);
  console.log("ok  no model and no scale: pixels, and what to do");
});
