import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Touch } from "./touch";

const done: unknown[] = [];
const touch = new Touch({
  click: (button, x, y) => done.push(["click", button, x, y]),
  drag: (dx, dy) => done.push(["drag", dx, dy]),
});

beforeEach(() => {
  vi.useFakeTimers();
  done.length = 0;
});
afterEach(() => {
  touch.cancel();
  vi.useRealTimers();
});

test("a tap clicks where it began", () => {
  touch.begin(1, 50, 60);
  touch.move(1, 53, 62);
  touch.end(1);
  expect(done).toEqual([["click", 0, 50, 60]]);
});

test("a drag scrolls and does not click", () => {
  touch.begin(1, 50, 60);
  touch.move(1, 50, 30);
  touch.move(1, 50, 25);
  touch.end(1);
  expect(done).toEqual([
    ["drag", 0, -30],
    ["drag", 0, -5],
  ]);
});

test("a long press is the right button", () => {
  touch.begin(1, 5, 6);
  vi.advanceTimersByTime(600);
  touch.end(1);
  expect(done).toEqual([["click", 2, 5, 6]]);
});

test("a second finger changes nothing", () => {
  touch.begin(1, 5, 6);
  touch.begin(2, 50, 60);
  touch.end(2);
  expect(done).toEqual([]);
});
