//! A box that hears keys, like Escape, keeps hearing them when the part of it that had the focus
//! goes: the keyboard would end up nowhere.

/** Svelte action for an element that can have the focus itself. */
export function keep(box: HTMLElement): { destroy: () => void } {
  let last: EventTarget | null = null;
  const onfocusin = (event: FocusEvent): void => {
    last = event.target;
  };
  const changes = new MutationObserver(() => {
    if (!(last instanceof Node) || last.isConnected) return;
    last = null;
    if (document.activeElement === document.body) box.focus({ preventScroll: true });
  });
  box.addEventListener("focusin", onfocusin);
  changes.observe(box, { childList: true, subtree: true });
  return {
    destroy: () => {
      box.removeEventListener("focusin", onfocusin);
      changes.disconnect();
    },
  };
}
