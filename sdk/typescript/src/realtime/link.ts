import type { ChinwagError } from "../errors.js";
import type { Action, ChatEvent, Notice } from "../wire.js";

/** One connection to the server, by whatever carrier, from its opening to its end. */
export interface Link {
  /** Whether it could be sent this way at all; the answer comes as an event or a notice with its nonce. */
  send(action: Action & { nonce?: string }): boolean;
  /** Subscribes again from where the listener now stands. */
  resubscribe(): void;
  /** Time may have stood still (a sleeping laptop, a background tab): look whether it is dead. */
  check(): void;
  /** Ends it; the listener is not told. */
  close(): void;
}

export interface LinkEnd {
  why: string;
  /** The server had answered on it. */
  greeted: boolean;
  error?: ChinwagError;
  /** Another attempt costs nobody anything: no need to wait. */
  atOnce?: boolean;
}

export interface LinkListener {
  /** Where to resume from, asked for at each subscription. */
  since(): string;
  hear(said: ChatEvent | Notice, cursor: string | null): void;
  /** It is over, not by {@link Link.close}. Told once. */
  closed(end: LinkEnd): void;
}

/** A carrier on which the server has not said anything by then is given up. */
export const GREETED_WITHIN_MS = 10_000;
