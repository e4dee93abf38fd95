//! The settings' sections in their order. A new one is a component of its own and a line here.
import type { Component } from "svelte";
import type { Shell } from "../shell.svelte";
import { settingsTexts } from "../texts.settings";
import { machineTexts } from "../texts.machine";
import { networkTexts } from "../texts.network";
import Machines from "./Machines.svelte";
import Network from "./Network.svelte";
import { searchTexts } from "../texts.search";
import { sleepTexts } from "../texts.sleep";
import Profiles from "./Profiles.svelte";
import Search from "./Search.svelte";
import Sleep from "./Sleep.svelte";
import Streaming from "./Streaming.svelte";

export interface Section {
  /** Names its element, and so a way to it. */
  id: string;
  /** Its heading, and its name in the list of sections. */
  title: string;
  component: Component<{ shell: Shell }>;
}

export const SECTIONS: readonly Section[] = [
  { id: "profiles", title: settingsTexts.profiles.title, component: Profiles },
  { id: "network", title: networkTexts.title, component: Network },
  { id: "search", title: searchTexts.title, component: Search },
  { id: "sleep", title: sleepTexts.title, component: Sleep },
  { id: "machines", title: machineTexts.title, component: Machines },
  { id: "streaming", title: settingsTexts.streaming.title, component: Streaming },
];
