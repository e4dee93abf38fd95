//! A lane with no app behind it: a page drawn and encoded here, sent as the app sends frames.

export const LANE_URL = "ws://127.0.0.1:9/preview";

const word = (n: number): [number, number] => [(n >> 8) & 255, n & 255];
const long = (n: number): number[] => [...word(n >>> 16), ...word(n)];

/** Puts a played socket in the place of the real one. */
export function playLane(): void {
  Object.assign(window, { WebSocket: PlayedSocket });
  // WebKitGTK 2.50 crashes when an encoder is the first to need GStreamer; a decoder sets it up.
  const first = new VideoDecoder({ output: () => undefined, error: () => undefined });
  first.configure({ codec: "vp8" });
}

class PlayedSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  readyState = 0;
  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: Uint8Array[] = [];
  #encoder: VideoEncoder | null = null;
  #sequence = 0;

  constructor(readonly url: string) {
    Object.assign(window, { socket: this });
    setTimeout(() => {
      this.readyState = 1;
      this.onopen?.();
    }, 5);
  }

  send(message: string | Uint8Array): void {
    if (typeof message === "string") {
      this.#say([5, ...long(1)]);
      return;
    }
    this.sent.push(message);
    const [op] = message;
    const view = new DataView(message.buffer, message.byteOffset);
    if (op === 7) this.#start(view.getUint16(1), view.getUint16(3));
    if (op === 8) this.#draw(true);
  }

  close(): void {
    this.readyState = 3;
    this.#encoder?.close();
    this.#encoder = null;
  }

  #say(bytes: number[] | Uint8Array): void {
    this.onmessage?.({ data: new Uint8Array(bytes).buffer });
  }

  #canvas = new OffscreenCanvas(2, 2);

  #start(width: number, height: number): void {
    this.#canvas = new OffscreenCanvas(width, height);
    this.#say([4, ...word(width), ...word(height)]);
    this.#encoder?.close();
    this.#encoder = new VideoEncoder({
      output: (chunk) => {
        const data = new Uint8Array(chunk.byteLength);
        chunk.copyTo(data);
        const sequence = this.#sequence++;
        const time = sequence * 33_000;
        const key = chunk.type === "key" ? 1 : 0;
        this.#say(
          new Uint8Array([1, key, 0, ...long(sequence), 0, 0, 0, 0, ...long(time), ...data]),
        );
      },
      error: (error) => {
        console.error(error);
      },
    });
    this.#encoder.configure({ codec: "vp8", width, height, bitrate: 8_000_000 });
    this.#draw(true);
    setTimeout(() => {
      this.#draw(false);
    }, 30);
  }

  #draw(keyFrame: boolean): void {
    const { width, height } = this.#canvas;
    const context = this.#canvas.getContext("2d");
    if (!context || !this.#encoder) return;
    context.fillStyle = "#fbf6ee";
    context.fillRect(0, 0, width, height);
    context.fillStyle = "#7b2d1f";
    context.fillRect(0, 0, width, 64);
    context.fillStyle = "#fff";
    context.font = "600 24px serif";
    context.fillText("The Evening Post", 32, 41);
    context.fillStyle = "#221c16";
    context.font = "600 34px serif";
    context.fillText("A quiet comet passes the Earth", 32, 130);
    context.font = "17px serif";
    for (let line = 0; line < 12; line += 1) {
      context.fillText(
        "It was seen by few, and measured by many; it comes back in 2140.",
        32,
        176 + line * 30,
      );
    }
    context.strokeStyle = "#2c6";
    context.strokeRect(0.5, 0.5, width - 1, height - 1);
    const frame = new VideoFrame(this.#canvas, { timestamp: this.#sequence * 33_000 });
    this.#encoder.encode(frame, { keyFrame });
    frame.close();
    void this.#encoder.flush();
  }
}
