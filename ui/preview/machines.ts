//! Machines worth looking at: this one, workers, and the nodes of a Swarm.
import type { MachineView } from "../src/messages/MachineView";
import type { NodeName } from "../src/messages/NodeName";

export const HOST: NodeName = { id: "host", name: "kitchen-pi", kind: "host" };

const GIB = 1024;
export const OTHERS: NodeName = { id: "w1", name: "attic", kind: "worker" };

const machine = (facts: Partial<MachineView>): MachineView => ({
  node: OTHERS,
  address: { by: "ssh", destination: "me@attic.local", port: null, socket: null },
  manager: null,
  members: 0,
  in_use: true,
  facts: {
    arch: "x86_64",
    cores: 8,
    total_memory_mib: 32 * GIB,
    free_memory_mib: 21.4 * GIB,
    gpu: true,
    worker: {
      engine: "Docker 28.2.2",
      labels: [],
      round_trip_ms: 3,
      image_there: true,
      swarm_node: null,
      unlimited: [],
    },
  },
  seen_ago_ms: 4000,
  lacks: [],
  aside: null,
  sessions: 0,
  checking: false,
  checked: null,
  ...facts,
});

export const here = machine({
  node: HOST,
  address: null,
  facts: {
    arch: "aarch64",
    cores: 4,
    total_memory_mib: 7.8 * GIB,
    free_memory_mib: 3.1 * GIB,
    gpu: false,
    worker: null,
  },
  sessions: 1,
});

const answers: MachineView["checked"] = {
  found: "answers",
  facts: {
    engine: "Docker 28.2.2",
    labels: [],
    round_trip_ms: 3,
    image_there: true,
    swarm_node: null,
    unlimited: [],
  },
  cores: 8,
  total_memory_mib: 32 * GIB,
  ways: { came: "tried", signalling: true, datagrams: false },
};

export const FLEET: MachineView[] = [
  here,
  machine({ checked: answers, sessions: 1 }),
  machine({
    node: {
      id: "w2",
      name: "a-machine-with-quite-a-long-name.rack-7.office.example.org",
      kind: "worker",
    },
    address: {
      by: "tls",
      host: "a-machine-with-quite-a-long-name.rack-7.office.example.org",
      port: 2376,
      certificates: "/home/me/.docker",
    },
    lacks: [{ lack: "free_memory", has: 900, needs: 2048 }],
    seen_ago_ms: 640_000,
  }),
  machine({
    node: { id: "w3", name: "garage", kind: "worker" },
    facts: null,
    seen_ago_ms: null,
    lacks: [{ lack: "engine_away", fault: { fault: "silent", socket: "garage" } }],
    checked: { found: "away", fault: { fault: "silent", socket: "garage" } },
  }),
  machine({
    node: { id: "w4", name: "cellar", kind: "worker" },
    aside: { kind: "failed", failure: { cause: "engine_disk_full" } },
  }),
  machine({ node: { id: "w5", name: "office", kind: "worker" }, in_use: false, checking: true }),
];

/** A node of the Swarm that `attic` manages. */
const member = (id: string, name: string, more: Partial<MachineView> = {}): MachineView =>
  machine({
    node: { id: `w1/${id}`, name, kind: "worker" },
    address: null,
    manager: OTHERS,
    facts: {
      arch: "aarch64",
      cores: 4,
      total_memory_mib: 7.8 * GIB,
      free_memory_mib: 3.8 * GIB,
      gpu: false,
      worker: {
        engine: "Docker 28.2.2",
        labels: ["floor=second", "place=shed"],
        round_trip_ms: 3,
        image_there: null,
        swarm_node: null,
        unlimited: [],
      },
    },
    ...more,
  });

export const SWARM: MachineView[] = [
  here,
  machine({ members: 4, lacks: [{ lack: "in_swarm" }], sessions: 2 }),
  member("a", "loft", { sessions: 2 }),
  member("b", "rack-of-many-small-machines-in-the-office.example.org", {
    lacks: [{ lack: "free_memory", has: 900, needs: 2048 }],
  }),
  member("c", "shed", {
    lacks: [{ lack: "engine_away", fault: { fault: "node_down", host: "shed" } }],
    seen_ago_ms: 320_000,
  }),
  member("d", "studio", {
    lacks: [{ lack: "engine_away", fault: { fault: "node_closed", host: "studio" } }],
  }),
];

export const many = (count: number): MachineView[] => [
  here,
  ...Array.from({ length: count }, (_, at) =>
    machine({
      node: { id: `w${at + 1}`, name: `rack-${at + 1}`, kind: "worker" },
      lacks: at % 3 === 0 ? [{ lack: "cores", has: 2, needs: 4 }] : [],
    }),
  ),
];
