/** What must hold wherever the page is looked at: nothing spills, nothing is too small, axe finds nothing serious. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axeFile = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Runs in the page: every text that is cut off or too small, every target too small, and any sideways scrolling. */
function spills(scrolls) {
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    return (
      box.width > 1 && box.height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    );
  };
  const name = (element) =>
    `${element.tagName.toLowerCase()}.${element.className} “${element.textContent.slice(0, 40)}”`;
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth || (!scrolls && root.scrollHeight > root.clientHeight)) {
    faults.push(`the page scrolls: ${root.scrollWidth} × ${root.scrollHeight}`);
  }
  for (const element of document.querySelectorAll("#page *")) {
    const scrollable = ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
    if (!(element instanceof HTMLElement) || !shown(element) || element.closest(".hidden")) {
      continue;
    }
    const ownText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (ownText && Number.parseFloat(getComputedStyle(element).fontSize) < 11.99) {
      faults.push(`text under 12 px: ${name(element)}`);
    }
    // What has its whole text where it is pointed at may be cut: the longest names.
    const isTold = element.title !== "" && element.title === element.textContent.trim();
    if (!scrollable && !isTold && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) {
      faults.push(`cut off by ${element.scrollWidth - element.clientWidth} px: ${name(element)}`);
    }
    const box = element.getBoundingClientRect();
    if (ownText && (box.left < -1 || box.right > root.clientWidth + 1)) {
      const scroller = element.closest(".tiles");
      if (!scroller) {
        faults.push(`outside the window: ${name(element)}`);
      }
    }
    if (element.matches("button, input") && (box.width < 24 || box.height < 24)) {
      faults.push(`target under 24 px: ${name(element)}`);
    }
  }
  return faults;
}

export async function checkLayout(page, what, { scrolls = false } = {}) {
  // The canvases follow their stage's size a frame later.
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  assert.deepEqual(await page.evaluate(spills, scrolls), [], `${what}: layout`);
}

export async function checkAccessible(page, what) {
  await page.evaluate(await readFile(axeFile, "utf8"));
  const serious = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`,
      );
  });
  assert.deepEqual(serious, [], `${what}: axe`);
}
