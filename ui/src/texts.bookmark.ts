//! The words about pages that are kept.

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
} as const;
