//! Which ways out a problem offers, the best one first. Pure.
import type { Mode } from "./messages/Mode";
import type { Problem } from "./messages/Problem";

export type ProblemAction = "retry" | "proxy" | "streamed" | "address";

/** What can be done about `problem` in a tab of `mode`. */
export function actionsFor(problem: Problem, mode: Mode, hasAddress: boolean): ProblemAction[] {
  const other: ProblemAction = mode === "proxy" ? "streamed" : "proxy";
  switch (problem.code) {
    case "bad_address":
      return ["address"];
    case "unknown_tab":
    case "closing":
      return [];
    case "store_failed":
      return ["retry"];
    case "cancelled":
      return mode === "proxy" ? ["streamed", "retry"] : ["retry", "proxy"];
    case "page_failed":
      return hasAddress ? ["retry", "address", other] : ["address"];
    case "page_crashed":
      return ["retry", other];
    default:
      return mode === "streamed" ? ["retry", "proxy"] : ["streamed", "retry"];
  }
}
