//! What the settings say.

export const settingsTexts = {
  title: "Settings",
  close: "Close settings",
  closeHint: "Close settings (Esc)",
  sections: "Sections",

  data: {
    title: "Browsing data",
    lead: "Cookies, logins and site data stay on this machine. Proxy tabs and Streamed tabs run in different engines, and each keeps its own.",
    inUse: (proxied: number, streamed: number) =>
      `In use now by ${proxied} Proxy and ${streamed} Streamed ${streamed === 1 ? "tab" : "tabs"}.`,
  },
};
