//! What a check of a machine has found, step by step; a part of `texts.ts`.
import type { Lack } from "./messages/Lack";
import type { MachineView } from "./messages/MachineView";
import type { WaysCheck } from "./messages/WaysCheck";
import type { WorkerCheck } from "./messages/WorkerCheck";
import { notHeld } from "./texts.limits";
import { engineFault, failed, gib, shortLack } from "./texts.machine";

/** A step of the guided check. */
export interface CheckStep {
  name: string;
  state: "good" | "bad" | "open";
  text: string;
}

const NAMES = [
  "Reachable",
  "Permitted",
  "Enough room",
  "Browser image",
  "Signalling",
  "Picture",
] as const;

/** All steps: each needs the one before it. */
export function checkSteps(machine: MachineView): CheckStep[] {
  const { checked, lacks } = machine;
  const steps: CheckStep[] = NAMES.map((name) => ({ name, state: "open", text: "" }));
  const set = (at: number, state: CheckStep["state"], text: string) => {
    steps[at] = { name: NAMES[at] ?? "", state, text };
  };
  if (!checked) return steps;
  if (checked.found === "away") {
    const { body, remedy } = engineFault(machine.node, checked.fault);
    const permitted = checked.fault.fault === "no_permission";
    if (permitted) set(0, "good", "It answers.");
    set(permitted ? 1 : 0, "bad", `${body} ${remedy}`);
    return steps;
  }
  set(0, "good", `${checked.facts.engine} answers in ${checked.facts.round_trip_ms} ms.`);
  const { unlimited } = checked.facts;
  set(
    1,
    "good",
    unlimited.length > 0 ? `You may use it. ${notHeld(unlimited)}` : "You may use it.",
  );
  const room = roomOf(checked, lacks);
  set(2, room.state, room.text);
  if (room.state !== "good") return steps;
  if (!checked.facts.image_there) {
    set(3, "good", "It is fetched at the first start, which takes some minutes. Check again then.");
    return steps;
  }
  set(3, "good", "It is there.");
  for (const [at, step] of waysOf(checked.ways).entries()) set(4 + at, step.state, step.text);
  return steps;
}

/** What came of trying the two ways into a container there. */
function waysOf(ways: WaysCheck | null): { state: CheckStep["state"]; text: string }[] {
  if (!ways) {
    const text = "Each node of its Swarm has a way of its own, which is tried at a start.";
    return [
      { state: "open", text },
      { state: "open", text },
    ];
  }
  if (ways.came === "refused") {
    const text = `No container can be started there to try it: ${failed(ways.failure)}.`;
    return [{ state: "bad", text }];
  }
  const { signalling, datagrams } = ways;
  return [
    signalling
      ? { state: "good", text: "It gets through, by the engine's own connection." }
      : {
          state: "bad",
          text: "Nothing gets into a container by the engine's connection. If a proxy stands before the engine, it must let connections be upgraded.",
        },
    datagramsOf(datagrams),
  ];
}

function datagramsOf(datagrams: boolean | null): { state: CheckStep["state"]; text: string } {
  if (datagrams === null) {
    const text =
      "It takes the engine's connection, and comes a little later: that machine is behind another one, and nothing gets there straight.";
    return { state: "good", text };
  }
  return datagrams
    ? { state: "good", text: "It comes straight: datagrams (UDP) arrive." }
    : {
        state: "bad",
        text: "No datagram (UDP) comes back from there. Open the ports 61000 to 65000 in that machine's firewall; until then the picture takes the engine's connection, and comes a little later.",
      };
}

function roomOf(
  checked: WorkerCheck & { found: "answers" },
  lacks: Lack[],
): { state: "good" | "bad"; text: string } {
  const short = lacks.find(({ lack }) =>
    ["total_memory", "free_memory", "cores", "architecture"].includes(lack),
  );
  const has = `${checked.cores} ${checked.cores === 1 ? "core" : "cores"}, ${gib(checked.total_memory_mib)} of memory`;
  return short
    ? { state: "bad", text: `Not for a Streamed tab: ${shortLack(short)}.` }
    : { state: "good", text: `${has}.` };
}
