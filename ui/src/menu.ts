//! The menus of the strip: what each line does. The desktop shows them, over the pages.
import type { MenuLine } from "./messages/MenuLine";
import type { TabView } from "./messages/TabView";
import type { Shell } from "./shell.svelte";
import { texts } from "./texts";

interface Choice {
  label: string;
  act: () => unknown;
  /** Whether there is something to do now. */
  enabled?: boolean;
}

/** What comes with a press comes within this many ms of it. */
const JUST_NOW = 300;

/** Lines between two of these are set apart from the others. */
type Group = Choice[];

/** What can be done with the strip as a whole. */
export function stripMenu(shell: Shell): Group[] {
  return [[newTab(shell), reopen(shell)]];
}

/** What can be done with a tab, and with those around it. */
export function tabMenu(shell: Shell, tab: TabView): Group[] {
  const { backend, tabs } = shell;
  const words = texts.tabs.menu;
  const at = tabs.findIndex((each) => each.id === tab.id);
  const others = tabs.filter((each) => each.id !== tab.id);
  const behind = tabs.slice(at + 1);
  const other = tab.mode === "proxy" ? "streamed" : "proxy";
  return [
    [newTab(shell)],
    [
      {
        label: words.reload,
        act: () => shell.run(backend.reload(tab.id)),
        enabled: tab.address !== "",
      },
      { label: words.duplicate, act: () => shell.run(backend.duplicateTab(tab.id)) },
      {
        label: words.run(other),
        act: () => shell.continueIn(tab, other),
      },
      ...(tab.mode === "proxy"
        ? [
            {
              label: words.mute(tab.muted),
              act: () => {
                shell.setMuted(tab, !tab.muted);
              },
            },
          ]
        : []),
    ],
    [
      { label: words.close, act: () => shell.run(backend.closeTab(tab.id)) },
      {
        label: words.closeBehind,
        act: () => shell.closeAll(behind, tab),
        enabled: behind.length > 0,
      },
      {
        label: words.closeOthers,
        act: () => shell.closeAll(others, tab),
        enabled: others.length > 0,
      },
    ],
    [reopen(shell)],
  ];
}

function newTab(shell: Shell): Choice {
  return {
    label: texts.tabs.menu.new,
    act: () => {
      shell.openTab();
    },
  };
}

function reopen(shell: Shell): Choice {
  return {
    label: texts.tabs.menu.reopen,
    act: () => shell.run(shell.backend.reopenTab()),
    enabled: (shell.state?.reopenable ?? 0) > 0,
  };
}

/** When this page had the keyboard last come to it, and when a menu was last asked for, as
 *  `Event.timeStamp` counts. */
let focusedAt = -Infinity;
let askedAt: number | null = null;

/** Notes when the keyboard comes, but not back from a menu. */
export function onFocus({ timeStamp }: FocusEvent): void {
  if (askedAt === null || timeStamp <= askedAt + JUST_NOW) focusedAt = timeStamp;
}

/** Has the desktop show a menu where it was asked for, and does what is chosen. */
export async function openMenu(shell: Shell, event: MouseEvent, groups: Group[]): Promise<void> {
  event.preventDefault();
  event.stopPropagation();
  const choices: (Choice | null)[] = groups.flatMap((group, at) =>
    at === 0 ? group : [null, ...group],
  );
  const lines = choices.map((choice): MenuLine =>
    choice
      ? { kind: "choice", label: choice.label, enabled: choice.enabled ?? true }
      : { kind: "rule" },
  );
  askedAt = event.timeStamp;
  const chosen = await shell.backend.showMenu(lines, placeOf(event)).catch(() => null);
  askedAt = null;
  // The press that asked took the keyboard from the page; what is chosen may want it elsewhere.
  if (Math.abs(focusedAt - event.timeStamp) <= JUST_NOW) await shell.run(shell.backend.focusPage());
  if (chosen !== null) await choices[chosen]?.act();
}

/** Under the pointer; for the menu key, under what has the keyboard. */
function placeOf(event: MouseEvent): [number, number] {
  const { button, clientX, clientY, currentTarget } = event;
  if (button === 2 || !(currentTarget instanceof Element)) {
    return [Math.round(clientX), Math.round(clientY)];
  }
  const box = currentTarget.getBoundingClientRect();
  return [Math.round(box.left), Math.round(box.bottom)];
}
