//! Pointer, wheel, keys and text of the live view, from the page's events to the lane.
import { Keyboard } from "./keyboard";
import { Touch } from "./touch";
import { Wheel } from "./wheel";
import { type Bytes, message } from "./wire";

/** `MouseEvent.buttons` bit of each DOM button. */
const BUTTON_BITS = [1, 4, 2, 8, 16] as const;

export interface InputOptions {
  /** What the pointer is over. */
  surface: HTMLElement;
  /** The hidden field that has the focus, so that input methods work. */
  field: HTMLTextAreaElement;
  send: (bytes: Bytes) => void;
  /** The wheel was turned with Control held: so many steps closer. */
  zoom: (steps: number) => void;
  /** A place of the page in remote pixels. */
  toRemote: (x: number, y: number) => { x: number; y: number };
}

export class LiveInput {
  readonly keyboard: Keyboard;
  readonly #wheel = new Wheel();
  readonly #touch: Touch;
  readonly #listening = new AbortController();
  /** Buttons that are down in the remote browser, as `MouseEvent.buttons`. */
  #buttons = 0;

  constructor(private readonly options: InputOptions) {
    this.keyboard = new Keyboard(options.send);
    this.#touch = new Touch({
      click: (button, x, y) => {
        const at = options.toRemote(x, y);
        options.send(message.button(true, button, at.x, at.y));
        options.send(message.button(false, button, at.x, at.y));
      },
      drag: (dx, dy, x, y) => {
        const at = options.toRemote(x, y);
        options.send(message.move(at.x, at.y));
        this.#turn({ deltaX: -dx, deltaY: -dy, deltaMode: 0 }, false);
      },
    });
    this.#listenToPointer();
    this.#listenToField();
  }

  close(): void {
    this.#listening.abort();
    this.#touch.cancel();
  }

  /** Lets go of all keys and buttons. */
  release(): void {
    this.#buttons = 0;
    this.#wheel.reset();
    this.#touch.cancel();
    this.keyboard.blur();
  }

  #listenToPointer(): void {
    const { surface, field } = this.options;
    const { signal } = this.#listening;
    const on = <K extends keyof HTMLElementEventMap>(
      type: K,
      listener: (event: HTMLElementEventMap[K]) => void,
      passive = false,
    ): void => {
      surface.addEventListener(type, listener, { signal, passive });
    };
    // The pointer events keep their defaults: one of them is `mousedown`, whose own default, to move
    // the focus away from the field, is what must not happen.
    on("pointerdown", (event) => {
      field.focus({ preventScroll: true });
      surface.setPointerCapture(event.pointerId);
      if (event.pointerType === "touch") {
        this.#touch.begin(event.pointerId, event.clientX, event.clientY);
        return;
      }
      // An input method's window opens beside the field.
      field.style.transform = `translate(${event.clientX - surface.getBoundingClientRect().left}px, ${event.clientY - surface.getBoundingClientRect().top}px)`;
      this.#point(event, event.buttons | bit(event.button));
    });
    on("pointermove", (event) => {
      if (event.pointerType === "touch") {
        this.#touch.move(event.pointerId, event.clientX, event.clientY);
      } else {
        // A second button that goes down or up arrives as a move as well.
        this.#point(event, event.buttons);
      }
    });
    on("pointerup", (event) => {
      if (event.pointerType === "touch") this.#touch.end(event.pointerId);
      else this.#point(event, event.buttons & ~bit(event.button));
    });
    on("pointercancel", (event) => {
      if (event.pointerType === "touch") this.#touch.cancel();
      else this.#point(event, 0);
    });
    on("wheel", (event) => {
      event.preventDefault();
      this.#turn(event, event.ctrlKey);
    });
    // The menu and drags are the remote page's.
    for (const type of ["mousedown", "contextmenu", "dragstart"] as const) {
      on(type, (event) => {
        event.preventDefault();
      });
    }
  }

  #listenToField(): void {
    const { field } = this.options;
    const { signal } = this.#listening;
    const { keyboard } = this;
    field.addEventListener(
      "keydown",
      (event) => {
        keyboard.keyDown(event);
      },
      { signal },
    );
    field.addEventListener(
      "keyup",
      (event) => {
        keyboard.keyUp(event);
      },
      { signal },
    );
    field.addEventListener(
      "compositionstart",
      () => {
        keyboard.compositionStart();
      },
      { signal },
    );
    field.addEventListener(
      "compositionend",
      (event) => {
        keyboard.compositionEnd(event.data);
        field.value = "";
      },
      { signal },
    );
    field.addEventListener(
      "input",
      (event) => {
        if (!(event instanceof InputEvent) || event.isComposing) return;
        keyboard.input(event.inputType, event.data);
        field.value = "";
      },
      { signal },
    );
    field.addEventListener(
      "paste",
      (event) => {
        event.preventDefault();
        keyboard.paste(event.clipboardData?.getData("text/plain") ?? "");
      },
      { signal },
    );
    field.addEventListener(
      "blur",
      () => {
        this.release();
      },
      { signal },
    );
  }

  #point(event: PointerEvent, buttons: number): void {
    const { send } = this.options;
    const at = this.options.toRemote(event.clientX, event.clientY);
    const changed = buttons ^ this.#buttons;
    if (changed === 0) {
      send(message.move(at.x, at.y));
      return;
    }
    this.#buttons = buttons;
    BUTTON_BITS.forEach((mask, button) => {
      if (changed & mask) send(message.button((buttons & mask) !== 0, button, at.x, at.y));
    });
  }

  #turn(facts: Parameters<Wheel["turn"]>[0], control: boolean): void {
    const steps = this.#wheel.turn(facts);
    if (!steps) return;
    // Chromium would zoom all pages of the site, and tell nobody.
    if (control) this.options.zoom(-steps.y);
    else this.options.send(message.scroll(steps.x, steps.y, false));
  }
}

function bit(button: number): number {
  return BUTTON_BITS[button] ?? 0;
}
