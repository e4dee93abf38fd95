//! What is said where a container engine cannot hold a streamed browser to its share.
import type { Limit } from "./messages/Limit";

const NAMES: Record<Limit, string> = {
  memory: "memory",
  processor: "processor time",
  processes: "processes",
};

/** Those of `limits`, as a list in a sentence. */
export function limits(limits: Limit[]): string {
  const names = limits.map((limit) => NAMES[limit]);
  const last = names.pop() ?? "";
  return names.length > 0 ? `${names.join(", ")} and ${last}` : last;
}

/** What that means. */
export const notHeld = (unlimited: Limit[]): string =>
  `Its engine does not limit a browser's ${limits(unlimited)}: a heavy page can slow the whole machine down.`;

export const limitsTexts = {
  title: (unlimited: Limit[]) => `No limit of ${limits(unlimited)}`,
  text: (unlimited: Limit[]) =>
    `The container engine of this machine cannot hold streamed browsers to their share of it, so a heavy page can slow everything down. An engine that runs without root's rights needs control groups v2 and what systemd delegates to you; one that runs as root needs a kernel with these limits switched on.${unlimited.includes("memory") ? " On a Raspberry Pi, “cgroup_enable=memory” is missing in /boot/firmware/cmdline.txt." : ""}`,
};
