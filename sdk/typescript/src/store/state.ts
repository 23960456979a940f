/** What a user interface of chats shows. Everything is replaced, never changed: compare by identity. */
import type { ChinwagError } from "../errors.js";
import type { ChatDetails, ChatUserInfo, Message } from "../wire.js";

/** A message of the chat, or one that is on its way to become one. */
export interface Entry {
  /** Stays the same from the first keystroke's outbox entry to the stored message: for lists that must not flicker. */
  readonly key: string;
  readonly state: "stored" | "queued" | "sending" | "failed";
  readonly senderId: string;
  readonly content: string;
  /** Of a stored message. */
  readonly message?: Message;
  /** Of one that is not stored: what `retry` and `discard` take. */
  readonly nonce?: string;
  /** Of one that is not stored and replies: the message it replies to. */
  readonly replyToId?: string;
  readonly error?: ChinwagError;
}

/** A chat that was opened. */
export interface OpenChat {
  /** Oldest first; those that are not stored yet come last. */
  readonly entries: readonly Entry[];
  /** Whether the newest page and the members are there. */
  readonly loaded: boolean;
  /** Whether the beginning of the chat is loaded. */
  readonly complete: boolean;
  /** Longest-standing first. */
  readonly members: readonly ChatUserInfo[];
}

export interface ChatState {
  readonly connection: "idle" | "connecting" | "connected" | "waiting";
  /** Most recent activity first. Null until they are loaded. */
  readonly chats: readonly ChatDetails[] | null;
  readonly open: Readonly<Record<string, OpenChat>>;
  /** Who types where: user ids by chat. */
  readonly typing: Readonly<Record<string, readonly string[]>>;
}

export const NOTHING_YET: ChatState = { connection: "idle", chats: null, open: {}, typing: {} };
