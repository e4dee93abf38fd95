//! The words about pages that are kept.
import type { BookmarkFault } from "./messages/BookmarkFault";
import type { Imported } from "./messages/Imported";

const many = (count: number): string => (count === 1 ? "1 bookmark" : `${String(count)} bookmarks`);

export const bookmarkTexts = {
  /** Of a switch that is on or off. */
  star: "Bookmark",
  keep: "Keep this page among the bookmarks (Ctrl+D)",
  kept: "This page is among the bookmarks. Remove it (Ctrl+D)",
  title: "Bookmarks",
  remove: (title: string): string => `Remove the bookmark “${title}”`,
  removed: (title: string): string => `The bookmark “${title}” was removed.`,
  undo: "Put it back",
  none: "None of them has what you typed.",
  more: (shown: number): string => `These are the first ${String(shown)}. Type to find others.`,
  file: {
    of: (profile: string): string => `Bookmarks of ${profile}`,
    import: "Import bookmarks…",
    importHint: "From an HTML file, as Firefox, Chromium and others export their bookmarks",
    export: "Export bookmarks…",
    name: (profile: string): string =>
      `${profile.replace(/[^\p{L}\p{N} _-]/gu, "")} bookmarks.html`,
    imported: ({ added, known, unusable, over }: Imported): string =>
      [
        added === 0 ? "None was new." : `${many(added)} added.`,
        ...(known > 0 ? [`${many(known)} there already.`] : []),
        ...(unusable > 0 ? [`${many(unusable)} left out: nothing opens there.`] : []),
        ...(over > 0 ? [`${many(over)} left out: a profile takes 5000.`] : []),
      ].join(" "),
    exported: (path: string): string => `Written to ${path}`,
  },
} as const;

/** Why bookmarks were not read or written. */
export function bookmarkFault(path: string, fault: BookmarkFault) {
  switch (fault.cause) {
    case "refused":
      return {
        title: "That file cannot be used",
        body: `${path}: ${fault.detail}.`,
        remedy:
          "See that it is there, that you may use it and that its disk has space, or choose another one.",
      };
    case "too_large":
      return {
        title: "That file is too large",
        body: `${path} is larger than 256 MiB.`,
        remedy: "Choose the HTML file to which your other browser exported its bookmarks.",
      };
    case "none":
      return {
        title: "There are no bookmarks in that file",
        body: path,
        remedy: "Choose the HTML file to which your other browser exported its bookmarks.",
      };
  }
}
