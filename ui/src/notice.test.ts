import { expect, test } from "vitest";
import type { Notice } from "./messages/Notice";
import { actionsFor, counts, isAsked } from "./notice";
import { texts } from "./texts";

const left = (profile: string): Notice => ({
  code: "left_behind",
  profile,
  title: "Work",
  node: "attic",
});

test("newer data of a lost machine are not removed before the person is asked once more", () => {
  expect(actionsFor(left("work"), null)).toEqual(["takeBack", "leave"]);
  expect(actionsFor(left("work"), "work")).toEqual(["leaveYes", "leaveNo"]);
  expect(actionsFor(left("home"), "work")).toEqual(["takeBack", "leave"]);
  expect(texts.notice.leaveConfirm("Work", "attic")).toContain("cannot be brought back");
});

test("the second press of two that were meant as one removes nothing", () => {
  expect(counts("leaveYes", 2)).toBe(false);
  expect(counts("leaveYes", 1)).toBe(true);
  expect(counts("leaveYes", 0)).toBe(true);
  expect(counts("leaveNo", 2)).toBe(true);
});

test("a question goes with its notice", () => {
  expect(isAsked([left("work")], "work")).toBe(true);
  expect(isAsked([left("home")], "work")).toBe(false);
  expect(isAsked([], "work")).toBe(false);
});

test("a newer image is fetched where it is offered, and again where that failed", () => {
  const image = (update: Extract<Notice, { code: "engine_image" }>["update"]): Notice => ({
    code: "engine_image",
    image: "a",
    update,
  });
  expect(actionsFor(image({ step: "offered" }), null)).toEqual(["update"]);
  expect(actionsFor(image({ step: "fetching", percent: 3 }), null)).toEqual([]);
  const failure = { cause: "timed_out" } as const;
  expect(actionsFor(image({ step: "failed", failure }), null)).toEqual(["again"]);
});
