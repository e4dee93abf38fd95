import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Keyboard } from "./keyboard";

const sent: string[] = [];
let keyboard: Keyboard;

beforeEach(() => {
  vi.useFakeTimers();
  sent.length = 0;
  keyboard = new Keyboard((bytes) => {
    const text = new TextDecoder();
    const [op, down, modifiers] = bytes;
    const code = 5 + (bytes[4] ?? 0);
    if (op === 3) {
      const name = `${text.decode(bytes.slice(5, code))} ${text.decode(bytes.slice(code))}`;
      sent.push(`${down ? "down" : "up"} ${name}${modifiers ? ` +${modifiers}` : ""}`);
    } else {
      const kind = { 5: "text", 6: "blur", 10: "clipboard" }[op ?? 0] ?? "?";
      sent.push(`${kind} ${text.decode(bytes.slice(1))}`.trim());
    }
  });
});
afterEach(() => vi.useRealTimers());

function event(key: string, code: string, more: Partial<KeyboardEvent> = {}): KeyboardEvent {
  return {
    key,
    code,
    location: 0,
    repeat: false,
    isComposing: false,
    ctrlKey: false,
    shiftKey: false,
    altKey: false,
    metaKey: false,
    getModifierState: () => false,
    preventDefault: () => undefined,
    ...more,
  } as KeyboardEvent;
}

test("a key goes down and up with its modifiers; repeats are left to the remote side", () => {
  keyboard.keyDown(event("A", "KeyA", { shiftKey: true }));
  keyboard.keyDown(event("A", "KeyA", { shiftKey: true, repeat: true }));
  keyboard.keyUp(event("a", "KeyA"));
  expect(sent).toEqual(["down KeyA A +1", "up KeyA A"]);
});

test("a key that was not sent down is not sent up", () => {
  keyboard.keyUp(event("t", "KeyT", { ctrlKey: true }));
  expect(sent).toEqual([]);
});

test("composed text goes as text, and its keys do not go", () => {
  keyboard.keyDown(event("Process", "KeyN"));
  keyboard.compositionStart();
  keyboard.keyDown(event("i", "KeyI", { isComposing: true }));
  keyboard.input("insertCompositionText", "に");
  keyboard.compositionEnd("に");
  keyboard.keyUp(event("i", "KeyI"));
  expect(sent).toEqual(["text に"]);
});

test("text without a key goes as text", () => {
  keyboard.input("insertText", "🙂");
  keyboard.input("insertFromComposition", "x");
  keyboard.input("deleteContentBackward", null);
  expect(sent).toEqual(["text 🙂"]);
});

test("the local clipboard goes before the key that pastes it, and only when it is new", () => {
  const ctrl = { ctrlKey: true };
  keyboard.keyDown(event("v", "KeyV", ctrl));
  keyboard.paste("abc");
  keyboard.keyUp(event("v", "KeyV", ctrl));
  keyboard.keyDown(event("v", "KeyV", ctrl));
  keyboard.paste("abc");
  expect(sent).toEqual(["clipboard abc", "down KeyV v +2", "up KeyV v +2", "down KeyV v +2"]);
});

test("after text that took the remote clipboard the local one goes again", () => {
  const ctrl = { ctrlKey: true };
  keyboard.clipboardIs("abc");
  keyboard.input("insertText", "🙂");
  keyboard.keyDown(event("v", "KeyV", ctrl));
  keyboard.paste("abc");
  expect(sent).toEqual(["text 🙂", "clipboard abc", "down KeyV v +2"]);
});

test("a paste key goes also when no clipboard comes, before its own release", () => {
  const ctrl = { ctrlKey: true };
  keyboard.keyDown(event("v", "KeyV", ctrl));
  vi.advanceTimersByTime(100);
  expect(sent).toEqual(["down KeyV v +2"]);
  keyboard.keyUp(event("v", "KeyV", ctrl));
  keyboard.keyDown(event("v", "KeyV", ctrl));
  keyboard.keyUp(event("v", "KeyV", ctrl));
  expect(sent.slice(2)).toEqual(["down KeyV v +2", "up KeyV v +2"]);
});

test("a blur lets go of everything, also of a paste that waits", () => {
  keyboard.keyDown(event("a", "KeyA"));
  keyboard.keyDown(event("v", "KeyV", { ctrlKey: true }));
  keyboard.blur();
  vi.advanceTimersByTime(100);
  keyboard.keyUp(event("a", "KeyA"));
  expect(sent).toEqual(["down KeyA a", "blur"]);
});
