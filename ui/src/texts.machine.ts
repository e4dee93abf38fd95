//! The words about machines; a part of `texts.ts`.
import type { AddressFlaw } from "./messages/AddressFlaw";
import type { EngineContext } from "./messages/EngineContext";
import type { EngineFault } from "./messages/EngineFault";
import type { Lack } from "./messages/Lack";
import type { MachineView } from "./messages/MachineView";
import type { MoveView } from "./messages/MoveView";
import type { NodeName } from "./messages/NodeName";
import type { Problem } from "./messages/Problem";
import type { ProfileFault } from "./messages/ProfileFault";
import type { Setback } from "./messages/Setback";
import type { StartFailure } from "./messages/StartFailure";
import type { WorkerAddress } from "./messages/WorkerAddress";
import { engineAway } from "./texts.engine";
import { limits } from "./texts.limits";
import { settingsTexts, size } from "./texts.settings";

interface Words {
  title: string;
  body: string;
  remedy: string;
}

export const gib = (mib: number): string => `${(mib / 1024).toFixed(1)} GiB`;

/** What came of the last start on a machine, as the end of a sentence. */
export function setback(setback: Setback): string {
  switch (setback.kind) {
    case "failed":
      return failed(setback.failure);
    case "unreachable":
      return "its engine did not answer";
    case "gone":
      return "it was gone when a browser was to be started there";
    case "ended":
      return "the browser that was started there last ended before it had a picture";
  }
}

export function failed(failure: StartFailure): string {
  switch (failure.cause) {
    case "disk_full":
    case "engine_disk_full":
      return "its disk is full";
    case "image_missing":
      return "it has not got the browser's image, and nobody has it to give";
    case "registry_denied":
      return "the registry does not let it have the browser's image";
    case "registry_unreachable":
      return "it cannot fetch the browser's image: it does not reach the registry";
    case "timed_out":
      return "the browser that was started there last was not ready in time";
    case "engine_away":
      return "its container engine cannot be asked";
    case "refused":
      return `its container engine refused: ${failure.detail}`;
    case "no_room":
      return "its Swarm has no room there";
    case "browser_missing":
    case "display_server_missing":
    case "program_missing":
    case "read_only":
    case "port_taken":
    case "profile_in_use":
    case "profile_taken":
    case "exited":
      return "the browser could not be started there";
  }
}

/** Problems that are about machines. */
export type MachineProblem = Problem & {
  code:
    | "profile_away"
    | "move_failed"
    | "bad_machine"
    | "machine_known"
    | "unknown_machine"
    | "machine_in_use";
};

export function machineProblem(problem: MachineProblem): Words {
  switch (problem.code) {
    case "profile_away":
      return {
        title: `${problem.node} does not answer`,
        body: `The logins and data of “${problem.title}” are on ${problem.node}, so its Streamed tabs run there.`,
        remedy: "See that the machine is on and in the network; the page comes by itself then.",
      };
    case "move_failed":
      return {
        title: `The data did not get to ${problem.to}`,
        body: `The page was to run on ${problem.to}, with its logins and data, which are on ${problem.from}. ${whyNotMoved(problem.fault)}`,
        remedy: `Nothing was lost: they are still on ${problem.from}. Try again, or open the page in Proxy.`,
      };
    case "bad_machine":
      return { title: "That is no address of a machine", body: "", remedy: flaw(problem.flaw) };
    case "machine_known":
      return {
        title: `That machine is here already, as “${problem.node}”`,
        body: "",
        remedy: "Give another address, or use the one that is there.",
      };
    case "unknown_machine":
      return {
        title: "That machine is not on the list any more",
        body: "",
        remedy: "Add it anew to use it.",
      };
    case "machine_in_use":
      return {
        title: `${problem.node} is in use`,
        body: "",
        remedy: "Move its tabs to another machine first, or agree that they are closed there.",
      };
  }
}

/** What going on without a machine means for the data. */
export function elsewhere(copy: boolean): string {
  return copy
    ? "Or go on elsewhere with the logins and data that this machine kept when they were moved; what came later stays over there."
    : "Or go on elsewhere with an empty profile: there is no other copy of its logins and data.";
}

export function leftBehind(title: string, node: string): string {
  return `${node} is back, with newer logins and data of “${title}” than those that you went on with. Use them again, and what came since is kept as an older copy, or remove them for good.`;
}

export function whyNotMoved(fault: ProfileFault | null): string {
  return fault ? settingsTexts.profiles.fault(fault) : "It was cancelled.";
}

export function notMoved(
  title: string,
  from: string,
  to: string,
  fault: ProfileFault | null,
): string {
  const why = fault ? settingsTexts.profiles.fault(fault) : "Chromium did not start there.";
  return `The Streamed tabs of “${title}” were not moved to ${to}, and go on at ${from}. ${why}`;
}

/** Why a machine's engine cannot be asked, and what helps: this machine's, or that of another. */
export function engineFault(node: NodeName, fault: EngineFault): { body: string; remedy: string } {
  if (node.kind === "host") return engineAway(fault);
  switch (fault.fault) {
    case "not_installed":
      return {
        body: "Neither Docker nor Podman was found there.",
        remedy: "Install one of them on that machine, then check again.",
      };
    case "not_running":
      return {
        body: `Nobody answers at ${fault.socket}.`,
        remedy: "See that the machine is on and that its container engine runs, then check again.",
      };
    case "no_permission":
      return {
        body: `You may not use ${fault.socket} there.`,
        remedy: "Log in as somebody who may, or join the group “docker” on that machine.",
      };
    case "silent":
      return {
        body: "It gave no answer in time.",
        remedy: "See that the machine is on and in the network, then check again.",
      };
    case "too_old":
      return {
        body: `Its container engine is too old (API ${fault.api}).`,
        remedy: "Update Docker or Podman on that machine.",
      };
    case "bad_address":
      return {
        body: `Its address cannot be used: ${fault.address}.`,
        remedy: "Remove it, and add it with the right address.",
      };
    default:
      return engineAway(fault);
  }
}

function flaw(flaw: AddressFlaw): string {
  switch (flaw.flaw) {
    case "empty":
      return "Type how you reach the machine, such as me@attic.";
    case "way":
      return `Machines are not reached by “${flaw.scheme}”: use ssh:// or, with certificates, tcp://.`;
    case "host":
      return flaw.host === ""
        ? "The name of the machine is missing."
        : `“${flaw.host}” is no name of a machine.`;
    case "brackets":
      return `An IPv6 address stands in brackets: [${flaw.host}].`;
    case "user":
      return `“${flaw.user}” is no name of a person on that machine.`;
    case "password":
      return "Leave the password out: others could read it. SSH uses your keys.";
    case "port":
      return `“${flaw.port}” is no port: a number from 1 to 65535.`;
    case "path":
      return `“${flaw.path}” cannot stand behind the machine's name.`;
    case "no_certificates":
      return "For tcp://, give the folder with ca.pem, cert.pem and key.pem.";
    case "folder":
      return `“${flaw.folder}” is not a whole path: it begins with /.`;
  }
}

function shortFault(fault: EngineFault): string {
  switch (fault.fault) {
    case "node_down":
      return "its Swarm does not hear of it";
    case "node_closed":
      return "it is closed to new work";
    default:
      return "its container engine cannot be asked";
  }
}

/** What a machine lacks, in a few words. */
export function shortLack(lack: Lack): string {
  switch (lack.lack) {
    case "total_memory":
      return `${gib(lack.needs)} of memory needed, ${gib(lack.has)} there`;
    case "free_memory":
      return `${gib(lack.needs)} of memory needed, ${gib(lack.has)} free`;
    case "cores":
      return `${lack.needs} cores needed, ${lack.has} there`;
    case "architecture":
      return `no Chromium for its processor (${lack.has})`;
    case "engine_away":
      return shortFault(lack.fault);
    case "engine":
      return lack.detail;
    case "not_seen":
      return "has not answered yet, or not lately";
    case "in_swarm":
      return "it belongs to a Swarm, and pages run on it as one of the nodes";
    case "refused":
      return `its Swarm has no room there: ${lack.detail}`;
    case "set_aside":
      return setback(lack.setback);
  }
}

export function age(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 20) return "just now";
  if (seconds < 90) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

export function addressText(address: WorkerAddress): string {
  const inBrackets = (host: string) => (host.includes(":") ? `[${host}]` : host);
  if (address.by === "tls") return `tcp://${inBrackets(address.host)}:${address.port}`;
  const at = address.destination.lastIndexOf("@") + 1;
  const place = address.destination.slice(0, at) + inBrackets(address.destination.slice(at));
  const port = address.port === null ? "" : `:${address.port}`;
  return `ssh://${place}${port}${address.socket ?? ""}`;
}

export const machineTexts = {
  title: "Machines",
  lead: "Where Streamed tabs run: on this machine if it has room, else on the best of the others. Nothing of ours is installed there; Docker or Podman is enough.",
  thisMachine: "This machine",
  facts: (machine: MachineView): string[] => {
    const { facts } = machine;
    if (!facts) return [];
    // Its own room is that of a node, which stands below.
    if (machine.members > 0) {
      return facts.worker ? [facts.worker.engine, `${facts.worker.round_trip_ms} ms away`] : [];
    }
    return [
      ...(machine.manager ? [facts.arch] : []),
      `${facts.cores} ${facts.cores === 1 ? "core" : "cores"}`,
      `${gib(facts.free_memory_mib)} free of ${gib(facts.total_memory_mib)}`,
      ...(facts.gpu ? ["GPU"] : []),
      ...(facts.worker?.engine ? [facts.worker.engine] : []),
      ...(facts.worker && !machine.manager ? [`${facts.worker.round_trip_ms} ms away`] : []),
      ...(facts.worker?.image_there === false ? ["browser not fetched yet"] : []),
      ...(facts.worker && facts.worker.unlimited.length > 0
        ? [`no limit of ${limits(facts.worker.unlimited)}`]
        : []),
    ];
  },
  labels: (labels: string[]) => `Labels: ${labels.join(", ")}`,
  manages: (count: number) =>
    count === 1
      ? "Manages a Swarm of one node. Streamed tabs run on that."
      : `Manages a Swarm of ${count} nodes. Streamed tabs run on those.`,
  nodeOf: (manager: string) => `A node of the Swarm of ${manager}`,
  seen: (ms: number) => `seen ${age(ms)}`,
  neverSeen: "not seen yet",
  sessions: (count: number) =>
    count === 1 ? "1 Chromium runs on it." : `${count} Chromiums run on it.`,
  ready: "Has room for a Streamed tab.",
  aside: (why: Setback) =>
    `Passed over for a few minutes, because ${setback(why)}. Check it, or choose it for a tab, to use it at once.`,
  use: (name: string) => `Use ${name} for Streamed tabs`,
  useShort: "In use",
  actions: (name: string) => `What can be done with ${name}`,
  check: "Check",
  checkOf: (name: string) => `What the check of ${name} has found`,
  checking: "Checking…",
  rename: "Rename",
  name: "Name",
  save: "Save",
  cancel: "Cancel",
  remove: "Remove…",
  removeConfirm: (name: string) => ({
    text: `Remove ${name} from the list? Nothing is changed on that machine.`,
    button: "Remove",
  }),
  inUse: (problem: Problem & { code: "machine_in_use" }, removes: boolean) => {
    const runs =
      problem.sessions > 0 ? ` Its Chromium is closed, and its pages open again elsewhere.` : "";
    const data =
      removes && problem.profiles.length > 0
        ? ` The data of ${problem.profiles.map((it) => `“${it}”`).join(", ")} are there: they are brought home first. If the machine does not answer, they stay there.`
        : "";
    return {
      text: removes
        ? `${problem.node} is in use. Remove it all the same?${runs}${data}`
        : `Streamed tabs run on ${problem.node}. Stop using it all the same?${runs}`,
      button: removes ? "Remove all the same" : "Stop using it",
    };
  },
  add: "Add a machine",
  addLead:
    "A machine that you reach by SSH, or whose Docker listens with TLS. It is checked step by step.",
  address: "Address",
  addressHint: "me@attic, ssh://me@attic:22 or tcp://attic:2376",
  nameHint: "as in its address",
  certificates: "Folder of the certificates",
  certificatesHint: "/home/me/.docker",
  addButton: "Add and check",
  contexts: "Found on this machine",
  contextsLead: "Docker contexts of yours that lead to other machines.",
  contextAdd: (context: EngineContext) => `Use ${context.name}`,
  find: "Look for Docker contexts",
  finding: "Looking…",
  none: "No other machine yet: Streamed tabs run on this one.",

  menu: {
    choose: "Choose another machine",
    label: "Where this tab runs",
    title: (node: NodeName, profile: string) =>
      `All Streamed tabs of “${profile}” run on ${node.kind === "host" ? "this machine" : node.name}`,
    lead: "They move together, with their logins and data. Their pages are loaded again there.",
    name: (node: NodeName) => (node.kind === "host" ? `${node.name} (this machine)` : node.name),
    move: "Move here",
    on: (node: NodeName) => (node.kind === "host" ? "Run on this machine" : `Run on ${node.name}`),
    close: "Close",
    none: "There is no other machine.",
    manage: "Machines…",
    more: (count: number) => `${count} more machines have no room now.`,
    filter: "Find a machine",
  },

  moving: (move: MoveView) =>
    move.total > 0
      ? `Moving logins and data to ${move.to.name}: ${size(move.done)} of ${size(move.total)}.`
      : `Moving logins and data to ${move.to.name}.`,
};
