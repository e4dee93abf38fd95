//! One finger as a mouse: a tap clicks, a drag scrolls, a long press is the right button. Remote
//! browsers seldom have a touch screen, so this works with each of them. Pure but for its timer.

/** A finger may wander this far, in CSS pixels, and still tap. */
const SLACK = 10;
/** A press is long after this many ms. */
const LONG = 550;

export interface TouchActions {
  /** A click with a DOM button at a place of the page. */
  click: (button: 0 | 2, x: number, y: number) => void;
  /** The finger went this far, in CSS pixels. */
  drag: (dx: number, dy: number, x: number, y: number) => void;
}

export class Touch {
  #finger: { id: number; x: number; y: number; dragging: boolean } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly actions: TouchActions) {}

  begin(id: number, x: number, y: number): void {
    if (this.#finger) return;
    this.#finger = { id, x, y, dragging: false };
    this.#timer = setTimeout(() => {
      this.#finger = null;
      this.actions.click(2, x, y);
    }, LONG);
  }

  move(id: number, x: number, y: number): void {
    const finger = this.#finger;
    if (finger?.id !== id) return;
    const dx = x - finger.x;
    const dy = y - finger.y;
    if (!finger.dragging && Math.hypot(dx, dy) <= SLACK) return;
    clearTimeout(this.#timer);
    this.#finger = { id, x, y, dragging: true };
    this.actions.drag(dx, dy, x, y);
  }

  end(id: number): void {
    const finger = this.#finger;
    if (finger?.id !== id) return;
    this.cancel();
    if (!finger.dragging) this.actions.click(0, finger.x, finger.y);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#finger = null;
  }
}
