// Looks for TEXT in the document, marks what is found and shows one match. STEP is 0 to begin, 1 for
// the next match and -1 for the one before. Answers "matches,at", `at` from 1, or "" if nothing was
// looked for. It lives in a world of its own; the page sees none of its names.
((text, step, most) => {
  const ALL = "duotab-find";
  const NOW = "duotab-find-now";
  const w = (globalThis.duotabFind ??= { text: "", ranges: [], at: 0, sheet: null });

  const clear = () => {
    CSS.highlights.delete(ALL);
    CSS.highlights.delete(NOW);
    if (w.sheet) {
      document.adoptedStyleSheets = [...document.adoptedStyleSheets].filter((s) => s !== w.sheet);
      w.sheet = null;
    }
    w.ranges = [];
    w.text = "";
  };

  // The text as it is seen: in small letters, one blank for many, and for each of its characters
  // where it stands.
  const read = () => {
    const skipped = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "TEXTAREA", "SELECT"]);
    const blocks = new Map();
    const blockOf = (element) => {
      let block = blocks.get(element);
      if (!block) {
        const inline = getComputedStyle(element).display.startsWith("inline");
        block = inline && element.parentElement ? blockOf(element.parentElement) : element;
        blocks.set(element, block);
      }
      return block;
    };
    const seen = new Map();
    const isSeen = (element) => {
      if (!seen.has(element)) {
        seen.set(
          element,
          !skipped.has(element.tagName) && element.checkVisibility({ visibilityProperty: true }),
        );
      }
      return seen.get(element);
    };
    const nodes = document.createTreeWalker(document.body ?? document, NodeFilter.SHOW_TEXT);
    const signs = [];
    const where = [];
    const offsets = [];
    let block = null;
    let blank = true;
    for (let node = nodes.nextNode(); node && signs.length < 4_000_000; node = nodes.nextNode()) {
      const element = node.parentElement;
      if (!element || !isSeen(element)) continue;
      if (blockOf(element) !== block) {
        block = blockOf(element);
        signs.push("\n");
        where.push(node);
        offsets.push(0);
        blank = true;
      }
      const data = node.data;
      for (let at = 0; at < data.length; at += 1) {
        const sign = data[at];
        const isBlank = /\s/.test(sign);
        if (isBlank && blank) continue;
        blank = isBlank;
        const small = sign.toLowerCase();
        signs.push(isBlank ? " " : small.length === 1 ? small : sign);
        where.push(node);
        offsets.push(at);
      }
    }
    return { signs: signs.join(""), where, offsets };
  };

  const look = () => {
    const wanted = [...text.replace(/\s+/g, " ")]
      .map((sign) => (sign.toLowerCase().length === sign.length ? sign.toLowerCase() : sign))
      .join("");
    const { signs, where, offsets } = read();
    const ranges = [];
    let at = signs.indexOf(wanted);
    while (wanted !== "" && at >= 0 && ranges.length < most) {
      const last = at + wanted.length - 1;
      const range = new Range();
      range.setStart(where[at], offsets[at]);
      range.setEnd(where[last], offsets[last] + 1);
      ranges.push(range);
      at = signs.indexOf(wanted, last + 1);
    }
    return ranges;
  };

  const show = () => {
    const range = w.ranges[w.at];
    CSS.highlights.set(NOW, new Highlight(range));
    const out = () => {
      const { top, bottom, left, right } = range.getBoundingClientRect();
      return top < 0 || left < 0 || bottom > innerHeight || right > innerWidth;
    };
    if (!out()) return;
    range.startContainer.parentElement?.scrollIntoView({ block: "center", behavior: "instant" });
    if (!out()) return;
    const { top, left } = range.getBoundingClientRect();
    scrollBy({ top: top - innerHeight / 2, left: left - innerWidth / 3, behavior: "instant" });
  };

  if (text === "") {
    const last = w.ranges[w.at];
    clear();
    // What was found stays chosen, as it does everywhere.
    if (last?.startContainer.isConnected) {
      getSelection()?.setBaseAndExtent(
        last.startContainer,
        last.startOffset,
        last.endContainer,
        last.endOffset,
      );
    }
    return "";
  }
  const stale = w.text !== text || w.ranges.some((range) => !range.startContainer.isConnected);
  if (step === 0 || stale) {
    const before = w.ranges[w.at];
    const from = before?.startContainer.isConnected ? before : null;
    clear();
    w.text = text;
    w.ranges = look();
    const ahead = (range) =>
      from
        ? range.compareBoundaryPoints(Range.START_TO_START, from) >= 0
        : range.getBoundingClientRect().top >= 0;
    w.at = Math.max(0, w.ranges.findIndex(ahead));
    if (w.ranges.length === 0) return "0,0";
    w.sheet = new CSSStyleSheet();
    w.sheet.replaceSync(
      `::highlight(${ALL}) { background-color: #ffe27a; color: #1b2027 }
       ::highlight(${NOW}) { background-color: #ff9d3c; color: #1b2027 }`,
    );
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, w.sheet];
    const all = new Highlight(...w.ranges);
    CSS.highlights.set(ALL, all);
  }
  if (w.ranges.length === 0) return "0,0";
  w.at = (w.at + step + w.ranges.length) % w.ranges.length;
  show();
  return `${w.ranges.length},${w.at + 1}`;
})(TEXT, STEP, MOST)
