//! Every state worth looking at.
import { FLEET, HOST, OTHERS, SWARM, here, many } from "./machines";
import { emptyTab, stateOf, streamingOf } from "../src/state.mock";
import type { Giving } from "../src/messages/Giving";
import type { MachineView } from "../src/messages/MachineView";
import type { NodeName } from "../src/messages/NodeName";
import type { Problem } from "../src/messages/Problem";
import type { ShellState } from "../src/messages/ShellState";
import type { Stage } from "../src/messages/Stage";
import type { StreamingView } from "../src/messages/StreamingView";
import type { StreamView } from "../src/messages/StreamView";
import type { TabView } from "../src/messages/TabView";
import { heldBack, hung, inUse, program } from "./asks";
import { DOWNLOADS } from "./downloads";
import { LOGGED_IN } from "./network";
import { dot, garden, news, tab } from "./tabs";

export interface Scene {
  state: ShellState;
  /** Refuse a wish with this. */
  refusal?: Problem;
  /** Click on this once the page stands. */
  click?: string;
}

const ATTIC: NodeName = { id: "attic", name: "attic", kind: "worker" };

const TOOK: Partial<Record<Stage, number>> = { placing: 40, starting: 1240, connecting: 310 };

function at(stage: Stage, node: NodeName | null = HOST): StreamView {
  const all: Stage[] = ["placing", "starting", "connecting", "live"];
  const entered = stage === "reconnecting" ? [...all, stage] : all.slice(0, all.indexOf(stage) + 1);
  return {
    session: stage === "placing" ? null : 1,
    fetched_percent: null,
    relayed: false,
    encoder: stage === "live" ? "software" : null,
    moving: null,
    stage,
    stages: entered.map((each) => ({
      stage: each,
      took_ms: each === stage ? null : (TOOK[each] ?? 0),
    })),
    elapsed_ms: entered.reduce((sum, each) => sum + (TOOK[each] ?? 0), 0),
    node: stage === "placing" ? null : node,
  };
}

const streamed = (stage: Stage, node: NodeName = HOST): Scene => ({
  state: stateOf([news({ mode: "streamed", stream: at(stage, node) }), garden()], {
    nodes: [HOST],
  }),
});

const settings = (streaming: Partial<StreamingView>): Scene => ({
  state: stateOf([news()], { settings_shown: true, streaming: streamingOf(streaming) }),
});

const trouble = (problem: Problem, facts: Partial<TabView> = { mode: "streamed" }): Scene => ({
  state: stateOf([news({ problem, ...facts }), garden()], { nodes: [HOST] }),
});

const LOG = [
  "koneko: private X server on :41, 1280x720",
  "koneko: chromium started, profile default",
  "chromium: Failed to move to new namespace: PID namespaces supported, Network namespace supported, but failed: errno = Operation not permitted",
  "koneko: chromium ended with code 1 after 212 ms",
];

const failed = (failure: Extract<Problem, { code: "start_failed" }>["failure"]): Scene =>
  trouble({ code: "start_failed", node: "kitchen-pi", failure, log: LOG });

const TITLES = [
  "Inbox (3)",
  "Weather",
  "How to prune an apple tree in late winter",
  "Rust by Example",
  "Maps",
  "Timetable",
  "A film about bridges",
];

const machines = (known: MachineView[]): Partial<ShellState> => ({
  settings_shown: true,
  machines: {
    known,
    contexts: [
      {
        name: "studio",
        address: { by: "ssh", destination: "me@fe80::1", port: 2222, socket: null },
      },
    ],
    finding: false,
  },
});

const menu = (known: MachineView[], node: NodeName = HOST): Scene => ({
  state: stateOf([news({ mode: "streamed", stream: at("live", node) }), garden()], {
    machines: { known, contexts: [], finding: false },
  }),
  click: "[data-testid=node]",
});

const giving = (facts: Giving): Scene => ({
  state: stateOf([
    news({
      mode: "streamed",
      stream: at("live"),
      page: { ...emptyTab(0).page, giving: facts },
    }),
  ]),
});

/** A server asks for a name and a password. */
function login(again: boolean, around: string | null): Scene {
  const asking = news({ mode: "streamed", stream: at("live") });
  const who = { id: 1, origin: "http://maps.example.net:8080" };
  asking.page.asks = [{ ...who, question: "login", realm: "Sea charts", again, around }];
  return { state: stateOf([asking, garden()], { nodes: [HOST] }) };
}

export const SCENES: Record<string, Scene> = {
  window: heldBack(),
  sound: {
    state: stateOf(
      [news({ audible: true }), garden({ audible: true, muted: true }), garden({ audible: true })],
      { nodes: [HOST] },
    ),
  },
  "in-use": inUse(),
  "on-its-way": {
    state: stateOf(
      [
        news({
          loading: true,
          heading_for: "https://slow.example.com/a/long/way",
          page: { ...emptyTab(0).page, progress: 10 },
        }),
        garden(),
      ],
      { nodes: [HOST] },
    ),
  },
  hung: hung(),
  program: program("Thunderbird", "mailto:editor@news.example.org?subject=Your%20garden%20page"),
  "program-none": program(null, "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a"),
  login: login(false, null),
  "login-framed": login(true, "https://news.example.org"),
  giving: giving({ state: "under_way", files: 3, done: 31_000_000, total: 84_000_000 }),
  "giving-failed": giving({ state: "failed", fault: "unreadable", name: "holiday.mkv" }),
  downloads: {
    state: stateOf([news()], { downloads: DOWNLOADS }),
    click: "[data-testid=downloads-button]",
  },
  machines: { state: stateOf([news()], machines(FLEET)) },
  "machines-swarm": { state: stateOf([news()], machines(SWARM)) },
  "machines-none": {
    state: stateOf([news()], machines([here])),
    click: "[data-testid=machine-new]",
  },
  "node-menu": menu(FLEET),
  "node-menu-swarm": menu(SWARM),
  "node-menu-none": menu([here]),
  "node-menu-many": menu(many(40)),
  "node-menu-worker": menu(FLEET, FLEET[2]?.node),
  moving: {
    state: stateOf([
      news({
        mode: "streamed",
        stream: {
          ...at("placing"),
          moving: { from: HOST, to: OTHERS, done: 312_000_000, total: 840_000_000 },
        },
      }),
    ]),
  },
  "profile-away": trouble({ code: "profile_away", node: "attic", title: "Default", copy: true }),
  "profile-away-long": trouble(
    { code: "profile_away", node: "attic", title: "Default", copy: true },
    { mode: "streamed", elsewhere: true },
  ),
  "worker-away": trouble(
    {
      code: "engine_stalled",
      node: "attic",
      stall: { stall: "engine_away", fault: { fault: "silent", socket: "attic" } },
    },
    { mode: "streamed", stream: at("connecting", ATTIC) },
  ),
  "no-machine-of-many": trouble({
    code: "no_capable_node",
    nodes: [
      { node: HOST, lacks: [{ lack: "total_memory", has: 3900, needs: 6144 }] },
      { node: OTHERS, lacks: [{ lack: "not_seen" }] },
      {
        node: { id: "w4", name: "cellar", kind: "worker" },
        lacks: [
          { lack: "set_aside", setback: { kind: "failed", failure: { cause: "timed_out" } } },
        ],
      },
    ],
  }),
  "new-tab": { state: stateOf([tab({})]) },
  bookmarks: { state: stateOf([tab({}), news({ bookmarked: true })]) },
  visits: { state: stateOf([tab({})]), click: "[data-testid=visits-all]" },
  "bookmarks-removed": {
    state: stateOf([tab({})]),
    click: "[data-testid=remove-bookmark]",
  },
  "new-tab-streamed": {
    state: stateOf([tab({ mode: "streamed", stream: at("live") }), garden()]),
  },
  loading: {
    state: stateOf([
      news({ loading: true, title: "" }),
      garden(),
      tab({ address: "http://router.example/", title: "Router", security: "plain", loading: true }),
    ]),
  },
  plain: {
    state: stateOf([
      tab({
        address: "http://router.example/status",
        title: "Router",
        security: "plain",
        zoom: 125,
      }),
      news(),
    ]),
  },
  placing: streamed("placing"),
  starting: streamed("starting"),
  "starting-slow": {
    state: stateOf(
      [news({ mode: "streamed", stream: { ...at("connecting"), elapsed_ms: 24_300 } })],
      {
        nodes: [HOST],
      },
    ),
  },
  connecting: streamed("connecting", ATTIC),
  live: streamed("live"),
  reconnecting: streamed("reconnecting"),
  "no-capable-node": trouble({
    code: "no_capable_node",
    nodes: [
      {
        node: HOST,
        lacks: [
          { lack: "total_memory", has: 3796, needs: 6144 },
          { lack: "free_memory", has: 611, needs: 1536 },
        ],
      },
      {
        node: ATTIC,
        lacks: [
          { lack: "cores", has: 2, needs: 4 },
          { lack: "engine", detail: "connection refused" },
        ],
      },
    ],
  }),
  "node-gone": trouble({ code: "node_gone", node: "attic" }),
  "engine-unreachable": trouble({
    code: "engine_unreachable",
    node: "attic",
    detail: "connection timed out after 5 s",
  }),
  "browser-missing": failed({ cause: "browser_missing" }),
  "display-missing": failed({ cause: "display_server_missing" }),
  "program-missing": failed({ cause: "program_missing", program: "openbox" }),
  "disk-full": failed({ cause: "disk_full", path: "/home/ada/.local/share/duotab" }),
  "read-only": failed({ cause: "read_only", path: "/home/ada/.local/share/duotab" }),
  "port-taken": failed({ cause: "port_taken" }),
  "profile-in-use": failed({ cause: "profile_in_use" }),
  "profile-taken": failed({ cause: "profile_taken", by: "attic" }),
  exited: {
    ...failed({ cause: "exited", code: 1 }),
    click: "[data-testid=problem-action-details]",
  },
  "timed-out": failed({ cause: "timed_out" }),
  "connection-lost": trouble({ code: "connection_lost", node: "attic", leg: "media" }),
  "engine-ended": trouble({
    code: "engine_ended",
    node: "kitchen-pi",
    end: { cause: "exited", code: null },
    log: LOG,
  }),
  "page-crashed": trouble({ code: "page_crashed" }),
  "around-exit": trouble({ code: "around_exit", exit: "127.0.0.1:9050" }),
  "page-stopped": trouble({ code: "page_stopped" }),
  "page-failed": trouble(
    {
      code: "page_failed",
      url: "https://news.example.org/",
      fault: { cause: "way", failure: "connection_refused" },
      detail: "HTTP 502 of the proxy",
    },
    { mode: "proxy", security: "failed" },
  ),
  "page-exit-login": trouble(
    {
      code: "page_failed",
      url: "https://news.example.org/",
      fault: { cause: "way", failure: "exit_login" },
      detail: "",
    },
    { mode: "proxy", security: "failed" },
  ),
  "page-private": trouble(
    {
      code: "page_failed",
      url: "http://192.168.1.1/",
      fault: { cause: "way", failure: "private_address" },
      detail: "HTTP 403 of the proxy",
    },
    { mode: "proxy", security: "failed" },
  ),
  "page-certificate": trouble(
    {
      code: "page_failed",
      url: "https://shop.example.org/",
      fault: { cause: "certificate", flaws: ["wrong_name", "expired"], strict: false },
      detail: "TLS: BAD_IDENTITY | EXPIRED",
    },
    { mode: "proxy", security: "failed" },
  ),
  "bad-address": trouble({ code: "bad_address", input: "http://[::1" }, { mode: "proxy" }),
  cancelled: trouble({ code: "cancelled" }, { mode: "proxy" }),
  "store-failed": trouble({
    code: "store_failed",
    path: "/home/ada/.local/share/duotab/duotab.db",
    detail: "database or disk is full",
  }),
  notices: {
    state: stateOf([tab({})], {
      notices: [
        { code: "store_set_aside", path: "/home/ada/.local/share/duotab/duotab.db.broken-1" },
        {
          code: "store_unavailable",
          path: "/home/ada/.local/share/duotab/duotab.db",
          detail: "read-only file system",
        },
      ],
    }),
  },
  "left-behind": {
    state: stateOf([news(), garden()], {
      notices: [{ code: "left_behind", profile: "default", title: "Default", node: "The attic" }],
    }),
  },
  refusal: {
    state: stateOf([news(), garden()]),
    refusal: { code: "engine_unreachable", node: "attic", detail: "timed out" },
  },
  settings: settings({ standby: { on: true, fixed: false }, looked: { found: "newest" } }),
  "settings-exit": {
    state: stateOf([news()], {
      settings_shown: true,
      profiles: [LOGGED_IN],
    }),
    click: "[data-testid=settings-network]",
  },
  "settings-search": {
    state: stateOf([news()], { settings_shown: true, search: "http://searx.local/?q=%s" }),
    click: "nav button:nth-child(3)",
  },
  "settings-newer": settings({ looked: { found: "newer" } }),
  "settings-looking": settings({ looking: true }),
  "settings-fetching": settings({ looked: { found: "fetching" } }),
  "settings-fixed": settings({
    standby: { on: true, fixed: true },
    home_closed: { on: true, fixed: true },
    looked: {
      found: "failed",
      failure: {
        cause: "engine_away",
        fault: { fault: "not_running", socket: "/run/user/1000/podman/podman.sock" },
      },
    },
  }),
  "settings-limits": settings({ unlimited: ["memory", "processor", "processes"] }),
  "settings-processes": settings({ contained: false }),
  "many-tabs": {
    state: (() => {
      const tabs = Array.from({ length: 24 }, (_, at) =>
        news({
          title: TITLES[at % TITLES.length] ?? "",
          mode: at % 3 === 1 ? "streamed" : "proxy",
          favicon: at % 4 === 3 ? null : dot(`hsl(${(at * 47) % 360} 45% 45%)`),
          loading: at % 9 === 4,
          problem: at === 6 ? { code: "page_crashed" } : null,
        }),
      );
      return stateOf(tabs, { active: tabs[9]?.id ?? null });
    })(),
  },
  "five-tabs": {
    state: (() => {
      const tabs = [
        news(),
        garden({ mode: "streamed", stream: at("live") }),
        tab({ title: "Weather", address: "https://weather.example/" }),
        tab({ title: "Maps", address: "https://maps.example/", mode: "streamed", loading: true }),
        tab({}),
      ];
      return stateOf(tabs, { active: tabs[1]?.id ?? null, nodes: [HOST] });
    })(),
  },
  "full-screen": {
    state: stateOf([news({ mode: "streamed", stream: at("live") })], { full_screen: true }),
  },
};
