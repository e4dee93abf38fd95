//! Pages that are kept.
import type { BookmarkView } from "../src/messages/BookmarkView";
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
