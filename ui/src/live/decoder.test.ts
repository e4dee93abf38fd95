import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Decoder, type Encoded } from "./decoder";

interface Given {
  output: (frame: VideoFrame) => void;
  error: (error: DOMException) => void;
}

/** Stands for the engine's decoder: notes what it is fed. */
class PlayedDecoder {
  static all: PlayedDecoder[] = [];
  state = "unconfigured";
  decodeQueueSize = 0;
  fed: { type: string; timestamp: number }[] = [];
  config: unknown;
  constructor(readonly given: Given) {
    PlayedDecoder.all.push(this);
  }
  configure(config: unknown) {
    this.config = config;
    this.state = "configured";
  }
  decode(chunk: { type: string; timestamp: number }) {
    this.fed.push(chunk);
  }
  close() {
    this.state = "closed";
  }
  fail(name: string) {
    this.state = "closed";
    this.given.error(new DOMException("", name));
  }
}

let asked = 0;
let time = 0;
const missing: string[] = [];
const painted: number[] = [];

beforeEach(() => {
  PlayedDecoder.all = [];
  asked = 0;
  time = 1000;
  missing.length = painted.length = 0;
  vi.stubGlobal("VideoDecoder", PlayedDecoder);
  vi.stubGlobal("EncodedVideoChunk", function Chunk(this: object, facts: object) {
    Object.assign(this, facts);
  });
});
afterEach(() => vi.unstubAllGlobals());

const decoder = () =>
  new Decoder({
    onPicture: (_, sequence) => painted.push(sequence),
    needKeyframe: () => (asked += 1),
    unsupported: (codec) => missing.push(codec),
    now: () => time,
  });

const frame = (sequence: number, key = false, codec: Encoded["codec"] = "vp8"): Encoded => ({
  key,
  codec,
  sequence,
  time: sequence * 10,
  data: new Uint8Array(1),
});

const engine = (): PlayedDecoder => {
  const last = PlayedDecoder.all.at(-1);
  if (!last) throw new Error("no decoder was made");
  return last;
};

test("nothing is decoded before a key frame, which is asked for once", () => {
  const view = decoder();
  view.decode(frame(5));
  view.decode(frame(6));
  expect(PlayedDecoder.all).toEqual([]);
  expect(asked).toBe(1);
  view.decode(frame(7, true));
  view.decode(frame(8));
  expect(engine().fed.map((chunk) => chunk.type)).toEqual(["key", "delta"]);
  expect(engine().config).toEqual({ codec: "vp8", optimizeForLatency: true });
});

test("a key frame that does not come is asked for again after a while", () => {
  const view = decoder();
  view.decode(frame(5));
  time += 299;
  view.decode(frame(6));
  expect(asked).toBe(1);
  time += 1;
  view.decode(frame(7));
  expect(asked).toBe(2);
});

test("a gap drops everything up to the next key frame", () => {
  const view = decoder();
  view.decode(frame(1, true));
  view.decode(frame(3));
  view.decode(frame(4));
  view.decode(frame(5, true));
  expect(engine().fed.map((chunk) => chunk.timestamp)).toEqual([10, 50]);
  expect(asked).toBe(1);
});

test("a picture of another size gets a decoder of its own", () => {
  const sized = (sequence: number, width: number, codec?: Encoded["codec"]): Encoded => ({
    ...frame(sequence, true, codec),
    data: new Uint8Array([0, 0, 0, 0x9d, 0x01, 0x2a, width & 255, width >> 8, 90, 0]),
  });
  const view = decoder();
  view.decode(sized(1, 800));
  view.decode(frame(2));
  view.decode(sized(3, 800));
  expect(PlayedDecoder.all).toHaveLength(1);
  view.decode(sized(4, 801));
  expect(PlayedDecoder.all).toHaveLength(2);
  expect(engine().fed.map((chunk) => chunk.timestamp)).toEqual([40]);
  view.resized();
  expect(asked).toBe(0);
});

test("where a key frame does not say its size, a new screen asks for another", () => {
  const view = decoder();
  view.decode(frame(1, true, "h264"));
  view.resized();
  expect(asked).toBe(1);
  view.decode(frame(2, true, "h264"));
  expect(PlayedDecoder.all).toHaveLength(2);
});

test("the sequence may wrap around", () => {
  const view = decoder();
  view.decode(frame(0xffff_ffff, true));
  view.decode({ ...frame(0), time: 0xffff_ffff * 10 + 1 });
  expect(engine().fed).toHaveLength(2);
});

test("a decoder that falls behind is given no more until a key frame", () => {
  const view = decoder();
  view.decode(frame(1, true));
  engine().decodeQueueSize = 40;
  view.decode(frame(2));
  expect(asked).toBe(1);
  view.decode(frame(3, true));
  expect(PlayedDecoder.all).toHaveLength(2);
  expect(engine().fed.map((chunk) => chunk.timestamp)).toEqual([30]);
});

test("an error rebuilds the decoder and asks for a key frame", () => {
  const view = decoder();
  view.decode(frame(1, true));
  engine().fail("EncodingError");
  expect(asked).toBe(1);
  view.decode(frame(2));
  view.decode(frame(3, true));
  expect(PlayedDecoder.all).toHaveLength(2);
  expect(missing).toEqual([]);
});

test("a codec that the engine lacks is said once, and not tried until a reset", () => {
  const view = decoder();
  view.decode(frame(1, true, "av1"));
  engine().fail("NotSupportedError");
  view.decode(frame(2, true, "av1"));
  expect(missing).toEqual(["av1"]);
  expect(PlayedDecoder.all).toHaveLength(1);
  view.reset();
  view.decode(frame(1, true, "av1"));
  expect(PlayedDecoder.all).toHaveLength(2);
});

test("an engine without WebCodecs is said, not thrown", () => {
  vi.stubGlobal("VideoDecoder", undefined);
  decoder().decode(frame(1, true));
  expect(missing).toEqual(["vp8"]);
});

test("a picture is handed on with its sequence; one of an old decoder is closed", () => {
  const view = decoder();
  view.decode(frame(4, true));
  const old = engine();
  old.given.output({ timestamp: 40, close: () => undefined } as VideoFrame);
  expect(painted).toEqual([4]);
  view.reset();
  const close = vi.fn();
  old.given.output({ timestamp: 50, close } as unknown as VideoFrame);
  expect(close).toHaveBeenCalledOnce();
  expect(painted).toEqual([4]);
});
