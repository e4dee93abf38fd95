//! A list of downloads in every state.
import type { Download } from "../src/messages/Download";

let ids = 0;

const file = (facts: Partial<Download> & Pick<Download, "name">): Download =>
  ({
    id: ++ids,
    profile: "default",
    mode: "streamed",
    url: `https://files.example.org/${facts.name}`,
    path: `/home/ann/Downloads/${facts.name}`,
    received: 0,
    total: null,
    hold: "never",
    state: "running",
    ...facts,
  }) as Download;

export const DOWNLOADS: Download[] = [
  file({ name: "orchard.ogv", received: 312_000_000, total: 840_000_000 }),
  file({ name: "beds.zip", received: 8_100_000, total: 9_300_000, state: "arriving" }),
  file({ name: "seeds.csv", received: 41_200, mode: "proxy", hold: "anew" }),
  file({
    name: "meadow.iso",
    received: 1_240_000_000,
    total: 2_100_000_000,
    mode: "proxy",
    hold: { at: '"7f3a"' },
    state: "paused",
    why: "wanted",
  }),
  file({ name: "old.log", received: 90_000, hold: "anew", state: "paused", why: "wanted" }),
  file({
    name: "photos.tar",
    received: 61_000_000,
    total: 88_000_000,
    hold: { at: '"1c"' },
    state: "paused",
    why: "broke",
  }),
  file({
    name: "a rather long name of a file that nobody would ever want to type.pdf",
    received: 2_400_000,
    state: "done",
  }),
  file({ name: "compost.txt", state: "failed", fault: "session_ended" }),
  file({ name: "plan.svg", url: "blob:https://garden.example/1", state: "cancelled" }),
];
