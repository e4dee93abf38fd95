//! What the shell says about files that the person gives to a streamed page.
import type { Giving } from "./messages/Giving";
import { bytes } from "./texts.download";

export const givingTexts = {
  progress: "How far the files are",
  stop: "Cancel",
  dismiss: "Dismiss",

  /** Where they are, or what went wrong and what can be done. */
  state: (giving: Giving): string => {
    if (giving.state === "under_way") {
      const what = giving.files === 1 ? "Your file is" : `Your ${giving.files} files are`;
      return `${what} on the way to the page: ${bytes(giving.done)} of ${bytes(giving.total)}`;
    }
    switch (giving.fault) {
      case "unreadable":
        return `“${giving.name}” cannot be read. Choose another file.`;
      case "no_room":
        return "There is no room for that where the page runs. Choose something smaller.";
      case "broken":
        return "Your files did not come to the page: the way to it broke. Choose them again.";
      case "not_taken":
        return "The page takes these files no more. Choose them again in the page.";
    }
  },
};
