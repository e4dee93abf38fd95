//! Pages that are kept, and where the person has been.
import type { BookmarkView } from "../src/messages/BookmarkView";
import type { VisitView } from "../src/messages/VisitView";
import { dot } from "./tabs";

function kept(url: string, title: string, colour: string | null): BookmarkView {
  return { url, address: url, title, favicon: colour === null ? null : dot(colour) };
}

export const BOOKMARKS: readonly BookmarkView[] = [
  kept("https://garden.example/beds", "The garden in November", "#3f8f4f"),
  kept("https://news.example/", "News", "#b33a3a"),
  kept("https://mail.example/inbox", "Inbox (3)", "#2f6fd0"),
  kept(
    "https://recipes.example/soups/pumpkin",
    "Pumpkin soup with roasted seeds, and what to do with the rest of the pumpkin",
    null,
  ),
  kept("http://192.168.1.1/", "", null),
];

function seen(url: string, title: string, hoursAgo: number): VisitView {
  return { url, address: url, title, seen: Math.floor(Date.now() / 1000 - hoursAgo * 3600) };
}

export const VISITS: readonly VisitView[] = [
  seen("https://news.example/science/comet", "A quiet comet passes the earth", 0.1),
  seen("https://garden.example/tools", "Tools for the winter", 1),
  seen("https://recipes.example/soups", "Soups", 26),
  seen("http://192.168.1.1/status", "", 75),
  seen("https://shop.example/lamps/42", "A lamp that you looked at twice and did not buy", 400),
];
