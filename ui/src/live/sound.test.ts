import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Sound } from "./sound";

interface Given {
  output: (data: PlayedData) => void;
  error: (error: DOMException) => void;
}

class PlayedData {
  numberOfFrames = 960;
  numberOfChannels = 2;
  sampleRate = 48_000;
  closed = false;
  constructor(readonly timestamp: number) {}
  copyTo() {
    return undefined;
  }
  close() {
    this.closed = true;
  }
}

/** Stands for the engine's decoder: gives what it is fed at once. */
class PlayedDecoder {
  static all: PlayedDecoder[] = [];
  static given: PlayedData[] = [];
  static fails = false;
  state = "unconfigured";
  constructor(readonly options: Given) {
    PlayedDecoder.all.push(this);
  }
  configure() {
    this.state = "configured";
  }
  decode({ timestamp }: { timestamp: number }) {
    if (PlayedDecoder.fails) {
      this.fail();
      return;
    }
    const data = new PlayedData(timestamp);
    PlayedDecoder.given.push(data);
    this.options.output(data);
  }
  close() {
    this.state = "closed";
  }
  fail() {
    this.state = "closed";
    this.options.error(new DOMException("", "EncodingError"));
  }
}

/** Stands for the loudspeaker: notes when what is to be heard. */
class PlayedContext {
  static all: PlayedContext[] = [];
  state = "suspended";
  currentTime = 10;
  destination = {};
  started: number[] = [];
  constructor() {
    PlayedContext.all.push(this);
  }
  createBuffer() {
    return { getChannelData: () => new Float32Array(960) };
  }
  createBufferSource() {
    return { connect: () => undefined, start: (at: number) => this.started.push(at) };
  }
  async resume() {
    this.state = "running";
    return Promise.resolve();
  }
  async suspend() {
    this.state = "suspended";
    return Promise.resolve();
  }
  async close() {
    this.state = "closed";
    return Promise.resolve();
  }
}

beforeEach(() => {
  PlayedDecoder.all = [];
  PlayedDecoder.given = [];
  PlayedDecoder.fails = false;
  PlayedContext.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("AudioDecoder", PlayedDecoder);
  vi.stubGlobal("AudioContext", PlayedContext);
  vi.stubGlobal("EncodedAudioChunk", function Chunk(this: object, facts: object) {
    Object.assign(this, facts);
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const packet = (session: number, ms: number) => ({
  session,
  time: ms * 1000,
  data: new Uint8Array([1]),
});

test("packets that follow each other are heard without a gap", () => {
  const sound = new Sound();
  for (const ms of [0, 20, 40]) sound.hear(packet(1, ms));
  const [context] = PlayedContext.all;
  expect(context?.state).toBe("running");
  expect(context?.started).toEqual([10.06, 10.08, 10.1].map((it) => expect.closeTo(it) as number));
  expect(PlayedDecoder.given.every((it) => it.closed)).toBe(true);
});

test("each session has a time of its own", () => {
  const sound = new Sound();
  sound.hear(packet(1, 0));
  sound.hear(packet(2, 5000));
  expect(PlayedDecoder.all.length).toBe(2);
  expect(PlayedContext.all.length).toBe(1);
  expect(PlayedContext.all[0]?.started).toEqual([10.06, 10.06]);
});

test("the loudspeaker is given back when all is silent, and taken again", async () => {
  const sound = new Sound();
  sound.hear(packet(1, 0));
  await vi.advanceTimersByTimeAsync(1900);
  expect(PlayedContext.all[0]?.state).toBe("running");
  await vi.advanceTimersByTimeAsync(200);
  expect(PlayedContext.all[0]?.state).toBe("suspended");
  expect(PlayedDecoder.all.map((it) => it.state)).toEqual(["closed"]);
  sound.hear(packet(1, 5000));
  expect(PlayedContext.all[0]?.state).toBe("running");
  expect(PlayedContext.all[0]?.started.length).toBe(2);
});

test("a session that is silent has no decoder while another one plays", () => {
  const sound = new Sound();
  sound.hear(packet(1, 0));
  sound.hear(packet(2, 0));
  for (let ms = 0; ms < 4000; ms += 1000) {
    vi.advanceTimersByTime(1000);
    if (PlayedContext.all[0]) PlayedContext.all[0].currentTime += 1;
    sound.hear(packet(2, ms));
  }
  expect(PlayedDecoder.all.map((it) => it.state)).toEqual(["closed", "configured"]);
  expect(PlayedContext.all[0]?.state).toBe("running");
});

test("a loudspeaker whose clock stands still is given up, and another tried later", () => {
  let now = 0;
  const sound = new Sound(() => now);
  const play = (from: number, to: number) => {
    for (now = from; now < to; now += 20) sound.hear(packet(1, now));
  };
  play(0, 3000);
  const [stuck] = PlayedContext.all;
  expect(stuck?.state).toBe("closed");
  expect(stuck?.started.length).toBeLessThan(20);
  expect(PlayedContext.all.length).toBe(1);
  play(3000, 13_000);
  expect(PlayedContext.all.length).toBe(2);
});

test("a loudspeaker that never answers does not keep the next one from going", () => {
  let now = 0;
  const sound = new Sound(() => now);
  const resume = vi.spyOn(PlayedContext.prototype, "resume");
  resume.mockImplementation(() => new Promise(() => undefined));
  for (; now < 3000; now += 20) sound.hear(packet(1, now));
  resume.mockRestore();
  for (; now < 13_000; now += 20) sound.hear(packet(1, now));
  expect(PlayedContext.all.map((it) => it.state)).toEqual(["closed", "running"]);
});

test("a codec that is missing is not asked for again and again", () => {
  const sound = new Sound();
  PlayedDecoder.fails = true;
  for (let ms = 0; ms < 1000; ms += 20) sound.hear(packet(1, ms));
  expect(PlayedDecoder.all.length).toBe(5);
});

test("a decoder that fails is followed by another", () => {
  const sound = new Sound();
  sound.hear(packet(1, 0));
  PlayedDecoder.all[0]?.fail();
  sound.hear(packet(1, 20));
  expect(PlayedDecoder.all.map((it) => it.state)).toEqual(["closed", "configured"]);
  expect(PlayedContext.all[0]?.started.length).toBe(2);
});

test("what is closed is heard no more", () => {
  const sound = new Sound();
  sound.hear(packet(1, 0));
  sound.close();
  expect(PlayedContext.all[0]?.state).toBe("closed");
  vi.advanceTimersByTime(5000);
  expect(PlayedContext.all[0]?.state).toBe("closed");
});

test("where the engine cannot decode sound, there is none and nothing else is missing", () => {
  vi.stubGlobal("AudioDecoder", undefined);
  new Sound().hear(packet(1, 0));
  expect(PlayedContext.all).toEqual([]);
});
