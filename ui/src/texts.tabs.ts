//! What the strip says of its tabs.
import type { Mode } from "./messages/Mode";

export const modeName = (mode: Mode): string => ({ proxy: "Proxy", streamed: "Streamed" })[mode];

export const tabTexts = {
  strip: "Tabs",
  new: "New tab",
  newHint: "New tab (Ctrl+T)",
  close: (title: string) => `Close “${title}”`,
  untitled: "New tab",
  sound: (sound: "sound" | "muted"): string => (sound === "muted" ? "muted" : "playing sound"),
  mute: (muted: boolean): string => (muted ? "Let it be heard (Ctrl+M)" : "Mute (Ctrl+M)"),
  asleep: "asleep, until you come back to it",
  menu: {
    new: "New tab",
    reload: "Reload",
    duplicate: "Duplicate",
    run: (mode: Mode): string => `Continue in ${modeName(mode)}`,
    mute: (muted: boolean): string => (muted ? "Let it be heard" : "Mute"),
    close: "Close",
    closeBehind: "Close those to the right",
    closeOthers: "Close all others",
    reopen: "Reopen the tab closed last",
  },
  spoken: (title: string, mode: Mode, state: "loading" | "problem" | "ready") =>
    [
      title,
      modeName(mode),
      ...(state === "loading" ? ["loading"] : state === "problem" ? ["has a problem"] : []),
    ].join(", "),
};
