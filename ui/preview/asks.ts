//! Pages that ask for something, or have it.
import { stateOf } from "../src/state.mock";
import { HOST } from "./machines";
import type { Scene } from "./scenes";
import { garden, news } from "./tabs";

/** A page answers nothing. */
export function hung(): Scene {
  const asking = news();
  asking.page.asks = [{ id: 1, origin: "https://news.example.org", question: "hung" }];
  return { state: stateOf([asking, garden()], { nodes: [HOST] }) };
}

/** A page leads to another program's address. */
export function program(name: string | null, address: string): Scene {
  const asking = news();
  const who = { id: 1, origin: "https://news.example.org" };
  asking.page.asks = [{ ...who, question: "program", program: name, address }];
  return { state: stateOf([asking, garden()], { nodes: [HOST] }) };
}

/** A page opens another one that nobody asked for. */
export function heldBack(): Scene {
  const asking = news();
  const address = "https://offers.example.net/welcome?from=news";
  asking.page.asks = [{ id: 1, origin: "https://news.example.org", question: "window", address }];
  return { state: stateOf([asking, garden()], { nodes: [HOST] }) };
}

/** A page sees and hears the person, and others hear. */
export function inUse(): Scene {
  const seeing = news({ uses: ["camera", "microphone"] });
  seeing.page.site = {
    profile: seeing.profile,
    origin: "https://news.example.org",
    // The microphone was allowed for once.
    wishes: [{ wish: "camera", allowed: true }],
    mode: null,
    carry: null,
    cookies: null,
    unblocked: null,
    home: null,
    zoom: null,
  };
  const hearing = garden({ uses: ["microphone"], audible: true });
  return {
    state: stateOf([seeing, hearing, garden({ uses: ["microphone"] })], { nodes: [HOST] }),
    click: "[data-testid=security]",
  };
}
