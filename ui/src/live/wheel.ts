//! Wheel events to whole wheel steps. Pure.

/** Pixels of one step where an engine gives pixels only. */
const PIXELS = 100;
/** Lines of one step. */
const LINES = 3;
/** What engines give as `wheelDelta` for one notch. */
const NOTCH = 120;
/** Steps of one event at most. */
const LIMIT = 10;

/** The part of a `WheelEvent` that decides. */
export interface WheelFacts {
  deltaX: number;
  deltaY: number;
  deltaMode: number;
  /**
   * The older, unscaled measure. It is preferred: WebKitGTK makes `deltaY` of one notch depend on
   * the view's height.
   */
  wheelDeltaX?: number;
  wheelDeltaY?: number;
}

/** Adds up fractions of steps, so that a touchpad scrolls as far as a wheel. */
export class Wheel {
  #x = 0;
  #y = 0;

  /** The whole steps that are due, positive right and down; null if none is. */
  turn(event: WheelFacts): { x: number; y: number } | null {
    this.#x = add(this.#x, steps(event.deltaX, event.deltaMode, event.wheelDeltaX));
    this.#y = add(this.#y, steps(event.deltaY, event.deltaMode, event.wheelDeltaY));
    const x = due(this.#x);
    const y = due(this.#y);
    this.#x -= x;
    this.#y -= y;
    // What is past the limit was a fling: it must not come later.
    this.#x %= 1;
    this.#y %= 1;
    return x === 0 && y === 0 ? null : { x, y };
  }

  reset(): void {
    this.#x = this.#y = 0;
  }
}

function steps(delta: number, mode: number, wheelDelta: number | undefined): number {
  if (delta === 0) return 0;
  if (mode === 2) return Math.sign(delta) * LIMIT;
  if (mode === 1) return delta / LINES;
  if (wheelDelta) return -wheelDelta / NOTCH;
  return delta / PIXELS;
}

/** A turn the other way begins anew. */
function add(rest: number, more: number): number {
  return rest * more < 0 ? more : rest + more;
}

function due(steps: number): number {
  // A hair under a whole step is a whole step: notches are not always exact.
  const whole = Math.trunc(steps + Math.sign(steps) * 0.01);
  return Math.min(LIMIT, Math.max(-LIMIT, whole)) + 0;
}
