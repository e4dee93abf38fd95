import { expect, test } from "vitest";
import type { Download } from "./messages/Download";
import { downloadTexts, trouble } from "./texts.download";

const held = (change: Partial<Download>): Download =>
  ({
    id: 1,
    profile: "default",
    mode: "proxy",
    url: "https://a.example/f",
    name: "f",
    folder: "/home/ann",
    received: 40,
    total: 100,
    hold: { at: '"a"' },
    state: "paused",
    why: "wanted",
    ...change,
  }) as Download;

const paused = (change: Partial<Download>): string => downloadTexts.state(held(change));

test("a download that is held up says how far it is, and what comes after that", () => {
  expect(paused({})).toBe("Paused at 40 B of 100 B");
  expect(paused({ hold: "anew" })).toContain("it will begin anew");
  expect(paused({ received: 0 })).toBe("Paused before anything has come");
  expect(paused({ why: "login" })).toContain("asks for a password");
  expect(paused({ why: "broke" })).toContain("is kept");
  expect(paused({ why: "closed" })).toContain("Duotab was closed");
  expect(paused({ why: "broke", received: 0 })).not.toContain("is kept");
});

test("what stopped by itself is told where nobody looks at the list", () => {
  expect(trouble(held({ why: "broke" }))).toBe("stopped");
  expect(downloadTexts.open(0, "stopped")).toContain("stopped");
  expect(trouble(held({ why: "wanted" }))).toBeNull();
  expect(trouble(undefined)).toBeNull();
});
