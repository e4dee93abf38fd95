//! The shell's page on a scripted state: `?state=NAME`, one of `scenes.ts`; `?state=all` lists them.
import { mount } from "svelte";
import App from "../src/App.svelte";
import "../src/app.css";
import { MockBackend } from "../src/backend.mock";
import { BOOKMARKS, VISITS } from "./bookmarks";
import { LANE_URL, playLane } from "./lane";
import { SCENES } from "./scenes";

const name = new URLSearchParams(location.search).get("state") ?? "new-tab";
const target = document.getElementById("app");
const scene = SCENES[name];

if (target && scene) {
  playLane();
  const backend = new MockBackend(scene.state);
  backend.laneUrl = LANE_URL;
  if (name.startsWith("bookmarks") || name.startsWith("visits")) backend.kept = BOOKMARKS;
  if (name.startsWith("visits")) backend.seen = VISITS;
  mount(App, { target, props: { backend } });
  if (scene.refusal) {
    const { refusal } = scene;
    setTimeout(() => {
      backend.refusal = refusal;
      document.querySelector<HTMLElement>("[data-testid=reload]")?.click();
    }, 50);
  }
  const { click } = scene;
  if (click !== undefined) {
    setTimeout(() => document.querySelector<HTMLElement>(click)?.click(), 60);
  }
  Object.assign(window, { backend });
} else if (target) {
  for (const each of Object.keys(SCENES)) {
    const link = document.createElement("a");
    link.href = `?state=${each}`;
    link.textContent = each;
    const line = document.createElement("p");
    line.append(link);
    target.append(line);
  }
}
