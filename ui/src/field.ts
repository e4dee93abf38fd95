//! What fields do besides taking text.

/** Svelte action: the first click selects all; the next one places the caret. */
export function firstClickSelects(field: HTMLInputElement): { destroy: () => void } {
  const listening = new AbortController();
  const { signal } = listening;
  let wasFocused = false;
  field.addEventListener(
    "pointerdown",
    () => {
      wasFocused = document.activeElement === field;
    },
    { signal },
  );
  field.addEventListener(
    "pointerup",
    () => {
      if (!wasFocused && field.selectionStart === field.selectionEnd) field.select();
    },
    { signal },
  );
  return {
    destroy: () => {
      listening.abort();
    },
  };
}
