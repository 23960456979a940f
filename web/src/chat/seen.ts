/**
 * What this browser has seen and no server tells any more: the names of people who left, and how far somebody had read who left.
 * By user, since windows have different ones. Survives a reload.
 */
import { useEffect, useRef } from "react";

const PREFIX = "chinwag-seen:";
/** Of either kind; the first that were seen are forgotten first. */
const KEPT_MAX = 2_000;

interface Seen {
  /** By user id. */
  names: Record<string, string>;
  /** By chat: the `seq` up to which somebody else has read. */
  read: Record<string, number>;
}

function seenBy(me: string): Seen {
  try {
    return { names: {}, read: {}, ...(JSON.parse(localStorage.getItem(PREFIX + me) ?? "{}") as Partial<Seen>) };
  } catch {
    return { names: {}, read: {} };
  }
}

/** Other windows write too: what they have seen is kept. */
function see(me: string, change: (seen: Seen) => Seen): void {
  try {
    const { names, read } = change(seenBy(me));
    localStorage.setItem(PREFIX + me, JSON.stringify({ names: newest(names), read: newest(read) }));
  } catch {
    // A browser that keeps nothing for this page has nothing to remember.
  }
}

function newest<T>(all: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).slice(-KEPT_MAX));
}

export function namesSeenBy(me: string): Map<string, string> {
  return new Map(Object.entries(seenBy(me).names));
}

export function useSeenNames(me: string, people: readonly { userId: string; username: string }[]): void {
  // Members are told anew whenever one of them reads something.
  const who = people.map(({ userId, username }) => `${userId} ${username}`).join("\n");
  useEffect(() => {
    const known = seenBy(me).names;
    if (people.every(({ userId, username }) => known[userId] === username)) return;
    const names = Object.fromEntries(people.map(({ userId, username }) => [userId, username]));
    see(me, (seen) => ({ ...seen, names: { ...seen.names, ...names } }));
  }, [me, who]);
}

/** Up to where somebody else has read, which is `seq` or further: what was read stays read when its reader leaves. */
export function useReadUpTo(me: string, chatId: string, seq: number): number {
  const highest = useRef<number>(undefined);
  highest.current = Math.max(highest.current ?? seenBy(me).read[chatId] ?? 0, seq);
  const reached = highest.current;
  useEffect(() => {
    if (reached > (seenBy(me).read[chatId] ?? 0)) see(me, (seen) => ({ ...seen, read: { ...seen.read, [chatId]: reached } }));
  }, [me, chatId, reached]);
  return reached;
}
