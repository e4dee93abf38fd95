import { describe, expect, test } from "vitest";
import { type Chord, type Verb, verbFor, zoomIn, zoomOut } from "./keys";

/** Reads `Ctrl+Shift+t`; a code can follow after a space. */
function chord(text: string): Chord {
  const [keys = "", code = ""] = text.split(" ");
  const parts = keys.split(/\+(?=.)/);
  const key = parts.pop() ?? "";
  return {
    key,
    code,
    ctrlKey: parts.includes("Ctrl"),
    shiftKey: parts.includes("Shift"),
    altKey: parts.includes("Alt"),
    metaKey: parts.includes("Meta"),
  };
}

describe("the shell's shortcuts", () => {
  const table: [string, Verb][] = [
    ["Ctrl+t", { verb: "open_tab" }],
    ["Ctrl+w", { verb: "close_tab" }],
    ["Ctrl+l", { verb: "focus_address" }],
    ["Ctrl+r", { verb: "reload" }],
    ["Ctrl+Shift+R", { verb: "reload_fresh" }],
    ["Ctrl+F5", { verb: "reload_fresh" }],
    ["Alt+d", { verb: "focus_address" }],
    ["F6", { verb: "focus_address" }],
    ["F5", { verb: "reload" }],
    ["F11", { verb: "full_screen" }],
    ["Ctrl+,", { verb: "show_settings" }],
    ["Ctrl+f", { verb: "find" }],
    ["Ctrl+j", { verb: "downloads" }],
    ["Ctrl+h", { verb: "visits" }],
    ["Ctrl+m", { verb: "mute" }],
    ["F3", { verb: "find_step", direction: "forward" }],
    ["Shift+F3", { verb: "find_step", direction: "back" }],
    ["Ctrl+g", { verb: "find_step", direction: "forward" }],
    ["Ctrl+Shift+G", { verb: "find_step", direction: "back" }],
    ["Ctrl+Tab Tab", { verb: "next_tab" }],
    ["Ctrl+Shift+Tab Tab", { verb: "previous_tab" }],
    ["Ctrl+Shift+ISO_Left_Tab Tab", { verb: "previous_tab" }],
    ["Ctrl+PageDown", { verb: "next_tab" }],
    ["Ctrl+PageUp", { verb: "previous_tab" }],
    ["Ctrl+Shift+PageDown", { verb: "move_tab", by: 1 }],
    ["Ctrl+Shift+PageUp", { verb: "move_tab", by: -1 }],
    ["Ctrl+1 Digit1", { verb: "nth_tab", index: 0 }],
    ["Ctrl+8 Digit8", { verb: "nth_tab", index: 7 }],
    ["Ctrl+9 Digit9", { verb: "last_tab" }],
    ["Ctrl+Shift+T", { verb: "reopen_tab" }],
    ["Ctrl+Shift+N", { verb: "open_private_tab" }],
    ["Ctrl+Shift+M", { verb: "toggle_mode" }],
    ["Alt+ArrowLeft", { verb: "go_back" }],
    ["Alt+ArrowRight", { verb: "go_forward" }],
    ["Ctrl++ Equal", { verb: "zoom_in" }],
    ["Ctrl+Shift++ Equal", { verb: "zoom_in" }],
    ["Ctrl+= Equal", { verb: "zoom_in" }],
    ["Ctrl+- Minus", { verb: "zoom_out" }],
    ["Ctrl+0 Digit0", { verb: "zoom_reset" }],
    ["Ctrl+0 Numpad0", { verb: "zoom_reset" }],
    ["Ctrl+- Digit6", { verb: "zoom_out" }],
  ];
  test.each(table)("%s asks for its verb", (text, verb) => {
    expect(verbFor(chord(text))).toEqual(verb);
  });

  test("a layout without Latin letters is read by the key's place", () => {
    expect(verbFor(chord("Ctrl+е KeyT"))).toEqual({ verb: "open_tab" });
  });

  test("a Latin layout is read by the letter, not by the place", () => {
    expect(verbFor(chord("Ctrl+w KeyZ"))).toEqual({ verb: "close_tab" });
  });

  test("a layout with digits on the shifted level is read by the key's place", () => {
    expect(verbFor(chord("Ctrl+é Digit2"))).toEqual({ verb: "nth_tab", index: 1 });
  });

  test.each([
    "t",
    "Shift+T",
    "Ctrl+c",
    "Ctrl+v",
    "Ctrl+a",
    "Ctrl+Alt+t",
    "Alt+t",
    "Tab Tab",
    "Shift+Tab Tab",
    "ArrowLeft",
    "Ctrl+ArrowLeft",
    "Meta+l",
    "Shift+F5",
    "Ctrl+Insert Numpad0",
    "1 Digit1",
    "Alt+1 Digit1",
  ])("%s reaches the page", (text) => {
    expect(verbFor(chord(text))).toBeNull();
  });
});

test("zoom goes from step to step and stops at both ends", () => {
  expect([zoomIn(100), zoomIn(101), zoomIn(500)]).toEqual([110, 110, 500]);
  expect([zoomOut(100), zoomOut(101), zoomOut(25)]).toEqual([90, 100, 25]);
});
