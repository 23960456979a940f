import type { Message, Problem } from "./wire.js";

/** The server's codes (docs/protocol.md, "Errors"). There may be others: servers are newer than clients. */
export type ServerCode =
  | "BAD_REQUEST"
  | "VALIDATION_FAILED"
  | "MALFORMED_JSON"
  | "UNKNOWN_ACTION"
  | "MESSAGE_TOO_LONG"
  | "INVALID_REACTION"
  | "USERNAME_TAKEN"
  | "EMAIL_TAKEN"
  | "ALREADY_MEMBER"
  | "CREATOR_NOT_INCLUDED"
  | "AUTH_MISSING_CREDENTIALS"
  | "AUTH_INVALID_API_KEY"
  | "AUTH_INVALID_TOKEN"
  | "AUTH_EXPIRED_TOKEN"
  | "AUTH_SESSION_ENDED"
  | "AUTH_INVALID_REFRESH_TOKEN"
  | "AUTH_INVALID_TICKET"
  | "AUTH_BAD_CREDENTIALS"
  | "APP_SUSPENDED"
  | "SENDER_MISMATCH"
  | "NOT_MESSAGE_SENDER"
  | "NOT_CHAT_CREATOR"
  | "NOT_REACTION_SENDER"
  | "CONCURRENT_USERS_EXCEEDED"
  | "ORIGIN_NOT_ALLOWED"
  | "NOT_FOUND"
  | "CHAT_NOT_FOUND"
  | "MESSAGE_NOT_FOUND"
  | "REACTION_NOT_FOUND"
  | "USER_NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "NONCE_REUSED"
  | "CONFLICT"
  | "PAYLOAD_TOO_LARGE"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "UPGRADE_REQUIRED"
  | "RATE_LIMITED"
  | "OVERLOADED"
  | "SHUTTING_DOWN"
  | "STORAGE_FULL"
  | "STORAGE_UNAVAILABLE";

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
