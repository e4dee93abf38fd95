//! What the settings say.
import type { Colour } from "./messages/Colour";
import type { DataWork } from "./messages/DataWork";
import type { Problem } from "./messages/Problem";
import type { ProfileFault } from "./messages/ProfileFault";
import type { ProfileView } from "./messages/ProfileView";
import type { StreamingView } from "./messages/StreamingView";
import type { Switch } from "./messages/Switch";
import { engineAway, looked } from "./texts.engine";
import { taken } from "./texts.start";

/** Bytes as people read them. */
export function size(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let at = 0;
  let amount = bytes;
  while (amount >= 1000 && at < units.length - 1) {
    amount /= 1000;
    at += 1;
  }
  const digits = at === 0 || amount >= 100 ? 0 : 1;
  return `${amount.toFixed(digits)} ${units[at] ?? ""}`;
}

const count = (tabs: number) => (tabs === 1 ? "1 tab" : `${tabs} tabs`);

export const settingsTexts = {
  title: "Settings",
  close: "Close settings",
  closeHint: "Close settings (Esc)",
  sections: "Sections",

  profiles: {
    title: "Profiles and browsing data",
    lead: "Each profile has cookies, logins and site data of its own, in Proxy tabs as in Streamed tabs. They stay on your own machines.",
    facts: (profile: ProfileView) =>
      [
        profile.bytes === null
          ? null
          : profile.bytes === 0
            ? "no Chromium data yet"
            : `${size(profile.bytes)} of Chromium data`,
        profile.tabs === 0 ? "no tabs" : count(profile.tabs),
        profile.in_use ? "Chromium is running" : null,
      ]
        .filter((fact) => fact !== null)
        .join(" · "),
    name: "Name",
    colour: "Colour",
    colours: {
      grey: "Grey",
      blue: "Blue",
      green: "Green",
      yellow: "Yellow",
      orange: "Orange",
      red: "Red",
      pink: "Pink",
      purple: "Purple",
    } satisfies Record<Colour, string>,
    create: "New profile",
    createName: "Name of the new profile",
    add: "Add profile",
    edit: "Edit",
    save: "Save",
    keep: "Cancel",
    newTab: "New tab",
    export: "Export…",
    import: "Import…",
    clear: "Clear…",
    delete: "Delete…",
    actions: (title: string) => `What can be done with ${title}`,
    file: (title: string) => `${title.replace(/[^\p{L}\p{N} _-]/gu, "")} profile.tar`,
    cancel: "Cancel",
    dismiss: "Dismiss",
    private:
      "A private tab (Ctrl+Shift+N) keeps nothing: with the last one, its cookies, data and history are gone.",
    choose: "Profile of this tab",
    spoken: (title: string) => `profile ${title}`,
    confirm: (work: DataWork["work"], profile: ProfileView): { text: string; button: string } => {
      const ends = profile.in_use
        ? " Its Chromium is closed first; its pages come back afterwards."
        : "";
      switch (work) {
        case "clear":
          return {
            text: `Clear cookies and site data of “${profile.title}”? You are signed out everywhere; bookmarks and history stay.${ends}`,
            button: "Clear data",
          };
        case "delete":
          return {
            text: `Delete “${profile.title}” with all its data?${profile.tabs > 0 ? ` Its ${count(profile.tabs)} will be closed.` : ""} This cannot be undone.`,
            button: "Delete profile",
          };
        case "import":
          return {
            text: `Replace the Chromium data of “${profile.title}” by those of a file? What it has now is lost.${ends}`,
            button: "Choose a file…",
          };
        case "export":
          return {
            text: `Write the Chromium data of “${profile.title}” to a file? Whoever has that file is signed in as you.${ends}`,
            button: "Choose a file…",
          };
        case "move":
        case "measure":
          return { text: "", button: "" };
      }
    },
    working: (work: DataWork["work"]) =>
      ({
        measure: "Measuring…",
        export: "Exporting…",
        import: "Importing…",
        clear: "Clearing…",
        delete: "Deleting…",
        move: "Moving to another machine…",
      })[work],
    progress: (done: number, total: number) => `${size(done)} of ${size(total)}`,
    done: (work: DataWork) => {
      switch (work.work) {
        case "export":
          return `Exported to ${work.path}.`;
        case "import":
          return `Imported from ${work.path}.`;
        case "clear":
          return "Cookies and site data are cleared.";
        case "delete":
        case "move":
        case "measure":
          return "Done.";
      }
    },
    fault,
  },

  streaming: {
    title: "Streaming",
    lead: "How the Chromium of Streamed tabs is run. A change holds for browsers that start from now on; pages that are open stay as they are.",
    switches: {
      standby: {
        title: "Keep one browser ready",
        text: "The next Streamed tab shows its page within about a second. It takes the memory of one more browser, and is left out where memory is short.",
      },
      home_closed: {
        title: "Keep streamed browsers off the home network",
        text: "Their pages reach the Internet, but no private address: not this machine, not the router, not a printer.",
      },
    } satisfies Record<Switch, { title: string; text: string }>,
    /** What a switch needs that is not there: it does nothing, whatever it was left at. */
    lacks: (which: Switch, view: StreamingView): string | null =>
      which === "home_closed" && !view.contained
        ? "This needs Docker or Podman. Without them, a streamed browser shares this machine's network."
        : null,
    /** Why a switch cannot be used here. */
    fixed: (which: Switch, view: StreamingView): string | null =>
      view[which].fixed
        ? `Set by ${VARIABLES[which]}, with which Duotab was started. Start it without that to change this here.`
        : null,
    update: "Streamed browser",
    updateText: "Duotab checks for a newer version once a day.",
    look: "Check for an update",
    looking: "Checking…",
    fetch: "Update",
    looked,
  },
};

const VARIABLES: Record<Switch, string> = {
  standby: "DUOTAB_STANDBY",
  home_closed: "DUOTAB_HOME_NETWORK",
};

/** Why a switch stays as it is. */
export function switchFixed(which: Switch): { title: string; body: string; remedy: string } {
  return {
    title: "This is set elsewhere",
    body: `Duotab was started with ${VARIABLES[which]} in its environment.`,
    remedy: "Start Duotab without it to change this in the settings.",
  };
}

/** What went wrong, and what to do. */
function fault(fault: ProfileFault): string {
  switch (fault.cause) {
    case "disk_full": {
      const place = fault.path ?? "the container engine's disk";
      const sizes =
        fault.needs > 0 ? ` (${size(fault.needs)} needed, ${size(fault.has)} free)` : "";
      return `There is no room in ${place}${sizes}. Make some room and try again; nothing was changed.`;
    }
    case "no_permission":
      return `${fault.path} may not be read or written. Choose another place, or change its permissions.`;
    case "not_there":
      return `${fault.path} is not there. Choose another place.`;
    case "not_ours":
      return `${fault.path} is not an export of a Duotab profile. Nothing was changed.`;
    case "incomplete":
      return `A part of ${fault.path} is missing. Copy it again from where it came; nothing was changed.`;
    case "too_large":
      return `${fault.path} holds more than a profile can. Nothing was changed.`;
    case "empty":
      return "There is nothing to export yet: this profile has had no Streamed tab.";
    case "in_use":
      return "Another program is using the data. Close it and try again.";
    case "taken":
      return `${taken(fault.by)} Open a Streamed tab of this profile to take them over. Nothing was changed.`;
    case "engine_away": {
      const away = engineAway(fault.fault);
      return `${away.body} ${away.remedy}${away.command ? ` ${away.command}` : ""}`;
    }
    case "unfinished":
      return `It was begun and is not finished: ${fault.detail}. Try again, or it is finished when the profile is used next.`;
    case "failed":
      return `It could not be done: ${fault.detail}. Nothing was changed; try again.`;
  }
}

type Refusal = Extract<Problem, { code: "unknown_profile" | "profile_busy" | "profile_in_use" }>;

/** Why something asked of a profile was refused. */
export function profileRefused(problem: Refusal): { title: string; body: string; remedy: string } {
  switch (problem.code) {
    case "unknown_profile":
      return {
        title: "This profile is not there any more",
        body: "It was deleted.",
        remedy: "Choose another one in the settings.",
      };
    case "profile_busy":
      return {
        title: `“${problem.title}” is busy`,
        body: "Something else is being done with its data.",
        remedy: "Wait until it is done, or cancel it in the settings.",
      };
    case "profile_in_use":
      return {
        title: `“${problem.title}” is in use`,
        body: "A Streamed tab has its data.",
        remedy: "Close its Streamed tabs, or let the settings do it.",
      };
  }
}
