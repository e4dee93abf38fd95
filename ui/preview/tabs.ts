//! The tabs of the scenes.
import { emptyTab } from "../src/state.mock";
import type { TabView } from "../src/messages/TabView";

/** A round square of one colour, as an icon. */
export const dot = (colour: string): string =>
  `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><rect width="16" height="16" rx="4" fill="${colour}"/></svg>`,
  )}`;

let ids = 0;
/** A tab with a number of its own. */
export const tab = (facts: Partial<TabView>): TabView => ({ ...emptyTab(++ids), ...facts });

export const news = (facts: Partial<TabView> = {}): TabView =>
  tab({
    address: "https://news.example.org/science/2026/a-quiet-comet",
    title: "A quiet comet passes the Earth",
    favicon: dot("#c2542d"),
    security: "secure",
    bookmarked: true,
    can_go_back: true,
    ...facts,
  });

export const garden = (facts: Partial<TabView> = {}): TabView =>
  tab({
    address: "http://localhost:3000/beds?sort=sown",
    title: "Garden planner",
    favicon: dot("#3f8f4f"),
    security: "secure",
    bookmarked: false,
    ...facts,
  });
