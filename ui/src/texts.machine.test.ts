import { expect, test } from "vitest";
import { actionsFor } from "./problem";
import type { MachineView } from "./messages/MachineView";
import type { WaysCheck } from "./messages/WaysCheck";
import type { WorkerCheck } from "./messages/WorkerCheck";
import { texts } from "./texts";
import { limitsTexts } from "./texts.limits";
import { checkSteps } from "./texts.check";
import { addressText, age, machineTexts } from "./texts.machine";

function machine(more: Partial<MachineView> = {}): MachineView {
  return {
    node: { id: "w1", name: "attic", kind: "worker" },
    address: { by: "ssh", destination: "me@attic", port: null, socket: null },
    manager: null,
    members: 0,
    in_use: true,
    facts: null,
    seen_ago_ms: null,
    lacks: [],
    aside: null,
    sessions: 0,
    checking: false,
    checked: null,
    ...more,
  };
}

const answers = {
  found: "answers" as const,
  facts: {
    engine: "Docker 28",
    labels: [],
    round_trip_ms: 4,
    image_there: false,
    swarm_node: null,
    unlimited: [],
  },
  cores: 4,
  total_memory_mib: 8192,
  ways: null,
} satisfies WorkerCheck;

const states = (view: MachineView) => checkSteps(view).map(({ state }) => state);

test("a check goes as far as the first step that fails", () => {
  const open = (count: number) => Array<string>(count).fill("open");
  expect(states(machine())).toEqual(open(6));
  const silent = { found: "away", fault: { fault: "silent", socket: "attic" } } as const;
  expect(states(machine({ checked: silent }))).toEqual(["bad", ...open(5)]);
  const closed = { found: "away", fault: { fault: "no_permission", socket: "x" } } as const;
  expect(states(machine({ checked: closed }))).toEqual(["good", "bad", ...open(4)]);
  const small = machine({ checked: answers, lacks: [{ lack: "cores", has: 2, needs: 4 }] });
  expect(states(small)).toEqual(["good", "good", "bad", ...open(3)]);
  const fetched = states(machine({ checked: answers }));
  expect(fetched).toEqual(["good", "good", "good", "good", ...open(2)]);
});

test("the leg that fails is named, with what to do", () => {
  const facts = { ...answers.facts, image_there: true };
  const legs = (ways: WaysCheck) =>
    checkSteps(machine({ checked: { ...answers, facts, ways } })).slice(4);
  const [signalling, picture] = legs({ came: "tried", signalling: true, datagrams: false });
  expect([signalling?.state, picture?.state]).toEqual(["good", "bad"]);
  expect(picture?.text).toContain("firewall");
  const behind = legs({ came: "tried", signalling: true, datagrams: null });
  expect(behind.map(({ state }) => state)).toEqual(["good", "good"]);
  expect(behind[1]?.text).toContain("behind another one");
  const [refused] = legs({ came: "refused", failure: { cause: "engine_disk_full" } });
  expect(refused?.text).toContain("its disk is full");
});

test("a Swarm's ways are its nodes'", () => {
  const facts = { ...answers.facts, image_there: true };
  const steps = checkSteps(machine({ checked: { ...answers, facts } }));
  expect(steps.map(({ state }) => state).slice(3)).toEqual(["good", "open", "open"]);
  expect(steps[4]?.text).toContain("Each node");
});

test("a step that fails says what to do on that machine, not on this one", () => {
  const fault = { fault: "not_running", socket: "/run/docker.sock" } as const;
  const [first] = checkSteps(machine({ checked: { found: "away", fault } }));
  expect(first?.text).toContain("that its container engine runs");
  expect(first?.text).not.toContain("systemctl");
});

test("an address reads as it could be typed", () => {
  const ssh = { by: "ssh", destination: "me@fe80::1", port: 2222, socket: "/run/p.sock" } as const;
  expect(addressText(ssh)).toBe("ssh://me@[fe80::1]:2222/run/p.sock");
  expect(addressText({ by: "tls", host: "::1", port: 2376, certificates: "/c" })).toBe(
    "tcp://[::1]:2376",
  );
});

test("an age is told in the unit that people would use", () => {
  expect([0, 45_000, 300_000, 7_200_000].map(age)).toEqual([
    "just now",
    "45 s ago",
    "5 min ago",
    "2 h ago",
  ]);
});

test("what is on a machine that is to go is said before it goes", () => {
  const problem = {
    code: "machine_in_use",
    node: "attic",
    sessions: 1,
    profiles: ["Work"],
  } as const;
  const { text } = machineTexts.inUse({ ...problem, profiles: [...problem.profiles] }, true);
  expect(text).toContain("Chromium is closed");
  expect(text).toContain("“Work”");
});

test("a page on a machine that has been away for a while can go on elsewhere", () => {
  const problem = {
    code: "engine_stalled",
    node: "attic",
    stall: { stall: "engine_away", fault: { fault: "silent", socket: "attic" } },
  } as const;
  expect(actionsFor(problem, "streamed", true, true)).toContain("elsewhere");
  expect(actionsFor(problem, "streamed", true, false)).not.toContain("elsewhere");
  expect(texts.problem.text(problem, false).title).toBe("attic does not answer");
});

test("a node of a Swarm is told by what it has, and its manager by its nodes", () => {
  const facts = {
    arch: "aarch64",
    cores: 4,
    total_memory_mib: 8192,
    free_memory_mib: 6144,
    gpu: false,
    worker: {
      engine: "Docker 28",
      labels: ["floor=2"],
      round_trip_ms: 4,
      image_there: null,
      swarm_node: null,
      unlimited: [],
    },
  };
  const manager = { id: "w1", name: "attic", kind: "worker" } as const;
  expect(machineTexts.facts(machine({ address: null, manager, facts }))).toEqual([
    "aarch64",
    "4 cores",
    "6.0 GiB free of 8.0 GiB",
    "Docker 28",
  ]);
  expect(machineTexts.facts(machine({ members: 3, facts }))).toEqual(["Docker 28", "4 ms away"]);
  expect(machineTexts.manages(3)).toContain("3 nodes");
});

test("what an engine does not hold a browser to is said of the machine and by its check", () => {
  const unlimited = ["memory", "processor", "processes"] as const;
  const facts = { ...answers.facts, unlimited: [...unlimited] };
  const checked: WorkerCheck = { ...answers, facts };
  const step = checkSteps(machine({ checked }))[1];
  expect(step?.state).toBe("good");
  expect(step?.text).toContain("a browser's memory, processor time and processes");
  expect(limitsTexts.title(["processor"])).toBe("No limit of processor time");
  // Only memory is what a Raspberry Pi leaves out.
  expect(limitsTexts.text(["processor"])).not.toContain("Raspberry");
  expect(limitsTexts.text(["memory"])).toContain("Raspberry");
});
