//! Every word that the shell says, in one place. A translation is another object of this shape.
import type { Lack } from "./messages/Lack";
import type { Leg } from "./messages/Leg";
import type { Mode } from "./messages/Mode";
import type { NodeLacks } from "./messages/NodeLacks";
import type { NodeName } from "./messages/NodeName";
import type { Notice } from "./messages/Notice";
import type { Problem } from "./messages/Problem";
import type { Security } from "./messages/Security";
import type { Stage } from "./messages/Stage";
import { downloadTexts } from "./texts.download";
import { awayHere, ended, engineAway, stalled, imageUpdate, encodedBy } from "./texts.engine";
import { hostOf, pageFault } from "./texts.fault";
import { leftBehind, machineProblem, notMoved, setback } from "./texts.machine";
import { badNetwork } from "./texts.network";
import { bookmarkFault } from "./texts.bookmark";
import { badSearch } from "./texts.search";
import { sleepFixed } from "./texts.sleep";
import { modeName, tabTexts } from "./texts.tabs";
import { startFailed } from "./texts.start";
import { profileRefused, switchFixed } from "./texts.settings";

/** What a person reads about a problem. */
export interface ProblemText {
  /** What happened. */
  title: string;
  /** Where, and what it means. */
  body: string;
  /** What to do next. */
  remedy: string;
  /** Something to type in a terminal. */
  command?: string;
}

const gib = (mib: number): string => `${(mib / 1024).toFixed(1)} GiB`;

export const texts = {
  appName: "Duotab",
  cutOff: "Duotab's page cannot reach the app. Close the window and start Duotab again.",

  tabs: tabTexts,

  toolbar: {
    label: "Navigation",
    back: "Back",
    forward: "Forward",
    reload: "Reload",
    stop: "Stop loading",
    address: "Address or search words",
    placeholder: "Search or enter an address",
    zoom: (percent: number) => `${percent} %`,
    zoomReset: (percent: number) => `Zoom is ${percent} %. Press to set it back to 100 %`,
    node: (node: NodeName) => (node.kind === "host" ? "on this machine" : `on ${node.name}`),
    nodeSpoken: (node: NodeName) =>
      node.kind === "host"
        ? "The page runs in Chromium on this machine"
        : `The page runs in Chromium on ${node.name}`,
    encoder: encodedBy,
    security: (security: Security) =>
      ({
        secure: "The connection is secure",
        plain: "Not secure: what you send can be read on the way",
        unproven:
          "Encrypted, but nobody vouches for who is at the other end: you opened it all the same",
        internal: "No page yet",
        failed: "No page: this one could not be opened",
      })[security],
    notSecure: "Not secure",
    notOpened: "Not opened yet",
    settings: "Settings",
    settingsHint: "Settings (Ctrl+,)",
  },

  mode: {
    label: "Where this page runs",
    name: modeName,
    hint: (mode: Mode) =>
      ({
        proxy: "Proxy: in this window's own engine (Ctrl+Shift+M)",
        streamed: "Streamed: in a real Chromium, seen live (Ctrl+Shift+M)",
      })[mode],
    busy: (stage: Stage) => `Streamed: ${texts.stage.now(stage)}`,
  },

  newTab: {
    title: "Where do you want to go?",
    lead: "Type an address or search words above. Each tab runs in one of two ways, and you can change it at any time.",
    choose: "How this tab runs",
    proxy: "Light and quick, in this window's own engine. Good for reading.",
    streamed: "A real Chromium, seen as a live picture. For pages that need the real thing.",
    keys: "Ctrl+Shift+M changes the mode of a tab.",
    current: "This tab",
  },

  stage: {
    heading: (host: string) => (host === "" ? "Getting your page ready" : `Opening ${host}`),
    list: "Progress",
    name: (stage: Stage) =>
      ({
        placing: "Choosing a machine",
        starting: "Starting the engine",
        connecting: "Waiting for the picture",
        live: "Live",
        reconnecting: "Reconnecting",
      })[stage],
    now: (stage: Stage, node?: NodeName | null) => {
      const where = node ? ` ${texts.toolbar.node(node)}` : "";
      return {
        placing: "choosing a machine",
        starting: `starting the engine${where}`,
        connecting: `waiting for the picture${where}`,
        live: "live",
        reconnecting: "the picture was lost; reconnecting",
      }[stage];
    },
    fetching: (percent: number) => `fetching its image, ${percent} %`,
    state: (state: "done" | "current" | "waiting") =>
      ({ done: "done", current: "under way", waiting: "still to come" })[state],
    seconds: (ms: number) => (ms < 100 ? "< 0.1 s" : `${(ms / 1000).toFixed(1)} s`),
    chosen: (node: NodeName) => (node.kind === "host" ? "this machine" : node.name),
    slow: "This takes longer than usual. A browser's first start, or one from a slow disk, can take up to a minute.",
    cancel: "Cancel",
    cancelHint: "Stops here and goes back to Proxy. Nothing is left behind.",
    reconnecting: "The picture was lost. Reconnecting…",
  },

  live: {
    view: "Live page",
    hint: "Keys and the pointer go to the page. Ctrl+L goes back to the address.",
    noDecoder: "The picture cannot be shown",
    noDecoderBody: (codec: string) =>
      `This desktop has no decoder for ${codec} video. Install the GStreamer plugins and start Duotab again.`,
    noDecoderCommand: "sudo apt install gstreamer1.0-plugins-good gstreamer1.0-libav",
    textField: "Text for the live page",
  },

  notice: {
    strip: "Messages",
    dismiss: "Dismiss",
    update: "Update",
    again: "Try again",
    takeBack: "Use them again",
    leave: "Remove them…",
    leaveConfirm: (title: string, node: string): string =>
      `Remove the newer logins and data of “${title}” from ${node} for good? They are what it had when it was lost, and cannot be brought back. What its tabs use now stays.`,
    leaveYes: "Remove them for good",
    leaveNo: "Keep them",
    text: (notice: Notice): string => {
      switch (notice.code) {
        case "begun_anew":
          return downloadTexts.anew(notice.name, notice.why);
        case "engine_image":
          return imageUpdate(notice.update);
        case "not_moved":
          return notMoved(notice.title, notice.from, notice.to, notice.fault);
        case "left_behind":
          return leftBehind(notice.title, notice.node);
        case "print_kept":
          return `This desktop has no print dialog that Duotab can give a streamed page to. The page is in your downloads folder as “${notice.name}”, and was opened so that you can print it from there.`;
        case "sandbox_off":
          return "The streamed Chromium runs without its own sandbox: this machine does not let it have one. Only open pages you trust in Streamed.";
        case "store_set_aside":
          return `The saved tabs could not be read, so Duotab began afresh. The old file is kept at ${notice.path}.`;
        case "store_too_new":
          return `The saved tabs are from a newer Duotab, so this one began afresh. The newer file is kept at ${notice.path}.`;
        case "store_unavailable":
          return `Nothing can be saved (${notice.path}: ${notice.detail}). Duotab works, but forgets its tabs when it closes.`;
      }
    },
  },

  problem: {
    actions: {
      retry: "Try again",
      proxy: "Open in Proxy",
      streamed: "Open in Streamed",
      address: "Change the address",
      elsewhere: "Go on elsewhere",
      take: "Use them here",
      anyway: "Open it all the same",
      copy: "Copy",
      copied: "Copied",
    },
    details: "Show details",
    hideDetails: "Hide details",
    log: "Last lines of the log",
    nodes: "Machines that were looked at",
    lack: (lack: Lack): string => {
      switch (lack.lack) {
        case "total_memory":
          return `has ${gib(lack.has)} of memory, needs ${gib(lack.needs)}`;
        case "free_memory":
          return `has ${gib(lack.has)} of memory free, needs ${gib(lack.needs)}`;
        case "cores":
          return `has ${lack.has} ${lack.has === 1 ? "core" : "cores"}, needs ${lack.needs}`;
        case "architecture":
          return `there is no Chromium for its processor (${lack.has})`;
        case "engine":
          return `is not ready: ${lack.detail}`;
        case "engine_away":
          return `cannot be asked: ${engineAway(lack.fault).title}`;
        case "not_seen":
          return "has not answered lately";
        case "in_swarm":
          return "belongs to a Swarm, and pages run on the nodes of that";
        case "refused":
          return `has no room by its Swarm's own count: ${lack.detail}`;
        case "set_aside":
          return `is passed over for a while: ${setback(lack.setback)}`;
      }
    },
    nodeName: (node: NodeName) =>
      node.kind === "host" ? `${node.name} (this machine)` : node.name,
    /** `here`: it is about this machine. */
    text: (problem: Problem, here = true): ProblemText => {
      switch (problem.code) {
        case "no_capable_node": {
          const away = problem.nodes.length === 1 ? awayHere(problem.nodes) : null;
          if (away) return engineAway(away);
          if (problem.nodes.length > 0 && problem.nodes.every(isUnready)) {
            return unready(problem.nodes);
          }
          return {
            title: "No machine has room for this page",
            body:
              problem.nodes.length === 0
                ? "Duotab knows no machine that can run Chromium."
                : "A streamed page needs a machine with enough free memory and cores. Nothing was started.",
            remedy:
              "Close other programs or streamed tabs and try again, or read the page in Proxy.",
          };
        }
        case "node_gone":
          return {
            title: `${problem.node} is not there any more`,
            body: "The machine went away before the page could start. Nothing was started.",
            remedy: "Try again to let Duotab choose another machine, or open the page in Proxy.",
          };
        case "engine_unreachable":
          return {
            title: `${problem.node} does not answer`,
            body: `Chromium could not be started there: ${problem.detail}.`,
            remedy: "See that the machine is on and in the network, then try again.",
          };
        case "start_failed":
          return startFailed(problem.node, problem.failure);
        case "connection_lost":
          return {
            title: "The picture was lost",
            body: `The connection to ${problem.node} broke and did not come back: ${leg(problem.leg)}.`,
            remedy: "Your page is still there. Try again to connect anew, or open it in Proxy.",
          };
        case "engine_ended":
          return {
            title: "Chromium ended",
            body: ended(problem.node, problem.end),
            remedy: "Try again to start it anew. Your logins and tabs are kept.",
          };
        case "engine_stalled":
          return stalled(problem.node, problem.stall, here);
        case "page_crashed":
          return {
            title: "This page crashed",
            body: "Only this page is affected; your other tabs go on.",
            remedy: "Load it again. If it crashes each time, try it in the other mode.",
          };
        case "around_exit":
          return {
            title: "A stream would go around this profile's way out",
            body: `Proxy tabs of this profile leave by ${problem.exit} (Settings, Network). A streamed page leaves straight from the machine that it runs on: sites would see where that is.`,
            remedy:
              "Stay in Proxy mode, or open it all the same: then this profile's streams are not asked about again until Duotab is closed.",
          };
        case "page_stopped":
          return {
            title: "You stopped this page",
            body: "It did not respond any more. Your other tabs go on.",
            remedy: "Load it again. If it hangs each time, try it in the other mode.",
          };
        case "page_failed":
          return problem.fault
            ? pageFault(problem.fault, hostOf(problem.url))
            : {
                title: "This page cannot be opened",
                body: "The page did not load.",
                remedy: "Try again, or open it in the other mode.",
              };
        case "bad_address":
          return {
            title: "This is not an address that can be opened",
            body: `“${problem.input}”`,
            remedy: "Look for a slip in the address and try again.",
          };
        case "cancelled":
          return {
            title: "Cancelled",
            body: "Starting the streamed page was cancelled. Nothing was left behind.",
            remedy: "You can try again at any time.",
          };
        case "store_failed":
          return {
            title: "Nothing could be saved",
            body: `${problem.path}: ${problem.detail}.`,
            remedy:
              "See that the disk has space and that the folder can be written, then try again.",
          };
        case "unknown_tab":
          return {
            title: "This tab is closed",
            body: "What you asked for belongs to a tab that is not there any more.",
            remedy: "Reopen it with Ctrl+Shift+T.",
          };
        case "unknown_profile":
        case "profile_busy":
        case "profile_in_use":
          return profileRefused(problem);
        case "profile_away":
        case "move_failed":
        case "bad_machine":
        case "machine_known":
        case "unknown_machine":
        case "machine_in_use":
          return machineProblem(problem);
        case "switch_fixed":
          return switchFixed(problem.switch);
        case "bad_network":
          return badNetwork(problem.fault);
        case "sleep_fixed":
          return sleepFixed;
        case "bookmark_file":
          return bookmarkFault(problem.path, problem.fault);
        case "bad_search":
          return badSearch(problem.input);
        case "closing":
          return {
            title: "Duotab is closing",
            body: "Nothing new is started now.",
            remedy: "Start Duotab again to go on.",
          };
      }
    },
  },
};

function leg(leg: Leg): string {
  return {
    engine: "the engine stopped answering",
    signalling: "the engine's control channel closed",
    media: "no picture arrived",
    page_control: "the page control closed",
  }[leg];
}

function isUnready({ lacks }: NodeLacks): boolean {
  return lacks.some(({ lack }) => lack === "engine");
}

function unready(nodes: NodeLacks[]): ProblemText {
  const here = nodes.some(({ node }) => node.kind === "host");
  return {
    title: "No machine is ready for this page",
    body: "A streamed page runs in a real Chromium, and no machine is set up for it. Nothing was started.",
    remedy: here
      ? "Install what is missing and try again, or read the page in Proxy."
      : "See that the machines are on and in the network, then try again.",
    ...(here ? { command: "sudo apt install chromium xvfb" } : {}),
  };
}
