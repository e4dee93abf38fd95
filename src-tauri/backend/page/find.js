// Looks for TEXT in a frame's document. With AT "mark" it marks what is found, anew if ANEW, and answers
// "matches,ahead", `ahead` the first from the place that was shown last or is in sight on; with a number
// it shows that match, with "leave" the one that is shown is shown no more, and both answer "". An empty
// text takes the marks away. It lives in a world of its own; the page sees none of its names.
((text, at, anew, most) => {
  const ALL = "duotab-find";
  const NOW = "duotab-find-now";
  const w = (globalThis.duotabFind ??= { text: "", ranges: [], last: null, shown: false, sheet: null });

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

  // A frame without room, or in a place that is not shown, has nothing to be seen.
  const isInSight = () =>
    innerWidth > 0 &&
    innerHeight > 0 &&
    globalThis.frameElement?.checkVisibility({ visibilityProperty: true }) !== false;

  const look = () => {
    if (!isInSight()) return [];
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

  const show = (range) => {
    CSS.highlights.set(NOW, new Highlight(range));
    w.last = range;
    w.shown = true;
    const element = range.startContainer.parentElement;
    const out = () => {
      const { top, bottom, left, right } = range.getBoundingClientRect();
      return top < 0 || left < 0 || bottom > innerHeight || right > innerWidth;
    };
    if (out()) {
      element?.scrollIntoView({ block: "center", behavior: "instant" });
    } else if (globalThis !== globalThis.top) {
      // It is in sight of its frame, which need not be in sight of the page.
      element?.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    }
    if (!out()) return;
    const { top, left } = range.getBoundingClientRect();
    scrollBy({ top: top - innerHeight / 2, left: left - innerWidth / 3, behavior: "instant" });
  };

  const isThere = (range) => range.startContainer.isConnected;

  if (text === "") {
    const { last, shown } = w;
    clear();
    w.shown = false;
    w.last = null;
    // What was found stays chosen, as it does everywhere.
    if (shown && last && isThere(last)) {
      getSelection()?.setBaseAndExtent(
        last.startContainer,
        last.startOffset,
        last.endContainer,
        last.endOffset,
      );
    }
    return "";
  }
  if (at === "leave") {
    CSS.highlights.delete(NOW);
    w.shown = false;
    return "";
  }
  if (at !== "mark") {
    if (w.ranges[at]) show(w.ranges[at]);
    return "";
  }
  if (anew || w.text !== text || !w.ranges.every(isThere)) {
    clear();
    w.text = text;
    w.ranges = look();
    if (w.ranges.length > 0) {
      w.sheet = new CSSStyleSheet();
      w.sheet.replaceSync(
        `::highlight(${ALL}) { background-color: #ffe27a; color: #1b2027 }
         ::highlight(${NOW}) { background-color: #ff9d3c; color: #1b2027 }`,
      );
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, w.sheet];
      CSS.highlights.set(ALL, new Highlight(...w.ranges));
    }
  }
  const from = w.last && isThere(w.last) ? w.last : null;
  const ahead = w.ranges.findIndex((range) =>
    from
      ? range.compareBoundaryPoints(Range.START_TO_START, from) >= 0
      : range.getBoundingClientRect().top >= 0,
  );
  return `${w.ranges.length},${Math.max(0, ahead)}`;
})(TEXT, AT, ANEW, MOST)
