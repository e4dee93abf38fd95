//! The stages as steps with times, as the stepper paints them. Pure.
import type { Stage } from "./messages/Stage";
import type { StreamView } from "./messages/StreamView";

export interface Step {
  stage: Stage;
  state: "done" | "current" | "waiting";
  /** How long it took or takes so far; null before it began. */
  ms: number | null;
}

/** A stage that lasts longer is told to be slow. */
const SLOW_MS = 10_000;

const ORDER: readonly Stage[] = ["placing", "starting", "connecting", "live"];

/** The four steps of `stream`, as they are `since` milliseconds after the state was made. */
export function steps(stream: StreamView, since: number): Step[] {
  const at = ORDER.indexOf(stream.stage);
  const past = stream.stages.reduce((sum, each) => sum + (each.took_ms ?? 0), 0);
  return ORDER.map((stage, index) => {
    const entered = stream.stages.findLast((each) => each.stage === stage);
    if (index < at) return { stage, state: "done", ms: entered?.took_ms ?? null };
    if (index > at) return { stage, state: "waiting", ms: null };
    return { stage, state: "current", ms: Math.max(0, stream.elapsed_ms - past) + since };
  });
}

/** Whether an engine takes long, and nothing else is told of why. */
export function isSlow(stream: StreamView, since: number): boolean {
  const told = stream.fetched_percent !== null || stream.moving !== null;
  const current = steps(stream, since).find((step) => step.state === "current");
  const starts = current?.stage === "starting" || current?.stage === "connecting";
  return starts && !told && (current.ms ?? 0) >= SLOW_MS;
}
