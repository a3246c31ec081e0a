import { afterEach, expect, test, vi } from "vitest";
import { findArriving, wholeOf } from "./arriving";

afterEach(() => vi.unstubAllGlobals());

const answer = (body: string, type: string, status = 200): void => {
  vi.stubGlobal("fetch", async () => new Response(body, { status, headers: { "content-type": type } }));
};

test("a study is complete unless something still comes to it, and while nothing is known it is neither", async () => {
  answer('["1.2"]', "application/json");
  const arriving = await findArriving(new AbortController().signal);
  expect(wholeOf("1.2", arriving)).toBe("study_arriving");
  expect(wholeOf("1.3", arriving)).toBe("study_complete");
  expect(wholeOf("1.2", undefined)).toBeNull();
});

test("a refusal, and the page of a program without a store, say nothing of a study", async () => {
  answer("{}", "application/json", 503);
  await expect(findArriving(new AbortController().signal)).rejects.toThrow();
  answer("<html>", "text/html");
  await expect(findArriving(new AbortController().signal)).rejects.toThrow();
});
