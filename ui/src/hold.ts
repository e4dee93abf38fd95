//! A button that is held, or clicked with the other button, gives a menu instead of its deed.

/** How long a press is a long one, in ms. */
const LONG = 450;

/** Svelte action: calls `menu` for a long press, the other button and the menu key. */
export function hold(element: HTMLElement, menu: () => void): { destroy: () => void } {
  const listening = new AbortController();
  const { signal } = listening;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let held = false;
  const letGo = (): void => {
    clearTimeout(timer);
  };
  element.addEventListener(
    "pointerdown",
    (event) => {
      held = false;
      if (event.button !== 0) return;
      timer = setTimeout(() => {
        held = true;
        menu();
      }, LONG);
    },
    { signal },
  );
  for (const type of ["pointerup", "pointerleave", "pointercancel"] as const) {
    element.addEventListener(type, letGo, { signal });
  }
  // The release of a long press may go to its menu: what a key asks for next is another matter.
  element.addEventListener("keydown", () => (held = false), { signal });
  element.addEventListener(
    "contextmenu",
    (event) => {
      event.preventDefault();
      letGo();
      if (!held) menu();
    },
    { signal },
  );
  element.addEventListener(
    "click",
    (event) => {
      const swallowed = held && event.detail > 0;
      held = false;
      if (!swallowed) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { signal, capture: true },
  );
  return {
    destroy: () => {
      letGo();
      listening.abort();
    },
  };
}
