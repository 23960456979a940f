import { ChinwagError } from "./errors.js";
import type { OutboxEntry } from "./realtime/outbox.js";
import type * as wire from "./wire.js";

/** What `realtime.on` can be asked for, and what its handlers get. */
export interface RealtimeEvents {
  message: wire.SendMsgEvent;
  messageEdited: wire.EditMsgEvent;
  messageDeleted: wire.DeleteMsgEvent;
  reply: wire.ReplyEvent;
  typing: wire.TypingEvent;
  reaction: wire.ReactEvent;
  reactionDeleted: wire.DeleteReactEvent;
  messageRead: wire.ReadMsgEvent;
  userJoined: wire.UserJoinEvent;
  userLeft: wire.UserLeaveEvent;
  chatCreated: wire.NewChatEvent;
  chatDeleted: wire.DeleteChatEvent;
  chatRenamed: wire.ChatRenamedEvent;
  /** What was missed has been told by now, and what follows is live. */
  connected: void;
  disconnected: { reason: string; willReconnect: boolean };
  /** An attempt failed, the first one too, or the connection was lost: the next attempt comes in so many milliseconds. */
  waiting: { ms: number };
  /** Before each attempt, from 1. */
  reconnecting: { attempt: number };
  error: { error: ChinwagError };
  /** What happened meanwhile cannot be told event by event: load chats and messages again. */
  resync: { reason: string };
  /** An entry of the outbox came, went, or changed its state. */
  outbox: OutboxEntry;
}

export type EventName = keyof RealtimeEvents;
export type Handler<N extends EventName> = (event: RealtimeEvents[N]) => void;

/** The SDK's name of each event of the wire. */
export const EVENT_NAMES = {
  SEND_MSG: "message",
  EDIT_MSG: "messageEdited",
  DELETE_MSG: "messageDeleted",
  REPLY: "reply",
  TYPING: "typing",
  REACT: "reaction",
  DELETE_REACT: "reactionDeleted",
  READ_MSG: "messageRead",
  USER_JOIN: "userJoined",
  USER_LEAVE: "userLeft",
  NEW_CHAT: "chatCreated",
  DELETE_CHAT: "chatDeleted",
  CHAT_RENAMED: "chatRenamed",
} as const satisfies Record<wire.ChatEvent["type"], EventName>;

export type Observer = <N extends EventName>(name: N, event: RealtimeEvents[N]) => void;

/** Handlers in the order in which they came. One that throws does not keep the others from hearing. */
export class Emitter {
  readonly #handlers = new Map<EventName, Set<Handler<never>>>();
  readonly #observers = new Set<Observer>();

  on<N extends EventName>(name: N, handler: Handler<N>): () => void {
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers);
    handlers.add(handler as Handler<never>);
    return () => this.off(name, handler);
  }

  off<N extends EventName>(name: N, handler: Handler<N>): void {
    this.#handlers.get(name)?.delete(handler as Handler<never>);
  }

  removeAllListeners(name?: EventName): void {
    if (name === undefined) this.#handlers.clear();
    else this.#handlers.delete(name);
  }

  /** Hears everything, before the handlers, and is not a listener that {@link removeAllListeners} takes away. */
  observe(observer: Observer): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  emit<N extends EventName>(name: N, ...[event]: RealtimeEvents[N] extends void ? [] : [RealtimeEvents[N]]): void {
    const told = event as RealtimeEvents[N];
    for (const observer of [...this.#observers]) this.#call(name, () => observer(name, told));
    for (const handler of [...(this.#handlers.get(name) ?? [])]) this.#call(name, () => handler(told as never));
  }

  #call(name: EventName, tell: () => void): void {
    try {
      tell();
    } catch (cause) {
      // A handler of errors that throws has nobody left to tell.
      if (name === "error") return;
      const error = new ChinwagError("HANDLER_FAILED", `a handler of ${name} threw`, 0, null, { cause });
      this.emit("error", { error });
    }
  }
}
