/** Keeping a connection alive, and noticing that it is dead. Pure: the caller brings the clock. */

/**
 * Heart-beats of STOMP 1.2, section "Heart-beating". Ours are sent by a timer, and also whenever something is heard: browsers
 * let the timers of background tabs run once a minute at most, but what comes over the socket still wakes them, and
 * the server says something every ten seconds.
 */
export class Heartbeat {
  /** Our promise: we say something this often. 0: none. */
  #sendEveryMs = 0;
  /** The peer's promise. 0: none. */
  #expectEveryMs = 0;
  #spoke: number;
  #heard: number;

  constructor(now: number) {
    this.#spoke = now;
    this.#heard = now;
  }

  /** What CONNECTED said, against what we offered. */
  agree(offeredMs: number, theirs: string | undefined): void {
    const [send = 0, receive = 0] = (theirs ?? "0,0").split(",").map(Number);
    this.#sendEveryMs = offeredMs && receive ? Math.max(offeredMs, receive) : 0;
    this.#expectEveryMs = offeredMs && send ? Math.max(offeredMs, send) : 0;
  }

  /** For carriers without an agreement: their peer says something at least this often. */
  expect(everyMs: number): void {
    this.#expectEveryMs = everyMs;
  }

  spoke(now: number): void {
    this.#spoke = now;
  }

  /** Whether a beat is to be sent at once. */
  heard(now: number): boolean {
    this.#heard = now;
    return this.#sendEveryMs > 0 && now - this.#spoke >= this.#sendEveryMs / 3;
  }

  /** "beat": say something. "dead": the peer broke its promise twice over. */
  check(now: number): "beat" | "dead" | null {
    if (this.#expectEveryMs > 0 && now - this.#heard >= this.#expectEveryMs * 2) return "dead";
    if (this.#sendEveryMs > 0 && now - this.#spoke >= this.#sendEveryMs / 2) return "beat";
    return null;
  }

  /** When {@link check} is next to be called; null if never. */
  due(): number | null {
    const send = this.#sendEveryMs > 0 ? this.#spoke + this.#sendEveryMs / 2 : Infinity;
    const expect = this.#expectEveryMs > 0 ? this.#heard + this.#expectEveryMs * 2 : Infinity;
    const due = Math.min(send, expect);
    return due === Infinity ? null : due;
  }
}
