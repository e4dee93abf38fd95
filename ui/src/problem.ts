//! Which ways out a problem offers, the best one first. Pure.
import type { Mode } from "./messages/Mode";
import type { PageFault } from "./messages/PageFault";
import type { Problem } from "./messages/Problem";

export type ProblemAction =
  "elsewhere" | "take" | "retry" | "proxy" | "streamed" | "address" | "anyway";

/** What can be done about `problem` in a tab of `mode`. */
export function actionsFor(
  problem: Problem,
  mode: Mode,
  hasAddress: boolean,
  elsewhere = false,
): ProblemAction[] {
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
      return pageActions(problem.fault, mode, other, hasAddress);
    case "around_exit":
      return mode === "streamed" ? ["proxy", "anyway"] : ["anyway"];
    case "start_failed":
      if (problem.failure.cause === "profile_taken") return ["take", "retry", other];
      return usual(mode);
    case "move_failed":
      if (problem.fault?.cause === "taken") return ["take", "retry", other];
      return usual(mode);
    case "profile_away":
    case "engine_stalled":
      return elsewhere ? ["retry", "elsewhere", other] : ["retry", other];
    case "page_crashed":
    case "page_stopped":
      return ["retry", other];
    default:
      return usual(mode);
  }
}

/** Whether a page may be opened all the same; the backend has the last word. */
export function isOverrulable(fault: PageFault): boolean {
  return fault.cause === "certificate" && !fault.strict && !fault.flaws.includes("revoked");
}

function usual(mode: Mode): ProblemAction[] {
  return mode === "streamed" ? ["retry", "proxy"] : ["streamed", "retry"];
}

function pageActions(
  fault: PageFault | null,
  mode: Mode,
  other: ProblemAction,
  hasAddress: boolean,
): ProblemAction[] {
  switch (fault?.cause) {
    case "unsafe_port":
      return ["address"];
    case "scheme":
    case "bad_redirect":
      return [other, "address"];
    case "no_file":
      return ["address", "retry"];
    case "certificate":
      return mode === "proxy" && isOverrulable(fault)
        ? ["address", other, "retry", "anyway"]
        : ["address", other, "retry"];
    case "encryption":
      return ["address", other, "retry"];
    case "way":
      if (fault.failure === "private_address") return ["address", "anyway"];
      if (fault.failure === "private_name") return ["address", "anyway"];
      // The other mode leaves past the exit.
      if (fault.failure === "exit_failed") return ["retry", "address"];
      if (fault.failure === "exit_login") return ["retry", "address"];
      if (fault.failure === "blocked") return ["anyway", "address"];
      if (fault.failure === "proxy_down") return [other, "retry"];
  }
  return hasAddress ? ["retry", "address", other] : ["address"];
}
