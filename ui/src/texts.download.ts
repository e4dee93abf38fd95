//! What the shell says about downloads.
import type { Anew } from "./messages/Anew";
import type { Download } from "./messages/Download";

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** Bytes as a person reads them. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}

/** Whether it is still coming. */
export function isRunning(download: Download): boolean {
  return download.state === "running" || download.state === "arriving";
}

/** Whether nothing more comes, as it is. */
export function isOver(download: Download): boolean {
  return !isRunning(download) && download.state !== "paused";
}

/** Whether it can be held up: what was made for this page alone nobody could give again. */
export function canPause(download: Download): boolean {
  return download.state === "running" && download.hold !== "never";
}

/** Whether it goes on where it was, as far as is known. */
function goesOn(download: Download): boolean {
  return typeof download.hold === "object" && download.received > 0;
}

/** What the person may not have seen of how it ended. */
export function trouble(download: Download | undefined): "failed" | "stopped" | null {
  if (download?.state === "failed") return "failed";
  return download?.state === "paused" && download.why !== "wanted" ? "stopped" : null;
}

/** Whether it can be fetched again: what a page made itself went with the page. */
export function canRetry(download: Download): boolean {
  return /^https?:/.test(download.url);
}

export const downloadTexts = {
  label: "Downloads",
  open: (running: number, last: "failed" | "stopped" | null): string =>
    running > 0
      ? `Downloads: ${running} under way (Ctrl+J)`
      : last !== null
        ? `Downloads: the last one ${last} (Ctrl+J)`
        : "Downloads (Ctrl+J)",
  none: "No downloads yet. Files that pages give you are listed here.",
  clear: "Clear the list",
  close: "Close",
  pause: ({ name, hold }: Download): string =>
    hold === "anew"
      ? `Pause “${name}”: its server cannot go on in the middle, so it will begin anew`
      : `Pause “${name}”`,
  resume: (download: Download): string =>
    goesOn(download)
      ? `Go on with “${download.name}”`
      : `Fetch “${download.name}” again from its beginning`,
  cancel: (name: string): string => `Cancel “${name}”`,
  retry: (name: string): string => `Try again to fetch “${name}”`,
  retryShort: "Try again",
  reveal: (name: string): string => `Show “${name}” in its folder`,
  forget: (name: string): string => `Take “${name}” off the list`,
  openFile: (name: string): string => `Open “${name}”`,
  progress: (name: string): string => `How far “${name}” is`,

  /** Where a download stands, in one line. */
  state: (download: Download): string => {
    const { received, total } = download;
    switch (download.state) {
      case "running":
        return total === null
          ? `${bytes(received)} so far`
          : `${bytes(received)} of ${bytes(total)}`;
      case "arriving":
        return `Bringing it to this machine: ${bytes(received)} of ${bytes(total ?? received)}`;
      case "paused":
        return downloadTexts.paused(download);
      case "done":
        return bytes(received);
      case "cancelled":
        return "Cancelled";
      case "failed":
        return downloadTexts.fault(download);
    }
  },

  /** Why it is held up, and what comes after that. */
  paused: (download: Extract<Download, { state: "paused" }>): string => {
    const { received, total } = download;
    const far = total === null ? bytes(received) : `${bytes(received)} of ${bytes(total)}`;
    switch (download.why) {
      case "wanted":
        if (received === 0) return "Paused before anything has come";
        return goesOn(download)
          ? `Paused at ${far}`
          : `Paused at ${far}. Its server cannot go on in the middle: it will begin anew.`;
      case "broke":
        if (received === 0)
          return "The connection broke before anything has come. Go on when you are online.";
        return `Stopped at ${far}: the connection broke. What has come is kept: go on when you are online.`;
      case "closed":
        return `Stopped at ${far}: Duotab was closed. What has come is kept: go on when you like.`;
      case "refused":
        return `Stopped at ${far}: its server does not give the rest now. Go on later, or cancel and try again from the beginning.`;
      case "login":
        return `Stopped at ${far}: its server asks for a password. Cancel, then open its page and fetch it from there.`;
      case "disk":
        return `Stopped at ${far}: nothing more can be written to its folder. Make some room, then go on.`;
    }
  },

  /** Why one that was held up begins anew. */
  anew: (name: string, why: Anew): string => {
    const reason = {
      changed: "the file at its server is another one now",
      whole: "its server cannot go on in the middle",
      lost: "the part that had come is not there any more",
    }[why];
    return `“${name}” begins anew: ${reason}.`;
  },

  /** What went wrong, and what can be done. */
  fault: (download: Extract<Download, { state: "failed" }>): string => {
    switch (download.fault) {
      case "network":
        return "The connection broke. Try again when you are online.";
      case "disk_full":
        return `No space is left in ${download.folder}. Make some room and try again.`;
      case "not_writable":
        return `Nothing can be written to ${download.folder}.`;
      case "interrupted":
        return "Duotab was closed before it was there.";
      case "session_ended":
        return "The streamed browser ended before it was there. Try again.";
      case "not_printed":
        return "The page could not be printed. Load it again, then print it again.";
    }
  },
};
