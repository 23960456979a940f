import type { ChinwagClient } from "../client.js";
import type { EventName, RealtimeEvents } from "../events.js";
import type { OutboxEntry } from "../realtime/outbox.js";
import type { ChatDetails, ChatEvent } from "../wire.js";
import { chatsAfter } from "./chats.js";
import { withEvent, withOutbox, withPage, withoutBefore, withoutMessage } from "./messages.js";
import { type ChatState, NOTHING_YET, type OpenChat } from "./state.js";

export type { ChatState, Entry, OpenChat } from "./state.js";

const PAGE = 50;
/** Who scrolls back wants much of it. The most that the server gives at once. */
const OLDER_PAGE = 100;
const CHATS_PAGE = 100;
/** So often chats are loaded again because something happened meanwhile; then once more after a while. */
const ROUNDS_MAX = 3;
const QUIETER_MS = 2_000;
/** Who typed and says nothing more stopped. */
const TYPING_MS = 5_000;

export interface ChatStore {
  getState(): ChatState;
  /** Returns how to unsubscribe. */
  subscribe(listener: () => void): () => void;
  /** All of the user's chats. They stay right by events from then on. */
  loadChats(): Promise<void>;
  /** Shows what waits to be sent there, without asking the server for the rest: for while it is out of reach. */
  showChat(chatId: string): void;
  /**
   * Members and the newest messages, which counts as reading them; does nothing if they are there. When it fails, what waits
   * to be sent there is shown all the same, and it may be called again.
   */
  openChat(chatId: string): Promise<void>;
  /** Forgets them. */
  closeChat(chatId: string): void;
  /** The messages before those that are there; false if there were none. */
  loadOlder(chatId: string): Promise<boolean>;
  /** Hears nothing more, until it is opened again. */
  close(): void;
  /** A new store is open. One that was closed loads again what it had. */
  open(): void;
}

/** Chats, messages, members and unread counts of a client's user, kept right by events. Connect the client before loading. */
export function createChatStore(client: ChinwagClient): ChatStore {
  return new LiveStore(client);
}

class LiveStore implements ChatStore {
  #state: ChatState = NOTHING_YET;
  readonly #listeners = new Set<() => void>();
  #stop: (() => void) | null = null;
  /** Counts events: who loads can tell whether something happened meanwhile. */
  #events = 0;
  #loading: Promise<void> | null = null;
  /** Chats that are being opened. */
  readonly #opening = new Map<string, Promise<void>>();
  #loadAgain = false;
  #later: ReturnType<typeof setTimeout> | undefined;
  /** What disappeared while a page was on its way, which may still have it. */
  readonly #deleted = new Set<string>();
  #pagesUnderway = 0;
  readonly #typing = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly client: ChinwagClient) {
    this.open();
  }

  open(): void {
    if (this.#stop) return;
    const { realtime } = this.client;
    this.#stop = realtime.observe((name, event) => this.#hear(name, event));
    this.#set({ connection: realtime.connected ? "connected" : "idle" });
    this.#startOver();
  }

  getState = (): ChatState => this.#state;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  loadChats(): Promise<void> {
    this.#loadAgain = this.#loading !== null;
    this.#loading ??= this.#loadChats().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #loadChats(): Promise<void> {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      this.#loadAgain = false;
      const before = this.#events;
      const chats: ChatDetails[] = [];
      for (let page = 0; ; page += 1) {
        const { chats: some } = await this.client.getChats(page, CHATS_PAGE);
        chats.push(...some);
        if (some.length < CHATS_PAGE) break;
      }
      this.#set({ chats });
      // What happened meanwhile may or may not be in the answer.
      if (this.#events === before && !this.#loadAgain) return;
    }
    // So much happens that no answer is of one moment. It will be quieter later.
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.#reload(this.loadChats()), QUIETER_MS);
  }

  showChat(chatId: string): void {
    if (this.#state.open[chatId]) return;
    const waiting = this.client.realtime.outbox.filter(({ action }) => "chatId" in action && action.chatId === chatId);
    const empty: OpenChat = { entries: [], loaded: false, complete: false, members: [] };
    this.#setOpen(chatId, waiting.reduce((chat, entry) => withOutbox(chat, entry, false), empty));
  }

  openChat(chatId: string): Promise<void> {
    this.showChat(chatId);
    if (this.#state.open[chatId]?.loaded) return Promise.resolve();
    const underway = this.#opening.get(chatId);
    if (underway) return underway;
    const opening = this.#refresh(chatId)
      .catch((error: unknown) => {
        // It may have been loaded by other means: after a resync, or because the store was opened again.
        if (!this.getState().open[chatId]?.loaded) throw error;
      })
      .finally(() => this.#opening.delete(chatId));
    this.#opening.set(chatId, opening);
    return opening;
  }

  closeChat(chatId: string): void {
    const { [chatId]: _closed, ...open } = this.#state.open;
    this.#set({ open });
  }

  async loadOlder(chatId: string): Promise<boolean> {
    const chat = this.#state.open[chatId];
    if (!chat || chat.complete) return false;
    const oldest = chat.entries.find(({ message }) => message)?.message;
    return this.#page(chatId, oldest?.messageId);
  }

  close(): void {
    this.#stop?.();
    this.#stop = null;
    clearTimeout(this.#later);
    for (const timer of this.#typing.values()) clearTimeout(timer);
    this.#typing.clear();
    this.#set({ typing: {} });
  }

  async #refresh(chatId: string): Promise<void> {
    const [{ users }] = await Promise.all([this.client.getChatUsers(chatId), this.#page(chatId)]);
    const chat = this.#state.open[chatId];
    if (chat) this.#setOpen(chatId, { ...chat, members: users, loaded: true });
  }

  async #page(chatId: string, before?: string): Promise<boolean> {
    this.#pagesUnderway += 1;
    try {
      const size = before === undefined ? PAGE : OLDER_PAGE;
      const { messages } = await this.client.getMessages(chatId, size, before);
      const chat = this.#state.open[chatId];
      if (!chat) return false;
      const there = messages.filter(({ messageId }) => !this.#deleted.has(messageId));
      const complete = chat.complete || messages.length < size;
      const known = chat.loaded || complete ? chat : withoutBefore(chat, messages);
      this.#setOpen(chatId, { ...withPage(known, there), complete });
      return messages.length > 0;
    } finally {
      this.#pagesUnderway -= 1;
      if (this.#pagesUnderway === 0) this.#deleted.clear();
    }
  }

  #hear<N extends EventName>(name: N, event: RealtimeEvents[N]): void {
    // What happens in chats is told to somebody; what happens to the connection is not.
    if (typeof event === "object" && "recipientId" in event) return this.#happened(event);
    if (name === "outbox") return this.#waits(event as OutboxEntry);
    if (name === "connected") this.#set({ connection: "connected" });
    if (name === "waiting") this.#set({ connection: "waiting" });
    if (name === "reconnecting") this.#set({ connection: "connecting" });
    if (name === "disconnected") {
      const { willReconnect } = event as RealtimeEvents["disconnected"];
      this.#set({ connection: willReconnect ? "waiting" : "idle" });
    }
    if (name === "resync") this.#startOver();
  }

  #happened(event: ChatEvent): void {
    if (event.type === "TYPING") return this.#typed(event.chatId, event.senderId);
    this.#events += 1;
    if (event.type === "DELETE_MSG" && this.#pagesUnderway > 0) this.#deleted.add(event.messageId);
    if (event.type === "SEND_MSG" || event.type === "REPLY") this.#stoppedTyping(event.chatId, event.senderId);
    const me = event.recipientId;
    const open = this.#state.open[event.chatId];
    const gone = event.type === "DELETE_CHAT" || (event.type === "USER_LEAVE" && event.senderId === me);
    if (open && gone) this.closeChat(event.chatId);
    else if (open && this.#follows(event.chatId, open)) this.#setOpen(event.chatId, withEvent(open, event));
    if (!this.#state.chats) return;
    const chats = chatsAfter(this.#state.chats, event, me);
    if (chats) this.#set({ chats });
    else this.#reload(this.loadChats());
  }

  #waits(entry: OutboxEntry): void {
    if (!("chatId" in entry.action)) return;
    const open = this.#state.open[entry.action.chatId];
    const gone = entry.state === "stored" || entry.error?.code === "DISCARDED";
    if (open) this.#setOpen(entry.action.chatId, withOutbox(open, entry, gone));
  }

  /** What is shown may be wrong in any way: what waits stays, all else is loaded again. */
  #startOver(): void {
    this.#events += 1;
    if (this.#state.chats) this.#reload(this.loadChats());
    for (const [chatId, chat] of Object.entries(this.#state.open)) {
      const stored = chat.entries.flatMap(({ message }) => (message ? [message.messageId] : []));
      this.#setOpen(chatId, { ...stored.reduce(withoutMessage, chat), complete: false });
      if (this.#follows(chatId, chat)) this.#reload(this.#refresh(chatId));
    }
  }

  /** Of a chat that is only shown nothing is known but what waits: to load it is to read it, and what comes would stand there alone. */
  #follows(chatId: string, chat: OpenChat): boolean {
    return chat.loaded || this.#opening.has(chatId);
  }

  /** Nobody waits for it: the next event, or the next connection, brings it about again. */
  #reload(loading: Promise<unknown>): void {
    loading.catch(() => {});
  }

  #typed(chatId: string, userId: string): void {
    const name = `${chatId} ${userId}`;
    clearTimeout(this.#typing.get(name));
    this.#typing.set(name, setTimeout(() => this.#stoppedTyping(chatId, userId), TYPING_MS));
    const users = this.#state.typing[chatId] ?? [];
    if (!users.includes(userId)) this.#set({ typing: { ...this.#state.typing, [chatId]: [...users, userId] } });
  }

  #stoppedTyping(chatId: string, userId: string): void {
    const name = `${chatId} ${userId}`;
    clearTimeout(this.#typing.get(name));
    if (!this.#typing.delete(name)) return;
    const users = (this.#state.typing[chatId] ?? []).filter((user) => user !== userId);
    this.#set({ typing: { ...this.#state.typing, [chatId]: users } });
  }

  #setOpen(chatId: string, chat: OpenChat): void {
    if (chat !== this.#state.open[chatId]) this.#set({ open: { ...this.#state.open, [chatId]: chat } });
  }

  #set(change: Partial<ChatState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}
