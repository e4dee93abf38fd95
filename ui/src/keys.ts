//! The shell's shortcuts, as a pure table: a key event gives a verb or nothing.
//! The app has the same table for keys that a page's own webview receives.

import type { Direction } from "./messages/Direction";

/** What a shortcut asks for. */
export type Verb =
  | { verb: "open_tab" }
  | { verb: "open_private_tab" }
  | { verb: "close_tab" }
  | { verb: "reopen_tab" }
  | { verb: "focus_address" }
  | { verb: "downloads" }
  | { verb: "visits" }
  | { verb: "find" }
  | { verb: "find_step"; direction: Direction }
  | { verb: "reload" }
  | { verb: "reload_fresh" }
  | { verb: "next_tab" }
  | { verb: "previous_tab" }
  /** Counts from 0. */
  | { verb: "nth_tab"; index: number }
  | { verb: "last_tab" }
  | { verb: "move_tab"; by: 1 | -1 }
  | { verb: "go_back" }
  | { verb: "go_forward" }
  | { verb: "full_screen" }
  | { verb: "show_settings" }
  | { verb: "toggle_mode" }
  | { verb: "mute" }
  | { verb: "bookmark" }
  | { verb: "zoom_in" }
  | { verb: "zoom_out" }
  | { verb: "zoom_reset" };

/** The part of a `KeyboardEvent` that decides. */
export interface Chord {
  key: string;
  code: string;
  ctrlKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

/** The zoom steps, in percent. */
export const ZOOM = [
  25, 33, 50, 67, 75, 80, 90, 100, 110, 125, 150, 175, 200, 250, 300, 400, 500,
] as const;

const WITH_CONTROL: Record<string, Verb> = {
  t: { verb: "open_tab" },
  w: { verb: "close_tab" },
  l: { verb: "focus_address" },
  r: { verb: "reload" },
  ",": { verb: "show_settings" },
  f5: { verb: "reload_fresh" },
  f: { verb: "find" },
  j: { verb: "downloads" },
  h: { verb: "visits" },
  m: { verb: "mute" },
  d: { verb: "bookmark" },
  g: { verb: "find_step", direction: "forward" },
  tab: { verb: "next_tab" },
  pagedown: { verb: "next_tab" },
  pageup: { verb: "previous_tab" },
  "9": { verb: "last_tab" },
  "-": { verb: "zoom_out" },
  "+": { verb: "zoom_in" },
  "=": { verb: "zoom_in" },
  "0": { verb: "zoom_reset" },
};

const WITH_CONTROL_SHIFT: Record<string, Verb> = {
  t: { verb: "reopen_tab" },
  r: { verb: "reload_fresh" },
  n: { verb: "open_private_tab" },
  m: { verb: "toggle_mode" },
  g: { verb: "find_step", direction: "back" },
  tab: { verb: "previous_tab" },
  pagedown: { verb: "move_tab", by: 1 },
  pageup: { verb: "move_tab", by: -1 },
  "+": { verb: "zoom_in" },
  "=": { verb: "zoom_in" },
};

const WITH_ALT: Record<string, Verb> = {
  d: { verb: "focus_address" },
  arrowleft: { verb: "go_back" },
  arrowright: { verb: "go_forward" },
};

const ALONE: Record<string, Verb> = {
  f3: { verb: "find_step", direction: "forward" },
  f5: { verb: "reload" },
  f6: { verb: "focus_address" },
  f11: { verb: "full_screen" },
};

const WITH_SHIFT: Record<string, Verb> = {
  f3: { verb: "find_step", direction: "back" },
};

/**
 * The key's name in the tables. A layout without Latin letters, or without digits on the plain
 * level, is read by the key's place.
 */
function name(chord: Chord): string {
  const key = chord.key.toLowerCase();
  const place = /^(?:Key([A-Z])|Digit(\d))$/.exec(chord.code);
  const letter = place?.[1]?.toLowerCase();
  const digit = place?.[2];
  // On some layouts the minus sign is on a digit's place.
  if (digit !== undefined && !/^[-+=,]$/.test(key)) return digit;
  if (letter !== undefined && !/^[a-z]$/.test(key)) return letter;
  // Shift+Tab under X.
  return key === "iso_left_tab" || chord.code === "Tab" ? "tab" : key;
}

/** What `chord` asks for; null if the key is the page's. */
export function verbFor(chord: Chord): Verb | null {
  const key = name(chord);
  const { ctrlKey, shiftKey, altKey, metaKey } = chord;
  if (metaKey) return null;
  if (ctrlKey && !altKey) {
    const nth = /^[1-8]$/.test(key);
    if (nth && !shiftKey) return { verb: "nth_tab", index: Number(key) - 1 };
    const table = shiftKey ? WITH_CONTROL_SHIFT : WITH_CONTROL;
    return table[key] ?? null;
  }
  if (ctrlKey || (shiftKey && altKey)) return null;
  const table = altKey ? WITH_ALT : shiftKey ? WITH_SHIFT : ALONE;
  return table[key] ?? null;
}

/** The next step above `percent`. */
export function zoomIn(percent: number): number {
  return ZOOM.find((step) => step > percent) ?? 500;
}

/** The next step below `percent`. */
export function zoomOut(percent: number): number {
  return ZOOM.findLast((step) => step < percent) ?? 25;
}
