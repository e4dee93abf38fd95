//! What the shell says around a page: looking in it, and how far it is loaded.
import type { Find } from "./messages/Find";

/** Matches beyond this are not counted by the engines. */
const MOST = 1000;

export const pageTexts = {
  loading: "Loading the page",
  goTo: (title: string, address: string): string => `${title}\n${address}`,

  find: {
    label: "Find in page",
    field: "Find in page",
    next: "Next match (F3)",
    previous: "Previous match (Shift+F3)",
    close: "Close (Esc)",
    /** How many matches there are, and which is in sight. */
    count: ({ text, matches, at }: Find): string => {
      if (text === "" || matches === null) return "";
      if (matches === 0) return "No matches";
      const all = matches >= MOST ? `${MOST} or more` : String(matches);
      if (at !== null) return `${at} of ${all}`;
      return matches === 1 ? "1 match" : `${all} matches`;
    },
  },
};
