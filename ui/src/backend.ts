//! The way to the app: one method per verb. The only file that imports Tauri.
import { Channel, invoke } from "@tauri-apps/api/core";
import type { Answer } from "./messages/Answer";
import type { AskId } from "./messages/AskId";
import type { BookmarkView } from "./messages/BookmarkView";
import type { Colour } from "./messages/Colour";
import type { Completion } from "./messages/Completion";
import type { ContentArea } from "./messages/ContentArea";
import type { DataWork } from "./messages/DataWork";
import type { Direction } from "./messages/Direction";
import type { DownloadId } from "./messages/DownloadId";
import type { DownloadVerb } from "./messages/DownloadVerb";
import type { Imported } from "./messages/Imported";
import type { LaneTicket } from "./messages/LaneTicket";
import type { MenuLine } from "./messages/MenuLine";
import type { Mode } from "./messages/Mode";
import type { NetworkForm } from "./messages/NetworkForm";
import type { NodeId } from "./messages/NodeId";
import type { ProfileName } from "./messages/ProfileName";
import type { ShellFocus } from "./messages/ShellFocus";
import type { SleepAfter } from "./messages/SleepAfter";
import type { Switch } from "./messages/Switch";
import type { TabId } from "./messages/TabId";
import type { Update } from "./messages/Update";
import type { VisitView } from "./messages/VisitView";
import type { Wish } from "./messages/Wish";

/** What the shell can ask for. Each promise rejects with a `Problem`. */
export interface Backend {
  /**
   * The whole state comes first, then again after each change. A key's wish for the focus, in the tab
   * that is in front then, comes on a way of its own: before the next key.
   */
  subscribe(
    onUpdate: (update: Update) => void,
    onFocus: (target: ShellFocus, tab: TabId | null) => void,
  ): Promise<void>;
  openTab(input: string | null, mode: Mode | null, background: boolean): Promise<void>;
  /** An empty tab of a profile, in front. */
  openTabOf(profile: ProfileName): Promise<void>;
  /** An address that was dropped on the bars, in a tab beside this one. */
  openDropped(beside: TabId, url: string): Promise<void>;
  /** Takes the keyboard from a page to the address. */
  focusAddress(): Promise<void>;
  createProfile(title: string, colour: Colour): Promise<void>;
  changeProfile(name: ProfileName, title: string, colour: Colour): Promise<void>;
  /** How a profile's Proxy tabs reach the network from now on. */
  setNetwork(name: ProfileName, form: NetworkForm): Promise<void>;
  /** A block list, by its address. */
  addList(url: string): Promise<void>;
  removeList(url: string): Promise<void>;
  /** Fetches all block lists now. */
  fetchLists(): Promise<void>;
  /** `endSession`: the person agreed that the Chromium which has the data is closed first. */
  workOnProfile(name: ProfileName, work: DataWork, endSession: boolean): Promise<void>;
  /** Uses the newer data again that a lost machine has, or has them dropped there. */
  takeBack(name: ProfileName, back: boolean): Promise<void>;
  cancelProfileWork(name: ProfileName): Promise<void>;
  dismissProfileOutcome(name: ProfileName): Promise<void>;
  /** A machine by its address, as it was typed; `certificates` is their folder, for TLS. */
  addWorker(name: string, address: string, certificates: string): Promise<void>;
  /** The machine of a Docker context that was found. */
  addContext(name: string): Promise<void>;
  /** `anyway`: the person agreed that what runs there is ended. */
  removeWorker(id: NodeId, anyway: boolean): Promise<void>;
  useWorker(id: NodeId, on: boolean, anyway: boolean): Promise<void>;
  renameWorker(id: NodeId, name: string): Promise<void>;
  checkWorker(id: NodeId): Promise<void>;
  findContexts(): Promise<void>;
  /** Without the machine that has the profile's data; `node` null: on the best one. */
  runElsewhere(tab: TabId, node: NodeId | null): Promise<void>;
  /** A path that the person chose: to write under the suggested name, or (null) to read. */
  chooseFile(suggested: string | null): Promise<string | null>;
  /** Takes the tab's profile from the other copy of the app that has it. */
  takeProfile(tab: TabId): Promise<void>;
  closeTab(tab: TabId): Promise<void>;
  selectTab(tab: TabId): Promise<void>;
  /** `position` counts from 0 in the strip without the tab. */
  moveTab(tab: TabId, position: number): Promise<void>;
  /** Opens the tab's page once more, beside it. */
  duplicateTab(tab: TabId): Promise<void>;
  /** Shows a menu of the desktop at a place of this page; gives the line that was chosen, from 0. */
  showMenu(lines: MenuLine[], place: [number, number]): Promise<number | null>;
  reopenTab(): Promise<void>;
  navigate(tab: TabId, input: string): Promise<void>;
  /** What an address that is being typed may become; null if nothing is known. */
  complete(tab: TabId, typed: string): Promise<Completion | null>;
  /** Those of the tab's profile that have all of these words, the oldest first, and at most so many. */
  bookmarks(tab: TabId, words: string, most: number): Promise<BookmarkView[]>;
  setBookmarked(tab: TabId, on: boolean): Promise<void>;
  removeBookmark(tab: TabId, url: string): Promise<void>;
  /** Keeps the pages of a file among the bookmarks of a profile. */
  importBookmarks(profile: ProfileName, path: string): Promise<Imported>;
  /** Writes the bookmarks of a profile to a file. */
  exportBookmarks(profile: ProfileName, path: string): Promise<void>;
  /** Undoes the removal of a bookmark of the tab's profile. */
  putBookmarkBack(tab: TabId, url: string): Promise<void>;
  /** Pages where the person has been in the tab's profile, the latest first: those that have all of
   * these words, and at most so many. */
  visits(tab: TabId, words: string, most: number): Promise<VisitView[]>;
  /** Forgets one of them, or (null) all. */
  forgetVisits(tab: TabId, url: string | null): Promise<void>;
  /** Shows where the person has been, in an empty tab. */
  showVisits(): Promise<void>;
  /** `node`: an explicit choice, or null for the best one. */
  setTabMode(tab: TabId, mode: Mode, node: NodeId | null): Promise<void>;
  goBack(tab: TabId): Promise<void>;
  goForward(tab: TabId): Promise<void>;
  /** Loads again; after a problem, tries again. */
  reload(tab: TabId, fresh?: boolean): Promise<void>;
  stopLoading(tab: TabId): Promise<void>;
  setZoom(tab: TabId, percent: number): Promise<void>;
  setMuted(tab: TabId, muted: boolean): Promise<void>;
  /** Looks for a text in the page; an empty one only begins. */
  find(tab: TabId, text: string): Promise<void>;
  findStep(tab: TabId, direction: Direction): Promise<void>;
  findEnd(tab: TabId): Promise<void>;
  /** Answers a question of a tab's page. */
  answer(tab: TabId, ask: AskId, answer: Answer): Promise<void>;
  /** Stops bringing files to a page, or puts away that it failed. */
  stopGiving(tab: TabId): Promise<void>;
  /** Decides about a wish of the site of a tab's page; null leaves it open again. */
  decide(tab: TabId, wish: Wish, allowed: boolean | null): Promise<void>;
  download(download: DownloadId, verb: DownloadVerb): Promise<void>;
  /** Takes all downloads that are over off the list. */
  forgetDownloads(): Promise<void>;
  /** Shows what lies behind or ahead in the tab's history, in a menu of the desktop. */
  showHistory(tab: TabId, direction: Direction): Promise<void>;
  /** Whether a toggle takes along what was typed into pages of the site of a tab. */
  setSiteCarry(tab: TabId, on: boolean): Promise<void>;
  setSleepAfter(after: SleepAfter): Promise<void>;
  /** Where words are searched for: an address with `%s` for the words. */
  setSearch(search: string): Promise<void>;
  setSiteCookies(tab: TabId, on: boolean): Promise<void>;
  /** Whether the pages of the site of a tab load what the block lists name, from the next load on. */
  setSiteUnblocked(tab: TabId, on: boolean): Promise<void>;
  setSiteHome(tab: TabId, on: boolean): Promise<void>;
  /** Go on where the tab's problem says that it was held up. */
  openAnyway(tab: TabId): Promise<void>;
  setSiteMode(tab: TabId, mode: Mode | null): Promise<void>;
  /** Gives the keyboard to the page in front. */
  /** What the tab's page in Proxy mode shows, as a JPEG; empty without one. */
  pagePicture(tab: TabId): Promise<ArrayBuffer>;
  focusPage(): Promise<void>;
  /** Gives up a start or a reconnect; the tab goes back to Proxy. */
  cancelStream(tab: TabId): Promise<void>;
  setContentArea(area: ContentArea): Promise<void>;
  setFullScreen(on: boolean): Promise<void>;
  /** In the place of the tab in front. */
  showSettings(on: boolean): Promise<void>;
  dismissNotice(index: number): Promise<void>;
  /** Fetches the newer image of the streamed browser that was offered. */
  fetchEngineImage(): Promise<void>;
  /** Switches something about streamed browsers. */
  setSwitch(which: Switch, on: boolean): Promise<void>;
  /** Asks the registry now whether it has a newer image of the streamed browser. */
  lookForUpdate(): Promise<void>;
  connectLane(): Promise<LaneTicket>;
  quit(): Promise<void>;
}

/** The backend of the running app. */
export function tauriBackend(): Backend {
  return {
    subscribe: (onUpdate, onFocus) => {
      const updates = new Channel<Update>();
      updates.onmessage = onUpdate;
      addEventListener("duotab-focus", (event) => {
        if (event instanceof CustomEvent) {
          const { target, tab } = event.detail as { target: ShellFocus; tab: TabId | null };
          onFocus(target, tab);
        }
      });
      return invoke("subscribe", { updates });
    },
    openTab: (input, mode, background) => invoke("open_tab", { input, mode, background }),
    openTabOf: (profile) => invoke("open_tab_of", { profile }),
    focusAddress: () => invoke("focus_address"),
    openDropped: (beside, url) => invoke("open_dropped", { beside, url }),
    createProfile: (title, colour) => invoke("create_profile", { title, colour }),
    changeProfile: (name, title, colour) => invoke("change_profile", { name, title, colour }),
    setNetwork: (name, form) => invoke("set_network", { name, form }),
    addList: (url) => invoke("add_list", { url }),
    removeList: (url) => invoke("remove_list", { url }),
    fetchLists: () => invoke("fetch_lists"),
    workOnProfile: (name, work, endSession) =>
      invoke("work_on_profile", { name, work, endSession }),
    takeBack: (name, back) => invoke("take_back", { name, back }),
    cancelProfileWork: (name) => invoke("cancel_profile_work", { name }),
    dismissProfileOutcome: (name) => invoke("dismiss_profile_outcome", { name }),
    chooseFile: (suggested) => invoke("choose_file", { suggested }),
    addWorker: (name, address, certificates) =>
      invoke("add_worker", { name, address, certificates }),
    addContext: (name) => invoke("add_context", { name }),
    removeWorker: (id, anyway) => invoke("remove_worker", { id, anyway }),
    useWorker: (id, on, anyway) => invoke("use_worker", { id, on, anyway }),
    renameWorker: (id, name) => invoke("rename_worker", { id, name }),
    checkWorker: (id) => invoke("check_worker", { id }),
    findContexts: () => invoke("find_contexts"),
    runElsewhere: (tab, node) => invoke("run_elsewhere", { tab, node }),
    takeProfile: (tab) => invoke("take_profile", { tab }),
    closeTab: (tab) => invoke("close_tab", { tab }),
    selectTab: (tab) => invoke("select_tab", { tab }),
    moveTab: (tab, position) => invoke("move_tab", { tab, position }),
    duplicateTab: (tab) => invoke("duplicate_tab", { tab }),
    showMenu: (lines, place) => invoke("show_menu", { lines, place }),
    reopenTab: () => invoke("reopen_tab"),
    navigate: (tab, input) => invoke("navigate", { tab, input }),
    complete: (tab, typed) => invoke("complete", { tab, typed }),
    bookmarks: (tab, words, most) => invoke("bookmarks", { tab, words, most }),
    setBookmarked: (tab, on) => invoke("set_bookmarked", { tab, on }),
    removeBookmark: (tab, url) => invoke("remove_bookmark", { tab, url }),
    importBookmarks: (profile, path) => invoke("import_bookmarks", { profile, path }),
    exportBookmarks: (profile, path) => invoke("export_bookmarks", { profile, path }),
    putBookmarkBack: (tab, url) => invoke("put_bookmark_back", { tab, url }),
    visits: (tab, words, most) => invoke("visits", { tab, words, most }),
    forgetVisits: (tab, url) => invoke("forget_visits", { tab, url }),
    showVisits: () => invoke("show_visits"),
    setTabMode: (tab, mode, node) => invoke("set_tab_mode", { tab, mode, node }),
    goBack: (tab) => invoke("go_back", { tab }),
    goForward: (tab) => invoke("go_forward", { tab }),
    reload: (tab, fresh = false) => invoke("reload", { tab, fresh }),
    stopLoading: (tab) => invoke("stop_loading", { tab }),
    setZoom: (tab, percent) => invoke("set_zoom", { tab, percent }),
    setMuted: (tab, muted) => invoke("set_muted", { tab, muted }),
    find: (tab, text) => invoke("find", { tab, text }),
    findStep: (tab, direction) => invoke("find_step", { tab, direction }),
    findEnd: (tab) => invoke("find_end", { tab }),
    answer: (tab, ask, answer) => invoke("answer", { tab, ask, answer }),
    stopGiving: (tab) => invoke("stop_giving", { tab }),
    decide: (tab, wish, allowed) => invoke("decide", { tab, wish, allowed }),
    download: (download, verb) => invoke("download", { download, verb }),
    forgetDownloads: () => invoke("forget_downloads"),
    showHistory: (tab, direction) => invoke("show_history", { tab, direction }),
    setSiteCarry: (tab, on) => invoke("set_site_carry", { tab, on }),
    setSleepAfter: (after) => invoke("set_sleep_after", { after }),
    setSearch: (search) => invoke("set_search", { search }),
    setSiteCookies: (tab, on) => invoke("set_site_cookies", { tab, on }),
    setSiteUnblocked: (tab, on) => invoke("set_site_unblocked", { tab, on }),
    setSiteHome: (tab, on) => invoke("set_site_home", { tab, on }),
    openAnyway: (tab) => invoke("open_anyway", { tab }),
    setSiteMode: (tab, mode) => invoke("set_site_mode", { tab, mode }),
    focusPage: () => invoke("focus_page"),
    pagePicture: (tab) => invoke("page_picture", { tab }),
    cancelStream: (tab) => invoke("cancel_stream", { tab }),
    setContentArea: (area) => invoke("set_content_area", { area }),
    setFullScreen: (on) => invoke("set_full_screen", { on }),
    showSettings: (on) => invoke("show_settings", { on }),
    dismissNotice: (index) => invoke("dismiss_notice", { index }),
    fetchEngineImage: () => invoke("fetch_engine_image"),
    setSwitch: (which, on) => invoke("set_switch", { switch: which, on }),
    lookForUpdate: () => invoke("look_for_update"),
    connectLane: () => invoke("connect_lane"),
    quit: () => invoke("quit"),
  };
}
