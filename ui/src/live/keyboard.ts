//! Keys and text of the live view: what a real keyboard does goes as keys, what an input method
//! makes goes as text.
import { type Bytes, message, MODIFIER } from "./wire";

/** A paste key waits at most this many ms for the local clipboard. */
const PASTE_LIMIT = 60;

interface HeldKey {
  location: number;
  code: string;
  key: string;
}

export class Keyboard {
  /** Keys that are down in the remote browser. */
  readonly #held = new Map<string, HeldKey>();
  #composing = false;
  /** A paste key that waits for the clipboard to go first. */
  #pastes: { send: () => void; timer: ReturnType<typeof setTimeout> } | null = null;
  /** The text that both clipboards have; null when that is not known. */
  #clipboard: string | null = null;

  constructor(private readonly send: (bytes: Bytes) => void) {}

  /** The remote clipboard's text is the local one now: it need not go back. */
  clipboardIs(text: string): void {
    this.#clipboard = text;
  }

  keyDown(event: KeyboardEvent): void {
    // The input method has the key; what comes of it arrives as text.
    if (event.isComposing || this.#composing || isInputMethods(event)) return;
    if (isPaste(event) && !event.repeat) {
      this.#flushPaste();
      // The default action must happen, for it brings the `paste` event.
      const facts = keyFacts(event);
      const send = (): void => {
        this.#press(event, facts);
      };
      this.#pastes = {
        send,
        timer: setTimeout(() => {
          this.#flushPaste();
        }, PASTE_LIMIT),
      };
      return;
    }
    event.preventDefault();
    this.#flushPaste();
    // Where the remote layout lacks it, it goes by way of the remote clipboard.
    if (/[^\x20-\x7e]/.test(event.key)) this.#clipboard = null;
    // X repeats a held key by itself.
    if (event.repeat && this.#held.has(identity(event))) return;
    this.#press(event, keyFacts(event));
  }

  keyUp(event: KeyboardEvent): void {
    this.#flushPaste();
    const id = identity(event);
    const held = this.#held.get(id);
    if (!held) return;
    event.preventDefault();
    this.#held.delete(id);
    this.send(message.key(false, modifiers(event), held.location, held.code, held.key));
  }

  paste(text: string): void {
    if (text !== "" && text !== this.#clipboard) {
      this.#clipboard = text;
      this.send(message.clipboard(text));
    }
    this.#flushPaste();
  }

  compositionStart(): void {
    this.#composing = true;
  }

  compositionEnd(text: string): void {
    this.#composing = false;
    this.#text(text);
  }

  /** Text that came without a key, such as from an emoji picker. */
  input(inputType: string, data: string | null): void {
    if (this.#composing || data === null || data === "") return;
    if (inputType === "insertText" || inputType === "insertReplacementText") {
      this.#text(data);
    }
  }

  #text(text: string): void {
    if (text === "") return;
    // It goes by way of the remote clipboard.
    this.#clipboard = null;
    this.send(message.text(text));
  }

  /** Lets go of everything. */
  blur(): void {
    if (this.#pastes) clearTimeout(this.#pastes.timer);
    this.#pastes = null;
    this.#composing = false;
    this.#held.clear();
    this.send(message.blur());
  }

  #press(event: KeyboardEvent, facts: HeldKey & { modifiers: number }): void {
    this.#held.set(identity(event), facts);
    this.send(message.key(true, facts.modifiers, facts.location, facts.code, facts.key));
  }

  #flushPaste(): void {
    const pastes = this.#pastes;
    if (!pastes) return;
    this.#pastes = null;
    clearTimeout(pastes.timer);
    pastes.send();
  }
}

function keyFacts(event: KeyboardEvent): HeldKey & { modifiers: number } {
  return {
    modifiers: modifiers(event),
    location: event.location,
    code: event.code,
    key: event.key,
  };
}

/** One key's down and up have the same place; keys of a virtual keyboard have only a name. */
function identity(event: KeyboardEvent): string {
  const { code, key } = event;
  return code !== "" && code !== "Unidentified" ? code : `key ${key}`;
}

function isInputMethods(event: KeyboardEvent): boolean {
  // 229 is what engines give for a key that an input method consumed.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  return event.key === "Process" || event.key === "Dead" || event.keyCode === 229;
}

function isPaste(event: KeyboardEvent): boolean {
  if (event.altKey || event.metaKey) return false;
  if (event.ctrlKey) return event.key.toLowerCase() === "v" || event.code === "KeyV";
  return event.shiftKey && event.key === "Insert";
}

export function modifiers(event: KeyboardEvent | MouseEvent): number {
  const altGraph = event.getModifierState("AltGraph");
  return (
    (event.shiftKey ? MODIFIER.shift : 0) |
    (event.ctrlKey ? MODIFIER.control : 0) |
    (event.altKey ? MODIFIER.alt : 0) |
    (event.metaKey ? MODIFIER.meta : 0) |
    (altGraph ? MODIFIER.altGraph : 0) |
    (event.getModifierState("CapsLock") ? MODIFIER.capsLock : 0) |
    (event.getModifierState("NumLock") ? MODIFIER.numLock : 0)
  );
}
