//! Dragging a tab along the strip. What it shows is a shift of the painted tabs; the order itself
//! changes when the next state arrives.
import type { TabId } from "./messages/TabId";

/** The pointer must go this far, in CSS pixels, before a press becomes a drag. */
const THRESHOLD = 6;
/** A move that brings no new state within this many ms is taken back. */
const SETTLE_LIMIT = 500;

export class Reorder {
  /** The place of the tab that is dragged. */
  dragged = $state<number | null>(null);
  #target = $state(0);
  #shift = $state(0);
  #width = 0;

  constructor(
    private readonly elements: () => HTMLElement[],
    private readonly move: (tab: TabId, position: number) => Promise<boolean>,
  ) {}

  /** How far the tab at a place is shifted, in CSS pixels. */
  offset(at: number): number {
    const from = this.dragged;
    if (from === null) return 0;
    if (at === from) return this.#shift;
    if (at > from && at <= this.#target) return -this.#width;
    if (at < from && at >= this.#target) return this.#width;
    return 0;
  }

  /** A press on a tab, which may become a drag. */
  grab(event: PointerEvent, at: number, tab: TabId): void {
    const element = event.currentTarget;
    if (!(element instanceof HTMLElement)) return;
    const start = event.clientX;
    const boxes = this.elements().map((each) => each.getBoundingClientRect());
    const own = boxes[at];
    const first = boxes[0];
    const last = boxes.at(-1);
    if (!own || !first || !last) return;
    const done = new AbortController();
    const { signal } = done;
    const onMove = (move: PointerEvent): void => {
      const distance = move.clientX - start;
      if (this.dragged === null) {
        if (Math.abs(distance) < THRESHOLD) return;
        this.#width = own.width;
        this.#target = at;
        this.dragged = at;
        element.setPointerCapture(event.pointerId);
      }
      this.#shift = Math.min(last.left - own.left, Math.max(first.left - own.left, distance));
      const centre = own.left + own.width / 2 + this.#shift;
      const over = boxes.findIndex((box) => centre < box.right);
      this.#target = over === -1 ? boxes.length - 1 : over;
    };
    const onEnd = (keep: boolean): void => {
      done.abort();
      if (this.dragged === null) return;
      if (!keep || this.#target === at) {
        this.settle();
        return;
      }
      this.#shift = (boxes[this.#target]?.left ?? own.left) - own.left;
      const limit = setTimeout(() => {
        this.settle();
      }, SETTLE_LIMIT);
      void this.move(tab, this.#target).then((moved) => {
        if (moved) return;
        clearTimeout(limit);
        this.settle();
      });
    };
    window.addEventListener("pointermove", onMove, { signal });
    window.addEventListener(
      "pointerup",
      () => {
        onEnd(true);
      },
      { signal },
    );
    window.addEventListener(
      "pointercancel",
      () => {
        onEnd(false);
      },
      { signal },
    );
    window.addEventListener(
      "blur",
      () => {
        onEnd(false);
      },
      { signal },
    );
  }

  /** Ends what a drag has shown. */
  settle(): void {
    this.dragged = null;
    this.#shift = 0;
  }
}
