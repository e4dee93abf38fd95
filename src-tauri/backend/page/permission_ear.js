// Our own world's side, in the document of the page itself: hears what its frames want, and hands
// on what was answered. A wish that is asked about is not asked about again: whoever wants the
// same waits for the same answer.
((name) => {
  if (top !== globalThis) return;
  // An earlier connection's is deaf from now on.
  document.dispatchEvent(new CustomEvent(`${name}-leave`));
  const open = new Map();
  let last = 0;
  let wake = null;
  const hear = (event) => {
    const [id, ...wishes] = String(event.detail).slice(0, 200).split(" ");
    const key = wishes.join(" ");
    if (!open.has(key)) {
      // More than there are is nonsense.
      if (open.size >= 16) return;
      last += 1;
      open.set(key, { number: last, ids: [] });
    }
    open.get(key).ids.push(id);
    event.preventDefault();
    wake?.();
  };
  const print = (event) => {
    if (!navigator.userActivation.isActive) return;
    event.preventDefault();
    if (open.has("print")) return;
    last += 1;
    open.set("print", { number: last, ids: [] });
    wake?.();
  };
  document.addEventListener(name, hear);
  document.addEventListener(`${name}-print`, print);
  document.addEventListener(
    `${name}-leave`,
    () => {
      document.removeEventListener(name, hear);
      document.removeEventListener(`${name}-print`, print);
    },
    { once: true },
  );
  globalThis.duotabAsks = {
    // The first question behind that of this number, as soon as there is one.
    next: (seen) =>
      new Promise((done) => {
        wake = () => {
          for (const [key, { number }] of open) {
            if (number > seen) return done(`${number} ${location.origin} ${key}`);
          }
        };
        wake();
      }),
    answer: (key) => {
      const ids = open.get(key)?.ids ?? [];
      open.delete(key);
      for (const id of ids) {
        document.dispatchEvent(new CustomEvent(`${name}-answer`, { detail: id }));
      }
    },
  };
  // What was asked of the earlier one.
  document.dispatchEvent(new CustomEvent(`${name}-again`));
})(NAME)
