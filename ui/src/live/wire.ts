//! The lane's messages as bytes, as `src-tauri/core/lane.rs` documents them. Big-endian; pure.

export type Codec = "vp8" | "vp9" | "h264" | "av1";

const CODECS: readonly Codec[] = ["vp8", "vp9", "h264", "av1"];

/** Rust to view. */
export type ToView =
  | {
      op: "frame";
      key: boolean;
      codec: Codec;
      sequence: number;
      /** Media time in µs. */
      time: number;
      data: Uint8Array<ArrayBuffer>;
    }
  | {
      op: "cursor_image";
      width: number;
      height: number;
      hotX: number;
      hotY: number;
      png: Uint8Array<ArrayBuffer>;
    }
  | { op: "cursor_position"; x: number; y: number }
  | { op: "screen"; width: number; height: number }
  | { op: "reset"; session: number }
  | { op: "clipboard"; text: string }
  | {
      op: "audio";
      session: number;
      /** Media time in µs. */
      time: number;
      data: Uint8Array<ArrayBuffer>;
    };

/** Reads one message; null for anything but a whole one. */
export function readMessage(buffer: ArrayBuffer): ToView | null {
  if (buffer.byteLength === 0) return null;
  const view = new DataView(buffer);
  const size = buffer.byteLength - 1;
  switch (view.getUint8(0)) {
    case 1: {
      if (size < 14) return null;
      const codec = CODECS[view.getUint8(2)];
      if (codec === undefined) return null;
      return {
        op: "frame",
        key: (view.getUint8(1) & 1) === 1,
        codec,
        sequence: view.getUint32(3),
        time: Number(view.getBigUint64(7)),
        data: new Uint8Array(buffer, 15),
      };
    }
    case 2:
      if (size < 8) return null;
      return {
        op: "cursor_image",
        width: view.getUint16(1),
        height: view.getUint16(3),
        hotX: view.getUint16(5),
        hotY: view.getUint16(7),
        png: new Uint8Array(buffer, 9),
      };
    case 3:
      if (size !== 4) return null;
      return { op: "cursor_position", x: view.getUint16(1), y: view.getUint16(3) };
    case 4:
      if (size !== 4) return null;
      return { op: "screen", width: view.getUint16(1), height: view.getUint16(3) };
    case 5:
      if (size !== 4) return null;
      return { op: "reset", session: view.getUint32(1) };
    case 6:
      try {
        const text = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 1));
        return { op: "clipboard", text };
      } catch {
        return null;
      }
    case 7:
      if (size < 12) return null;
      return {
        op: "audio",
        session: view.getUint32(1),
        time: Number(view.getBigUint64(5)),
        data: new Uint8Array(buffer, 13),
      };
    default:
      return null;
  }
}

/** The bits of held modifiers. */
export const MODIFIER = {
  shift: 1,
  control: 2,
  alt: 4,
  meta: 8,
  altGraph: 16,
  capsLock: 32,
  numLock: 64,
} as const;

export type Bytes = Uint8Array<ArrayBuffer>;

const clampU16 = (n: number): number => Math.min(0xffff, Math.max(0, Math.round(n)));

function fixed(op: number, size: number, fill?: (view: DataView) => void): Bytes {
  const bytes = new Uint8Array(1 + size);
  bytes[0] = op;
  fill?.(new DataView(bytes.buffer, 1));
  return bytes;
}

function withText(op: number, text: string): Bytes {
  const body = new TextEncoder().encode(text);
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = op;
  bytes.set(body, 1);
  return bytes;
}

/** View to Rust. Coordinates are remote pixels. */
export const message = {
  move: (x: number, y: number): Bytes =>
    fixed(1, 4, (view) => {
      view.setUint16(0, clampU16(x));
      view.setUint16(2, clampU16(y));
    }),

  /** In wheel steps, positive right and down. */
  scroll: (x: number, y: number, control: boolean): Bytes =>
    fixed(2, 5, (view) => {
      view.setInt16(0, x);
      view.setInt16(2, y);
      view.setUint8(4, control ? 1 : 0);
    }),

  /** `code` and `key` as the DOM names them. */
  key: (down: boolean, modifiers: number, location: number, code: string, key: string): Bytes => {
    const encoder = new TextEncoder();
    const codeBytes = encoder.encode(code).subarray(0, 255);
    const keyBytes = encoder.encode(key);
    const bytes = new Uint8Array(5 + codeBytes.length + keyBytes.length);
    bytes.set([3, down ? 1 : 0, modifiers, location, codeBytes.length]);
    bytes.set(codeBytes, 5);
    bytes.set(keyBytes, 5 + codeBytes.length);
    return bytes;
  },

  button: (down: boolean, button: number, x: number, y: number): Bytes =>
    fixed(4, 6, (view) => {
      view.setUint8(0, down ? 1 : 0);
      view.setUint8(1, button);
      view.setUint16(2, clampU16(x));
      view.setUint16(4, clampU16(y));
    }),

  text: (text: string): Bytes => withText(5, text),

  blur: (): Bytes => fixed(6, 0),

  /** In device pixels; `scale` is device pixels per CSS pixel. */
  viewport: (width: number, height: number, scale: number): Bytes =>
    fixed(7, 6, (view) => {
      view.setUint16(0, clampU16(width));
      view.setUint16(2, clampU16(height));
      view.setUint16(4, clampU16(scale * 100));
    }),

  needKeyframe: (): Bytes => fixed(8, 0),

  painted: (sequence: number, waiting: number): Bytes =>
    fixed(9, 6, (view) => {
      view.setUint32(0, sequence >>> 0);
      view.setUint16(4, clampU16(waiting));
    }),

  clipboard: (text: string): Bytes => withText(10, text),
};
