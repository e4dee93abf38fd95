import { expect, test } from "vitest";
import { devicePixels, remotePoint, shownSize } from "./geometry";

const size = (width: number, height: number) => ({ width, height });

test("a picture is shown one to one while the screen has another size", () => {
  expect(shownSize(size(800, 600), size(1280, 720))).toEqual(size(800, 600));
  expect(shownSize(size(1280, 720), null)).toEqual(size(1280, 720));
});

test("a picture that the encoder rounded is not stretched", () => {
  expect(shownSize(size(1280, 720), size(1281, 721))).toEqual(size(1280, 720));
});

test("a picture that the server scaled fills the screen's size", () => {
  expect(shownSize(size(960, 540), size(1920, 1080))).toEqual(size(1920, 1080));
});

test("a place of the page is a remote pixel and never outside", () => {
  const shown = { left: 10, top: 80, width: 640, height: 360 };
  const screen = size(1280, 720);
  expect(remotePoint({ x: 10, y: 80 }, shown, screen)).toEqual({ x: 0, y: 0 });
  expect(remotePoint({ x: 11.5, y: 81 }, shown, screen)).toEqual({ x: 3, y: 2 });
  expect(remotePoint({ x: -50, y: 9999 }, shown, screen)).toEqual({ x: 0, y: 719 });
  expect(remotePoint({ x: 10, y: 10 }, { ...shown, width: 0 }, screen).x).toBe(0);
});

test("a size in device pixels follows the device's grid", () => {
  expect(devicePixels({ left: 0, top: 82, width: 1100, height: 618 }, 1)).toEqual(size(1100, 618));
  expect(devicePixels({ left: 0, top: 82.5, width: 333.3, height: 100 }, 1.5)).toEqual(
    size(500, 150),
  );
});
