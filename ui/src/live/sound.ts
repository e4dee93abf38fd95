//! What streamed pages let be heard: Opus packets in, sound out, each session's by itself.
import { Schedule } from "./schedule";

/** All sessions were silent for so many ms: the loudspeaker is given back. */
const QUIET = 2000;

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

  constructor(private readonly context: AudioContext) {}

  hear({ time, data }: Heard): void {
    try {
      this.#ready().decode(new EncodedAudioChunk({ type: "key", timestamp: time, data }));
    } catch {
      this.close();
    }
  }

  close(): void {
    const decoder = this.#decoder;
    this.#decoder = null;
    if (decoder && decoder.state !== "closed") decoder.close();
  }

  #ready(): AudioDecoder {
    if (this.#decoder?.state === "configured") return this.#decoder;
    this.close();
    const decoder = new AudioDecoder({
      output: (data) => {
        if (decoder === this.#decoder) this.#play(data);
        data.close();
      },
      // The next packet makes another one.
      error: () => {
        if (decoder === this.#decoder) this.#decoder = null;
      },
    });
    decoder.configure({ codec: "opus", sampleRate: 48_000, numberOfChannels: 2 });
    this.#decoder = decoder;
    return decoder;
  }

  #play(data: AudioData): void {
    const { numberOfFrames: frames, sampleRate: rate, numberOfChannels: channels } = data;
    const at = this.#schedule.place(data.timestamp / 1e6, frames / rate, this.context.currentTime);
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
  #quiet: ReturnType<typeof setTimeout> | undefined;

  hear(packet: Heard): void {
    if (typeof AudioDecoder === "undefined" || typeof AudioContext === "undefined") return;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      this.#rest();
    }, QUIET);
    this.#context ??= new AudioContext({ latencyHint: "interactive", sampleRate: 48_000 });
    if (this.#context.state === "suspended") void this.#context.resume().catch(() => undefined);
    let voice = this.#voices.get(packet.session);
    if (voice === undefined) {
      voice = new Voice(this.#context);
      this.#voices.set(packet.session, voice);
    }
    voice.hear(packet);
  }

  close(): void {
    clearTimeout(this.#quiet);
    for (const voice of this.#voices.values()) voice.close();
    this.#voices.clear();
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
  }

  #rest(): void {
    for (const voice of this.#voices.values()) voice.close();
    this.#voices.clear();
    void this.#context?.suspend().catch(() => undefined);
  }
}
