import { afterEach, expect, test, vi } from "vitest";
import { MockBackend } from "./backend.mock";
import { onFocus, openMenu, stripMenu, tabMenu } from "./menu";
import { Shell } from "./shell.svelte";
import { emptyTab, stateOf } from "./state.mock";
import { texts } from "./texts";

const words = texts.tabs.menu;

async function shellOf(count: number, active: number, reopenable = 0) {
  const tabs = Array.from({ length: count }, (_, at) => ({
    ...emptyTab(at + 1),
    address: `http://localhost/${at + 1}`,
  }));
  const backend = new MockBackend(stateOf(tabs, { active, reopenable }));
  const shell = new Shell(backend);
  await shell.start();
  const menuOf = (id: number) => {
    const tab = shell.tabs.find((each) => each.id === id);
    if (!tab) throw new Error(`no tab ${id}`);
    return tabMenu(shell, tab).flat();
  };
  const choose = async (id: number, label: string) => {
    const choice = menuOf(id).find((each) => each.label === label);
    expect(choice?.enabled).not.toBe(false);
    await choice?.act();
    return backend.asked.map(({ verb, facts }) => [verb, ...facts]);
  };
  return { backend, shell, menuOf, choose };
}

test.each([
  [words.new, [["openTab", null, null, false]]],
  [words.reload, [["reload", 2]]],
  [words.duplicate, [["duplicateTab", 2]]],
  [
    words.run("streamed"),
    [
      ["selectTab", 2],
      ["setTabMode", 2, "streamed", null],
    ],
  ],
  [words.mute(false), [["setMuted", 2, true]]],
  [words.close, [["closeTab", 2]]],
  [
    words.closeBehind,
    [
      ["closeTab", 3],
      ["closeTab", 4],
    ],
  ],
  [words.reopen, [["reopenTab"]]],
])("%s does what it says to the tab it was asked of", async (label, expected) => {
  const { choose } = await shellOf(4, 1, 1);
  expect(await choose(2, label)).toEqual(expected);
});

test("if the tab in front is to go, the one that stays comes to the front first", async () => {
  const { choose } = await shellOf(3, 1);
  expect(await choose(2, words.closeOthers)).toEqual([
    ["selectTab", 2],
    ["closeTab", 1],
    ["closeTab", 3],
  ]);
});

test("what there is nothing for cannot be chosen", async () => {
  const { menuOf, backend, shell } = await shellOf(1, 1);
  const off = (choices: { label: string; enabled?: boolean }[]) =>
    choices.filter(({ enabled }) => enabled === false).map(({ label }) => label);
  expect(off(menuOf(1))).toEqual([words.closeBehind, words.closeOthers, words.reopen]);
  expect(off(stripMenu(shell).flat())).toEqual([words.reopen]);
  backend.show(stateOf([emptyTab(1)], { reopenable: 2 }));
  expect(off(menuOf(1))).toEqual([words.reload, words.closeBehind, words.closeOthers]);
});

test("a streamed tab has no mute, and goes back to Proxy", async () => {
  const { menuOf, backend } = await shellOf(1, 1);
  backend.show(stateOf([{ ...emptyTab(1), mode: "streamed" }]));
  const labels = menuOf(1).map(({ label }) => label);
  expect(labels).not.toContain(words.mute(false));
  expect(labels).toContain(words.run("proxy"));
});

class Box {
  getBoundingClientRect = () => ({ left: 40.4, bottom: 36 });
}

function press(button: number): MouseEvent {
  vi.stubGlobal("Element", Box);
  const event = { button, timeStamp: 5000, clientX: 120.6, clientY: 20, currentTarget: new Box() };
  const calls = { preventDefault: () => undefined, stopPropagation: () => undefined };
  return { ...event, ...calls } as unknown as MouseEvent;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test("the line that is chosen is done, after the page has the keyboard again", async () => {
  const { backend, shell } = await shellOf(2, 1);
  const tab = shell.tabs[1];
  if (!tab) throw new Error("no tab");
  backend.choice = (labels) => labels.indexOf(words.close);
  // The keyboard comes with the press, and that may be told after it.
  onFocus({ timeStamp: 5010 } as FocusEvent);
  await openMenu(shell, press(2), tabMenu(shell, tab));
  const [shown, ...then] = backend.asked;
  expect(shown?.verb).toBe("showMenu");
  expect(shown?.facts[1]).toEqual([121, 20]);
  expect(then).toEqual([
    { verb: "focusPage", facts: [] },
    { verb: "closeTab", facts: [2] },
  ]);
});

test("groups are set apart, and of a menu that is left nothing comes", async () => {
  const { backend, shell } = await shellOf(1, 1);
  const groups = tabMenu(shell, shell.tabs[0] ?? emptyTab(1));
  // The bars had the keyboard long before, and have it again when the menu closes.
  onFocus({ timeStamp: 3000 } as FocusEvent);
  backend.choice = () => {
    onFocus({ timeStamp: 9000 } as FocusEvent);
    return -1;
  };
  await openMenu(shell, press(0), groups);
  const [shown, ...then] = backend.asked;
  const lines = (shown?.facts[0] ?? []) as { kind: string }[];
  expect(lines.filter(({ kind }) => kind === "rule")).toHaveLength(groups.length - 1);
  expect(lines).toHaveLength(groups.flat().length + groups.length - 1);
  // The menu key has no place of its own.
  expect(shown?.facts[1]).toEqual([40, 36]);
  expect(then).toEqual([]);
});
