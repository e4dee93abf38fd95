import { describe, expect, test } from "vitest";
import { message, readMessage } from "./wire";

const bytes = (...all: number[]): ArrayBuffer => new Uint8Array(all).buffer;

describe("messages from the lane", () => {
  test("a frame carries its flags, codec, sequence, time and data", () => {
    const frame = bytes(1, 1, 2, 0, 0, 1, 44, 0, 0, 0, 1, 0, 0, 0, 9, 7, 8, 9);
    expect(readMessage(frame)).toEqual({
      op: "frame",
      key: true,
      codec: "h264",
      sequence: 300,
      time: 0x1_0000_0009,
      data: new Uint8Array([7, 8, 9]),
    });
  });

  test("a delta frame is no key frame", () => {
    const frame = bytes(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect(readMessage(frame)).toMatchObject({ key: false, codec: "vp8" });
  });

  test("a cursor image carries its size, hot spot and PNG", () => {
    expect(readMessage(bytes(2, 0, 24, 0, 25, 0, 3, 0, 4, 137, 80))).toEqual({
      op: "cursor_image",
      width: 24,
      height: 25,
      hotX: 3,
      hotY: 4,
      png: new Uint8Array([137, 80]),
    });
  });

  test("positions, sizes, resets, clipboard and audio are read", () => {
    expect(readMessage(bytes(3, 1, 0, 0, 2))).toEqual({ op: "cursor_position", x: 256, y: 2 });
    expect(readMessage(bytes(4, 5, 0, 2, 208))).toEqual({
      op: "screen",
      width: 1280,
      height: 720,
    });
    expect(readMessage(bytes(5, 0, 0, 0, 7))).toEqual({ op: "reset", session: 7 });
    expect(readMessage(bytes(6, 0xc3, 0x9f))).toEqual({ op: "clipboard", text: "ß" });
    expect(readMessage(bytes(7, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 5, 1))).toEqual({
      op: "audio",
      session: 3,
      time: 5,
      data: new Uint8Array([1]),
    });
  });

  test.each([
    ["nothing", bytes()],
    ["an unknown kind", bytes(99, 1, 2)],
    ["a frame cut short", bytes(1, 1, 0, 0)],
    ["an unknown codec", bytes(1, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ["a cursor cut short", bytes(2, 0, 1)],
    ["a position too long", bytes(3, 0, 0, 0, 0, 0)],
    ["a screen cut short", bytes(4, 0)],
    ["a reset cut short", bytes(5)],
    ["clipboard bytes that are no text", bytes(6, 0xff)],
    ["audio cut short", bytes(7, 0)],
  ])("%s is refused", (_, buffer) => {
    expect(readMessage(buffer)).toBeNull();
  });

  test("no bytes make the reader fail", () => {
    let seed = 20_26;
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff) >> 8;
    for (let round = 0; round < 5000; round += 1) {
      const noise = Array.from({ length: random() % 40 }, () => random() & 255);
      expect(() => readMessage(bytes(...noise)), `bytes ${noise.join()}`).not.toThrow();
    }
  });
});

describe("messages to the lane", () => {
  test.each([
    ["a move", message.move(300, 2), [1, 1, 44, 0, 2]],
    ["a move out of range", message.move(-5, 70_000), [1, 0, 0, 255, 255]],
    ["a scroll", message.scroll(-1, 2, true), [2, 255, 255, 0, 2, 1]],
    ["a key", message.key(true, 3, 1, "KeyA", "ä"), [3, 1, 3, 1, 4, 75, 101, 121, 65, 195, 164]],
    ["a button", message.button(false, 2, 1, 258), [4, 0, 2, 0, 1, 1, 2]],
    ["text", message.text("€"), [5, 0xe2, 0x82, 0xac]],
    ["a blur", message.blur(), [6]],
    ["a viewport", message.viewport(1280, 720, 1.25), [7, 5, 0, 2, 208, 0, 125]],
    ["a wish for a key frame", message.needKeyframe(), [8]],
    ["a painted frame", message.painted(0xffff_ffff, 3), [9, 255, 255, 255, 255, 0, 3]],
    ["clipboard text", message.clipboard("a"), [10, 97]],
  ])("%s has the bytes of the contract", (_, written, expected) => {
    expect([...written]).toEqual(expected);
  });
});
