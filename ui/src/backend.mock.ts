//! A backend with no app behind it, for tests and for the preview page: it notes what is asked
//! and answers the simplest wishes on a state that a script gave it.
import type { Backend } from "./backend";
import type { BookmarkView } from "./messages/BookmarkView";
import type { Problem } from "./messages/Problem";
import type { ShellFocus } from "./messages/ShellFocus";
import type { ShellState } from "./messages/ShellState";
import type { TabId } from "./messages/TabId";
import type { TabView } from "./messages/TabView";
import type { Update } from "./messages/Update";
import type { VisitView } from "./messages/VisitView";
import { emptyTab, listOf, profileOf } from "./state.mock";

export interface Asked {
  verb: keyof Backend;
  facts: unknown[];
}

const IMPORTED = { added: 212, known: 3, unusable: 1, over: 0 };

export class MockBackend implements Backend {
  readonly asked: Asked[] = [];
  /** Refuse every wish with this problem. */
  refusal: Problem | null = null;
  laneUrl = "ws://127.0.0.1:9/";
  /** What is kept, whatever the profile. */
  kept: readonly BookmarkView[] = [];
  seen: readonly VisitView[] = [];
  /** What the person chooses in a menu of these labels. */
  choice: (labels: string[]) => number | null = () => null;
  #onUpdate: (update: Update) => void = () => undefined;
  #onFocus: Parameters<Backend["subscribe"]>[1] = () => undefined;
  #nextTab = 1000;

  constructor(public state: ShellState) {}

  /** Sends `state`, or the present one. */
  show(state: ShellState = this.state): void {
    this.state = state;
    this.#onUpdate({ kind: "state", state: structuredClone(state) });
  }

  send(update: Update): void {
    this.#onUpdate(update);
  }

  async #note(verb: keyof Backend, facts: unknown[], change?: () => void): Promise<void> {
    this.asked.push({ verb, facts });
    await Promise.resolve();
    // Commands reject with plain problems, not with errors.
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    if (this.refusal) throw this.refusal;
    if (change) {
      change();
      this.show();
    }
  }

  #on(id: number, change: (tab: TabView) => void): () => void {
    return () => {
      const tab = this.state.tabs.find((each) => each.id === id);
      if (tab) change(tab);
    };
  }

  /** A key asks for the focus, in the tab that the app has in front. */
  press(target: ShellFocus, tab: TabId | null): void {
    this.#onFocus(target, tab);
  }

  subscribe: Backend["subscribe"] = async (onUpdate, onFocus) => {
    this.#onUpdate = onUpdate;
    this.#onFocus = onFocus;
    await Promise.resolve();
    this.show();
  };

  openTab: Backend["openTab"] = (input, mode, background) =>
    this.#note("openTab", [input, mode, background], () => {
      const tab = emptyTab(this.#nextTab++);
      this.state.tabs.push({ ...tab, address: input ?? "", mode: mode ?? "proxy" });
      if (!background) this.state.active = tab.id;
    });

  addWorker: Backend["addWorker"] = (...facts) => this.#note("addWorker", facts);
  addContext: Backend["addContext"] = (...facts) => this.#note("addContext", facts);
  removeWorker: Backend["removeWorker"] = (...facts) => this.#note("removeWorker", facts);
  useWorker: Backend["useWorker"] = (...facts) => this.#note("useWorker", facts);
  renameWorker: Backend["renameWorker"] = (...facts) => this.#note("renameWorker", facts);
  checkWorker: Backend["checkWorker"] = (...facts) => this.#note("checkWorker", facts);
  findContexts: Backend["findContexts"] = () => this.#note("findContexts", []);
  runElsewhere: Backend["runElsewhere"] = (...facts) => this.#note("runElsewhere", facts);
  takeBack: Backend["takeBack"] = (...facts) => this.#note("takeBack", facts);
  takeProfile: Backend["takeProfile"] = (...facts) => this.#note("takeProfile", facts);

  closeTab: Backend["closeTab"] = (tab) =>
    this.#note("closeTab", [tab], () => {
      const at = this.state.tabs.findIndex((each) => each.id === tab);
      this.state.tabs.splice(at, 1);
      if (this.state.active === tab) {
        this.state.active = (this.state.tabs[at] ?? this.state.tabs.at(-1))?.id ?? null;
      }
    });

  selectTab: Backend["selectTab"] = (tab) =>
    this.#note("selectTab", [tab], () => {
      this.state.active = tab;
    });

  moveTab: Backend["moveTab"] = (tab, position) =>
    this.#note("moveTab", [tab, position], () => {
      const at = this.state.tabs.findIndex((each) => each.id === tab);
      this.state.tabs.splice(position, 0, ...this.state.tabs.splice(at, 1));
    });

  complete: Backend["complete"] = async (tab, typed) => {
    await this.#note("complete", [tab, typed]);
    return null;
  };

  bookmarks: Backend["bookmarks"] = async () => {
    await Promise.resolve();
    return [...this.kept];
  };

  setBookmarked: Backend["setBookmarked"] = (tab, on) =>
    this.#note(
      "setBookmarked",
      [tab, on],
      this.#on(tab, (each) => {
        each.bookmarked = on;
      }),
    );

  removeBookmark: Backend["removeBookmark"] = (tab, url) =>
    this.#note("removeBookmark", [tab, url], () => {
      this.kept = this.kept.filter((each) => each.url !== url);
      this.state.bookmarks += 1;
    });

  importBookmarks: Backend["importBookmarks"] = (profile, path) =>
    this.#note("importBookmarks", [profile, path]).then(() => IMPORTED);
  exportBookmarks: Backend["exportBookmarks"] = (profile, path) =>
    this.#note("exportBookmarks", [profile, path]);
  putBookmarkBack: Backend["putBookmarkBack"] = (tab, url) =>
    this.#note("putBookmarkBack", [tab, url]);

  visits: Backend["visits"] = async (_tab, words, most) => {
    await Promise.resolve();
    return this.seen.filter(({ title }) => title.toLowerCase().includes(words)).slice(0, most);
  };

  showVisits: Backend["showVisits"] = () => this.#note("showVisits", []);
  forgetVisits: Backend["forgetVisits"] = (tab, url) =>
    this.#note("forgetVisits", [tab, url], () => {
      this.seen = this.seen.filter((each) => url !== null && each.url !== url);
    });

  navigate: Backend["navigate"] = (tab, input) =>
    this.#note(
      "navigate",
      [tab, input],
      this.#on(tab, (each) => {
        each.address = input;
        each.loading = true;
        each.problem = null;
      }),
    );

  setTabMode: Backend["setTabMode"] = (tab, mode, node) =>
    this.#note(
      "setTabMode",
      [tab, mode, node],
      this.#on(tab, (each) => {
        each.mode = mode;
        each.problem = null;
        each.stream =
          mode === "proxy"
            ? null
            : {
                session: null,
                stage: "placing",
                stages: [{ stage: "placing", took_ms: null }],
                elapsed_ms: 0,
                node: null,
                fetched_percent: null,
                relayed: false,
                encoder: null,
                moving: null,
              };
      }),
    );

  setZoom: Backend["setZoom"] = (tab, percent) =>
    this.#note(
      "setZoom",
      [tab, percent],
      this.#on(tab, (each) => (each.zoom = percent)),
    );

  setMuted: Backend["setMuted"] = (tab, muted) =>
    this.#note(
      "setMuted",
      [tab, muted],
      this.#on(tab, (each) => (each.muted = muted)),
    );

  find: Backend["find"] = (tab, text) =>
    this.#note(
      "find",
      [tab, text],
      this.#on(tab, (each) => (each.page.find = { text, matches: null, at: null })),
    );

  findEnd: Backend["findEnd"] = (tab) =>
    this.#note(
      "findEnd",
      [tab],
      this.#on(tab, (each) => (each.page.find = null)),
    );

  setFullScreen: Backend["setFullScreen"] = (on) =>
    this.#note("setFullScreen", [on], () => {
      this.state.full_screen = on;
    });

  openTabOf: Backend["openTabOf"] = (profile) =>
    this.#note("openTabOf", [profile], () => {
      const tab = { ...emptyTab(this.#nextTab++), profile };
      this.state.tabs.push(tab);
      this.state.active = tab.id;
    });

  openDropped: Backend["openDropped"] = (beside, url) =>
    this.#note("openDropped", [beside, url], () => {
      const tab = { ...emptyTab(this.#nextTab++), address: url };
      this.state.tabs.push(tab);
      this.state.active = tab.id;
    });

  focusAddress: Backend["focusAddress"] = () => this.#note("focusAddress", [], () => undefined);

  createProfile: Backend["createProfile"] = (title, colour) =>
    this.#note("createProfile", [title, colour], () => {
      this.state.profiles.push(profileOf(`p${this.#nextTab++}`, { title, colour }));
    });

  changeProfile: Backend["changeProfile"] = (name, title, colour) =>
    this.#note("changeProfile", [name, title, colour], () => {
      const profile = this.state.profiles.find((each) => each.name === name);
      if (profile) Object.assign(profile, { title, colour });
    });

  setNetwork: Backend["setNetwork"] = (name, form) =>
    this.#note("setNetwork", [name, form], () => {
      const profile = this.state.profiles.find((each) => each.name === name);
      if (profile) profile.network = form;
    });

  addList: Backend["addList"] = (url) =>
    this.#note("addList", [url], () => {
      this.state.lists.push(listOf(url));
    });

  removeList: Backend["removeList"] = (url) =>
    this.#note("removeList", [url], () => {
      this.state.lists = this.state.lists.filter((each) => each.url !== url);
    });

  fetchLists: Backend["fetchLists"] = () => this.#note("fetchLists", []);

  workOnProfile: Backend["workOnProfile"] = (name, work, endSession) =>
    this.#note("workOnProfile", [name, work, endSession]);
  cancelProfileWork: Backend["cancelProfileWork"] = (name) =>
    this.#note("cancelProfileWork", [name]);
  dismissProfileOutcome: Backend["dismissProfileOutcome"] = (name) =>
    this.#note("dismissProfileOutcome", [name]);

  chooseFile: Backend["chooseFile"] = async (suggested) => {
    await this.#note("chooseFile", [suggested]);
    return `/tmp/${suggested ?? "a profile.tar"}`;
  };

  showSettings: Backend["showSettings"] = (on) =>
    this.#note("showSettings", [on], () => {
      this.state.settings_shown = on;
    });

  dismissNotice: Backend["dismissNotice"] = (index) =>
    this.#note("dismissNotice", [index], () => {
      this.state.notices.splice(index, 1);
    });

  setSwitch: Backend["setSwitch"] = (which, on) =>
    this.#note("setSwitch", [which, on], () => {
      this.state.streaming[which].on = on;
    });

  lookForUpdate: Backend["lookForUpdate"] = () =>
    this.#note("lookForUpdate", [], () => {
      this.state.streaming.looking = true;
    });

  fetchEngineImage: Backend["fetchEngineImage"] = () => this.#note("fetchEngineImage", []);
  cancelStream: Backend["cancelStream"] = (tab) => this.setTabMode(tab, "proxy", null);
  duplicateTab: Backend["duplicateTab"] = (tab) => this.#note("duplicateTab", [tab]);
  showMenu: Backend["showMenu"] = async (lines, place) => {
    await this.#note("showMenu", [lines, place]);
    return this.choice(lines.map((line) => (line.kind === "choice" ? line.label : "")));
  };
  reopenTab: Backend["reopenTab"] = () => this.#note("reopenTab", []);
  goBack: Backend["goBack"] = (tab) => this.#note("goBack", [tab]);
  goForward: Backend["goForward"] = (tab) => this.#note("goForward", [tab]);
  findStep: Backend["findStep"] = (tab, direction) => this.#note("findStep", [tab, direction]);
  decide: Backend["decide"] = (tab, wish, allowed) => this.#note("decide", [tab, wish, allowed]);
  answer: Backend["answer"] = (tab, ask, answer) =>
    this.#note(
      "answer",
      [tab, ask, answer],
      this.#on(tab, (each) => (each.page.asks = each.page.asks.filter((one) => one.id !== ask))),
    );
  stopGiving: Backend["stopGiving"] = (tab) =>
    this.#note(
      "stopGiving",
      [tab],
      this.#on(tab, (each) => (each.page.giving = null)),
    );
  download: Backend["download"] = (id, verb) => this.#note("download", [id, verb]);
  forgetDownloads: Backend["forgetDownloads"] = () => this.#note("forgetDownloads", []);
  showHistory: Backend["showHistory"] = (tab, direction) =>
    this.#note("showHistory", [tab, direction]);
  setSleepAfter: Backend["setSleepAfter"] = (after) => this.#note("setSleepAfter", [after]);
  setSearch: Backend["setSearch"] = (search) => this.#note("setSearch", [search]);
  setSiteCookies: Backend["setSiteCookies"] = (tab, on) => this.#note("setSiteCookies", [tab, on]);
  setSiteCarry: Backend["setSiteCarry"] = (tab, on) => this.#note("setSiteCarry", [tab, on]);
  setSiteUnblocked: Backend["setSiteUnblocked"] = (tab, on) =>
    this.#note("setSiteUnblocked", [tab, on]);
  setSiteHome: Backend["setSiteHome"] = (tab, on) => this.#note("setSiteHome", [tab, on]);
  openAnyway: Backend["openAnyway"] = (tab) => this.#note("openAnyway", [tab]);
  setSiteMode: Backend["setSiteMode"] = (tab, mode) => this.#note("setSiteMode", [tab, mode]);
  focusPage: Backend["focusPage"] = () => this.#note("focusPage", []);
  pagePicture: Backend["pagePicture"] = () => Promise.resolve(new ArrayBuffer(0));
  reload: Backend["reload"] = (tab, fresh) => this.#note("reload", fresh ? [tab, fresh] : [tab]);
  stopLoading: Backend["stopLoading"] = (tab) => this.#note("stopLoading", [tab]);
  setContentArea: Backend["setContentArea"] = (area) => this.#note("setContentArea", [area]);
  quit: Backend["quit"] = () => this.#note("quit", []);

  connectLane: Backend["connectLane"] = async () => {
    await this.#note("connectLane", []);
    return { url: this.laneUrl, secret: "00" };
  };
}
