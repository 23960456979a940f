import type { Actions } from "./actions.js";
import type { Emitter, EventName, Handler, Observer } from "./events.js";
import type { Connection } from "./realtime/connection.js";
import type { OutboxEntry } from "./realtime/outbox.js";
import type * as wire from "./wire.js";

/** A change that is done only if the message is still as it was seen: otherwise it is refused with CONFLICT. */
export interface Condition {
  /** `changedSeq` of the message, or `seq` of the event that created or last edited it. */
  ifSeq?: number;
}

/** The realtime connection, the events it brings, and the actions. */
export class Realtime {
  /** @internal */
  constructor(
    private readonly connection: Connection,
    private readonly actions: Actions,
    private readonly emitter: Emitter,
  ) {}

  /**
   * Resolves when what was missed has been told and events are live. Idempotent, and calls at the same time share one
   * connection. It goes on trying, now and after every loss, until `disconnect()`, and rejects only when the session is over,
   * nobody is signed in, or `disconnect()` comes first.
   */
  connect(): Promise<void> {
    return this.connection.connect();
  }

  /** What comes meanwhile is told after the next `connect()`. */
  disconnect(): void {
    this.connection.disconnect();
  }

  get connected(): boolean {
    return this.connection.live;
  }

  /** Returns how to unsubscribe. */
  on<N extends EventName>(event: N, handler: Handler<N>): () => void {
    return this.emitter.on(event, handler);
  }

  off<N extends EventName>(event: N, handler: Handler<N>): void {
    this.emitter.off(event, handler);
  }

  /** Of one event, or of all. */
  removeAllListeners(event?: EventName): void {
    this.emitter.removeAllListeners(event);
  }

  /**
   * For what is built upon this: hears everything, and stays when all listeners are removed.
   * @internal
   */
  observe(observer: Observer): () => void {
    return this.emitter.observe(observer);
  }

  // Actions wait in the outbox while there is no connection. Their promises resolve with the event that was stored.

  sendMessage(chatId: string, message: string): Promise<wire.SendMsgEvent> {
    return this.actions.perform({ type: "SEND_MSG", chatId, message });
  }

  editMessage(chatId: string, messageId: string, message: string, condition: Condition = {}): Promise<wire.EditMsgEvent> {
    return this.actions.perform({ type: "EDIT_MSG", chatId, messageId, message, ...condition });
  }

  deleteMessage(chatId: string, messageId: string, condition: Condition = {}): Promise<wire.DeleteMsgEvent> {
    return this.actions.perform({ type: "DELETE_MSG", chatId, messageId, ...condition });
  }

  replyToMessage(chatId: string, messageId: string, message: string): Promise<wire.ReplyEvent> {
    return this.actions.perform({ type: "REPLY", chatId, messageId, message });
  }

  /** May be called on every key: it throttles itself. Not stored, and dropped while there is no connection. */
  sendTyping(chatId: string): Promise<void> {
    return this.actions.type(chatId);
  }

  /** Of an emoji that was given before, the first reaction, without `seq`. */
  addReaction(chatId: string, messageId: string, reaction: string): Promise<wire.ReactEvent> {
    return this.actions.perform({ type: "REACT", chatId, messageId, reaction });
  }

  removeReaction(reactionId: string): Promise<wire.DeleteReactEvent> {
    return this.actions.perform({ type: "DELETE_REACT", reactionId });
  }

  /** The message and all before it. Without `seq` if they were read already. */
  markAsRead(chatId: string, messageId: string): Promise<wire.ReadMsgEvent> {
    return this.actions.perform({ type: "READ_MSG", chatId, messageId });
  }

  /** What waits, is on its way, or failed; oldest first. The event `outbox` tells of changes. */
  get outbox(): readonly OutboxEntry[] {
    return this.actions.outbox.entries;
  }

  /** Queues a failed action again; null if there is none of that name. */
  retry(nonce: string): Promise<wire.ChatEvent> | null {
    return this.actions.retry(nonce);
  }

  /** Takes an action out of the outbox, unless it is on its way. Its promise rejects with DISCARDED. */
  discard(nonce: string): boolean {
    return this.actions.outbox.discard(nonce);
  }
}
