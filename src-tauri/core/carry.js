// What of a page its next self should have: how far it is scrolled, what was typed into it, and what
// its site keeps in the tab.
// ORDER says whether to collect or to give that; the answer is JSON. Runs in a world of its own. A
// page can name its elements after anything that is asked of them, so all is asked by the platform's
// own functions.
((order) => {
  const getter = (kind, name) => {
    const { get } = Object.getOwnPropertyDescriptor(kind.prototype, name);
    return (of) => get.call(of);
  };
  const parent = getter(Node, "parentElement");
  const children = getter(Element, "children");
  const tag = getter(Element, "tagName");
  const id = getter(Element, "id");
  const top = getter(Element, "scrollTop");
  const left = getter(Element, "scrollLeft");
  const find = (place) => Document.prototype.querySelector.call(document, place);

  const BUDGET = 150000;
  const SECRET = /passw|passcode|pwd|secret|token|otp|one-time|cvc|cvv|cc-|card.?n|\bpin\b|iban/i;
  const TICKED = /^(checkbox|radio)$/;
  const TYPED = /^(text|search|tel|url|email|number|range|color|date|time|month|week|datetime-local)$/;

  // Passwords, card numbers and codes that serve once are never among it, not even while the page
  // shows them as plain text.
  const secret = (element) =>
    element.type === "password" ||
    ["autocomplete", "name", "id"].some((it) => SECRET.test(element.getAttribute(it) ?? ""));

  // Whether a person has, or a script may have, put something into a field that is not sent yet.
  const touched = (element) => {
    const kind = tag(element);
    if (kind === "TEXTAREA") return element.value !== element.defaultValue;
    if (kind !== "INPUT") return state(element)?.fresh === false;
    if (TICKED.test(element.type)) return element.checked !== element.defaultChecked;
    if (element.type === "file") return element.value !== "";
    const typed = element.type === "password" || TYPED.test(element.type);
    return typed && element.value !== element.defaultValue;
  };

  // What a field has, and whether that is what it came with; null for what is no field to fill.
  const state = (element) => {
    if (secret(element) || element.disabled) return null;
    const kind = tag(element);
    if (kind === "SELECT") {
      if (element.multiple) return null;
      const options = [...element.options];
      const given = options.some((option) => option.defaultSelected);
      const fresh = given
        ? options.every((option) => option.selected === option.defaultSelected)
        : element.selectedIndex <= 0;
      return { value: element.value, fresh };
    }
    if (kind === "INPUT" && TICKED.test(element.type)) {
      return { value: element.checked, fresh: element.checked === element.defaultChecked };
    }
    if (kind === "TEXTAREA" || (kind === "INPUT" && TYPED.test(element.type))) {
      if (element.readOnly) return null;
      return { value: element.value, fresh: element.value === element.defaultValue };
    }
    return null;
  };

  const place = (element) => {
    const steps = [];
    for (let at = element; at && at !== document.documentElement; at = parent(at)) {
      if (id(at)) {
        steps.unshift("#" + CSS.escape(id(at)));
        break;
      }
      const above = parent(at);
      const same = above ? [...children(above)].filter((other) => tag(other) === tag(at)) : [at];
      steps.unshift(`${CSS.escape(tag(at).toLowerCase())}:nth-of-type(${same.indexOf(at) + 1})`);
    }
    return steps.join(" > ");
  };

  const url = location.href.split("#")[0];

  // What the site keeps in the tab, as JSON within JSON: not all that it may keep is Unicode.
  const kept = () => {
    try {
      const all = sessionStorage;
      const keys = Array.from({ length: all.length }, (_, at) => all.key(at));
      return keys.length > 0 ? JSON.stringify(keys.map((key) => [key, all.getItem(key)])) : "";
    } catch {
      // A page without a site of its own has none.
      return "";
    }
  };

  // Parts that scroll by themselves, as in pages that fill the window and no more.
  const parts = () => {
    const found = [];
    const all = Document.prototype.querySelectorAll.call(document, "body, body *");
    for (const element of [...all].slice(0, 30000)) {
      if (top(element) === 0 && left(element) === 0) continue;
      if (element === document.scrollingElement) continue;
      const where = place(element);
      if (where.length > 1000) continue;
      found.push([where, Math.round(left(element)), Math.round(top(element))]);
      if (found.length >= 20) break;
    }
    return found;
  };

  const collect = ({ text, storage }) => {
    const fields = [];
    let left = BUDGET;
    const all = Document.prototype.querySelectorAll.call(document, "input, textarea, select");
    const typed = [...all].some(touched);
    for (const element of text ? all : []) {
      const now = state(element);
      if (!now || now.fresh) continue;
      const where = place(element);
      // Half a text would be worse than none.
      const cost = where.length + String(now.value).length;
      if (cost > left) continue;
      left -= cost;
      fields.push([where, now.value]);
      if (fields.length >= 200) break;
    }
    const [x, y] = [scrollX, scrollY].map(Math.round);
    return { url, x, y, parts: parts(), fields, typed, storage: storage ? kept() : null };
  };

  const fill = (where, value) => {
    let element = null;
    try {
      element = find(where);
    } catch {
      return;
    }
    const now = element && state(element);
    // The person, or the page, may have been quicker.
    if (!now || !now.fresh || now.value === value || typeof now.value !== typeof value) return;
    if (typeof value === "boolean") {
      // Of radio buttons, the one that was chosen clears the others.
      if (value || element.type === "checkbox") element.click();
      return;
    }
    element.value = value;
    element.dispatchEvent(new Event("input", { bubbles: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  };

  // One part of the page; whether nothing is left to be done about it.
  const begun = new WeakSet();
  const scrollPart = ([where, x, y]) => {
    let element = null;
    try {
      element = find(where);
    } catch {
      return true;
    }
    if (!element) return false;
    // The person, or the page, was quicker.
    if (!begun.has(element) && (top(element) || left(element))) return true;
    begun.add(element);
    Element.prototype.scrollTo.call(element, { left: x, top: y, behavior: "instant" });
    return Math.abs(top(element) - y) < 2 && Math.abs(left(element) - x) < 2;
  };

  // A page that grows is followed until it is long enough, or until the person moves it.
  const scroll = ({ x, y, parts }) => {
    const moved = (scrollX || scrollY) && !location.hash;
    let page = !moved && (x !== 0 || y !== 0);
    let rest = parts;
    if (!page && rest.length === 0) return;
    const done = new AbortController();
    const { signal } = done;
    const go = () => {
      if (page) {
        scrollTo({ left: x, top: y, behavior: "instant" });
        page = Math.abs(scrollY - y) >= 2 || Math.abs(scrollX - x) >= 2;
      }
      rest = rest.filter((part) => !scrollPart(part));
      if (rest.length === 0) filled.disconnect();
      if (!page && rest.length === 0) done.abort();
    };
    const sized = new ResizeObserver(go);
    // What is in a part makes it no larger, but longer: by elements, or by pictures that come.
    let soon = 0;
    const filled = new MutationObserver(() => {
      soon ||= setTimeout(() => {
        soon = 0;
        if (!signal.aborted) go();
      }, 100);
    });
    signal.addEventListener("abort", () => {
      sized.disconnect();
      filled.disconnect();
    });
    for (const type of ["wheel", "keydown", "pointerdown", "touchstart"]) {
      addEventListener(type, () => done.abort(), { signal, capture: true });
    }
    setTimeout(() => done.abort(), 10000);
    sized.observe(document.documentElement);
    if (document.body) sized.observe(document.body);
    if (rest.length > 0) {
      filled.observe(document, { subtree: true, childList: true });
      addEventListener("load", go, { signal, capture: true });
    }
    go();
  };

  const give = (what) => {
    if (what.url !== url) return false;
    for (const [where, value] of what.fields) fill(where, value);
    scroll(what);
    return true;
  };

  return JSON.stringify(order.give ? give(order.give) : collect(order.collect));
})(ORDER)
