import type { Action, ChatEvent, Notice } from "../wire.js";

/** What tabs say to each other. `tab` and `leader` are names: of a tab for its life, of a leader for its time in office. */
export type TabMessage =
  /** A tab wants to hear what the leader hears. */
  | { say: "join"; tab: string }
  | { say: "ping"; tab: string }
  /** Sends this over the leader's connection; what comes of it is heard by all. */
  | { say: "send"; leader: string; action: Action & { nonce?: string } }
  /** The network or the user came back in some tab: the leader need not wait for its next attempt. */
  | { say: "wake" }
  /** The leader has no connection, or not yet. Whoever joined it, or another, has to join again. */
  | { say: "away"; leader: string }
  /** The leader has a connection: join it. */
  | { say: "live"; leader: string }
  /** From here on `tab` hears everything, after `cursor`. `carries`: whether actions can go over the connection. */
  | { say: "joined"; leader: string; tab: string; cursor: string; carries: boolean }
  | { say: "heard"; leader: string; said: ChatEvent | Notice; cursor: string | null }
  | { say: "pong"; leader: string };
