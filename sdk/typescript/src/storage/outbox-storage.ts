import { ChinwagError } from "../errors.js";
import type { OutboxEntry, StoredAction } from "../realtime/outbox.js";

/** What is kept of an entry: plain JSON. */
export interface KeptAction {
  nonce: string;
  userId: string;
  action: StoredAction;
  queuedAt: number;
  attempts: number;
  /** The tab that made it, where tabs share a connection. */
  tab?: string;
  /** Of an entry that failed. */
  failed?: { code: string; message: string; status: number };
}

/**
 * Where an outbox survives a reload or a restart. Calls come one at a time and in order. One storage is for one device: it
 * may hold actions of several users, and of several processes or tabs.
 */
export interface OutboxStorage {
  load(): Promise<KeptAction[]>;
  /** Adds it, or replaces the one with the same nonce. */
  put(kept: KeptAction): Promise<void>;
  /** Nothing happens if there is none. */
  remove(nonce: string): Promise<void>;
}

export function toKept({ nonce, userId, action, queuedAt, attempts, state, error }: OutboxEntry, tab: string | null): KeptAction {
  const kept = { nonce, userId, action, queuedAt, attempts, ...(tab !== null && { tab }) };
  return state === "failed" && error ? { ...kept, failed: { code: error.code, message: error.message, status: error.status } } : kept;
}

export function fromKept({ failed, tab: _tab, ...kept }: KeptAction): OutboxEntry {
  if (!failed) return { ...kept, state: "queued" };
  return { ...kept, state: "failed", error: new ChinwagError(failed.code, failed.message, failed.status) };
}
