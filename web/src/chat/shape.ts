/** How the messages of a chat stand together. Pure, and each of constant cost for one message, however many there are. */
import type { ChatUserInfo } from "@chinwag/sdk";
import type { Entry } from "@chinwag/sdk/store";
import { dayOf } from "../shared/time.js";

/** Messages of one sender this close together are one group. */
const GROUP_MS = 5 * 60_000;
/** Read marks further back than so many messages are not looked for. */
const READ_DEPTH = 1_000;

export interface Shape {
  /** The time of the message, in milliseconds since 1970. */
  time: number;
  /** Midnight of the day that begins with this message, or null. */
  day: number | null;
  /** Whether "New" stands above it. */
  fresh: boolean;
  /** First and last of its group. */
  first: boolean;
  last: boolean;
}

/** Since when entries that are not stored yet are shown. */
const shownAt = new Map<string, number>();

function timeOf({ key, message }: Entry): number {
  if (message) {
    shownAt.delete(key);
    return Date.parse(message.timeStamp);
  }
  const known = shownAt.get(key) ?? Date.now();
  shownAt.set(key, known);
  return known;
}

/**
 * `more`: whether there are older entries that are not loaded. The oldest then looks as it will when they are: what changes
 * its height moves the text that somebody is reading.
 */
export function shapeOf(entries: readonly Entry[], index: number, divider: string | null, more: boolean): Shape {
  const entry = entries[index] as Entry;
  const before = entries[index - 1];
  const after = entries[index + 1];
  const time = timeOf(entry);
  const day = dayOf(time);
  const fresh = entry.key === divider;
  return {
    time,
    day: (before ? dayOf(timeOf(before)) === day : more) ? null : day,
    fresh,
    first: fresh || (before ? !together(before, entry) : !more),
    last: !after || after.key === divider || !together(entry, after),
  };
}

function together(one: Entry, next: Entry): boolean {
  const [start, end] = [timeOf(one), timeOf(next)];
  return one.senderId === next.senderId && end - start < GROUP_MS && dayOf(start) === dayOf(end);
}

/** What was not read when a chat was opened. */
export interface Unread {
  readonly last: string | null;
  readonly count: number;
}

/** The key of the first message of others that was unread, and whether there can be none before it that is not loaded. */
export function unreadFrom(entries: readonly Entry[], me: string, unread: Unread): { key: string | null; sure: boolean } {
  let left = unread.count;
  let key: string | null = null;
  for (let at = entries.length - 1; at >= 0 && left > 0; at -= 1) {
    const entry = entries[at] as Entry;
    if (unread.last !== null && entry.message?.messageId === unread.last) return { key, sure: true };
    if (!entry.message || entry.senderId === me) continue;
    key = entry.key;
    left -= 1;
  }
  return { key, sure: left === 0 };
}

export function lastOfOthers(entries: readonly Entry[], me: string): string | null {
  return entries.findLast(({ senderId, message }) => message && senderId !== me)?.message?.messageId ?? null;
}

export interface Readers {
  /** By message: the others who have read so far and no further. */
  readonly at: ReadonlyMap<string, readonly ChatUserInfo[]>;
  /** Up to here somebody else has read. */
  readonly seq: number;
}

/** Who wrote something has read what was before: their mark stands at what they read last, if they wrote nothing since. */
export function readersOf(members: readonly ChatUserInfo[], entries: readonly Entry[], me: string): Readers {
  const at = new Map<string, ChatUserInfo[]>();
  const others = new Map(members.filter(({ userId }) => userId !== me).map((member) => [member.userId, member]));
  const marks = new Map<string, ChatUserInfo[]>();
  for (const member of others.values()) {
    const { lastSeenMessage: last } = member;
    if (last !== null) marks.set(last, [...(marks.get(last) ?? []), member]);
  }
  let seq = 0;
  const end = Math.max(0, entries.length - READ_DEPTH);
  for (let index = entries.length - 1; index >= end && (others.size > 0 || seq === 0); index -= 1) {
    const message = entries[index]?.message;
    if (!message) continue;
    const here = (marks.get(message.messageId) ?? []).filter(({ userId }) => others.has(userId));
    if (here.length > 0) at.set(message.messageId, here);
    // Who left has read what was before their messages, too.
    if (here.length > 0 || message.senderId !== me) seq = Math.max(seq, message.seq);
    for (const { userId } of here) others.delete(userId);
    others.delete(message.senderId);
  }
  return { at, seq };
}
