//! The words about engines in containers; a part of `texts.ts`.
import type { Encoder } from "./messages/Encoder";
import type { EndCause } from "./messages/EndCause";
import type { EngineFault } from "./messages/EngineFault";
import type { ImageUpdate } from "./messages/ImageUpdate";
import type { Looked } from "./messages/Looked";
import type { NodeLacks } from "./messages/NodeLacks";
import type { Stall } from "./messages/Stall";
import type { StartFailure } from "./messages/StartFailure";
import type { ProblemText } from "./texts";

/** The container engine of this machine, if it is what keeps every page from running. */
export function awayHere(nodes: NodeLacks[]): EngineFault | null {
  for (const { node, lacks } of nodes) {
    if (node.kind !== "host") continue;
    for (const lack of lacks) {
      if (lack.lack === "engine_away") return lack.fault;
    }
  }
  return null;
}

export function ended(node: string, end: EndCause): string {
  switch (end.cause) {
    case "exited":
      return end.code === null
        ? `The Chromium that ran this page on ${node} ended by itself.`
        : `The Chromium that ran this page on ${node} ended by itself (exit code ${end.code}).`;
    case "out_of_memory":
      return `The Chromium that ran this page on ${node} took more memory than it was given.`;
    case "killed":
      return `The Chromium that ran this page on ${node} was killed.`;
    case "removed":
      return `The container that ran this page on ${node} was removed.`;
    case "engine_restarted":
      return `The container engine on ${node} was stopped or started anew, and took Chromium along.`;
    case "unresponsive":
      return `The Chromium that ran this page on ${node} no longer did what it was asked.`;
  }
}

/** News of a newer image of the streamed browser. */
export function imageUpdate(update: ImageUpdate): string {
  switch (update.step) {
    case "offered":
      return "A newer version of the streamed browser is available.";
    case "fetching":
      return `Fetching the newer streamed browser: ${update.percent} %`;
    case "fetched":
      return "The newer streamed browser is used from the next start on. Pages that are open stay as they are.";
    case "failed":
      return "The newer streamed browser could not be fetched. The one that is there is still used.";
    case "rolled_back":
      return "The newer streamed browser did not start, so the former one is used again. Nothing was lost.";
  }
}

/** What came of a look for a newer image. */
export function looked(looked: Looked): string {
  switch (looked.found) {
    case "newest":
      return "The streamed browser is up to date.";
    case "newer":
      return "A newer version of the streamed browser is there.";
    case "fetching":
      return "The newer version is being fetched. Pages stay as they are meanwhile.";
    case "fetched":
      return "The newest version is fetched, and is used from the next start on.";
    case "given_up":
      return "The newest version did not start on this machine, and is not offered again. The next one will be.";
    case "unused":
      return "No version is in use yet. The first Streamed tab fetches the newest one.";
    case "fixed":
      return "Duotab was told to use one version, and no other.";
    case "unable":
      return "This container engine cannot check for newer versions, as Podman cannot.";
    case "failed":
      return `Duotab could not check for an update. ${unanswered(looked.failure)}`;
  }
}

function unanswered(failure: StartFailure): string {
  switch (failure.cause) {
    case "engine_away": {
      const away = engineAway(failure.fault);
      return `${away.body} ${away.remedy}${away.command ? ` ${away.command}` : ""}`;
    }
    case "image_missing":
      return `The registry does not have ${failure.image} any more.`;
    case "registry_denied":
      return `The registry does not let Duotab ask for ${failure.image}. Log in with “docker login”, then try again.`;
    case "registry_unreachable":
      return `The registry of ${failure.image} cannot be reached. See that this machine is online, then try again.`;
    case "refused":
      return `The container engine said: ${failure.detail}.`;
    default:
      return "Try again in a moment.";
  }
}

export function stalled(node: string, stall: Stall, here: boolean): ProblemText {
  switch (stall.stall) {
    case "paused":
      return {
        title: "Chromium is paused",
        body: `Somebody has paused the container that runs this page on ${node}.`,
        remedy: "Try again to let it go on. Nothing was lost.",
      };
    case "engine_away":
      return here ? engineAway(stall.fault) : awayThere(node);
    case "restarting":
      return {
        title: `Chromium is started anew on ${node}`,
        body: "It was killed, or its machine was away for a while, and the Swarm has it started again.",
        remedy: "Your page is opened again by itself, in some seconds. Your logins are kept.",
      };
  }
}

function awayThere(node: string): ProblemText {
  return {
    title: `${node} does not answer`,
    body: "The page runs there, and nobody can say how it is. It goes on by itself when the machine is back.",
    remedy: "See that the machine is on and in the network.",
  };
}

/** The command that starts the engine behind a socket: a person's own, or the machine's. */
function startCommand(socket: string): string {
  const own = socket.includes("/run/user/");
  if (socket.includes("podman")) {
    return own ? "systemctl --user start podman.socket" : "sudo systemctl start podman.socket";
  }
  return own ? "systemctl --user start docker" : "sudo systemctl start docker";
}

export function engineAway(fault: EngineFault): ProblemText {
  switch (fault.fault) {
    case "not_installed":
      return {
        title: "There is no container engine",
        body: "A streamed page was to run in a container, and neither Docker nor Podman was found.",
        remedy: "Install one, then try again:",
        command: "sudo apt install podman",
      };
    case "not_running":
      return {
        title: "The container engine is not running",
        body: `Nobody answers at ${fault.socket}.`,
        remedy: "Start it, then try again:",
        command: startCommand(fault.socket),
      };
    case "no_permission":
      return {
        title: "The container engine is not open to you",
        body: `You may not use ${fault.socket}.`,
        remedy:
          "Add yourself to its group, log in anew and try again. Whoever is in that group can become root:",
        command: "sudo usermod -aG docker $USER",
      };
    case "silent":
      return {
        title: "The container engine does not answer",
        body: `It took the question at ${fault.socket}, but gave no answer in time.`,
        remedy: "The machine may be very busy. Try again in a moment, or look at the engine's log.",
        command: "journalctl -u docker -n 50",
      };
    case "too_old":
      return {
        title: "The container engine is too old",
        body: `It speaks version ${fault.api} of the engine API; 1.41 (Docker 20.10, Podman 4) is needed.`,
        remedy: "Update it, then try again.",
      };
    case "bad_address":
      return {
        title: "The container engine's address cannot be used",
        body: `“${fault.address}” is no address of an engine that Duotab can ask.`,
        remedy: "Set DOCKER_HOST, or the current Docker context, to a unix:// or tcp:// address.",
      };
    case "ssh_missing":
      return {
        title: "SSH is not installed",
        body: "The worker is reached by SSH, and this machine has no SSH client.",
        remedy: "Install it, then try again:",
        command: "sudo apt install openssh-client",
      };
    case "host_unknown":
      return {
        title: `${fault.host} is not known yet`,
        body: "You have not accepted this machine's SSH key. Duotab does not accept it for you.",
        remedy: "Log in once, compare the key, and accept it; then try again:",
        command: `ssh ${fault.host}`,
      };
    case "host_key_changed":
      return {
        title: `${fault.host} has another SSH key than before`,
        body: "It was set up anew, or another machine answers in its place. Nothing was sent to it.",
        remedy: "If you know why, forget the former key, log in once and accept the new one:",
        command: `ssh-keygen -R ${fault.host.replace(/^.*@/, "")}`,
      };
    case "not_allowed":
      return {
        title: `${fault.host} does not let you in`,
        body: "It accepts neither your SSH keys nor your certificate.",
        remedy:
          "By SSH, this must work without a question; by TLS, look at the certificates' folder:",
        command: `ssh -o BatchMode=yes ${fault.host} true`,
      };
    case "unreachable":
      return {
        title: `${fault.host} cannot be reached`,
        body: fault.detail === "" ? "Nobody answers there." : fault.detail,
        remedy: "See whether it is switched on and on the network, then try again.",
      };
    case "certificate_bad":
      return {
        title: `${fault.host} and its certificate do not agree`,
        body: fault.detail,
        remedy:
          "Look at ca.pem, cert.pem and key.pem in the worker's folder, and at the clocks of both machines.",
      };
    case "node_down":
      return {
        title: `${fault.host} is down`,
        body: "It belongs to a Swarm, and the machine that manages the Swarm does not hear of it.",
        remedy:
          "See that it is on and in the network. What ran there is started again when it is back.",
      };
    case "node_closed":
      return {
        title: `${fault.host} takes no new work`,
        body: "Somebody has paused or drained this node of the Swarm.",
        remedy: `Make it available again where the Swarm is managed, by “docker node update --availability active ${fault.host}”.`,
      };
    case "port_closed":
      return {
        title: `${fault.host} cannot be reached from here`,
        body: `The Swarm has started Chromium there, but nothing gets through to port ${fault.port} of ${fault.host}.`,
        remedy:
          "Let this machine reach the ports 61000 to 65000 there, TCP and UDP, then try again.",
      };
    case "no_engine_there":
      return {
        title: `${fault.host} has no container engine`,
        body: "You are let in there, but neither Docker nor Podman was found.",
        remedy: "Install one there, then try again:",
        command: `ssh ${fault.host} sudo apt install docker.io`,
      };
  }
}

/** What encodes a streamed picture. */
export const encodedBy = (encoder: Encoder): string =>
  ({
    software: "Its picture is encoded by the processor",
    vaapi: "Its picture is encoded by the graphics card (VA-API)",
    nvidia: "Its picture is encoded by the graphics card (NVIDIA)",
    v4l2: "Its picture is encoded by the video encoder (V4L2)",
  })[encoder];
