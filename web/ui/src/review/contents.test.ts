import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { ReportView } from "../exam/api";
import type { Todo } from "../exam/todo";
import { Contents } from "./Contents";
import { type Review, ReviewContext } from "./context";

describe("the sign of both breasts", () => {
  const sign = (said: readonly (boolean | null)[], todos: readonly Todo[] = []): string | undefined => {
    const breasts = said.map((value) => ({
      coverage: null,
      examined: { proposed: true, said: value === null ? null : { value } },
    }));
    const report = { patient: { name: "", id: "", sex: "", birth_date: "" }, began_ms: 0, lesions: [], breasts };
    const review = { view: { report } as unknown as ReportView } as Review;
    const page = renderToStaticMarkup(
      createElement(
        ReviewContext,
        { value: review },
        createElement(Contents, { item: "patient", todos, onItem: () => undefined }),
      ),
    );
    return [...page.matchAll(/class="shape (\w+)"/g)].map(([, status]) => status)[1];
  };
  it("is a tick only where a person said that one was examined", () => {
    expect([sign([true, null]), sign([true, true])]).toEqual(["ok", "ok"]);
    expect([sign([null, null]), sign([false, null])]).toEqual(["off", "off"]);
  });
  it("waits where something is left to do", () => {
    expect(sign([true, null], [{ item: "breasts", field: null, obstacle: null }])).toBe("info");
  });
});
