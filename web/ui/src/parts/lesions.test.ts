import { describe, expect, it } from "vitest";

import { wordsIn } from "../words/words";
import { wordsOf } from "./Lesions";

const descriptors = [{ feature: "echo", word: "anechoic", probability: 0.9 }] as Parameters<
  typeof wordsOf
>[0]["descriptors"];

describe("what is said of a lesion", () => {
  it("begins with why it is a 2, which no probability alone makes it", () => {
    expect(wordsOf({ birads: "2", descriptors }, wordsIn("en"))).toEqual(["a 2 as a simple cyst", "anechoic"]);
    expect(wordsOf({ birads: "2", descriptors }, wordsIn("zh"))[0]).toBe("按单纯囊肿归2类");
    expect(wordsOf({ birads: "4A", descriptors }, wordsIn("en"))).toEqual(["anechoic"]);
  });
});
