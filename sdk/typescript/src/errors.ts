import type { Message, Problem, ServerCode } from "./wire.js";

/** What this client says itself. Their `status` is 0, but for NOT_AUTHENTICATED, which is 401. */
export type ClientCode =
  /** No answer came: the network, or the time limit. What was asked for may have been done. */
  | "NETWORK"
  /** An answer came that is not of this API, from a proxy perhaps. `status` is its status. */
  | "UNEXPECTED_ANSWER"
  /** Nobody is signed in. */
  | "NOT_AUTHENTICATED"
  /** `registerUser` and `signIn` need `apiKey`. */
  | "API_KEY_MISSING"
  /** `disconnect()` was called meanwhile. */
  | "DISCONNECTED"
  /** There is neither a WebSocket nor a `fetch` that streams. */
  | "NO_TRANSPORT"
  /** The outbox holds as many actions as it may. */
  | "OUTBOX_FULL"
  /** It waited so long that sending it again might do it twice. */
  | "OUTBOX_EXPIRED"
  /** `discard` took it out of the outbox. */
  | "DISCARDED"
  /** The outbox could not be read from its storage, or written to it. */
  | "STORAGE_FAILED"
  /** A handler of the application threw; `cause` is what it threw. */
  | "HANDLER_FAILED";

/** Servers may be newer than clients, so there may be others. */
export type ErrorCode = ServerCode | ClientCode | (string & {});

/** Everything this package rejects with. */
export class ChinwagError extends Error {
  override readonly name = "ChinwagError";

  constructor(
    /** Match on this. */
    readonly code: ErrorCode,
    message: string,
    /** Of the HTTP answer; 0 if there was none, or the refusal came over the realtime connection. */
    readonly status = 0,
    /** The answer's body: a {@link Problem}, another JSON value, text, or null. */
    readonly body: unknown = null,
    readonly extra: {
      /** The server asked to wait this long. */
      retryAfterMs?: number;
      cause?: unknown;
    } = {},
  ) {
    super(message, "cause" in extra ? { cause: extra.cause } : undefined);
  }

  /** With CONFLICT: the message as it is now. */
  get current(): Message | undefined {
    return (this.body as Partial<Problem> | null)?.current;
  }

  /** Whether the same may succeed later without anybody changing anything. An action with a nonce is safe to repeat. */
  get transient(): boolean {
    return this.code === "NETWORK" || TRANSIENT.has(this.code) || this.status >= 500 || this.status === 429;
  }
}

const TRANSIENT = new Set<string>(["RATE_LIMITED", "OVERLOADED", "SHUTTING_DOWN", "STORAGE_FULL", "STORAGE_UNAVAILABLE"]);

export function asChinwagError(error: unknown): ChinwagError {
  if (error instanceof ChinwagError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ChinwagError("NETWORK", message, 0, null, { cause: error });
}
