//! Draws decoded pictures onto the canvas, on the main thread and at once: in WebKitGTK without a
//! GPU every other way costs more, and a worker's canvas never reaches the screen.
import { type Size, shownSize } from "./geometry";

/** Pictures in a row that may be passed over for a newer one. */
const SKIP_LIMIT = 3;

export class Picture {
  readonly #context: CanvasRenderingContext2D | null;
  #painted = 0;
  #skipped = 0;
  #picture: Size | null = null;
  #screen: Size | null = null;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly onPainted: (sequence: number, waiting: number) => void,
  ) {
    this.#context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    canvas.dataset["frames"] = "0";
  }

  /** The remote screen's size, for the pointer; null while unknown. */
  get screen(): Size | null {
    return this.#screen ?? this.#picture;
  }

  set screen(screen: Size | null) {
    this.#screen = screen;
    this.layOut();
  }

  /** Another session's picture follows. */
  reset(session: number): void {
    this.canvas.dataset["session"] = String(session);
    this.canvas.dataset["frames"] = "0";
    this.#painted = 0;
    this.#screen = null;
  }

  paint(frame: VideoFrame, sequence: number, waiting: number): void {
    if (waiting >= 2 && this.#skipped < SKIP_LIMIT) {
      this.#skipped += 1;
      frame.close();
      return;
    }
    this.#skipped = 0;
    const { displayWidth: width, displayHeight: height } = frame;
    if (this.#picture?.width !== width || this.#picture.height !== height) {
      this.#picture = { width, height };
      this.canvas.width = width;
      this.canvas.height = height;
      this.canvas.dataset["width"] = String(width);
      this.canvas.dataset["height"] = String(height);
      this.layOut();
    }
    this.#context?.drawImage(frame, 0, 0);
    frame.close();
    this.#painted += 1;
    this.canvas.dataset["frames"] = String(this.#painted);
    this.onPainted(sequence, waiting);
  }

  /** Lays the canvas out anew, as after a change of the device's scale. */
  layOut(): void {
    if (!this.#picture) return;
    const shown = shownSize(this.#picture, this.#screen);
    const scale = window.devicePixelRatio || 1;
    this.canvas.style.width = `${shown.width / scale}px`;
    this.canvas.style.height = `${shown.height / scale}px`;
  }
}
