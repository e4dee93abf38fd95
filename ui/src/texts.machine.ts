//! The words about machines; a part of `texts.ts`.
import type { Setback } from "./messages/Setback";
import type { StartFailure } from "./messages/StartFailure";

/** What came of the last start on a machine, as the end of a sentence. */
export function setback(setback: Setback): string {
  switch (setback.kind) {
    case "failed":
      return failed(setback.failure);
    case "unreachable":
      return "its engine did not answer";
    case "gone":
      return "it was gone when a browser was to be started there";
    case "ended":
      return "the browser that was started there last ended before it had a picture";
  }
}

function failed(failure: StartFailure): string {
  switch (failure.cause) {
    case "disk_full":
    case "engine_disk_full":
      return "its disk is full";
    case "image_missing":
      return "it has not got the browser's image, and nobody has it to give";
    case "registry_denied":
      return "the registry does not let it have the browser's image";
    case "registry_unreachable":
      return "it cannot fetch the browser's image: it does not reach the registry";
    case "timed_out":
      return "the browser that was started there last was not ready in time";
    case "engine_away":
      return "its container engine cannot be asked";
    case "refused":
      return `its container engine refused: ${failure.detail}`;
    case "browser_missing":
    case "display_server_missing":
    case "program_missing":
    case "read_only":
    case "port_taken":
    case "profile_in_use":
    case "exited":
      return "the browser could not be started there";
  }
}
