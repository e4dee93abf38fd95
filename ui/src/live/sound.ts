//! What streamed pages let be heard: Opus packets in, sound out, each session's by itself.
import { Schedule } from "./schedule";

/** A session that was silent for so many ms has no decoder, and when all are, there is no loudspeaker. */
const QUIET = 2000;
/** A loudspeaker whose clock stands still for so many ms is no good; another is tried so often. */
const STUCK = 1500;
const AGAIN = 10_000;
/** Errors in a row, without a sound between, after which a decoder is not made again. */
const ERROR_LIMIT = 5;

export interface Heard {
  session: number;
  /** Media time in µs. */
  time: number;
  data: Uint8Array<ArrayBuffer>;
}

/** One session's packets. */
class Voice {
  readonly #schedule = new Schedule();
  #decoder: AudioDecoder | null = null;
  #errors = 0;
  quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly context: AudioContext) {}

  hear({ time, data }: Heard): void {
    if (this.#errors >= ERROR_LIMIT) return;
    try {
      this.#ready().decode(new EncodedAudioChunk({ type: "key", timestamp: time, data }));
    } catch {
      this.#failed();
    }
  }

  close(): void {
    clearTimeout(this.quiet);
    const decoder = this.#decoder;
    this.#decoder = null;
    if (decoder && decoder.state !== "closed") decoder.close();
  }

  #ready(): AudioDecoder {
    if (this.#decoder?.state === "configured") return this.#decoder;
    const decoder = new AudioDecoder({
      output: (data) => {
        try {
          if (decoder === this.#decoder) this.#play(data);
        } finally {
          data.close();
        }
      },
      error: () => {
        if (decoder === this.#decoder) this.#failed();
      },
    });
    decoder.configure({ codec: "opus", sampleRate: 48_000, numberOfChannels: 2 });
    this.#decoder = decoder;
    return decoder;
  }

  /** The next packet makes another decoder. */
  #failed(): void {
    this.#errors += 1;
    const decoder = this.#decoder;
    this.#decoder = null;
    if (decoder && decoder.state !== "closed") decoder.close();
  }

  #play(data: AudioData): void {
    const { numberOfFrames: frames, sampleRate: rate, numberOfChannels: channels } = data;
    this.#errors = 0;
    const now = this.context.currentTime;
    const at = this.#schedule.place(data.timestamp / 1e6, frames / rate, now);
    if (at === null) return;
    const buffer = this.context.createBuffer(channels, frames, rate);
    for (let channel = 0; channel < channels; channel += 1) {
      data.copyTo(buffer.getChannelData(channel), { planeIndex: channel, format: "f32-planar" });
    }
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    source.start(at);
  }
}

export class Sound {
  #context: AudioContext | null = null;
  readonly #voices = new Map<number, Voice>();
  /** Where the loudspeaker's clock stood when it was last seen to move, and when that was, in ms. */
  #clock = { at: -1, seen: 0 };
  /** No loudspeaker is tried before, in ms. */
  #notBefore = 0;
  #resuming = false;

  /** Milliseconds; another clock is for tests. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  hear(packet: Heard): void {
    if (packet.data.length === 0) return;
    const context = this.#loudspeaker();
    if (!context) return;
    let voice = this.#voices.get(packet.session);
    if (voice === undefined) {
      voice = new Voice(context);
      this.#voices.set(packet.session, voice);
    }
    clearTimeout(voice.quiet);
    voice.quiet = setTimeout(() => {
      this.#fallsSilent(packet.session);
    }, QUIET);
    voice.hear(packet);
  }

  close(): void {
    for (const voice of this.#voices.values()) voice.close();
    this.#voices.clear();
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
    this.#resuming = false;
  }

  /** One that goes; a desktop's sound server that was started anew leaves one that does not. */
  #loudspeaker(): AudioContext | null {
    const now = this.now();
    if (now < this.#notBefore) return null;
    if (typeof AudioDecoder === "undefined" || typeof AudioContext === "undefined") return null;
    if (this.#context === null) {
      try {
        this.#context = new AudioContext({ latencyHint: "interactive", sampleRate: 48_000 });
      } catch {
        this.#notBefore = now + AGAIN;
        return null;
      }
      this.#clock = { at: -1, seen: now };
    }
    const context = this.#context;
    // Nobody has looked at the clock while all was silent.
    if (this.#voices.size === 0 || context.currentTime !== this.#clock.at) {
      this.#clock = { at: context.currentTime, seen: now };
    } else if (now - this.#clock.seen > STUCK) {
      this.close();
      this.#notBefore = now + AGAIN;
      return null;
    }
    if (context.state !== "running" && !this.#resuming) {
      this.#resuming = true;
      const over = () => {
        if (this.#context === context) this.#resuming = false;
      };
      context.resume().then(over, over);
    }
    return context;
  }

  #fallsSilent(session: number): void {
    this.#voices.get(session)?.close();
    this.#voices.delete(session);
    if (this.#voices.size === 0) void this.#context?.suspend().catch(() => undefined);
  }
}
