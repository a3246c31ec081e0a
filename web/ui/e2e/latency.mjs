/**
 * From capture to overlay in a real browser: the fake camera plays a video at 30 frames a second, and each frame is timed from
 * the moment the page gets it from the camera to the moment the page has drawn it with its marks.
 *
 *     peony serve --data DIR --open
 *     node e2e/latency.mjs http://127.0.0.1:8686 sweep.y4m [FRAMES] > figures.json
 *
 * One line of JSON: milliseconds at the middle and the end of the distribution, of all frames and of the last thousand, and what was dropped.
 */
import path from "node:path";
import { frameOf, openPage, until, withBrowser } from "./browser.mjs";

const [url, video, frames = "10000"] = process.argv.slice(2);
if (!url || !video) {
  console.error("usage: node e2e/latency.mjs URL SWEEP.y4m [FRAMES]");
  process.exit(2);
}
const camera = [
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  `--use-file-for-fake-video-capture=${path.resolve(video)}`,
];

/** Listens beside the page: when each frame was captured, and when the page said that it was drawn. */
function listen() {
  const captured = new Map();
  window.latency = { took: [], update: null };
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    if (this.url.includes("/live") && typeof data === "string") {
      const { drawn } = JSON.parse(data);
      if (drawn !== undefined && captured.has(drawn)) {
        window.latency.took.push(performance.timeOrigin + performance.now() - captured.get(drawn));
        captured.delete(drawn);
      }
    }
    return send.call(this, data);
  };
  const add = WebSocket.prototype.addEventListener;
  const heard = ({ data }) => {
    if (data instanceof ArrayBuffer) {
      const length = new DataView(data).getUint32(0, true);
      const update = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
      captured.set(update.frame, update.captured_ms);
      window.latency.update = update;
    }
  };
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...rest) {
      super(...rest);
      if (this.url.includes("/live")) {
        add.call(this, "message", heard);
      }
    }
  };
}

const rounded = (value) => Math.round(value * 10) / 10;
function figures(took) {
  const sorted = took.toSorted((one, other) => one - other);
  const at = (share) => rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: rounded(sorted.at(-1)) };
}

await withBrowser(async (context) => {
  const begun = await fetch(`${url}/api/exams`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ source: "capture" }),
  });
  const { id } = await begun.json();
  const { page } = await openPage(context, `${url}/?exam=${id}`, (fresh) => fresh.addInitScript(listen));
  await page.locator('[data-action="capture-any"]').click();
  await until("the first picture", async () => (await frameOf(page)) >= 0);
  // The first frames wait for the browser to settle.
  await page.waitForTimeout(3000);
  await page.evaluate(() => {
    window.latency.took.length = 0;
  });
  const began = Date.now();
  const before = await page.evaluate(() => window.latency.update.stats);
  const count = () => page.evaluate(() => window.latency.took.length);
  await until(`${frames} frames`, async () => (await count()) >= Number(frames), 40 * Number(frames) + 120_000);
  const seconds = (Date.now() - began) / 1000;
  const { took, update } = await page.evaluate(() => window.latency);
  const { stats } = update;
  console.log(
    JSON.stringify({
      size: update.size_px,
      frames: took.length,
      frames_a_second: rounded(took.length / seconds),
      capture_to_overlay_ms: figures(took),
      first_thousand_ms: figures(took.slice(0, 1000)),
      last_thousand_ms: figures(took.slice(-1000)),
      dropped_before_reading: stats.dropped_source - before.dropped_source,
      dropped_on_the_way_to_the_page: stats.dropped_client - before.dropped_client,
      step_ms: stats.step_ms,
    }),
  );
}, camera);
