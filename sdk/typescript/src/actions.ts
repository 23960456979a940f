import type { Environment } from "./environment.js";
import { ChinwagError, asChinwagError } from "./errors.js";
import type { Emitter } from "./events.js";
import { Outbox, type OutboxEntry, type StoredAction } from "./realtime/outbox.js";
import { BACKOFF, delayMs } from "./realtime/reconnect.js";
import { type KeptAction, type OutboxStorage, fromKept, toKept } from "./storage/outbox-storage.js";
import type { Action, ChatEvent, RefusalNotice } from "./wire.js";

/** How actions leave the house. */
export interface Doors {
  readonly live: boolean;
  readonly userId: string | null;
  /** Whether a refusal of credentials is a mistake: the session goes on. */
  readonly renewable: boolean;
  /** This tab's name, where tabs share a connection. */
  readonly tab: string | null;
  /** Over the realtime connection; false if that cannot be. */
  send(action: Action & { nonce?: string }): boolean;
  /** Over HTTP; resolves with the event it caused. */
  post(action: Action & { nonce?: string }): Promise<ChatEvent>;
}

/** The server lets one through in two seconds, for each user and chat. */
const TYPING_EVERY_MS = 2_000;
/** What the network may take off the time between two of them; keys that are pressed later need none. */
const TYPING_MARGIN_MS = 100;
/** Failed entries that nobody retries or discards are forgotten, the oldest first, past so many. */
const FAILED_MAX = 100;

interface Promised {
  resolve(event: ChatEvent): void;
  reject(error: ChinwagError): void;
}

/** The last typing of a chat that was sent. */
interface Typed {
  readonly at: number;
  /** A message went after it: the others see nobody type any more. */
  over: boolean;
  /** Calls off the one that is to be sent when it may. */
  cancel: () => void;
}

/** The outbox with its promises, its storage and its timer. */
export class Actions {
  readonly outbox: Outbox;
  readonly #promised = new Map<string, Promised>();
  readonly #typed = new Map<string, Typed>();
  /**
   * Of what this tab took over, the tab that made it. It stays noted in the storage: all actions of a tab that is gone pass on
   * together, or they might overtake each other.
   */
  readonly #inherited = new Map<string, string>();
  /** Writes to the storage, one after the other. */
  #writing: Promise<void> = Promise.resolve();
  #cancelTimer: () => void = () => {};

  constructor(
    private readonly environment: Environment,
    private readonly doors: Doors,
    private readonly emitter: Emitter,
    private readonly storage: OutboxStorage | null,
  ) {
    this.outbox = new Outbox((entry, gone) => this.#changed(entry, gone));
    if (!storage) return;
    this.#write(async () => {
      // Where there are several tabs, what was kept may be another one's.
      if (doors.tab === null) this.#restore(await storage.load());
    });
  }

  /** Resolves when everything that waits is in the storage. */
  kept(): Promise<void> {
    return this.#writing;
  }

  /** Takes over what tabs kept for this user that are not `here` any more. */
  inherit(here: () => Promise<ReadonlySet<string>>): void {
    const { storage } = this;
    if (!storage) return;
    this.#write(async () => {
      const kept = await storage.load();
      // Asked for afterwards: a tab that comes meanwhile is not taken for one that is gone.
      const tabs = await here();
      const left = kept.filter(({ tab, userId }) => userId === this.doors.userId && !(tab && tabs.has(tab)));
      for (const { nonce, tab } of left) this.#inherited.set(nonce, tab ?? "");
      this.#restore(left);
    });
  }

  /** Resolves when it is stored, with the event it caused; rejects when it is refused for good. */
  perform<E extends ChatEvent>(action: StoredAction): Promise<E> {
    const { userId } = this.doors;
    let entry: OutboxEntry;
    try {
      if (userId === null) throw new ChinwagError("NOT_AUTHENTICATED", "sign in before acting", 401);
      if (action.type === "SEND_MSG" || action.type === "REPLY") this.#stopTyping(action.chatId);
      entry = this.outbox.add(action, this.environment.unique(), userId, this.environment.now());
    } catch (error) {
      return this.#handled(Promise.reject(error));
    }
    const promise = this.#promise(entry.nonce);
    this.pump();
    return promise as Promise<E>;
  }

  /**
   * At most once in two seconds for each chat, and only while there is a connection: old typing is of no use. What is too early
   * after a message is sent when its time has come, unless another message goes before.
   */
  type(chatId: string): Promise<void> {
    const now = this.environment.now();
    if (!this.doors.live) return Promise.resolve();
    const typed = this.#typed.get(chatId);
    if (typed && now - typed.at < TYPING_EVERY_MS) {
      if (typed.over) this.#typeLater(chatId, typed, now);
      return Promise.resolve();
    }
    for (const [chat, { at, cancel }] of this.#typed) {
      if (now - at < TYPING_EVERY_MS + TYPING_MARGIN_MS && chat !== chatId) continue;
      cancel();
      this.#typed.delete(chat);
    }
    this.#typed.set(chatId, { at: now, over: false, cancel: () => {} });
    const action: Action = { type: "TYPING", chatId };
    if (this.doors.send(action)) return Promise.resolve();
    return this.#handled(this.doors.post(action).then(() => {}));
  }

  #typeLater(chatId: string, typed: Typed, now: number): void {
    const { userId } = this.doors;
    const wait = typed.at + TYPING_EVERY_MS + TYPING_MARGIN_MS - now;
    typed.cancel();
    typed.cancel = this.environment.after(wait, () => {
      if (this.doors.userId === userId) void this.type(chatId);
    });
  }

  #stopTyping(chatId: string): void {
    const typed = this.#typed.get(chatId);
    if (!typed) return;
    typed.cancel();
    typed.over = true;
  }

  /** Queues a failed action again; null if there is none of that name. */
  retry(nonce: string): Promise<ChatEvent> | null {
    if (!this.outbox.retry(nonce, this.environment.now())) return null;
    const promise = this.#promise(nonce);
    this.pump();
    return promise;
  }

  /** The server's word on one of ours that came over the realtime connection. */
  stored(nonce: string, event: ChatEvent): void {
    this.outbox.stored(nonce, event);
    this.pump();
  }

  refused({ nonce, code, message, current }: RefusalNotice): void {
    if (nonce !== null) this.#refuse(nonce, new ChinwagError(code, message, 0, current ? { current } : null));
  }

  interrupted(): void {
    this.#cancelTimer();
    this.outbox.interrupted();
  }

  /** Sends what can be sent now, and comes back when more can. */
  pump(): void {
    this.#cancelTimer();
    const { live, userId } = this.doors;
    if (!live || userId === null) return;
    const now = this.environment.now();
    this.outbox.overdue(now);
    for (const { entry, door } of this.outbox.take(now, userId)) {
      const action = { ...entry.action, nonce: entry.nonce };
      if (door === "http" || !this.doors.send(action)) void this.#post(action);
    }
    const due = this.outbox.due();
    if (due !== null) this.#cancelTimer = this.environment.after(Math.max(1, due - now), () => this.pump());
  }

  async #post(action: Action & { nonce: string }): Promise<void> {
    try {
      this.stored(action.nonce, await this.doors.post(action));
    } catch (error) {
      this.#refuse(action.nonce, asChinwagError(error));
    }
  }

  #refuse(nonce: string, error: ChinwagError): void {
    const attempts = this.outbox.get(nonce)?.attempts ?? 1;
    const wait = delayMs(attempts, this.environment.random(), BACKOFF, error.extra.retryAfterMs);
    const again = error.transient || (error.status === 401 && this.doors.renewable);
    this.outbox.refused(nonce, error, again, this.environment.now() + wait);
    this.pump();
  }

  #changed(entry: OutboxEntry, gone: boolean): void {
    const promised = this.#promised.get(entry.nonce);
    if (entry.state === "stored" || entry.state === "failed") this.#promised.delete(entry.nonce);
    const { storage } = this;
    if (storage && gone) this.#write(() => storage.remove(entry.nonce));
    else if (storage && entry.state !== "sending") {
      const kept = toKept(entry, this.#inherited.get(entry.nonce) ?? this.doors.tab);
      this.#write(() => storage.put(kept));
    }
    if (gone) this.#inherited.delete(entry.nonce);
    this.emitter.emit("outbox", entry);
    if (entry.state === "stored" && entry.event) promised?.resolve(entry.event);
    if (entry.state !== "failed" || !entry.error) return;
    promised?.reject(entry.error);
    if (gone) return;
    this.emitter.emit("error", { error: entry.error });
    const failed = this.outbox.entries.filter(({ state }) => state === "failed");
    for (const { nonce } of failed.slice(0, -FAILED_MAX)) this.outbox.discard(nonce);
  }

  #restore(kept: KeptAction[]): void {
    this.outbox.restore(kept.map(fromKept), this.environment.now());
    this.pump();
  }

  #write(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).catch((cause: unknown) => {
      const error = new ChinwagError("STORAGE_FAILED", "the outbox could not be kept", 0, null, { cause });
      this.emitter.emit("error", { error });
    });
  }

  #promise(nonce: string): Promise<ChatEvent> {
    return this.#handled(new Promise((resolve, reject) => this.#promised.set(nonce, { resolve, reject })));
  }

  /** Callers may ignore the outcome, as those of the documented SDK do: it must not end their process. */
  #handled<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    return promise;
  }
}
