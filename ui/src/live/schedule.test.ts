import { expect, test } from "vitest";
import { Schedule } from "./schedule";

const LENGTH = 0.02;

/** Places `count` pieces that come `delay(i)` after they are recorded; where each is heard. */
function heard(count: number, delay: (at: number) => number, began = 100): (number | null)[] {
  const schedule = new Schedule();
  return Array.from({ length: count }, (_, at) =>
    schedule.place(at * LENGTH, LENGTH, began + at * LENGTH + delay(at)),
  );
}

/** The longest gap or overlap between pieces that are heard one after the other. */
function unevenness(times: (number | null)[]): number {
  const all = times.filter((it) => it !== null);
  return Math.max(...all.slice(1).map((it, at) => Math.abs(it - (all[at] ?? 0) - LENGTH)));
}

test("pieces on an even way follow each other without a gap, shortly after they come", () => {
  const times = heard(500, () => 0.01);
  expect(unevenness(times)).toBeLessThan(1e-9);
  expect(times[0]).toBeCloseTo(100.07);
});

test("a little unevenness is not heard", () => {
  const times = heard(500, (at) => (at % 3) * 0.02);
  expect(unevenness(times)).toBeLessThan(1e-9);
});

test("a way that stalls is heard once, and what it costs is made up for", () => {
  const times = heard(500, (at) => (at >= 100 && at < 150 ? (150 - at) * LENGTH : 0));
  const gaps = times.filter((it) => it === null).length;
  expect(gaps).toBeGreaterThan(0);
  const last = times.at(-1) ?? 0;
  expect(last - (100 + 499 * LENGTH)).toBeLessThan(0.3);
});

test("where it stalls again and again, pieces wait longer", () => {
  const stalls = (at: number) => (at % 100 > 90 ? (100 - (at % 100)) * LENGTH : 0);
  const times = heard(1000, stalls);
  const gapsOf = (some: (number | null)[]) =>
    some.slice(1).filter((it, at) => it !== null && it - (some[at] ?? it) > LENGTH * 1.5).length;
  expect(gapsOf(times.slice(500))).toBeLessThan(gapsOf(times.slice(0, 500)));
});

test("a piece that was overtaken is left out", () => {
  const schedule = new Schedule();
  expect(schedule.place(0, LENGTH, 10)).toBeCloseTo(10.06);
  expect(schedule.place(0.04, LENGTH, 10.04)).toBeCloseTo(10.1);
  expect(schedule.place(0.02, LENGTH, 10.05)).toBeNull();
  expect(schedule.place(0.06, LENGTH, 10.06)).toBeCloseTo(10.12);
});

test("sound behind a pause, or of a new connection, begins anew", () => {
  const schedule = new Schedule();
  schedule.place(50, LENGTH, 10);
  expect(schedule.place(60, LENGTH, 15)).toBeCloseTo(15.06);
  expect(schedule.place(0, LENGTH, 16)).toBeCloseTo(16.06);
});

test("what begins anew is heard behind what still waits, and not over it", () => {
  const schedule = new Schedule();
  // All at once: as much as may wait.
  let last = 0;
  for (let at = 0; at < 9; at += 1) last = schedule.place(at * LENGTH, LENGTH, 10) ?? last;
  expect(last).toBeGreaterThan(10.15);
  expect(schedule.place(5, LENGTH, 10.01)).toBeCloseTo(last + LENGTH);
});

test("a stream that begins anew soon after it began is heard", () => {
  const schedule = new Schedule();
  for (let at = 0; at < 25; at += 1) schedule.place(at * LENGTH, LENGTH, 10 + at * LENGTH);
  expect(schedule.place(0, LENGTH, 10.5)).not.toBeNull();
});

test("a clock that runs apart from the sender's is never far from it", () => {
  const schedule = new Schedule();
  let latest = 0;
  // One part in a thousand, for a quarter of an hour: far worse than any crystal.
  for (let at = 0; at < 45_000; at += 1) {
    const now = at * LENGTH * 0.999;
    const time = schedule.place(at * LENGTH, LENGTH, now);
    if (time !== null) latest = Math.max(latest, time - now);
  }
  expect(latest).toBeLessThan(0.25);
});
