//! The shell's own icons, on a grid of 16.
import type { Wish } from "./messages/Wish";

/** One path for each. */
export const PATHS = {
  back: "M9.5 3 4.5 8l5 5M4.8 8H13",
  forward: "M6.5 3l5 5-5 5M11.2 8H3",
  reload: "M13 8a5 5 0 1 1-1.5-3.6M13 2.4v2.8h-2.8",
  stop: "M4 4l8 8M12 4l-8 8",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  resume: "M5 3.2v9.6L12.5 8Z",
  close: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  plus: "M8 3v10M3 8h10",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.4 10.4 13.5 13.5",
  lock: "M4 7.2h8v6H4zM5.6 7.2V5a2.4 2.4 0 0 1 4.8 0v2.2",
  plain: "M8 2.5 14 13H2ZM8 6.4v3M8 11.2v.2",
  globe:
    "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM2.7 8h10.6M8 2.5c2 1.6 2.6 3.5 2.6 5.5S10 11.9 8 13.5C6 11.9 5.4 10 5.4 8S6 4.1 8 2.5Z",
  proxy: "M2.5 3.5h11v9h-11zM2.5 6h11",
  streamed: "M2.5 3h11v7.5h-11zM5.5 13.5h5M6.8 5.1l3.2 1.7-3.2 1.7Z",
  machine: "M2.5 3.5h11v7h-11zM5.5 13h5M8 10.5V13",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.3h10",
  upload: "M8 10.2V2.6M4.8 5.8 8 2.6l3.2 3.2M3 13.3h10",
  folder: "M2.5 4h4l1.5 1.7h5.5v7h-11Z",
  star: "M8 2.2l1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4L2.2 6.5l4-.6Z",
  speech: "M2.5 3.5h11v7.5H7l-3 2.5V11H2.5Z",
  permission: "M8 2.2 13 4v4c0 3-2.2 5-5 6-2.8-1-5-3-5-6V4ZM8 5.6v3M8 10.8v.2",
  up: "M3.5 10 8 5.5 12.5 10",
  down: "M3.5 6 8 10.5 12.5 6",
  check: "M3.5 8.5l3 3 6-7",
  settings:
    "M2.5 4.5h5M11.5 4.5h2M2.5 11.5h2M8.5 11.5h5M9.5 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM6.5 13.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  sound: "M2.5 6v4h2.5l3 2.6V3.4L5 6ZM10.3 5.6a3.4 3.4 0 0 1 0 4.8M12.2 3.7a6 6 0 0 1 0 8.6",
  muted: "M2.5 6v4h2.5l3 2.6V3.4L5 6ZM10.5 6l4 4M14.5 6l-4 4",
  camera: "M2 4.5h8.5v7H2zM10.5 7.2 14 5v6l-3.5-2.2",
  microphone: "M8 10a2 2 0 0 0 2-2V4.2a2 2 0 0 0-4 0V8a2 2 0 0 0 2 2ZM4 8a4 4 0 0 0 8 0M8 12v2.2",
  warn: "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM8 4.8v4M8 11v.2",
} as const;

export type IconName = keyof typeof PATHS;

/** What stands for what a page sees or hears the person by: the camera hears as well. */
export const iconOf = (uses: Wish[]): "camera" | "microphone" | null =>
  uses.includes("camera") ? "camera" : uses.includes("microphone") ? "microphone" : null;
