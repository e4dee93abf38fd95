//! The words about starts that fail; a part of `texts.ts`.
import type { StartFailure } from "./messages/StartFailure";
import type { ProblemText } from "./texts";
import { engineAway } from "./texts.engine";

/** Who has a profile's data instead. */
export function taken(by: string): string {
  const where = by === "" ? "Another copy of Duotab" : `Duotab on ${by}`;
  return `${where}, which began with the same data as this one, is using this profile or has used it since. Its logins and data have one owner at a time.`;
}

export function startFailed(node: string, failure: StartFailure): ProblemText {
  const title = `Chromium could not start on ${node}`;
  switch (failure.cause) {
    case "browser_missing":
      return {
        title: `${node} has no Chromium`,
        body: "A streamed page runs in a real Chromium, and none is installed there.",
        remedy: "Install it, then try again:",
        command: "sudo apt install chromium",
      };
    case "display_server_missing":
      return {
        title: `${node} has no Xvfb`,
        body: "Chromium draws into a private screen, and the program for that is not installed there.",
        remedy: "Install it, then try again:",
        command: "sudo apt install xvfb",
      };
    case "program_missing":
      return {
        title: `${node} lacks ${failure.program}`,
        body: `The streaming engine needs the program “${failure.program}”, and it is not installed there.`,
        remedy: "Install it and try again.",
      };
    case "disk_full":
      return {
        title: "The disk is full",
        body: `No space is left in ${failure.path} on ${node}, where the browser's data live.`,
        remedy: "Make some room and try again. Nothing was lost.",
      };
    case "read_only":
      return {
        title: "The profile cannot be written",
        body: `The folder ${failure.path} on ${node} cannot be written, so Chromium cannot keep its data.`,
        remedy: "Make the folder writable and try again.",
      };
    case "port_taken":
      return {
        title,
        body: "Other programs hold the network ports that the engine needs.",
        remedy: "Close the program that uses them, or just try again.",
      };
    case "profile_in_use":
      return {
        title,
        body: "Another Chromium is using this profile's data, and data have one owner at a time.",
        remedy: "Close the other one and try again.",
      };
    case "profile_taken":
      return {
        title: "Another copy of Duotab has these data",
        body: taken(failure.by),
        remedy:
          "Close its Streamed tabs there. Or use them here: its Chromium is ended, and what it has stored comes along.",
      };
    case "exited":
      return {
        title,
        body:
          failure.code === null
            ? "The engine ended while it was starting."
            : `The engine ended while it was starting (exit code ${failure.code}).`,
        remedy: "Try again. If it ends each time, the details below say why.",
      };
    case "timed_out":
      return {
        title,
        body: "The engine did not become ready in time. The machine may be very busy.",
        remedy: "Try again in a moment.",
      };
    case "engine_away":
      return engineAway(failure.fault);
    case "engine_disk_full":
      return {
        title: "The disk is full",
        body: `No space is left on ${node} where the container engine keeps its images.`,
        remedy: "Make some room and try again. This frees what no container uses:",
        command: "docker system prune",
      };
    case "image_missing":
      return {
        title: "There is no such image",
        body: `The registry has no “${failure.image}”.`,
        remedy: "Look for a slip in DUOTAB_IMAGE, or leave it out, and start Duotab again.",
      };
    case "registry_denied":
      return {
        title: "The registry does not give the image away",
        body: `“${failure.image}” needs a login, or is not there.`,
        remedy: "Log in to the registry, then try again:",
        command: `docker login ${failure.image.split("/")[0] ?? ""}`,
      };
    case "registry_unreachable":
      return {
        title: "The image could not be fetched",
        body: `The registry of “${failure.image}” could not be reached. What has arrived is kept.`,
        remedy: "See that you are online, then try again.",
      };
    case "no_room":
      return {
        title: `${node} has no room for this page`,
        body: `The Swarm did not start it there: ${failure.detail}`,
        remedy: "Close other Streamed tabs and try again, or choose another machine.",
      };
    case "refused":
      return {
        title,
        body: `The container engine refused: ${failure.detail}`,
        remedy: "Try again. If it refuses each time, its log says more.",
      };
  }
}
