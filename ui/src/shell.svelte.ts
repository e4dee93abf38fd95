//! What the page knows: the last state that came, and the ways to ask for another. It invents
//! nothing: a click changes the picture when the next state arrives. Only a search has its field at
//! once, for the keys that are pressed right behind the one that asks for it.
import type { Backend } from "./backend";
import type { Find } from "./messages/Find";
import type { Mode } from "./messages/Mode";
import type { NodeId } from "./messages/NodeId";
import type { Problem } from "./messages/Problem";
import type { ProfileName } from "./messages/ProfileName";
import type { ProfileView } from "./messages/ProfileView";
import type { ShellFocus } from "./messages/ShellFocus";
import type { ShellState } from "./messages/ShellState";
import type { TabId } from "./messages/TabId";
import type { TabView } from "./messages/TabView";
import { type Verb, zoomIn, zoomOut } from "./keys";

/** How long a refused wish stays readable, in ms. */
const REFUSAL_SHOWN_MS = 8000;

const NO_FIND: Find = { text: "", matches: null, at: null };

export class Shell {
  /** The last state; null until the first has come. */
  state = $state.raw<ShellState | null>(null);
  /** When it came, as `performance.now()` counts. */
  receivedAt = $state.raw(0);
  /** Why the last wish was refused, until it is put away. */
  refusal = $state.raw<Problem | null>(null);
  /**
   * Where the focus was last asked to go; `nth` makes each wish a new one. A key says in which tab,
   * which the state that is on its way may have to bring first; so does the app, which may have
   * opened it.
   */
  focus = $state.raw<{ target: ShellFocus; tab: TabId | null; byApp: boolean; nth: number }>({
    target: "page",
    tab: null,
    byApp: false,
    nth: 0,
  });
  /** Whether what is decided for the site in front is being looked at. */
  siteOpen = $state(false);
  /** Whether the machines that the tab in front could run on are being looked at. */
  nodeOpen = $state(false);
  /** Whether the downloads are being looked at. */
  downloadsOpen = $state(false);
  /** What is being typed into the address bar, without what is added to it. */
  typed = $state("");
  /** How often the lists of an empty tab were asked to take the keyboard. */
  listWanted = $state(0);
  /** The page cannot reach the app at all. */
  cutOff = $state.raw(false);

  tabs: TabView[] = $derived(this.state?.tabs ?? []);
  active: TabView | null = $derived(this.tabs.find((tab) => tab.id === this.state?.active) ?? null);

  profiles: ProfileView[] = $derived(this.state?.profiles ?? []);
  settingsShown: boolean = $derived(this.state?.settings_shown ?? false);

  /** The tab whose search begins: the keys that come next are for it, and wait for no state. */
  #finding = $state.raw<TabId | null>(null);
  /** The search that began last has been heard of: what is typed comes behind it. */
  findBegun: Promise<unknown> = Promise.resolve();
  /** What is looked for in the tab in front. */
  find: Find | null = $derived.by(() => {
    const tab = this.active;
    return tab?.page.find ?? (tab && tab.id === this.#finding ? NO_FIND : null);
  });

  /** The last wish for the focus that was granted. */
  #granted = 0;
  /** How many states have come, and how many had when the focus was last asked for. */
  #states = 0;
  #statesAtWish = 0;
  #refusalTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly backend: Backend) {}

  async start(): Promise<void> {
    try {
      const onFocus = (target: ShellFocus, tab: TabId | null, byApp = false) => {
        this.askFocus(target, tab, byApp);
        if (target === "find") this.#beginFind(tab);
        if (target === "downloads") this.#toggleDownloads();
      };
      await this.backend.subscribe((update) => {
        if (update.kind === "focus") {
          onFocus(update.target, update.tab, true);
        } else {
          this.#states += 1;
          this.receivedAt = performance.now();
          this.state = update.state;
          if (this.#finds(this.#finding)) this.#finding = null;
        }
      }, onFocus);
    } catch {
      this.cutOff = true;
    }
  }

  askFocus(target: ShellFocus, tab: TabId | null = null, byApp = false): void {
    this.#statesAtWish = this.#states;
    this.focus = { target, tab, byApp, nth: this.focus.nth + 1 };
  }

  /**
   * Whether the focus shall go to `target` now. Each wish is granted once, so that what comes back
   * later does not take the keyboard from where the person is by then.
   */
  grantFocus(target: ShellFocus): boolean {
    const wish = this.focus;
    if (wish.target !== target || wish.nth === this.#granted) return false;
    this.#granted = wish.nth;
    // The page's own view has it already, unless the state that came with the wish brings ours.
    return target !== "page" || this.#states <= this.#statesAtWish + 1;
  }

  /** Gives the keyboard back to the page, wherever it lives. */
  focusPage(): void {
    void this.run(this.backend.focusPage());
  }

  #toggleDownloads(): void {
    this.downloadsOpen = !this.downloadsOpen;
    if (!this.downloadsOpen) this.focusPage();
  }

  /** Begins a search in that tab, or in the one in front. */
  #beginFind(of: TabId | null): void {
    const tab = of === null ? this.active : this.tabs.find((each) => each.id === of);
    // Over the settings, an open search is asked for again: it brings the page back.
    if (!tab || (tab.page.find && !this.settingsShown)) return;
    this.#finding = tab.id;
    this.findBegun = this.run(this.backend.find(tab.id, tab.page.find?.text ?? "")).then(
      (granted) => {
        if (!granted) this.#finding = null;
      },
    );
  }

  #finds(id: TabId | null): boolean {
    return this.tabs.some((tab) => tab.id === id && tab.page.find);
  }

  /** Looks for nothing any more. */
  endFind(tab: TabId): Promise<void> {
    this.#finding = null;
    return this.backend.findEnd(tab);
  }

  /** Waits for a wish; a refusal is shown. Answers whether it was granted. */
  async run(wish: Promise<unknown>): Promise<boolean> {
    try {
      await wish;
      return true;
    } catch (reason) {
      if (isProblem(reason) && !isQuiet(reason)) this.#refuse(reason);
      return false;
    }
  }

  /** The refusal, unless a tab shows the same problem anyway. */
  get unread(): Problem | null {
    const refusal = canonical(this.refusal);
    const shown = this.tabs.some((tab) => canonical(tab.problem) === refusal);
    return shown ? null : this.refusal;
  }

  dismissRefusal(): void {
    clearTimeout(this.#refusalTimer);
    this.refusal = null;
  }

  #refuse(problem: Problem): void {
    this.dismissRefusal();
    this.refusal = problem;
    this.#refusalTimer = setTimeout(() => {
      this.refusal = null;
    }, REFUSAL_SHOWN_MS);
  }

  openTab(): void {
    void this.run(this.backend.openTab(null, null, false));
  }

  profile(name: ProfileName): ProfileView | null {
    return this.profiles.find((each) => each.name === name) ?? null;
  }

  setMode(tab: TabView, mode: Mode, node: NodeId | null = null): void {
    if (mode === tab.mode && node === null && tab.problem === null) return;
    void this.run(this.backend.setTabMode(tab.id, mode, node));
  }

  /** Brings a tab to the front and changes its mode. */
  async continueIn(tab: TabView, mode: Mode): Promise<void> {
    await this.run(this.backend.selectTab(tab.id));
    this.setMode(tab, mode);
  }

  /** Closes tabs; one of those that stay comes to the front if that was one of them. */
  async closeAll(tabs: TabView[], stays: TabView): Promise<void> {
    if (tabs.some(({ id }) => id === this.active?.id)) {
      await this.run(this.backend.selectTab(stays.id));
    }
    // One behind the other: they are reopened in this order.
    for (const { id } of tabs) await this.run(this.backend.closeTab(id));
  }

  /** Keeps the page of a tab, where that can be, or no longer. */
  setBookmarked(tab: TabView, on: boolean): void {
    if (tab.bookmarked !== null) void this.run(this.backend.setBookmarked(tab.id, on));
  }

  setMuted(tab: TabView, muted: boolean): void {
    void this.run(this.backend.setMuted(tab.id, muted));
  }

  /** Moves a tab by places; at the end of the strip it stays. */
  moveBy(tab: TabId, by: number): void {
    const at = this.tabs.findIndex((each) => each.id === tab);
    const to = at + by;
    if (at >= 0 && to >= 0 && to < this.tabs.length) void this.run(this.backend.moveTab(tab, to));
  }

  /** Does what a shortcut asks for. */
  perform(wish: Verb): void {
    const { backend, active } = this;
    if (wish.verb === "open_tab") {
      this.openTab();
    } else if (wish.verb === "open_private_tab") {
      const hidden = this.profiles.find((each) => each.private);
      if (hidden) void this.run(backend.openTabOf(hidden.name));
    } else if (wish.verb === "reopen_tab") {
      void this.run(backend.reopenTab());
    } else if (wish.verb === "full_screen") {
      void this.run(backend.setFullScreen(!(this.state?.full_screen ?? false)));
    } else if (wish.verb === "show_settings") {
      void this.run(backend.showSettings(true));
    } else if (wish.verb === "focus_address") {
      this.askFocus("address_bar");
    } else if (wish.verb === "visits") {
      void this.run(backend.showVisits());
    } else if (wish.verb === "downloads") {
      this.#toggleDownloads();
    } else if (wish.verb === "find" || (wish.verb === "find_step" && !active?.page.find?.text)) {
      if (!active?.address) return;
      this.askFocus("find");
      this.#beginFind(null);
    } else if (active) {
      this.#performOn(active, wish);
    }
  }

  #performOn(tab: TabView, wish: Verb): void {
    const { backend } = this;
    switch (wish.verb) {
      case "close_tab":
        return void this.run(backend.closeTab(tab.id));
      case "reload":
        return void this.run(backend.reload(tab.id));
      case "reload_fresh":
        return void this.run(backend.reload(tab.id, true));
      case "find_step":
        return void this.run(backend.findStep(tab.id, wish.direction));
      case "go_back":
        if (tab.can_go_back) void this.run(backend.goBack(tab.id));
        return;
      case "go_forward":
        if (tab.can_go_forward) void this.run(backend.goForward(tab.id));
        return;
      case "toggle_mode":
        this.setMode(tab, tab.mode === "proxy" ? "streamed" : "proxy");
        return;
      case "mute":
        if (tab.mode === "proxy" || tab.audible) this.setMuted(tab, !tab.muted);
        return;
      case "bookmark":
        this.setBookmarked(tab, !tab.bookmarked);
        return;
      case "zoom_in":
        return void this.run(backend.setZoom(tab.id, zoomIn(tab.zoom)));
      case "zoom_out":
        return void this.run(backend.setZoom(tab.id, zoomOut(tab.zoom)));
      case "zoom_reset":
        return void this.run(backend.setZoom(tab.id, 100));
      case "move_tab":
        this.moveBy(tab.id, wish.by);
        return;
      case "next_tab":
        this.#select(this.#neighbour(tab.id, 1));
        return;
      case "previous_tab":
        this.#select(this.#neighbour(tab.id, -1));
        return;
      case "nth_tab":
        this.#select(this.tabs[wish.index]);
        return;
      case "last_tab":
        this.#select(this.tabs.at(-1));
        return;
      default:
        return;
    }
  }

  #neighbour(tab: TabId, step: 1 | -1): TabView | undefined {
    const at = this.tabs.findIndex((each) => each.id === tab);
    return this.tabs[(at + step + this.tabs.length) % this.tabs.length];
  }

  #select(tab: TabView | undefined): void {
    if (tab && tab.id !== this.state?.active) void this.run(this.backend.selectTab(tab.id));
  }
}

function isProblem(reason: unknown): reason is Problem {
  return typeof reason === "object" && reason !== null && "code" in reason;
}

/** Equal for problems that say the same: what a command rejects with has its keys in another order. */
function canonical(problem: Problem | null): string {
  return JSON.stringify(problem, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** A refusal that says nothing new to the person who caused it. */
function isQuiet(problem: Problem): boolean {
  return (
    problem.code === "cancelled" || problem.code === "closing" || problem.code === "unknown_tab"
  );
}
