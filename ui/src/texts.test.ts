import { expect, test } from "vitest";
import type { CertificateFlaw } from "./messages/CertificateFlaw";
import type { Failure } from "./messages/Failure";
import type { PageFault } from "./messages/PageFault";
import type { Lack } from "./messages/Lack";
import type { Looked } from "./messages/Looked";
import type { NetworkFault } from "./messages/NetworkFault";
import type { NodeLacks } from "./messages/NodeLacks";
import type { Problem } from "./messages/Problem";
import { actionsFor } from "./problem";
import { texts } from "./texts";
import { askTexts } from "./texts.ask";
import { looked } from "./texts.engine";

function lacking(lack: Lack): NodeLacks {
  return { node: { id: "host", name: "attic", kind: "host" }, lacks: [lack] };
}

const failures = [
  { cause: "browser_missing" },
  { cause: "display_server_missing" },
  { cause: "program_missing", program: "openbox" },
  { cause: "disk_full", path: "/home/a" },
  { cause: "read_only", path: "/home/a" },
  { cause: "port_taken" },
  { cause: "profile_in_use" },
  { cause: "profile_taken", by: "attic" },
  { cause: "exited", code: 3 },
  { cause: "exited", code: null },
  { cause: "timed_out" },
  { cause: "engine_away", fault: { fault: "node_down", host: "shed" } },
  { cause: "engine_away", fault: { fault: "node_closed", host: "shed" } },
  { cause: "engine_away", fault: { fault: "port_closed", host: "10.0.0.2", port: 61000 } },
  { cause: "no_room", detail: "insufficient resources" },
  { cause: "engine_away", fault: { fault: "not_installed" } },
  { cause: "engine_away", fault: { fault: "not_running", socket: "/run/user/1000/docker.sock" } },
  { cause: "engine_away", fault: { fault: "no_permission", socket: "/var/run/docker.sock" } },
  { cause: "engine_away", fault: { fault: "silent", socket: "/var/run/docker.sock" } },
  { cause: "engine_away", fault: { fault: "too_old", api: "1.24" } },
  { cause: "engine_away", fault: { fault: "bad_address", address: "ssh://attic" } },
  { cause: "engine_disk_full" },
  { cause: "image_missing", image: "localhost:5000/a:1" },
  { cause: "registry_denied", image: "localhost:5000/a:1" },
  { cause: "registry_unreachable", image: "localhost:5000/a:1" },
  { cause: "refused", detail: "no such runtime" },
] as const;

const networkFaults: NetworkFault[] = [
  "exit_missing",
  "exit_port_missing",
  "exit_login_user",
  "exit_login_malformed",
  "exit_kind",
  "exit_malformed",
  "names_missing",
  "names_malformed",
  "names_without_exit",
];

const ways: Failure[] = [
  "private_address",
  "blocked",
  "private_name",
  "own_port",
  "bad_request",
  "too_many_connections",
  "name_unknown",
  "name_server_silent",
  "connection_refused",
  "unreachable",
  "connection_timed_out",
  "exit_failed",
  "exit_login",
  "bad_answer",
  "closed_early",
  "answer_timed_out",
  "proxy_down",
];

const flaws: CertificateFlaw[] = [
  "revoked",
  "wrong_name",
  "unknown_issuer",
  "expired",
  "not_yet_valid",
  "wrong_time",
  "weak",
  "other",
];

const faults: PageFault[] = [
  { cause: "unsafe_port" },
  { cause: "encryption" },
  { cause: "redirect_loop" },
  { cause: "bad_redirect" },
  ...[null, 400, 401, 403, 404, 410, 429, 500, 503].map((status) => ({
    cause: "empty" as const,
    status,
  })),
  { cause: "no_file" },
  { cause: "scheme" },
];

const problems: Problem[] = [
  { code: "no_capable_node", nodes: [] },
  { code: "no_capable_node", nodes: [lacking({ lack: "cores", has: 1, needs: 2 })] },
  { code: "no_capable_node", nodes: [lacking({ lack: "refused", detail: "no suitable node" })] },
  { code: "no_capable_node", nodes: [lacking({ lack: "engine", detail: "no Chromium" })] },
  { code: "node_gone", node: "attic" },
  { code: "engine_unreachable", node: "attic", detail: "refused" },
  ...failures.map((failure) => ({
    code: "start_failed" as const,
    node: "attic",
    failure,
    log: [],
  })),
  { code: "connection_lost", node: "attic", leg: "media" },
  { code: "engine_ended", node: "attic", end: { cause: "exited", code: null }, log: [] },
  { code: "engine_ended", node: "attic", end: { cause: "exited", code: 3 }, log: [] },
  { code: "engine_ended", node: "attic", end: { cause: "out_of_memory" }, log: [] },
  { code: "engine_ended", node: "attic", end: { cause: "killed" }, log: [] },
  { code: "engine_ended", node: "attic", end: { cause: "removed" }, log: [] },
  { code: "engine_ended", node: "attic", end: { cause: "engine_restarted" }, log: [] },
  { code: "engine_ended", node: "attic", end: { cause: "unresponsive" }, log: [] },
  { code: "engine_stalled", node: "attic", stall: { stall: "paused" } },
  { code: "engine_stalled", node: "attic", stall: { stall: "restarting" } },
  {
    code: "engine_stalled",
    node: "attic",
    stall: {
      stall: "engine_away",
      fault: { fault: "not_running", socket: "/run/podman/podman.sock" },
    },
  },
  {
    code: "no_capable_node",
    nodes: [lacking({ lack: "engine_away", fault: { fault: "not_installed" } })],
  },
  { code: "page_crashed" },
  { code: "page_stopped" },
  { code: "around_exit", exit: "127.0.0.1:9050" },
  { code: "page_failed", url: "http://a/", fault: null, detail: "net::ERR_TOO_MANY_REDIRECTS" },
  { code: "page_failed", url: "http://a/", fault: null, detail: "net::ERR_SOMETHING_NEW" },
  ...ways.map((failure) => ({
    code: "page_failed" as const,
    url: "http://a/",
    fault: { cause: "way" as const, failure },
    detail: "",
  })),
  ...faults.map((fault) => ({
    code: "page_failed" as const,
    url: "http://a:9/",
    fault,
    detail: "",
  })),
  ...flaws.map((flaw) => ({
    code: "page_failed" as const,
    url: "https://a/",
    fault: { cause: "certificate" as const, flaws: [flaw], strict: false },
    detail: "",
  })),
  { code: "bad_address", input: "http://[" },
  { code: "store_failed", path: "/a.db", detail: "full" },
  { code: "switch_fixed", switch: "standby" },
  { code: "switch_fixed", switch: "home_closed" },
  ...networkFaults.map((fault): Problem => ({ code: "bad_network", fault })),
  { code: "sleep_fixed" },
  { code: "bad_search", input: "duckduckgo" },
  { code: "bad_search", input: "" },
  { code: "bookmark_file", path: "/a.html", fault: { cause: "refused", detail: "denied" } },
  { code: "bookmark_file", path: "/a.html", fault: { cause: "too_large" } },
  { code: "bookmark_file", path: "/a.html", fault: { cause: "none" } },
  { code: "cancelled" },
  { code: "profile_away", node: "attic", title: "Work", copy: true },
  { code: "profile_away", node: "attic", title: "Work", copy: false },
  { code: "move_failed", from: "attic", to: "cellar", fault: null },
  { code: "move_failed", from: "attic", to: "cellar", fault: { cause: "empty" } },
];

test.each(problems)("a person reads what happened, where and what to do: %o", (problem) => {
  const words = texts.problem.text(problem);
  for (const line of [words.title, words.body, words.remedy]) {
    expect(line.length).toBeGreaterThan(3);
    expect(line).not.toMatch(/undefined|null|\[object/);
  }
});

test.each(problems)(
  "each problem has a way out, and no way leads back to the same mode: %o",
  (problem) => {
    for (const mode of ["proxy", "streamed"] as const) {
      const actions = actionsFor(problem, mode, true);
      expect(actions.length).toBeGreaterThan(0);
      expect(actions).not.toContain(mode);
      expect(new Set(actions).size).toBe(actions.length);
    }
  },
);

const finds: Looked[] = [
  { found: "newest" },
  { found: "newer" },
  { found: "fetching" },
  { found: "fetched" },
  { found: "given_up" },
  { found: "unused" },
  { found: "fixed" },
  { found: "unable" },
  ...failures.map((failure) => ({ found: "failed" as const, failure })),
];

test.each(finds)("a look for a newer browser is answered in words: %o", (found) => {
  const words = looked(found);
  expect(words.length).toBeGreaterThan(20);
  expect(words).not.toMatch(/undefined|null|\[object/);
});

test("a machine that is large enough but not set up is told what to install", () => {
  const nodes = [lacking({ lack: "engine", detail: "no Chromium" })];
  const words = texts.problem.text({ code: "no_capable_node", nodes });
  expect(words.command).toContain("chromium");
  expect(words.remedy).not.toContain("Close other programs");
});

test("before the window closes it is said which downloads would be lost", () => {
  const title = (others: number): string =>
    askTexts.title({ id: 1, origin: "", question: "files", name: "a.iso", others });
  expect(title(0)).toContain("“a.iso” would be lost");
  expect(title(1)).toContain("“a.iso” and 1 more download would");
  expect(title(2)).toContain("2 more downloads");
});

test("a server that asks within a page of another site is told from that page", () => {
  const said = askTexts.around("http://b.test:81", "https://bank.test");
  expect(said).toContain("You are on bank.test,");
  expect(said).toContain("comes from http://b.test:81.");
});
