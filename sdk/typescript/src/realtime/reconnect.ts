/** When to try again, and by which road. Pure: chance and time are passed in. */

export interface Backoff {
  /** The shortest wait before an attempt. */
  minMs: number;
  /** The longest. */
  maxMs: number;
}

export const BACKOFF: Backoff = { minMs: 1_000, maxMs: 30_000 };

/**
 * The wait before attempt `attempt` (from 1). It lies anywhere between the shortest wait and a ceiling that doubles, so that
 * clients which lost the same server do not come back at the same moment. What the server asked for counts as the shortest.
 */
export function delayMs(attempt: number, chance: number, { minMs, maxMs }: Backoff, retryAfterMs = 0): number {
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30));
  return Math.round(Math.max(retryAfterMs, minMs) + chance * (ceiling - minMs));
}

export type Transport = "websocket" | "sse";

/** So many WebSockets in a row that did not come to be, while HTTP works, mean that something in between blocks them. */
const FAILURES_TO_FALL_BACK = 2;
/** After this long on the fallback the WebSocket is tried again: people change networks. */
export const FALLBACK_MS = 10 * 60_000;

/** Chooses between WebSocket and server-sent events by what was possible so far. */
export class Road {
  #failures = 0;
  #fellBackAt: number | null = null;

  constructor(private readonly possible: readonly Transport[]) {}

  /** Whether WebSockets were given up for now. */
  get fellBack(): boolean {
    return this.#fellBackAt !== null;
  }

  /** Null if there is no way at all. */
  choose(now: number): Transport | null {
    if (this.#fellBackAt !== null && now - this.#fellBackAt >= FALLBACK_MS) {
      this.#fellBackAt = null;
      // One failure is now enough to go back.
      this.#failures = FAILURES_TO_FALL_BACK - 1;
    }
    const preferred: Transport = this.#fellBackAt === null ? "websocket" : "sse";
    return this.possible.includes(preferred) ? preferred : (this.possible[0] ?? null);
  }

  /** The WebSocket did not open, or nothing was said on it, though the ticket for it was got by HTTP. */
  websocketFailed(now: number): void {
    this.#failures += 1;
    if (this.#failures >= FAILURES_TO_FALL_BACK && this.possible.includes("sse")) this.#fellBackAt ??= now;
  }

  websocketWorked(): void {
    this.#failures = 0;
    this.#fellBackAt = null;
  }
}
