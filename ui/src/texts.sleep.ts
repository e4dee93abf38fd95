//! What the shell says about pages that sleep.
import type { SleepAfter } from "./messages/SleepAfter";

export const sleepTexts = {
  title: "Background tabs",
  lead: "A Proxy tab that you have not looked at for a while is put to sleep: its page gives back its memory, and comes back where it was when you return to the tab. A page stays awake while it plays sound, records, asks you something, loads, or has something typed into it, and while a file is being downloaded.",
  label: "Let background tabs sleep after",
  after: {
    soon: "5 minutes",
    half_hour: "30 minutes",
    hours: "2 hours",
    never: "Never",
  } satisfies Record<SleepAfter, string>,
  fixed:
    "Set by DUOTAB_SLEEP_AFTER, with which Duotab was started. Start it without that to change this here.",
};

/** Why the choice stays as it is. */
export const sleepFixed = {
  title: "This is set elsewhere",
  body: "Duotab was started with DUOTAB_SLEEP_AFTER in its environment.",
  remedy: "Start Duotab without it to change this in the settings.",
};
