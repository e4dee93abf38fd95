import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Lane } from "./lane";
import { message, type ToView } from "./wire";

class PlayedSocket {
  static readonly OPEN = 1;
  static all: PlayedSocket[] = [];
  readyState = 0;
  binaryType = "";
  sent: unknown[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor(readonly url: string) {
    PlayedSocket.all.push(this);
  }
  send(data: unknown) {
    this.sent.push(data);
  }
  close() {
    this.closed = true;
    this.readyState = 3;
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  lose() {
    this.readyState = 3;
    this.onclose?.();
  }
}

let tickets = 0;
let opened = 0;
let refuse = false;
const received: ToView[] = [];
let lane: Lane;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", PlayedSocket);
  PlayedSocket.all = [];
  tickets = opened = 0;
  refuse = false;
  received.length = 0;
  lane = new Lane({
    ticket: async () => {
      tickets += 1;
      await Promise.resolve();
      if (refuse) throw new Error("closing");
      return { url: "ws://127.0.0.1:1/", secret: `secret ${tickets}` };
    },
    onMessage: (news) => received.push(news),
    onOpen: () => (opened += 1),
  });
});
afterEach(() => {
  lane.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const socket = (): PlayedSocket => {
  const last = PlayedSocket.all.at(-1);
  if (!last) throw new Error("no socket was opened");
  return last;
};

test("the secret is the first message, before anything else", async () => {
  await settle();
  lane.send(message.blur());
  expect(socket().sent).toEqual([]);
  socket().open();
  lane.send(message.blur());
  expect(socket().sent).toEqual(["secret 1", message.blur()]);
  expect(socket().binaryType).toBe("arraybuffer");
  expect(opened).toBe(1);
});

test("whole messages are handed on; text and noise are not", async () => {
  await settle();
  socket().open();
  socket().onmessage?.({ data: "text" });
  socket().onmessage?.({ data: new Uint8Array([99]).buffer });
  socket().onmessage?.({ data: new Uint8Array([5, 0, 0, 0, 3]).buffer });
  expect(received).toEqual([{ op: "reset", session: 3 }]);
});

test("a lost lane is opened again with a fresh ticket", async () => {
  await settle();
  socket().open();
  socket().lose();
  await vi.advanceTimersByTimeAsync(50);
  socket().open();
  expect(PlayedSocket.all).toHaveLength(2);
  expect(socket().sent).toEqual(["secret 2"]);
  expect(opened).toBe(2);
});

test("attempts that fail come ever more slowly, and a refused ticket counts as one", async () => {
  await settle();
  refuse = true;
  socket().lose();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(tickets).toBeGreaterThan(5);
  expect(tickets).toBeLessThan(10);
  refuse = false;
  await vi.advanceTimersByTimeAsync(2000);
  expect(PlayedSocket.all).toHaveLength(2);
});

test("a socket that never opens is given up", async () => {
  await settle();
  const first = socket();
  await vi.advanceTimersByTimeAsync(5100);
  expect(first.closed).toBe(true);
  expect(PlayedSocket.all).toHaveLength(2);
});

test("a closed lane stays closed", async () => {
  await settle();
  lane.close();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(PlayedSocket.all).toHaveLength(1);
  expect(socket().closed).toBe(true);
});
