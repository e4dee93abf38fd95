import { expect, test, vi } from "vitest";
import { MockBackend } from "./backend.mock";
import { emptyTab, stateOf } from "./state.mock";
import type { Verb } from "./keys";
import { Shell } from "./shell.svelte";

async function shellOf(ids: number[], active = ids[0] ?? 0) {
  const tabs = ids.map((id) => ({
    ...emptyTab(id),
    address: `http://localhost/${id}`,
    bookmarked: false,
  }));
  const backend = new MockBackend(stateOf(tabs, { active }));
  const shell = new Shell(backend);
  await shell.start();
  return { backend, shell };
}

const asked = (backend: MockBackend) => backend.asked.map(({ verb, facts }) => [verb, ...facts]);

test.each<[Verb, unknown[]]>([
  [{ verb: "open_tab" }, ["openTab", null, null, false]],
  [{ verb: "close_tab" }, ["closeTab", 2]],
  [{ verb: "reopen_tab" }, ["reopenTab"]],
  [{ verb: "reload" }, ["reload", 2]],
  [{ verb: "reload_fresh" }, ["reload", 2, true]],
  [{ verb: "next_tab" }, ["selectTab", 3]],
  [{ verb: "previous_tab" }, ["selectTab", 1]],
  [{ verb: "nth_tab", index: 0 }, ["selectTab", 1]],
  [{ verb: "last_tab" }, ["selectTab", 3]],
  [{ verb: "move_tab", by: 1 }, ["moveTab", 2, 2]],
  [{ verb: "toggle_mode" }, ["setTabMode", 2, "streamed", null]],
  [{ verb: "mute" }, ["setMuted", 2, true]],
  [{ verb: "bookmark" }, ["setBookmarked", 2, true]],
  [{ verb: "zoom_in" }, ["setZoom", 2, 110]],
  [{ verb: "zoom_out" }, ["setZoom", 2, 90]],
  [{ verb: "zoom_reset" }, ["setZoom", 2, 100]],
  [{ verb: "full_screen" }, ["setFullScreen", true]],
  [{ verb: "find" }, ["find", 2, ""]],
  [{ verb: "find_step", direction: "forward" }, ["find", 2, ""]],
])("$verb asks the backend once", async (verb, expected) => {
  const { backend, shell } = await shellOf([1, 2, 3], 2);
  shell.perform(verb);
  expect(asked(backend)).toEqual([expected]);
});

test("wishes that cannot be granted are not asked", async () => {
  const { backend, shell } = await shellOf([1], 1);
  for (const verb of ["go_back", "go_forward", "next_tab", "last_tab"] as const) {
    shell.perform({ verb });
  }
  shell.perform({ verb: "nth_tab", index: 5 });
  shell.perform({ verb: "move_tab", by: -1 });
  expect(asked(backend)).toEqual([]);
});

test("the tabs are a ring for the next and the previous one", async () => {
  const { backend, shell } = await shellOf([1, 2, 3], 3);
  shell.perform({ verb: "next_tab" });
  expect(asked(backend)).toEqual([["selectTab", 1]]);
});

test("a refusal is kept to be read, and a quiet one is not", async () => {
  const { backend, shell } = await shellOf([1]);
  backend.refusal = { code: "node_gone", node: "attic" };
  expect(await shell.run(backend.reload(1))).toBe(false);
  expect(shell.refusal).toEqual({ code: "node_gone", node: "attic" });
  shell.dismissRefusal();
  backend.refusal = { code: "cancelled" };
  await shell.run(backend.reload(1));
  expect(shell.refusal).toBeNull();
});

test("a refusal that a tab shows as its problem is not said twice", async () => {
  const { backend, shell } = await shellOf([1]);
  backend.refusal = { code: "node_gone", node: "attic" };
  await shell.run(backend.reload(1));
  expect(shell.unread).toEqual({ code: "node_gone", node: "attic" });
  backend.show(stateOf([{ ...emptyTab(1), problem: { node: "attic", code: "node_gone" } }]));
  expect(shell.unread).toBeNull();
});

test("the last state that came is the one that is painted", async () => {
  const { backend, shell } = await shellOf([1, 2]);
  backend.show(stateOf([emptyTab(9)]));
  expect(shell.active?.id).toBe(9);
  backend.send({ kind: "focus", target: "address_bar", tab: 7 });
  expect(shell.focus).toEqual({ target: "address_bar", tab: 7, byApp: true, nth: 1 });
});

test("a wish for the focus is granted once, however often what it is for comes back", async () => {
  const { shell } = await shellOf([1]);
  expect(shell.grantFocus("page")).toBe(false);
  shell.askFocus("find");
  expect(shell.grantFocus("address_bar")).toBe(false);
  expect(shell.grantFocus("find")).toBe(true);
  expect(shell.grantFocus("find")).toBe(false);
  shell.askFocus("find");
  expect(shell.grantFocus("find")).toBe(true);
});

test("a wish for the page is granted with the state that brings the page, and not later", async () => {
  const { backend, shell } = await shellOf([1]);
  shell.askFocus("page");
  backend.show();
  expect(shell.grantFocus("page")).toBe(true);
  shell.askFocus("page");
  backend.show();
  backend.show();
  expect(shell.grantFocus("page")).toBe(false);
});

test("a search has its field before the app has heard of it, and none if it is refused", async () => {
  const { backend, shell } = await shellOf([1, 2]);
  shell.perform({ verb: "find" });
  expect(shell.find).toEqual({ text: "", matches: null, at: null });
  // A state of something else comes first.
  backend.show();
  expect(shell.find?.text).toBe("");
  await backend.find(1, "needle");
  expect(shell.find?.text).toBe("needle");
  await backend.selectTab(2);
  expect(shell.find).toBeNull();
  backend.refusal = { code: "unknown_tab", tab: 2 };
  shell.perform({ verb: "find" });
  expect(shell.find).not.toBeNull();
  await vi.waitUntil(() => shell.find === null);
});

test("a key is for the tab that the app has in front, which the next state brings", async () => {
  const { backend, shell } = await shellOf([1, 2], 1);
  backend.press("find", 2);
  expect(shell.focus).toEqual({ target: "find", tab: 2, byApp: false, nth: 1 });
  expect(asked(backend)).toEqual([["find", 2, ""]]);
  expect(shell.find).toBeNull();
  await backend.selectTab(2);
  expect(shell.find?.text).toBe("");
  await shell.endFind(2);
  expect(shell.find).toBeNull();
});

test("looking for something from the settings brings the page back, with what was looked for", async () => {
  const { backend, shell } = await shellOf([1]);
  await backend.find(1, "needle");
  shell.perform({ verb: "find" });
  await backend.showSettings(true);
  shell.perform({ verb: "find" });
  expect(asked(backend)).toEqual([
    ["find", 1, "needle"],
    ["showSettings", true],
    ["find", 1, "needle"],
  ]);
});
