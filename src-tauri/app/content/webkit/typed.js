// Tells the app, once for each document, that the person has put something into it. Runs in a world
// of its own in every frame, before any script of the page.
(() => {
  let typed = false;
  const tell = () => webkit.messageHandlers.typed.postMessage(null);
  const type = (event) => {
    if (typed || !event.isTrusted) return;
    typed = true;
    tell();
  };
  addEventListener("input", type, { capture: true, passive: true });
  // What comes back as it was left is a page that was told of before.
  addEventListener("pageshow", (event) => event.persisted && typed && tell(), true);
})();
