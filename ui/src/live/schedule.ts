//! When a piece of sound is to be heard. Pure; all times in seconds.

/** How long a piece waits for those that come late: at first, and where the way is uneven. */
const LEAD = { least: 0.06, most: 0.24 } as const;
/** What may wait beyond that, before pieces are left out to catch up. */
const SLACK = 0.15;
/** A longer pause between two pieces was silence. */
const PAUSE = 0.1;
/** A piece was overtaken by no more than this; what is further behind is of another stream. */
const OVERTAKEN = 0.2;

export class Schedule {
  #lead: number = LEAD.least;
  /** From media time to the loudspeaker's. */
  #offset: number | null = null;
  /** The end of the last piece, in media time and in the loudspeaker's. */
  #end = 0;
  #heardUntil = 0;

  /**
   * The loudspeaker's time for the piece that begins at `media` and lasts `length`; null for one that
   * is left out. `now` is the loudspeaker's time.
   */
  place(media: number, length: number, now: number): number | null {
    const step = media - this.#end;
    const follows = this.#offset !== null && step > -OVERTAKEN && step < PAUSE;
    if (follows && step < -length / 2) return null;
    this.#end = media + length;
    if (this.#offset === null || !follows) return this.#begin(media, length, now);
    const at = media + this.#offset;
    if (at < now) {
      this.#lead = Math.min(LEAD.most, this.#lead * 1.5);
      return this.#begin(media, length, now);
    }
    if (at > now + this.#lead + SLACK) {
      this.#offset -= length;
      return null;
    }
    this.#heardUntil = at + length;
    return at;
  }

  /** Behind all that is to be heard already. */
  #begin(media: number, length: number, now: number): number {
    const at = Math.max(now + this.#lead, this.#heardUntil);
    this.#offset = at - media;
    this.#heardUntil = at + length;
    return at;
  }
}
