//! The socket to the app's lane: opened with a fresh ticket, and again when it closes.
import type { LaneTicket } from "../messages/LaneTicket";
import { type Bytes, readMessage, type ToView } from "./wire";

/** Waits between attempts, in ms; the last one repeats. */
const BACKOFF = [50, 200, 500, 1000, 2000] as const;
/** An attempt that takes longer than this many ms is given up. */
const OPEN_LIMIT = 5000;

export interface LaneOptions {
  ticket: () => Promise<LaneTicket>;
  onMessage: (message: ToView) => void;
  /** The lane is open (again); nothing of what was said before counts any more. */
  onOpen: () => void;
}

export class Lane {
  #socket: WebSocket | null = null;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(private readonly options: LaneOptions) {
    void this.#connect();
  }

  /** Sends if the lane is open; what cannot go now is worth nothing later. */
  send(bytes: Bytes): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  async #connect(): Promise<void> {
    let ticket: LaneTicket;
    try {
      ticket = await this.options.ticket();
    } catch {
      this.#again();
      return;
    }
    if (this.#closed) return;
    let socket: WebSocket;
    try {
      socket = new WebSocket(ticket.url);
    } catch {
      this.#again();
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#timer = setTimeout(() => {
      socket.close();
      this.#lost(socket);
    }, OPEN_LIMIT);
    socket.onopen = () => {
      clearTimeout(this.#timer);
      socket.send(ticket.secret);
      this.options.onOpen();
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!(data instanceof ArrayBuffer)) return;
      this.#attempt = 0;
      const message = readMessage(data);
      if (message) this.options.onMessage(message);
    };
    socket.onclose = () => {
      this.#lost(socket);
    };
  }

  #lost(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#drop();
    this.#again();
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #again(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const wait = BACKOFF[Math.min(this.#attempt, BACKOFF.length - 1)];
    this.#attempt += 1;
    this.#timer = setTimeout(() => void this.#connect(), wait);
  }
}
