/**
 * The studies in a real browser: files are added, the list is searched, a cine plays at its own frame rate, who is who is settled, and who comes is
 * registered.
 *
 *     peony serve --data DIR --open
 *     node e2e/studies.mjs http://127.0.0.1:8686 FOLDER
 *
 * It makes its own patient, so it can run beside others; screenshots go into FOLDER.
 */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { LARGE, openPage, press, SMALL, until, withBrowser } from "./browser.mjs";
import { sweep, ultrasound } from "./dicom.mjs";
import { checkAccessible, checkLayout } from "./layout.mjs";

const [url, folder] = process.argv.slice(2);
if (!url || !folder) {
  console.error("usage: node e2e/studies.mjs URL FOLDER");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const shot = (page, name) => page.screenshot({ path: path.join(folder, `${name}.png`) });

const TELEPHONE = { width: 480, height: 900 };

const mark = `E2E${Date.now()}`;
const root = `2.25.${Date.now()}`;
const today = new Date();
const date = `${today.getFullYear()}${String(today.getMonth() + 1).padStart(2, "0")}${String(today.getDate()).padStart(2, "0")}`;
const patient = { name: `${mark}^ANNA`, id: `P-${mark}`, accession: `A${mark}`.slice(0, 16) };
const size = { columns: 640, rows: 480 };
const FRAME_MS = 50;
const COUNT = 40;
/** Ten slow frames and then fast ones. */
const VECTOR = Array.from({ length: 20 }, (_, at) => (at === 0 ? 0 : at <= 10 ? 200 : 40));
const region = { from: [40, 40], to: [599, 439], cm: 0.01 };

/** Three objects of two studies, and what is none, as files. */
async function writesFiles() {
  const study = { ...patient, ...size, date, uid: `${root}.1`, description: "Both breasts" };
  const files = {
    "cine.dcm": ultrasound({
      ...study,
      instance: 1,
      frames: sweep({ ...size, count: COUNT }),
      frameTime: FRAME_MS,
      regions: [region],
    }),
    "vector.dcm": ultrasound({
      ...study,
      instance: 2,
      frames: sweep({ ...size, count: VECTOR.length }),
      frameTimes: VECTOR,
    }),
    "old.dcm": ultrasound({
      ...study,
      uid: `${root}.2`,
      date: "20190401",
      description: "Follow-up",
      frames: sweep({ ...size, count: 1 }),
    }),
    "letter.txt": Buffer.from("This is no DICOM.".repeat(20)),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(path.join(folder, name), bytes);
  }
  return Object.keys(files).map((name) => path.join(folder, name));
}

const rows = (page) => page.locator(".study-row").count();
const frameOf = (page) => page.locator(".canvas-of").evaluate((element) => Number(element.dataset.frame ?? 0));

async function addsFiles(page) {
  await page.locator("input[type=file]").setInputFiles(await writesFiles());
  await until(
    "the end of the uploads",
    async () => (await page.locator('[role="status"][data-done="4"]').count()) === 1,
  );
  assert.equal(await page.locator('[data-upload="kept"]').count(), 3);
  assert.match(
    await page.locator('[data-upload="failed"]').innerText(),
    /letter\.txt[\s\S]*DICM/,
    "the reason stands there",
  );
  await shot(page, "studies-1-added");
  await checkLayout(page, "adding files");
  await page.locator('[data-action="retry"]').click();
  await until("the second failure", async () => (await page.locator('[data-upload="failed"]').count()) === 1);
  await page.locator(".uploads .square").click();
}

/** A dropped file is sent as a chosen one is: the same object again is kept. */
async function dropsAFile(page) {
  const bytes = [
    ...ultrasound({
      ...patient,
      ...size,
      date,
      uid: `${root}.3`,
      description: "Dropped",
      frames: sweep({ ...size, count: 1 }),
    }),
  ];
  await page.evaluate((all) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(all)], "dropped.dcm"));
    const to = document.querySelector(".studies");
    for (const kind of ["dragenter", "dragover", "drop"]) {
      to.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
    }
  }, bytes);
  await until(
    "the dropped file",
    async () => (await page.locator('[data-upload="kept"]', { hasText: "dropped.dcm" }).count()) === 1,
  );
  await page.locator(".uploads .square").click();
}

async function searches(page) {
  await press(page, "/");
  await page.keyboard.type(mark.toLowerCase());
  await until("the three studies of the patient", async () => (await rows(page)) === 3);
  const dates = await page.locator(".study-row").allInnerTexts();
  assert.match(dates[2], /2019/, "the newest first");
  await shot(page, "studies-2-found");
  await page.locator('[data-filter="period"]').selectOption("today");
  await until("those of today", async () => (await rows(page)) === 2);
  await page.locator('[data-filter="kind"]').selectOption("MG");
  await until("no mammogram", async () => page.locator(".nothing").isVisible());
  await page.locator('[data-filter="kind"]').selectOption("US");
  await page.locator('[data-filter="period"]').selectOption("any");
  for (const text of [patient.id, patient.accession, "anna"]) {
    await page.locator(".search input").fill(text);
    await until(
      `the patient by ${text}`,
      async () => (await page.locator(".study-row", { hasText: mark }).count()) === 3,
    );
  }
  await page.locator(".search input").fill("nobody has this name");
  await until("nothing", async () => page.locator(".nothing").isVisible());
  await page.locator(".search input").fill(mark);
  await until("them again", async () => (await rows(page)) === 3);
}

/** Frames advance at the rate that the file says, seen over whole seconds. */
async function plays(page) {
  await until("the picture", async () => (await page.locator(".canvas-of canvas").count()) > 0);
  await until("all frames", async () => (await page.locator(`.cine[data-loaded="${COUNT}"]`).count()) === 1);
  assert.match(await page.locator(".cine-says").innerText(), /20 frames\/s/);
  const seen = await page.evaluate(
    (ms) =>
      new Promise((resolve) => {
        const element = document.querySelector(".canvas-of");
        const changes = [];
        const watch = new MutationObserver(() => changes.push([Number(element.dataset.frame), performance.now()]));
        watch.observe(element, { attributes: true, attributeFilter: ["data-frame"] });
        setTimeout(() => {
          watch.disconnect();
          resolve(changes);
        }, ms);
      }),
    3000,
  );
  // A loaded machine may leave frames out; the time that they stand for has passed nevertheless.
  const gone = seen.slice(1).reduce((sum, [frame], at) => sum + ((frame - seen[at][0] + COUNT) % COUNT), 0);
  const rate = (1000 * gone) / (seen.at(-1)[1] - seen[0][1]);
  const gaps = seen.slice(1).map(([, ms], at) => ms - seen[at][1]);
  console.log(
    `${rate.toFixed(1)} frames/s went by, where ${1000 / FRAME_MS} should; ${seen.length} were shown, at most ${Math.max(...gaps).toFixed(0)} ms apart`,
  );
  assert.ok(seen.length > 10 && Math.abs(rate - 1000 / FRAME_MS) <= 1, `${rate} frames/s`);
}

async function stepsAndMeasures(page) {
  await press(page, "Space");
  await until("the pause", async () => (await page.locator('[data-playing="false"]').count()) === 1);
  await press(page, "Home");
  await until("the first frame", async () => (await frameOf(page)) === 0);
  await press(page, "ArrowRight");
  await until("the second frame", async () => (await frameOf(page)) === 1);
  await page.locator(".scrub").fill("30");
  await until("the frame that was scrubbed to", async () => (await frameOf(page)) === 30);
  await page.locator(".canvas-of").click({ trial: true, force: true });
  await page.evaluate(() => document.activeElement?.blur());
  await press(page, "r");
  const lengths = page.locator('[data-part="lengths"]');
  await until("a length", async () => /13\s*mm/.test(await lengths.innerText()));
  // By keys alone: the upper end goes out of the region, and the length is no longer in millimetres.
  const end = page.locator(".end").first();
  await end.focus();
  for (let step = 0; step < 10; step += 1) {
    await press(page, "Shift+ArrowLeft");
    await press(page, "Shift+ArrowUp");
  }
  await until("longer", async () => /\d\s*mm/.test(await lengths.innerText()));
  for (let step = 0; step < 11; step += 1) {
    await press(page, "Shift+ArrowUp");
  }
  await until("pixels", async () => /\d\s*px/.test(await lengths.innerText()));
  assert.doesNotMatch(await lengths.innerText(), /\d\s*mm/, "outside the region there is no millimetre");
  await shot(page, "studies-4-length");
  await checkLayout(page, "a length");
  await checkAccessible(page, "a length");
}

/** The second cine has a time for each frame, no scale, and a frame that does not come: the others play. */
async function opensTheOther(page) {
  const LOST = 5;
  await page.route(`**/frames/${LOST + 1}/rendered*`, (route) => route.fulfill({ status: 500 }));
  await page.evaluate(() => document.activeElement?.blur());
  await press(page, "n");
  await until("the other cine", async () => (await page.locator('[data-times="vector"]').count()) === 1);
  assert.match(await page.locator('[data-part="scale"]').innerText(), /px/);
  await until("the lost frame", async () => /1 cannot be shown/.test(await page.locator(".cine-says").innerText()));
  await until("the frames after it", async () => (await frameOf(page)) > LOST);
}

/**
 * A machine's mistakes: another name under the identifier, another object under a UID, and a patient under two identifiers. Each is seen, looked at
 * and settled, and patients that are said to be one come apart again.
 */
async function settlesWhoIsWho(page) {
  const study = { ...size, date, frames: sweep({ ...size, count: 1 }) };
  const objects = {
    "other-name.dcm": {
      ...study,
      name: `${mark}^BERTA`,
      id: patient.id,
      uid: `${root}.4`,
      description: "Another name",
    },
    // The picture is another one, and the UID that of the third study.
    "other-object.dcm": { ...study, ...patient, uid: `${root}.3`, frames: sweep({ ...size, count: 2 }).slice(1) },
    "other-id.dcm": {
      ...study,
      name: `${mark}^CLARA`,
      id: `Q-${mark}`,
      uid: `${root}.5`,
      description: "Two identifiers",
    },
  };
  const paths = Object.keys(objects).map((name) => path.join(folder, name));
  await Promise.all(Object.values(objects).map((object, at) => writeFile(paths[at], ultrasound(object))));
  await page.locator("input[type=file]").setInputFiles(paths);
  await until("the object aside", async () => (await page.locator('[data-upload="aside"]').count()) === 1);
  await page.locator(".uploads .square").click();
  const doubtful = page.locator(".study-row .doubtful");
  await until("the marks", async () => (await doubtful.count()) === 4);
  assert.equal(await page.locator(".study-row", { hasText: "CLARA" }).locator(".doubtful").count(), 0);
  await page.locator('[data-action="identity"]').click();
  const contradiction = page.locator('[data-doubt="contradiction"]', { hasText: "berta" });
  const aside = page.locator('[data-doubt="aside"]', { hasText: mark });
  await until("both to be listed", async () => (await contradiction.count()) === 1 && (await aside.count()) === 1);
  await looksAtEverySize(page, "who is who", "studies-7-who");
  await page.setViewportSize(SMALL);
  await takesTurns(page);
  await checkAccessible(page, "who is who");
  await aside.locator('[data-action="differences"]').click();
  const differences = aside.locator('[data-part="differences"]');
  await until("what differs", async () => (await differences.locator("img").count()) === 2);
  await looksAtEverySize(page, "what differs", "studies-7a-differences");
  await page.setViewportSize(SMALL);
  await checkAccessible(page, "what differs");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    aside.locator('[data-action="download"]').click(),
  ]);
  assert.deepEqual(await readFile(await download.path()), await readFile(paths[1]), "as it was sent");
  await aside.locator('[data-action="reject"]').click();
  await until("it to be gone", async () => (await aside.count()) === 0);
  await takesTheOther(page, paths[1]);
  // By keys alone: the person was registered twice.
  await contradiction.locator('[data-action="same-person"]').focus();
  await press(page, "Enter");
  const search = contradiction.locator('input[type="search"]');
  await search.focus();
  await page.keyboard.type(`q-${mark}`.toUpperCase());
  const target = contradiction.locator(`[data-target="${root}.5"]`);
  await until("the other patient", () => target.isVisible());
  await looksAtEverySize(page, "the other patient", "studies-8-same");
  await page.setViewportSize(SMALL);
  await target.focus();
  await press(page, "Enter");
  await until("nothing to settle", async () => (await contradiction.count()) === 0 && (await doubtful.count()) === 0);
  // The study that said otherwise, and not the others under its identifier.
  await until("one patient", async () => (await page.locator(".study-row", { hasText: "CLARA" }).count()) === 2);
  const merge = page.locator('[data-doubt="merge"]', { hasText: mark });
  await until("the merge", async () => (await merge.count()) === 1);
  await shot(page, "studies-9-merged");
  await merge.locator('[data-action="undo-merge"]').click();
  await until("them apart", async () => (await page.locator(".study-row", { hasText: "CLARA" }).count()) === 1);
  await page.locator(".uploads .square").click();
}

/** Of two objects under one UID the other one is handed out, and then the first one again, by keys alone. */
async function takesTheOther(page, file) {
  const handedOut = async () => {
    const found = await (await fetch(`${url}/dicomweb/studies/${root}.3/instances`)).json();
    const [series, instance] = ["0020000E", "00080018"].map((tag) => found[0][tag].Value[0]);
    const address = `${url}/dicomweb/studies/${root}.3/series/${series}/instances/${instance}`;
    const answer = await fetch(address, { headers: { accept: "application/dicom; transfer-syntax=*" } });
    return Buffer.from(await answer.arrayBuffer());
  };
  const [first, other] = [await handedOut(), await readFile(file)];
  assert.ok(!first.equals(other));
  const decided = page.locator('[data-doubt="decided"]', { hasText: mark });
  for (const [expected, shots] of [
    [other, "studies-7b-take"],
    [first, null],
  ]) {
    await until("the one that lies aside", async () => (await decided.count()) === 1);
    const take = decided.locator('[data-action="take"]');
    await take.focus();
    await press(page, "Enter");
    const now = decided.locator('[data-action="take-now"]');
    await until("the question", () => now.isVisible());
    if (shots) {
      await looksAtEverySize(page, "one instead of the other", shots);
      await page.setViewportSize(SMALL);
      await checkAccessible(page, "one instead of the other");
    }
    await now.focus();
    await press(page, "Enter");
    await until("it to be handed out", async () => (await handedOut()).equals(expected));
    // The question was about the one that lay aside.
    await until("the question to be gone", async () => (await now.count()) === 0);
  }
}

/** As another machine or program does. */
async function stores(object) {
  const head = "--part\r\nContent-Type: application/dicom\r\n\r\n";
  const stored = await fetch(`${url}/dicomweb/studies`, {
    method: "POST",
    headers: { "Content-Type": 'multipart/related; type="application/dicom"; boundary=part' },
    body: Buffer.concat([Buffer.from(head), object, Buffer.from("\r\n--part--\r\n")]),
  });
  assert.equal(stored.status, 200);
}

/** A file that says it has 300 million frames, and holds one, and files that say other sizes that cannot be: the page answers, and says so. */
async function opensWhatCannotBe(page) {
  const frames = sweep({ ...size, count: 1 });
  const file = { ...size, date, name: `${mark}^EVA`, id: `S-${mark}`, frames };
  const over = (unfit) => page.locator(`[data-unfit="${unfit}"]`);
  for (const [at, more, seen] of [
    [20, { frameCount: 300_000_000 }, page.locator('[data-part="frames-said"]')],
    [21, { frameCount: 2 ** 31 - 1 }, page.locator('[data-part="frames-said"]')],
    [22, { columns: 65_535, rows: 65_535 }, over("pixels")],
    [23, { columns: 9000, rows: 20 }, over("side")],
  ]) {
    await stores(ultrasound({ ...file, ...more, uid: `${root}.${at}` }));
    await page.goto(`${url}/?page=studies&study=${root}.${at}`);
    await seen.waitFor();
    await shot(page, `studies-13-cannot-be-${at}`);
    await checkLayout(page, "what cannot be");
  }
  await page.goto(`${url}/?page=studies`);
  await until("the list", async () => (await rows(page)) > 0);
}

/** What another machine stores is in the list by itself: how long it took is said, from the node's answer on. */
async function hearsOfAnother(page) {
  const took = [];
  for (const at of [6, 7, 8, 9, 10]) {
    const name = `DORA${at}`;
    const object = ultrasound({
      ...size,
      date,
      name: `${mark}^${name}`,
      id: `R${at}-${mark}`,
      uid: `${root}.${at}`,
      description: "Sent by a machine",
      frames: sweep({ ...size, count: 1 }),
    });
    await stores(object);
    const answered = Date.now();
    await page.locator(".study-row", { hasText: name }).waitFor();
    took.push(Date.now() - answered);
  }
  console.log(`in the page after ${took.join(", ")} ms`);
}

/** Somebody is registered at the desk, seen by the machines, put right, seen to be under way and, another one, cancelled. */
async function registers(page) {
  await page.locator('.top a[href="/?page=orders"]').click();
  const field = (name) => page.locator(`[data-field="${name}"]`);
  const order = (id) => page.locator(`[data-patient="${id}"]`);
  const workitem = async (id) => {
    const answer = await fetch(`${url}/dicomweb/workitems?PatientID=${id}`);
    return answer.status === 204 ? null : (await answer.json())[0];
  };
  const registered = page.locator('.order-form [role="status"][data-kept]');
  const ids = [`D-${mark}`, `E-${mark}`];
  await until("the form", () => field("patientId").isVisible());
  await checkAccessible(page, "the orders");
  // Without a name it is not sent, and the form says why.
  await page.keyboard.type(ids[0]);
  await press(page, "Enter");
  await until("the fault", async () => /Name in letters/.test(await page.locator("#order-fault").innerText()));
  assert.equal(await workitem(ids[0]), null);
  await page.keyboard.type("OUYANG Nana");
  await press(page, "Tab");
  await page.keyboard.type("欧阳娜娜");
  await until("the name as it is sent", async () =>
    (await page.locator(".order-name").innerText()).includes("OUYANG^Nana=欧阳^娜娜"),
  );
  await field("birthDate").fill("1979-03-08");
  await field("sex").click();
  await field("procedure").fill("Both breasts");
  await looksAtEverySize(page, "registering", "studies-10-register");
  await page.setViewportSize(SMALL);
  await field("procedure").focus();
  await press(page, "Enter");
  await until("it to be kept", async () => (await registered.count()) === 1);
  assert.match(await registered.innerText(), new RegExp(`OUYANG Nana.* ${date}\\d+`), "with its accession number");
  await until("the row", async () => (await order(ids[0]).count()) === 1);
  const kept = await workitem(ids[0]);
  assert.equal(kept["00100010"].Value[0].Ideographic, "欧阳^娜娜");
  // The next one, with what stays; she does not come.
  await field("patientId").fill(ids[1]);
  await field("letters").fill("LI Na");
  assert.equal(await field("procedure").inputValue(), "Both breasts");
  await field("letters").press("Enter");
  await until("the second row", async () => (await order(ids[1]).count()) === 1);
  await page.locator(".order-panel .square").click();
  const opens = page.locator('[data-action="new-order"]');
  await until("what opens the form again", async () => opens.evaluate((button) => button === document.activeElement));
  const cancel = order(ids[1]).locator('[data-action="cancel-order"]');
  await cancel.focus();
  await press(page, "Enter");
  await until("the question", () => order(ids[1]).locator('[data-action="cancel-now"]').isVisible());
  await looksAtEverySize(page, "cancelling", "studies-11-cancel");
  await page.setViewportSize(SMALL);
  await checkAccessible(page, "cancelling");
  await order(ids[1]).locator('[data-action="cancel-not"]').focus();
  await press(page, "Escape");
  await until("nothing to be cancelled", async () => cancel.evaluate((button) => button === document.activeElement));
  await press(page, "Enter");
  await press(page, "Shift+Tab");
  await press(page, "Enter");
  await until("it to be cancelled", async () => (await order(ids[1]).getAttribute("data-state")) === "cancelled");
  assert.equal((await workitem(ids[1]))["00741000"].Value[0], "CANCELED");
  // Put right, and then a machine begins.
  await order(ids[0]).locator('[data-action="change-order"]').click();
  await field("time").fill("00:01");
  await page.locator('[data-action="keep-order"]').click();
  await until("the other time", async () => /00:01/.test(await order(ids[0]).innerText()));
  const uid = kept["00080018"].Value[0];
  const begun = await fetch(`${url}/dicomweb/workitems/${uid}/state`, {
    method: "PUT",
    headers: { "Content-Type": "application/dicom+json" },
    body: JSON.stringify([
      { "00081195": { vr: "UI", Value: [`${root}.99`] }, "00741000": { vr: "CS", Value: ["IN PROGRESS"] } },
    ]),
  });
  const answered = Date.now();
  assert.equal(begun.status, 200);
  await until("it to be under way", async () => (await order(ids[0]).getAttribute("data-state")) === "started");
  console.log(`under way in the page after ${Date.now() - answered} ms`);
  assert.equal(await order(ids[0]).locator("button").count(), 0, "nothing of it can be changed");
  await looksAtEverySize(page, "the orders", "studies-12-orders");
  await page.setViewportSize(SMALL);
  // Another day has its own, and the way back leads to the studies.
  await page.locator('[data-action="day-after"]').click();
  await until("the next day", async () => (await order(ids[0]).count()) === 0);
  await page.locator('[data-action="today"]').click();
  await until("today", async () => (await order(ids[0]).count()) === 1);
  await page.goBack();
  await until("the list", async () => (await rows(page)) > 0);
}

/** Where there is room for one, the list and what was opened beside it take turns. */
async function takesTurns(page) {
  const side = (which) => page.locator(`[data-side="${which}"]`);
  const [list, beside] = [page.locator(".finder"), page.locator(".studies > .preview")];
  assert.equal(await side("list").isVisible(), false);
  await page.setViewportSize({ width: 900, height: 900 });
  await until("what was opened", () => beside.isVisible());
  assert.equal(await list.isVisible(), false);
  await side("list").click();
  await until("the list", () => list.isVisible());
  assert.equal(await beside.isVisible(), false);
  await side("beside").click();
  await until("what was opened again", () => beside.isVisible());
  await page.setViewportSize(SMALL);
  await until("both", async () => (await list.isVisible()) && (await beside.isVisible()));
}

/** The page on every kind of screen in both languages. */
async function looksAtEverySize(page, what, file) {
  for (const [name, viewport] of [
    ["large", LARGE],
    ["tablet", { width: 820, height: 1180 }],
    ["tablet-flat", { width: 1180, height: 820 }],
    ["telephone", TELEPHONE],
    ["small", SMALL],
  ]) {
    await page.setViewportSize(viewport);
    for (const [label, language] of [
      ["中", "zh"],
      ["EN", "en"],
    ]) {
      await page.locator(".language button", { hasText: label }).click();
      await page.waitForTimeout(300);
      await checkLayout(page, `${what}, ${name}, ${language}`);
      await shot(page, `${file}-${name}-${language}`);
    }
  }
}

await withBrowser(async (context) => {
  const { page, complaints } = await openPage(context, `${url}/?page=exams`);
  await until("the start page", () => page.locator('a[href="/?page=studies"]').isVisible());
  await checkLayout(page, "the start page");
  await page.locator('a[href="/?page=studies"]').click();
  await until("the list", () => page.locator(".study-rows").isVisible());
  await addsFiles(page);
  await dropsAFile(page);
  await searches(page);
  await checkLayout(page, "the list");
  await checkAccessible(page, "the list");
  // From the search by keys alone.
  await page.locator(".search input").focus();
  await press(page, "ArrowDown");
  const first = page.locator(".study-row", { hasText: "Both breasts" });
  await first.focus();
  await press(page, "Enter");
  await until("the study", () => page.locator(".study-page").isVisible());
  await plays(page);
  await shot(page, "studies-3-cine");
  await checkLayout(page, "a cine");
  await stepsAndMeasures(page);
  await opensTheOther(page);
  await looksAtEverySize(page, "a study", "studies-5-study");
  await page.goBack();
  await until("the list as it was left", async () => (await rows(page)) === 3);
  await looksAtEverySize(page, "the list", "studies-6-list");
  await page.setViewportSize(SMALL);
  await settlesWhoIsWho(page);
  await hearsOfAnother(page);
  await registers(page);
  await opensWhatCannotBe(page);
  // The node refuses the letter, a frame was taken away, and of what cannot be drawn there is no thumbnail; the browser says so, and nothing else.
  const others = complaints.filter((text) => !/status of (404|409|500)/.test(text));
  assert.deepEqual(others, []);
});
console.log("the studies: all is well");
