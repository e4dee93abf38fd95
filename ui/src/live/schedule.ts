//! When a piece of sound is to be heard. Pure; all times in seconds.

/** How long a piece waits for those that come late: at first, and where the way is uneven. */
const LEAD = { least: 0.06, most: 0.24 } as const;
/** What may wait beyond that, before pieces are left out to catch up. */
const SLACK = 0.15;
/** A longer pause between two pieces was silence. */
const PAUSE = 0.1;

export class Schedule {
  #lead: number = LEAD.least;
  /** From media time to the loudspeaker's. */
  #offset: number | null = null;
  /** The end of the last piece, in media time. */
  #end = 0;

  /**
   * The loudspeaker's time for the piece that begins at `media` and lasts `length`; null for one that
   * is left out. `now` is the loudspeaker's time.
   */
  place(media: number, length: number, now: number): number | null {
    const step = media - this.#end;
    const follows = this.#offset !== null && step > -1 && step < PAUSE;
    // A piece that was overtaken.
    if (follows && step < -length / 2) return null;
    this.#end = media + length;
    if (this.#offset === null || !follows) {
      this.#offset = now + this.#lead - media;
      return media + this.#offset;
    }
    const at = media + this.#offset;
    if (at < now) {
      this.#lead = Math.min(LEAD.most, this.#lead * 1.5);
      this.#offset = now + this.#lead - media;
      return media + this.#offset;
    }
    if (at > now + this.#lead + SLACK) {
      this.#offset -= length;
      return null;
    }
    return at;
  }
}
