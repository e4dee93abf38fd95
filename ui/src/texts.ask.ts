//! What the shell says when a page asks something, and about what was decided for its site.
import type { IconName } from "./icons";
import type { Ask } from "./messages/Ask";
import type { Wish } from "./messages/Wish";
import { modeName } from "./texts.tabs";

const wants: Record<Wish, string> = {
  location: "know where you are",
  notifications: "show notifications",
  camera: "use your camera",
  microphone: "use your microphone",
  clipboard: "read what you have copied",
  pointer: "take over the pointer",
  foreign_cookies: "use another site's cookies here",
  windows: "open other pages by itself",
};

const names: Record<Wish, string> = {
  location: "Location",
  notifications: "Notifications",
  camera: "Camera",
  microphone: "Microphone",
  clipboard: "Reading what you copied",
  pointer: "Pointer",
  foreign_cookies: "Cookies within other sites",
  windows: "Opening pages by itself, in Proxy tabs",
};

const who = (origin: string): string =>
  origin === "" ? "This page" : origin.replace(/^https:\/\//, "");

export const askTexts = {
  icon: (ask: Ask): IconName =>
    ({
      permission: "permission",
      alert: "speech",
      confirm: "speech",
      prompt: "speech",
      leave: "warn",
      files: "warn",
      program: "speech",
      window: "plus",
      hung: "warn",
      login: "permission",
    })[ask.question] as IconName,

  /** Who asks, and what. Names its origin, unless the window itself asks. */
  title: (ask: Ask): string => {
    const site = who(ask.origin);
    switch (ask.question) {
      case "permission":
        return `${site} wants to ${ask.wishes.map((wish) => wants[wish]).join(" and ")}`;
      case "alert":
      case "confirm":
      case "prompt":
        return `${site} says`;
      case "leave":
        return `Leave ${site}? What you typed there may be lost.`;
      case "files": {
        const { name, others } = ask;
        const lost =
          others === 0
            ? `“${name}”`
            : `“${name}” and ${others} more ${others === 1 ? "download" : "downloads"}`;
        return `Close Duotab now? What has come of ${lost} would be lost.`;
      }
      case "program":
        return ask.program === null
          ? `${site} leads to an address that no program here opens`
          : `${site} wants to open another program: ${ask.program}`;
      case "window":
        return `${site} wants to open another page`;
      case "hung":
        return `${site} does not respond`;
      case "login":
        return `${site} asks for a name and a password`;
    }
  },

  yes: (ask: Ask): string =>
    ({
      permission: "Allow",
      alert: "OK",
      confirm: "OK",
      prompt: "OK",
      leave: "Leave",
      files: "Close",
      program: ask.question === "program" && ask.program === null ? "OK" : "Open",
      window: "Open",
      hung: "Stop the page",
      login: "Log in",
    })[ask.question],

  no: (ask: Ask): string =>
    ({
      permission: "Block",
      alert: "Cancel",
      confirm: "Cancel",
      prompt: "Cancel",
      leave: "Stay",
      files: "Stay",
      program: "Cancel",
      window: "Do not open",
      hung: "Wait",
      login: "Cancel",
    })[ask.question],

  hung: "It has been busy for a while. You can wait, or stop it; what you typed there is lost then.",
  /** What an answer is remembered for. */
  remember: (ask: Ask): string =>
    ask.question === "window"
      ? "Remember this for every page that the site opens by itself"
      : "Remember this for the site",
  silence: "No more messages",
  answer: "Answer",
  user: "Name",
  password: "Password",
  /** What the server calls the place, in its words. */
  realm: (realm: string): string => `It says: “${realm}”`,
  again: "That name and password did not let you in. Try others, or cancel.",
  /** Who asks is not whose page it is. */
  around: (origin: string, page: string): string =>
    `You are on ${who(page)}, but that is not who asks: a part of its page comes from ${who(origin)}.`,
  unencrypted: "What you type here goes there unencrypted.",
};

export const siteTexts = {
  open: (security: string): string => `${security}. Press for what is decided for this site`,
  label: "About this site",
  title: (address: string): string => who(address),
  nothing: "Nothing is decided for this site yet. It asks before it uses anything of yours.",
  name: (wish: Wish): string => names[wish],
  /** `allowed` is null for what was allowed once. */
  state: (allowed: boolean | null, inUse: boolean): string => {
    if (allowed === null) return "Allowed once, used now";
    return allowed ? (inUse ? "Allowed, used now" : "Allowed") : "Blocked";
  },
  inUse: (uses: Wish[]): string =>
    `Uses your ${uses.map((wish) => names[wish].toLowerCase()).join(" and ")} now`,
  changeShort: (allowed: boolean): string => (allowed ? "Block" : "Allow"),
  change: (wish: Wish, allowed: boolean): string =>
    `${siteTexts.changeShort(allowed)} ${names[wish]}`,
  forget: (wish: Wish, once: boolean): string =>
    once ? `End the use of ${names[wish]}` : `Ask again about ${names[wish]}`,
  forgetShort: (once: boolean): string => (once ? "End it" : "Ask again"),
  carry: "Take along what I typed when the mode changes",
  cookies: "Take along my login when the mode changes",
  cookiesHint: "This site's cookies, and no others, go to the tab's other mode and back",
  unblocked: "Do not block ads and trackers here",
  unblockedHint: "From the next load on, this site's pages get what the block lists name",
  home: "Its name may lead into my own network",
  homeHint: "Pages of this profile reach what is there by this name",
  mode: "Opens in",
  modeAny: "The mode of the tab",
  modeName,
  close: "Close",
};
