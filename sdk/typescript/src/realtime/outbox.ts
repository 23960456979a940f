/** Actions that wait for the server's word. Pure: what to send now, and what became of it. */
import { ChinwagError } from "../errors.js";
import type { Action, ChatEvent } from "../wire.js";

/**
 * - `queued`: waits for the connection, or for those of its chat before it
 * - `sending`: on its way
 * - `stored`: on the server's disk; it leaves the outbox with this
 * - `failed`: refused for good; it stays until `retry` or `discard`
 */
export type OutboxState = "queued" | "sending" | "stored" | "failed";

export type StoredAction = Exclude<Action, { type: "TYPING" }>;

/** One action, as an application may show it. Entries are replaced, never changed. */
export interface OutboxEntry {
  /** This action's name, for the server too: however often it is sent, it is done once. */
  readonly nonce: string;
  readonly userId: string;
  readonly action: StoredAction;
  readonly state: OutboxState;
  /** Milliseconds since 1970; no two entries of an outbox have the same, so it is their order. */
  readonly queuedAt: number;
  /** How often it was sent. */
  readonly attempts: number;
  /** Why it failed, or why it is queued again. */
  readonly error?: ChinwagError;
  /** With `stored`: the event it caused. */
  readonly event?: ChatEvent;
}

/** By which door an action goes. */
export type Door = "stomp" | "http";

const ENTRIES_MAX = 1_000;
/** The server knows a nonce for 24 hours at least: later, sending again might do it twice. */
const REPEATABLE_MS = 23 * 3_600_000;
/** Without an answer for this long it is asked for again, over HTTP. */
const ANSWER_WITHIN_MS = 15_000;
/** A body this large might break a bound of the realtime connection and end it; over HTTP it is just refused. */
const STOMP_BYTES_MAX = 64 * 1024;

interface Slot {
  entry: OutboxEntry;
  /** Not before this time. */
  notBefore: number;
  sentAt: number;
}

export class Outbox {
  /** In the order of `queuedAt`, which is the order of sending within a chat. */
  readonly #slots = new Map<string, Slot>();
  #newest = 0;

  /** Called with every new version of an entry; `gone` if it is no longer held. */
  constructor(private readonly changed: (entry: OutboxEntry, gone: boolean) => void) {}

  get entries(): OutboxEntry[] {
    return [...this.#slots.values()].map((slot) => slot.entry);
  }

  get(nonce: string): OutboxEntry | undefined {
    return this.#slots.get(nonce)?.entry;
  }

  add(action: StoredAction, nonce: string, userId: string, now: number): OutboxEntry {
    if (this.#slots.size >= ENTRIES_MAX) throw new ChinwagError("OUTBOX_FULL", `${ENTRIES_MAX} actions wait already`);
    const entry: OutboxEntry = { nonce, userId, action, state: "queued", queuedAt: this.#after(now), attempts: 0 };
    this.#slots.set(nonce, { entry, notBefore: 0, sentAt: 0 });
    this.changed(entry, false);
    return entry;
  }

  /** What a storage kept, in its place among what is held already. */
  restore(entries: readonly OutboxEntry[], now: number): void {
    const strange = entries.filter(({ nonce }) => !this.#slots.has(nonce)).map((kept) => unlessTooOld(kept, now));
    const slots = [...this.#slots.values(), ...strange.map((entry) => ({ entry, notBefore: 0, sentAt: 0 }))];
    slots.sort((one, other) => one.entry.queuedAt - other.entry.queuedAt);
    this.#slots.clear();
    for (const slot of slots) this.#slots.set(slot.entry.nonce, slot);
    this.#newest = Math.max(this.#newest, slots.at(-1)?.entry.queuedAt ?? 0);
    for (const entry of strange) this.changed(entry, false);
  }

  /**
   * What is to be sent now for this user, marked as sending. Of each chat one at a time: if it is refused for the moment,
   * none may overtake it.
   */
  take(now: number, userId: string): { entry: OutboxEntry; door: Door }[] {
    const busy = new Set<string>();
    const taken: { entry: OutboxEntry; door: Door }[] = [];
    for (const slot of this.#slots.values()) {
      const { entry } = slot;
      if (entry.state === "failed" || entry.userId !== userId) continue;
      const lane = laneOf(entry.action);
      const waits = entry.state === "sending" || slot.notBefore > now || busy.has(lane);
      busy.add(lane);
      if (waits) continue;
      slot.sentAt = now;
      const sending = this.#replace(slot, { ...without(entry), state: "sending", attempts: entry.attempts + 1 });
      taken.push({ entry: sending, door: doorOf(sending) });
    }
    return taken;
  }

  /** When {@link take} or {@link overdue} next has something to say without anything happening before. */
  due(): number | null {
    let due = Infinity;
    for (const { entry, notBefore, sentAt } of this.#slots.values()) {
      if (entry.state === "sending") due = Math.min(due, sentAt + ANSWER_WITHIN_MS);
      if (entry.state === "queued" && notBefore > 0) due = Math.min(due, notBefore);
    }
    return due === Infinity ? null : due;
  }

  /** Takes back what was sent over the realtime connection and not answered in time. HTTP has its own limit. */
  overdue(now: number): void {
    for (const slot of this.#slots.values()) {
      if (slot.entry.state === "sending" && doorOf(slot.entry) === "stomp" && now - slot.sentAt >= ANSWER_WITHIN_MS) this.#requeue(slot);
    }
  }

  /** The realtime connection is gone, and with it the answers to what was sent over it. */
  interrupted(): void {
    for (const slot of this.#slots.values()) {
      if (slot.entry.state === "sending" && doorOf(slot.entry) === "stomp") this.#requeue(slot);
    }
  }

  /** It is on the server's disk. An answer to something that is not held is no surprise: another tab's, or a repeat. */
  stored(nonce: string, event: ChatEvent): void {
    const slot = this.#slots.get(nonce);
    if (!slot) return;
    this.#slots.delete(nonce);
    this.changed({ ...without(slot.entry), state: "stored", event }, true);
  }

  /** It was refused: for now, and it is sent `again`, not before that time, or for good. */
  refused(nonce: string, error: ChinwagError, again: boolean, notBefore: number): void {
    const slot = this.#slots.get(nonce);
    if (slot?.entry.state !== "sending") return;
    slot.notBefore = notBefore;
    this.#replace(slot, { ...slot.entry, state: again ? "queued" : "failed", error });
  }

  /** Queues a failed entry again, behind those that came since; false if there is none of that name. */
  retry(nonce: string, now: number): boolean {
    const slot = this.#slots.get(nonce);
    if (slot?.entry.state !== "failed") return false;
    this.#slots.delete(nonce);
    // It was refused, so its nonce is unused; how long it has waited counts from now.
    this.#slots.set(nonce, slot);
    slot.notBefore = 0;
    this.#replace(slot, { ...without(slot.entry), state: "queued", queuedAt: this.#after(now) });
    return true;
  }

  /** Takes a queued or failed entry out; what is on its way cannot be called back. */
  discard(nonce: string): boolean {
    const slot = this.#slots.get(nonce);
    if (!slot || slot.entry.state === "sending") return false;
    this.#slots.delete(nonce);
    const error = new ChinwagError("DISCARDED", "it was taken out of the outbox");
    this.changed({ ...slot.entry, state: "failed", error }, true);
    return true;
  }

  /** `now`, or later: many are added in one millisecond, and clocks are set back. */
  #after(now: number): number {
    this.#newest = Math.max(now, this.#newest + 1);
    return this.#newest;
  }

  #requeue(slot: Slot): void {
    slot.notBefore = 0;
    this.#replace(slot, { ...slot.entry, state: "queued" });
  }

  #replace(slot: Slot, entry: OutboxEntry): OutboxEntry {
    slot.entry = entry;
    this.changed(entry, false);
    return entry;
  }
}

function unlessTooOld(kept: OutboxEntry, now: number): OutboxEntry {
  if (now - kept.queuedAt <= REPEATABLE_MS) return kept;
  return { ...kept, state: "failed", error: new ChinwagError("OUTBOX_EXPIRED", "it waited for too long to be sent again safely") };
}

function laneOf(action: StoredAction): string {
  return action.type === "DELETE_REACT" ? action.reactionId : action.chatId;
}

/**
 * These two may change nothing, and then cause no event: only HTTP answers them. What was sent in vain before goes by
 * HTTP too, where an answer cannot be missed.
 */
function doorOf({ action, attempts }: OutboxEntry): Door {
  if (action.type === "REACT" || action.type === "READ_MSG" || attempts > 1) return "http";
  // At most three bytes for each unit of a string.
  return "message" in action && action.message.length * 3 > STOMP_BYTES_MAX ? "http" : "stomp";
}

function without({ error: _error, event: _event, ...entry }: OutboxEntry): OutboxEntry {
  return entry;
}
