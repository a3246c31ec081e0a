/**
 * Whether every frame that the source gave is drawn or counted as dropped, on a running `peony demo`:
 *
 *     cd web/ui && node ../../xtask/page/count.mjs http://127.0.0.1:8686
 *
 * Nothing here is timed: a machine that is slow or shared drops more, and every drop must be counted and shown.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { pathToFileURL } from "node:url";

// The browser is a package of web/ui, the folder that this is started in.
const { openPage, until, withBrowser } = await import(pathToFileURL(path.resolve("e2e/browser.mjs")).href);

const [url] = process.argv.slice(2);
if (!url) {
  console.error("usage: node count.mjs URL");
  process.exit(2);
}
/** No measure of speed: a machine that draws nothing for so long is broken. */
const LIMIT_MS = 180_000;
const FRAMES = 10;
/** `IN_FLIGHT` of crates/web/src/wire.rs: how many frames may be sent before the page has drawn the first. */
const IN_FLIGHT = 2;

/** A later sweep's frames begin at zero again. */
const isAfter = (one, other) => one.sweep > other.sweep || (one.sweep === other.sweep && one.frame > other.frame);

function readFrame(bytes) {
  const update = JSON.parse(bytes.subarray(4, 4 + bytes.readUInt32LE(0)).toString());
  const { dropped_source: source, dropped_client: client } = update.stats;
  return { sweep: update.state.sweep, frame: update.frame, source, client };
}

/** Stands between the page and the program, hears both, and can hold back the page's word that it has drawn. */
class Tap {
  /** Every frame sent to the page, once. */
  sent = [];
  /** Every frame that the page said it has drawn, once. */
  drawn = [];
  /** Sent, and not said to be drawn as far as the program knows. */
  underWay = [];
  fault = null;
  held = null;

  join(route) {
    assert.equal(this.program, undefined, "the page connects once");
    this.program = route.connectToServer();
    this.program.onMessage((message) => {
      this.note(() => this.hearProgram(message));
      route.send(message);
    });
    route.onMessage((message) => {
      this.note(() => this.hearPage(message));
      if (this.held && this.isDrawn(message)) {
        this.held.push(message);
      } else {
        this.pass(message);
      }
    });
  }

  /** A check that fails inside a listener fails the run, at the next look. */
  note(hear) {
    try {
      hear();
    } catch (error) {
      this.fault ??= error;
    }
  }

  look() {
    if (this.fault) {
      throw this.fault;
    }
    return this;
  }

  get newest() {
    return this.sent.at(-1);
  }

  hearProgram(message) {
    if (typeof message === "string") {
      assert.equal(JSON.parse(message).type, "hello", message);
      return;
    }
    const frame = readFrame(message);
    this.underWay.push(frame);
    assert.ok(this.underWay.length <= IN_FLIGHT, `${this.underWay.length} frames under way`);
    if (!this.newest || isAfter(frame, this.newest)) {
      this.sent.push(frame);
    } else {
      const { sweep, frame: number } = this.newest;
      assert.deepEqual([frame.sweep, frame.frame], [sweep, number], "frames come in order");
    }
  }

  isDrawn(message) {
    return JSON.parse(message).drawn !== undefined;
  }

  hearPage(message) {
    const number = JSON.parse(message).drawn;
    if (number === undefined) {
      return;
    }
    const frame = this.underWay.find((sent) => sent.frame === number);
    assert.ok(frame, `the page has drawn frame ${number}, which was not sent`);
    const last = this.drawn.at(-1);
    if (!last || isAfter(frame, last)) {
      this.drawn.push(frame);
    }
  }

  pass(message) {
    if (this.isDrawn(message)) {
      const number = JSON.parse(message).drawn;
      this.underWay.splice(0, 1 + this.underWay.findIndex((sent) => sent.frame === number));
    }
    this.program.send(message);
  }

  hold() {
    this.held = [];
  }

  release() {
    const held = this.held;
    this.held = null;
    for (const message of held) {
      this.pass(message);
    }
  }
}

/** Another page, which draws nothing and so misses little; runs in the browser. */
function watch() {
  globalThis.witnessed = [];
  const socket = new WebSocket(`ws://${location.host}/live`);
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => {
    if (typeof data !== "string") {
      const length = new DataView(data).getUint32(0, true);
      const { frame, state } = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
      globalThis.witnessed.push({ sweep: state.sweep, frame });
      socket.send(JSON.stringify({ drawn: frame }));
    }
  };
}

/** What the page says, and of which frame: both are of one rendering. */
function readShown() {
  const picture = document.querySelector(".picture")?.dataset;
  const item = [...document.querySelectorAll(".status .item")].find(({ textContent }) => /dropped/.test(textContent));
  const [source, client] = [...(item?.querySelectorAll("b") ?? [])].map(({ textContent }) => Number(textContent));
  return { sweep: Number(picture?.sweep), frame: Number(picture?.frame), source, client };
}

async function checkShown(page, tap) {
  const shown = await page.evaluate(readShown);
  const sent = tap.sent.find(({ sweep, frame }) => sweep === shown.sweep && frame === shown.frame);
  assert.deepEqual(shown, sent, "the page shows the drops of the frame that it shows");
  return shown;
}

/** The frames of each sweep that the page was sent. */
function sweeps(sent) {
  const bySweep = new Map();
  for (const frame of sent) {
    bySweep.set(frame.sweep, [...(bySweep.get(frame.sweep) ?? []), frame]);
  }
  return [...bySweep.values()];
}

/** How many frames between two that the page was sent were never analysed. */
const neverAnalysed = (from, to, between) => to.frame - from.frame - 1 - between - (to.client - from.client);

/**
 * Every frame's number is given by the source, so what is not in the books shows. The source's drops are read after a
 * frame's analysis, during which some of the next are dropped: what lies between two frames is bounded by the counters
 * of their neighbours and not equal to a difference.
 */
function checkBooks(frames) {
  const said = (index) => JSON.stringify(frames.slice(Math.max(0, index - 2), index + 1));
  for (let index = 1; index < frames.length; index += 1) {
    const lost = neverAnalysed(frames[index - 1], frames[index], 0);
    assert.ok(lost >= 0, `a frame is dropped and drawn: ${said(index)}`);
    const counted = index < 2 ? lost : frames[index].source - frames[index - 2].source;
    assert.ok(lost <= counted, `${lost} frames lost, ${counted} counted: ${said(index)}`);
  }
  const last = frames.length - 1;
  if (last >= 2) {
    const lost = neverAnalysed(frames[1], frames[last], last - 2);
    const counted = frames[last - 1].source - frames[1].source;
    assert.ok(lost >= counted, `${counted} frames counted as dropped, ${lost} lost`);
  }
}

/** The page draws what it is sent, and goes on doing so. */
async function draws(page, tap) {
  const before = tap.drawn.length;
  await until("frames are drawn", () => tap.look().drawn.length >= before + FRAMES, LIMIT_MS);
  await checkShown(page, tap);
}

/** A page that does not draw gets no more frames, and hears afterwards how many it has missed. */
async function missesWhatItHoldsBack(page, tap, witness) {
  tap.hold();
  await until("the program waits for the page", () => tap.look().underWay.length === IN_FLIGHT, LIMIT_MS);
  const before = tap.newest;
  const witnessed = async () =>
    (await witness.evaluate(() => globalThis.witnessed)).filter((frame) => isAfter(frame, before));
  await until("frames that the page misses", async () => (await witnessed()).length > FRAMES, LIMIT_MS);
  assert.equal(tap.look().newest, before, "nothing is sent to a page that has not drawn");
  tap.release();
  const after = await until(
    "the next frame",
    () => tap.look().newest !== before && tap.sent[tap.sent.indexOf(before) + 1],
    LIMIT_MS,
  );
  const missed = (await witnessed()).filter((frame) => isAfter(after, frame)).length;
  assert.ok(missed >= FRAMES, `another page got ${missed} frames meanwhile`);
  assert.ok(after.client - before.client >= missed, `${missed} frames missed, ${after.client - before.client} counted`);
  await until("the page shows them", async () => (await checkShown(page, tap)).client >= after.client, LIMIT_MS);
}

await withBrowser(async (context) => {
  // First, so that the page that draws lies in front of it.
  const witness = await context.newPage();
  await witness.goto(`${url}/api/health`);
  await witness.evaluate(watch);
  const tap = new Tap();
  const { page, complaints } = await openPage(context, url, (opened) =>
    opened.routeWebSocket("**/live", (route) => tap.join(route)),
  );
  await draws(page, tap);
  await missesWhatItHoldsBack(page, tap, witness);
  await draws(page, tap);
  assert.deepEqual(complaints, [], "the console is silent");

  const { sent, drawn } = tap.look();
  const all = sweeps([...sent]);
  all.forEach(checkBooks);
  const sum = (count) => all.reduce((total, frames) => total + count(frames[0], frames.at(-1), frames.length), 0);
  const given = sum((first, last) => last.frame - first.frame + 1);
  const missed = sum((first, last) => last.client - first.client);
  const counts = [
    `${given} frames given`,
    `${given - missed - sent.length} dropped before the analysis`,
    `${missed} after it`,
    `${drawn.length} of ${sent.length} drawn`,
  ];
  console.log(`counted: ${counts.join(", ")}`);
});
