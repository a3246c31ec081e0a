/** Files that are added: what the node's answer means, and the queue. */
import { describe, expect, it } from "vitest";
import { bodyOf, type Outcome, outcomeOf } from "./stow";
import { sumOf, Uploads } from "./uploads";

const item = (...attributes: readonly (readonly [string, unknown])[]) =>
  Object.fromEntries(attributes.map(([tag, value]) => [tag, { vr: "LO", Value: [value] }]));
const answer = (tag: string, of: unknown): string => JSON.stringify({ [tag]: { vr: "SQ", Value: [of] } });

describe("the node's answer", () => {
  it.each<[string, number, string, Outcome]>([
    ["kept", 200, answer("00081199", item(["00081155", "1.2"])), { kind: "kept" }],
    [
      "kept beside another",
      202,
      answer("00081199", item(["00081155", "1.2"], ["00081196", 0xb000])),
      { kind: "aside" },
    ],
    [
      "no DICOM",
      409,
      answer("0008119A", item(["00081197", 0xc000], ["00000902", "no DICM"])),
      { kind: "failed", reason: "no DICM (0xC000)", code: "unreadable" },
    ],
    [
      "a reason longer than a comment",
      409,
      answer(
        "0008119A",
        item(["00081197", 0xc000], ["00000902", "damaged DICOM: a…"], ["0040A160", "damaged DICOM: a length"]),
      ),
      { kind: "failed", reason: "damaged DICOM: a length (0xC000)", code: "unreadable" },
    ],
    [
      "another study",
      409,
      answer("00081198", item(["00081197", 0xa900])),
      { kind: "failed", reason: "(0xA900)", code: "unreadable" },
    ],
    [
      "no room",
      503,
      answer("0008119A", item(["00081197", 0xa700], ["00000902", "no room"])),
      { kind: "failed", reason: "no room (0xA700)", code: "no_room" },
    ],
    [
      "a code below 0x1000",
      409,
      answer("0008119A", item(["00081197", 0x0110])),
      { kind: "failed", reason: "(0x0110)", code: "failed" },
    ],
    [
      "a problem",
      415,
      '{"error":"the Content-Type is missing"}',
      { kind: "failed", reason: "the Content-Type is missing", code: null },
    ],
    ["a proxy's page", 502, "<html>", { kind: "failed", reason: "502", code: null }],
    ["a page in the place of a node", 200, "<html>", { kind: "failed", reason: "", code: null }],
    ["success without the object", 200, "{}", { kind: "failed", reason: "", code: null }],
    ["a list", 200, "[]", { kind: "failed", reason: "", code: null }],
  ])("%s", (_, status, body, outcome) => expect(outcomeOf(status, body)).toEqual(outcome));

  it("is to a body of one part", async () => {
    const { body, type } = bodyOf(new Blob(["DICM"]), "edge");
    expect(type).toBe('multipart/related; type="application/dicom"; boundary=edge');
    expect(await body.text()).toBe("--edge\r\nContent-Type: application/dicom\r\n\r\nDICM\r\n--edge--\r\n");
  });
});

describe("the queue", () => {
  const files = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `f${at}`, file: at }));
  const rest = () => new Promise((resolve) => setTimeout(resolve, 0));

  it("sends a few at once, and each has its own result", async () => {
    const ends = new Map<number, (outcome: Outcome) => void>();
    let kept = 0;
    const uploads = new Uploads<number>(
      (file, onShare) => {
        onShare(0.5);
        return new Promise((resolve) => ends.set(file, resolve));
      },
      () => {
        kept += 1;
      },
    );
    uploads.add(files(5));
    const states = () => uploads.getAll().map(({ state }) => state.kind);
    expect(states()).toEqual(["sending", "sending", "sending", "waiting", "waiting"]);
    ends.get(1)?.({ kind: "failed", reason: "no DICM", code: null });
    ends.get(0)?.({ kind: "kept" });
    await rest();
    expect(states()).toEqual(["kept", "failed", "sending", "sending", "sending"]);
    expect(sumOf(uploads.getAll())).toEqual({ all: 5, done: 2, failed: 1 });
    expect(kept).toBe(1);
    uploads.clear();
    expect(uploads.getAll().map(({ name }) => name)).toEqual(["f1", "f2", "f3", "f4"]);
  });

  it("sends again what failed, and nothing else", async () => {
    const sent: number[] = [];
    let lost = true;
    const uploads = new Uploads<number>(async (file) => {
      sent.push(file);
      return lost && file === 1 ? { kind: "failed", reason: "", code: null, lost: true } : { kind: "kept" };
    });
    uploads.add(files(3));
    await rest();
    lost = false;
    uploads.retry();
    await rest();
    expect(sent).toEqual([0, 1, 2, 1]);
    expect(sumOf(uploads.getAll())).toEqual({ all: 3, done: 3, failed: 0 });
  });
});
