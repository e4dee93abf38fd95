// Asks the page what it asks by itself when it is left: whether something would be lost. Its handlers
// are called as they are then, in all of its frames of its own origin; nothing is unloaded. A page
// that nobody has touched is not asked, as nowhere else. Answers "objects" or "free".
(() => {
  if (navigator.userActivation?.hasBeenActive === false) return "free";
  const objects = (frame) => {
    // A page can name its elements after anything that is asked of its document.
    const event = Document.prototype.createEvent.call(frame.document, "BeforeUnloadEvent");
    event.initEvent("beforeunload", false, true);
    frame.dispatchEvent(event);
    return event.defaultPrevented || event.returnValue !== "";
  };
  const ask = (frame, depth) => {
    try {
      if (objects(frame)) return true;
    } catch {
      // Another origin's.
      return false;
    }
    for (let at = 0; depth < 4 && at < Math.min(frame.frames.length, 50); at += 1) {
      if (ask(frame.frames[at], depth + 1)) return true;
    }
    return false;
  };
  return ask(window, 0) ? "objects" : "free";
})()
