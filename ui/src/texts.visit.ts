//! The words about where the person has been.

const DAY = 24 * 60 * 60 * 1000;

const startOfDay = (time: Date): number =>
  new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();

export const visitTexts = {
  title: "Where you have been",
  /** When that was, in seconds since 1970. */
  when: (seen: number, now: Date): string => {
    const time = new Date(seen * 1000);
    // A day of summer time's begin or end has an hour less or more.
    const days = Math.round((startOfDay(now) - startOfDay(time)) / DAY);
    if (days <= 0) {
      return `${String(time.getHours())}:${String(time.getMinutes()).padStart(2, "0")}`;
    }
    if (days === 1) return "Yesterday";
    const year = time.getFullYear() === now.getFullYear() ? undefined : "numeric";
    return time.toLocaleDateString("en-GB", { day: "numeric", month: "short", year });
  },
  forget: (title: string): string => `Forget that you have been at “${title}”`,
  forgetAll: "Forget all",
  sure: "Forget every page where this profile has been?",
  yes: "Forget them",
  no: "Keep them",
  none: "None of them has what you typed.",
  nothing: "Nothing yet. Private tabs are never noted.",
} as const;
