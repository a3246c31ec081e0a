/** A fresh Chromium on the live page, and what is asked of it in more than one check. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const { CHROMIUM, PEONY_CHROMIUM, CHROME_PATH } = process.env;
const EXECUTABLE = CHROMIUM || PEONY_CHROMIUM || CHROME_PATH || "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
export const SMALL = { width: 1366, height: 768 };
export const LARGE = { width: 1920, height: 1080 };

/** Runs `use` with a browser that has no past, and takes the browser and its folder away again. `flags` are its further ones. */
export async function withBrowser(use, flags = []) {
  const folder = await mkdtemp(path.join(tmpdir(), "peony-page-"));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: EXECUTABLE,
    headless: true,
    args: [...FLAGS, ...flags],
    viewport: SMALL,
    locale: "en-GB",
  });
  try {
    await use(context);
  } finally {
    await context.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opens a page whose every complaint is collected. */
export async function openPage(context, url, prepare = async () => {}) {
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      complaints.push(`${message.type()}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  await prepare(page);
  await page.goto(url);
  return { page, complaints };
}

export const frameOf = (page) => page.locator(".picture").evaluate((picture) => Number(picture.dataset.frame ?? -1));
export const phaseOf = (page) => page.locator("[data-phase]").getAttribute("data-phase");

/** Waits until `ask` answers something true; says what was waited for when it never does. */
export async function until(what, ask, limitMs = 60_000) {
  const end = Date.now() + limitMs;
  let answer = await ask();
  while (!answer) {
    assert.ok(Date.now() < end, `waited ${limitMs / 1000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
    answer = await ask();
  }
  return answer;
}

export async function press(page, key) {
  await page.keyboard.press(key);
}

/** Switches a fault in the panel, which is opened and closed for it. */
export async function setFault(page, fault, on) {
  await press(page, "d");
  const button = page.locator(`[data-switch="${fault}"]`);
  if ((await button.getAttribute("aria-pressed")) !== String(on)) {
    await button.click();
    await until(`the switch of ${fault}`, async () => (await button.getAttribute("aria-pressed")) === String(on));
  }
  await press(page, "Escape");
}
