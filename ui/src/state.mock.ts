//! What the app paints, for tests and for the preview page: plain to begin with.
import type { ListView } from "./messages/ListView";
import type { ProfileView } from "./messages/ProfileView";
import type { ShellState } from "./messages/ShellState";
import type { StreamingView } from "./messages/StreamingView";
import type { TabView } from "./messages/TabView";

/** A new tab, as the controller makes it. */
export function emptyTab(id: number): TabView {
  return {
    id,
    profile: "default",
    mode: "proxy",
    address: "",
    heading_for: null,
    title: "",
    favicon: null,
    loading: false,
    can_go_back: false,
    can_go_forward: false,
    zoom: 100,
    audible: false,
    uses: [],
    muted: false,
    bookmarked: null,
    security: "internal",
    stream: null,
    problem: null,
    asleep: false,
    elsewhere: false,
    page: {
      progress: null,
      find: null,
      asks: [],
      giving: null,
      dialogs: 0,
      painted: true,
      site: null,
    },
  };
}

/** A profile that nothing is done with. */
export function profileOf(name: string, more: Partial<ProfileView> = {}): ProfileView {
  return {
    name,
    title: name,
    colour: "grey",
    lasting: false,
    private: false,
    in_use: false,
    home: null,
    copy: false,
    tabs: 0,
    bytes: null,
    work: null,
    outcome: null,
    network: {
      exit: "direct",
      exit_at: "",
      exit_user: "",
      exit_password: null,
      names: "system",
      names_at: "",
      blocking: false,
    },
    ...more,
  };
}

/** A block list of which nothing is known. */
export function listOf(url: string, more: Partial<ListView> = {}): ListView {
  return { url, rules: null, fetched: null, fetching: false, fault: null, ...more };
}

/** What is set about streamed browsers in containers: nothing. */
export function streamingOf(more: Partial<StreamingView> = {}): StreamingView {
  return {
    standby: { on: false, fixed: false },
    home_closed: { on: false, fixed: false },
    contained: true,
    unlimited: [],
    looking: false,
    looked: null,
    ...more,
  };
}

/** A whole state of `tabs`, the first one in front. */
export function stateOf(tabs: TabView[], more: Partial<ShellState> = {}): ShellState {
  return {
    tabs,
    active: tabs[0]?.id ?? null,
    reopenable: 0,
    nodes: [],
    notices: [],
    full_screen: false,
    profiles: [profileOf("default", { title: "Default", lasting: true })],
    lists: [listOf("https://easylist.to/easylist/easylist.txt")],
    settings_shown: false,
    streaming: streamingOf(),
    machines: { known: [], contexts: [], finding: false },
    sleep: { after: "half_hour", fixed: false },
    search: "https://duckduckgo.com/?q=%s",
    downloads: [],
    bookmarks: 0,
    ...more,
  };
}
