//! Encoded frames in, pictures out. Wraps WebCodecs: waits for key frames, drops to the newest
//! when it falls behind, and builds itself anew after an error.
import type { Codec } from "./wire";

/** WebCodecs strings; H.264 is Annex B, so no `description` goes with it. */
export const CODEC_STRING: Record<Codec, string> = {
  vp8: "vp8",
  vp9: "vp09.00.10.08",
  h264: "avc1.42e01f",
  av1: "av01.0.08M.08",
};

/** More frames than this in the decoder, and the rest is dropped until the next key frame. */
const QUEUE_LIMIT = 12;
/** A key frame is not asked for more often than this, in ms. */
const ASK_EVERY = 300;
/** Errors in a row, without a picture between, after which the codec counts as missing. */
const ERROR_LIMIT = 5;

export interface Encoded {
  key: boolean;
  codec: Codec;
  sequence: number;
  time: number;
  data: Uint8Array<ArrayBuffer>;
}

export interface DecoderOptions {
  /** Takes the picture over and must close it. */
  onPicture: (picture: VideoFrame, sequence: number, waiting: number) => void;
  needKeyframe: () => void;
  /** This engine cannot decode the codec. */
  unsupported: (codec: Codec) => void;
  /** Milliseconds, for tests. */
  now?: () => number;
}

export class Decoder {
  #decoder: VideoDecoder | null = null;
  #codec: Codec | null = null;
  #waitsForKey = true;
  #lastSequence: number | null = null;
  #askedAt = -Infinity;
  #errors = 0;
  /** A codec that this engine turned out not to have. */
  #missing: Codec | null = null;
  /** The size in the last key frame, as `codedSize` gives it. */
  #size: number | null = null;
  /** Sequence numbers of frames in the decoder, by their timestamp. */
  readonly #sequences = new Map<number, number>();

  constructor(private readonly options: DecoderOptions) {}

  /** Frames in the decoder. */
  get waiting(): number {
    return this.#decoder?.decodeQueueSize ?? 0;
  }

  /** Another picture follows. */
  reset(): void {
    this.#discard();
    this.#errors = 0;
    this.#missing = null;
    this.#askedAt = -Infinity;
  }

  decode(frame: Encoded): void {
    if (frame.codec === this.#missing) return;
    const gap = this.#lastSequence !== null && frame.sequence !== (this.#lastSequence + 1) >>> 0;
    this.#lastSequence = frame.sequence;
    const other = frame.codec !== this.#codec;
    if (frame.key) {
      this.#waitsForKey = false;
    } else if (this.#waitsForKey || gap || other || this.waiting > QUEUE_LIMIT) {
      this.#waitsForKey = true;
      this.#ask();
      return;
    }
    if (!this.#ready(frame.codec)) return;
    if (frame.key) {
      const size = codedSize(frame);
      // WebKitGTK's decoder gives all its pictures the size of the first one.
      const resized = this.#size !== null && size !== this.#size;
      // A key frame is a fresh start: what still waits before it is not worth its time.
      if (resized || this.waiting > QUEUE_LIMIT) this.#configure(frame.codec);
      this.#size = size;
    }
    this.#sequences.set(frame.time, frame.sequence);
    try {
      this.#decoder?.decode(
        new EncodedVideoChunk({
          type: frame.key ? "key" : "delta",
          timestamp: frame.time,
          data: frame.data,
        }),
      );
    } catch {
      this.#failed();
    }
  }

  /** The remote screen has another size. */
  resized(): void {
    // Where the key frame itself says its size, nothing is to be guessed.
    if (this.#decoder === null || this.#size !== null) return;
    this.#discard();
    this.#ask();
  }

  close(): void {
    this.#discard();
  }

  #ready(codec: Codec): boolean {
    if (typeof VideoDecoder === "undefined") {
      this.#giveUp(codec);
      return false;
    }
    if (this.#decoder?.state === "configured" && this.#codec === codec) return true;
    return this.#configure(codec);
  }

  #configure(codec: Codec): boolean {
    this.#close();
    this.#sequences.clear();
    const decoder = new VideoDecoder({
      output: (picture) => {
        if (decoder !== this.#decoder) {
          picture.close();
          return;
        }
        this.#errors = 0;
        const sequence = this.#sequences.get(picture.timestamp) ?? 0;
        for (const time of this.#sequences.keys()) {
          if (time > picture.timestamp) break;
          this.#sequences.delete(time);
        }
        this.options.onPicture(picture, sequence, this.waiting);
      },
      error: (error) => {
        if (decoder === this.#decoder) this.#failed(error.name === "NotSupportedError");
      },
    });
    this.#decoder = decoder;
    this.#codec = codec;
    try {
      decoder.configure({ codec: CODEC_STRING[codec], optimizeForLatency: true });
      return true;
    } catch {
      this.#failed();
      return false;
    }
  }

  #failed(unsupported = false): void {
    const codec = this.#codec;
    this.#errors += 1;
    this.#close();
    this.#waitsForKey = true;
    if (codec && (unsupported || this.#errors >= ERROR_LIMIT)) this.#giveUp(codec);
    else this.#ask();
  }

  #giveUp(codec: Codec): void {
    this.#close();
    this.#missing = codec;
    this.options.unsupported(codec);
  }

  #ask(): void {
    const now = (this.options.now ?? (() => performance.now()))();
    if (now - this.#askedAt < ASK_EVERY) return;
    this.#askedAt = now;
    this.options.needKeyframe();
  }

  #discard(): void {
    this.#close();
    this.#waitsForKey = true;
    this.#lastSequence = null;
    this.#sequences.clear();
  }

  #close(): void {
    const decoder = this.#decoder;
    this.#decoder = null;
    this.#size = null;
    if (decoder && decoder.state !== "closed") decoder.close();
  }
}

/** Width and height of a VP8 key frame as one number (RFC 6386, 9.1); null for anything else. */
function codedSize({ codec, data }: Encoded): number | null {
  if (codec !== "vp8" || data.length < 10) return null;
  if (data[3] !== 0x9d || data[4] !== 0x01 || data[5] !== 0x2a) return null;
  return new DataView(data.buffer, data.byteOffset).getUint32(6, true) & 0x3fff3fff;
}
