import { expect, test } from "vitest";
import { Wheel } from "./wheel";

const pixels = (deltaY: number, deltaX = 0) => ({ deltaX, deltaY, deltaMode: 0 });

test("a notch of the wheel is one step, however an engine measures it", () => {
  expect(new Wheel().turn(pixels(100))).toEqual({ x: 0, y: 1 });
  expect(new Wheel().turn(pixels(-120))).toEqual({ x: 0, y: -1 });
  expect(new Wheel().turn({ deltaX: 0, deltaY: 3, deltaMode: 1 })).toEqual({ x: 0, y: 1 });
  expect(new Wheel().turn({ ...pixels(53), wheelDeltaY: -120 })).toEqual({ x: 0, y: 1 });
  expect(new Wheel().turn(pixels(0, 100))).toEqual({ x: 1, y: 0 });
});

test("small turns add up and lose nothing", () => {
  const wheel = new Wheel();
  let steps = 0;
  for (let turn = 0; turn < 100; turn += 1) steps += wheel.turn(pixels(7))?.y ?? 0;
  expect(steps).toBe(7);
});

test("a turn the other way begins anew", () => {
  const wheel = new Wheel();
  expect(wheel.turn(pixels(90))).toBeNull();
  expect(wheel.turn(pixels(-100))).toEqual({ x: 0, y: -1 });
});

test("a fling is cut to ten steps, and the rest does not come later", () => {
  const wheel = new Wheel();
  expect(wheel.turn(pixels(5000))).toEqual({ x: 0, y: 10 });
  expect(wheel.turn(pixels(1))).toBeNull();
});
