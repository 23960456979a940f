/** Where this client stands: its cursor, and each chat's last seq. Pure. */
import type { ChatEvent, Notice } from "../wire.js";

/** What a cursor never looks like: the server answers it with RESYNC and the cursor of now. */
export const FROM_NOW = "now";
/** Of each chat, so many of the newest seqs are remembered against repeats. */
const RECENT_MAX = 128;

export type Heard =
  /** Tell the application. */
  | { do: "tell"; event: ChatEvent }
  /** Seen before, or of no interest to the application. */
  | { do: "nothing" }
  /** Something between what is known and this event is missing: subscribe again with {@link CatchUp.since}. */
  | { do: "resubscribe" }
  /** What was missed has been told; what follows is live. `resync`: it could not be told. */
  | { do: "live"; resync: boolean };

interface Chat {
  last: number;
  recent: Set<number>;
}

export class CatchUp {
  #cursor: string | null = null;
  #live = false;
  readonly #chats = new Map<string, Chat>();

  /** The header `since` of the next subscription. */
  get since(): string {
    return this.#cursor ?? FROM_NOW;
  }

  /** A subscription was made: what comes until RESUMED may jump. */
  subscribed(): void {
    this.#live = false;
  }

  /** Another user, or a new beginning. */
  forget(): void {
    this.#cursor = null;
    this.#live = false;
    this.#chats.clear();
  }

  notice(notice: Notice): Heard {
    switch (notice.type) {
      case "RESUMED":
        this.#cursor = notice.cursor;
        this.#live = true;
        return { do: "live", resync: false };
      case "RESYNC": {
        const resync = this.#cursor !== null;
        this.#cursor = notice.cursor;
        this.#live = true;
        this.#chats.clear();
        return { do: "live", resync };
      }
      case "HEAD":
        this.#cursor = notice.cursor;
        return { do: "nothing" };
      case "ERROR":
        return { do: "nothing" };
    }
  }

  /** `cursor` as it came with the event; null if it had none. */
  event(event: ChatEvent, cursor: string | null): Heard {
    if (event.replayed) return { do: "nothing" };
    if (event.seq === undefined) {
      this.#moveTo(cursor);
      return { do: "tell", event };
    }
    const chat = this.#chats.get(event.chatId);
    // Being added (again) begins a new count: what happened while away is read over HTTP.
    const begins = event.type === "NEW_CHAT" || (event.type === "USER_JOIN" && event.message === event.recipientId);
    if (chat && !begins) {
      if (chat.recent.has(event.seq) || (this.#live && event.seq <= chat.last)) {
        this.#moveTo(cursor);
        return { do: "nothing" };
      }
      if (this.#live && event.seq > chat.last + 1) {
        // The catch-up may jump for good reasons, so afterwards this chat is counted anew: asked for once, not for ever.
        this.#chats.delete(event.chatId);
        this.#live = false;
        return { do: "resubscribe" };
      }
    }
    this.#remember(event, event.seq);
    this.#moveTo(cursor);
    return { do: "tell", event };
  }

  #remember(event: ChatEvent, seq: number): void {
    const left = event.type === "USER_LEAVE" && event.senderId === event.recipientId;
    if (left || event.type === "DELETE_CHAT") {
      this.#chats.delete(event.chatId);
      return;
    }
    const chat = this.#chats.get(event.chatId) ?? { last: 0, recent: new Set<number>() };
    this.#chats.set(event.chatId, chat);
    chat.last = Math.max(chat.last, seq);
    chat.recent.add(seq);
    for (const oldest of chat.recent) {
      if (chat.recent.size <= RECENT_MAX) break;
      chat.recent.delete(oldest);
    }
  }

  #moveTo(cursor: string | null): void {
    if (cursor !== null) this.#cursor = cursor;
  }
}
