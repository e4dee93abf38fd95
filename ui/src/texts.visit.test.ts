import { expect, test } from "vitest";
import { visitTexts } from "./texts.visit";

const at = (...parts: [number, number, number, number, number]): Date => new Date(...parts);
const said = (seen: Date, now: Date): string => visitTexts.when(seen.getTime() / 1000, now);

test("the time of today, then the day", () => {
  const now = at(2026, 10, 28, 9, 30);
  expect(said(at(2026, 10, 28, 8, 5), now)).toBe("8:05");
  expect(said(at(2026, 10, 27, 23, 59), now)).toBe("Yesterday");
  expect(said(at(2026, 10, 26, 23, 59), now)).toBe("26 Nov");
  expect(said(at(2025, 10, 28, 9, 30), now)).toBe("28 Nov 2025");
});

test("a clock that was put back says no day that is still to come", () => {
  expect(said(at(2026, 10, 29, 7, 0), at(2026, 10, 28, 9, 30))).toBe("7:00");
});
