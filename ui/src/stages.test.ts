import { expect, test } from "vitest";
import type { StreamView } from "./messages/StreamView";
import { isSlow, steps } from "./stages";

const stream: StreamView = {
  session: 1,
  stage: "starting",
  stages: [
    { stage: "placing", took_ms: 40 },
    { stage: "starting", took_ms: null },
  ],
  elapsed_ms: 540,
  fetched_percent: null,
  relayed: false,
  encoder: null,
  moving: null,
  node: null,
};

test("past stages keep their time, the present one ticks, later ones wait", () => {
  expect(steps(stream, 250)).toEqual([
    { stage: "placing", state: "done", ms: 40 },
    { stage: "starting", state: "current", ms: 750 },
    { stage: "connecting", state: "waiting", ms: null },
    { stage: "live", state: "waiting", ms: null },
  ]);
});

test("only an engine that takes long is slow, and only while nothing else says why", () => {
  expect(isSlow(stream, 9_400)).toBe(false);
  expect(isSlow(stream, 9_600)).toBe(true);
  expect(isSlow({ ...stream, fetched_percent: 10 }, 9_600)).toBe(false);
  expect(isSlow({ ...stream, stage: "placing", stages: [] }, 60_000)).toBe(false);
});
