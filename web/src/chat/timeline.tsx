import type { useMessages } from "@chinwag/react";
import type { ChatDetails, ChatUserInfo } from "@chinwag/sdk";
import type { Entry } from "@chinwag/sdk/store";
import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { Icon } from "../shared/icons.js";
import type { ComposerMode } from "./composer.js";
import { nameOf, useSurroundings } from "./context.js";
import { MessageRow } from "./message.js";
import { chatName } from "./names.js";
import { usePending } from "./pending.js";
import { useReadUpTo } from "./seen.js";
import { type Unread, lastOfOthers, readersOf, shapeOf, unreadFrom } from "./shape.js";
import { useVisible } from "./visible.js";

/** Older messages are asked for when so many pixels are left above. */
const OLDER_PX = 2_400;
/** Nearer to the end than this counts as at the end. */
const END_PX = 48;
const FLASH_MS = 1_800;
/** Of a message of one line, until it is measured. A guess that follows what was measured would move what is above a reader. */
const ROW_PX = 39;

export type Messages = ReturnType<typeof useMessages>;

interface TimelineProps {
  chat: ChatDetails;
  messages: Messages;
  members: readonly ChatUserInfo[];
  unread: Unread;
  onCompose: (mode: ComposerMode) => void;
  /** Somebody with a mouse is done with a message: they go on writing. */
  onDone: () => void;
}

/** The messages of a chat: only those in sight are in the page, however many there are. */
export function Timeline({ chat, messages, members, unread, onCompose, onDone }: TimelineProps): ReactNode {
  const surroundings = useSurroundings();
  const { client, me, say } = surroundings;
  const { entries, hasOlder, loadOlder, loadingOlder, error } = messages;
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [active, setActive] = useState<string | null>(null);
  const [flashed, setFlashed] = useState<string | null>(null);
  const [seeking, setSeeking] = useState(false);
  const pending = usePending(client, chat.chatId);
  const visible = useVisible();
  const divider = useDivider(unread, entries, hasOlder, visible, atEnd);
  const shift = usePrepended(entries);
  const readers = useMemo(() => readersOf(members, entries, me.userId), [members, entries, me.userId]);
  const readUpTo = useReadUpTo(me.userId, chat.chatId, readers.seq);
  const latest = useRef(messages);
  latest.current = messages;

  const place = useRef({ offset: 0, left: 0 });
  const placed = useRef(false);
  const measure = useCallback(() => {
    const shown = list.current;
    if (!shown) return;
    const { scrollSize: size, scrollOffset: offset, viewportSize } = shown;
    const left = size - offset - viewportSize;
    const was = place.current;
    place.current = { offset, left };
    // What grows at the end moves the end away from a reader who did not move.
    if (left < END_PX) setAtEnd(true);
    else if (offset < was.offset && left > was.left) setAtEnd(false);
    const { hasOlder, loadOlder } = latest.current;
    // A page that does not come is asked for again by the next scroll.
    if (placed.current && hasOlder && shown.scrollOffset < OLDER_PX) void loadOlder();
  }, []);
  useStickToEnd(scroller, list, entries, me.userId, atEnd, divider, setAtEnd);
  useEffect(() => {
    // What failed is not asked for again by itself.
    if (!error) measure();
  }, [entries, loadingOlder, error, measure]);
  useEffect(
    () =>
      // What comes in above before the list stands where it is to begin would move it elsewhere.
      afterFrames(3, () => {
        placed.current = true;
        measure();
      }),
    [measure],
  );
  useReading(chat, entries, visible && atEnd);

  const focusOn = useCallback((key: string, index: number, align: "nearest" | "center") => {
    setActive(key);
    list.current?.scrollToIndex(index, { align });
    // It is there when the list has scrolled to it.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true })),
    );
  }, []);
  const jumpTo = useCallback(
    async (messageId: string) => {
      setSeeking(true);
      const index = await seek(latest, messageId).finally(() => setSeeking(false));
      const key = latest.current.entries[index]?.key;
      if (key === undefined) return say("That message is not there any more.");
      focusOn(key, index, "center");
      setFlashed(key);
      setTimeout(() => setFlashed((now) => (now === key ? null : now)), FLASH_MS);
    },
    [focusOn, say],
  );
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowUp: -1, ArrowDown: 1, Home: Number.NEGATIVE_INFINITY, End: Number.POSITIVE_INFINITY }[event.key];
    if (step === undefined || !(event.target instanceof HTMLElement) || !event.target.matches(".message")) return;
    event.preventDefault();
    const at = entries.findIndex(({ key }) => key === active);
    const to = Math.max(0, Math.min(entries.length - 1, at + step));
    const entry = entries[to];
    if (entry) focusOn(entry.key, to, "nearest");
  };
  const name = chatName(chat, me);
  const beginning = chat.groupChat || name === chat.chatName ? `The beginning of “${name}”` : `The beginning of your chat with ${name}`;
  const toEnd = () => list.current?.scrollToIndex(entries.length - 1, { align: "end" });
  const activeKey = active ?? entries.at(-1)?.key;
  const mounted = active === null ? -1 : entries.findIndex(({ key }) => key === active);
  return (
    <div className="timeline-frame">
      <div ref={scroller} className="timeline" role="region" aria-label="Messages" onKeyDown={walk}>
        <div className="timeline-rest" />
        <Virtualizer ref={list} scrollRef={scroller} data={entries} shift={shift} itemSize={ROW_PX} bufferSize={600} keepMounted={mounted < 0 ? [] : [mounted]} onScroll={measure}>
          {(entry, index) => {
            const shape = shapeOf(entries, index, divider, hasOlder);
            return (
              <MessageRow
                key={entry.key}
                entry={entry}
                {...shape}
                beginning={index === 0 && !hasOlder ? beginning : null}
                name={nameOf(surroundings, entry.senderId)}
                active={entry.key === activeKey}
                flashed={entry.key === flashed}
                deletable={chat.creator === me.userId || entry.senderId === me.userId}
                pending={entry.message && pending.messages.get(entry.message.messageId)}
                takenBack={pending.takenBack}
                readers={entry.message && readers.at.get(entry.message.messageId)}
                read={entry.message !== undefined && entry.message.seq <= readUpTo}
                onActive={setActive}
                onCompose={onCompose}
                onDone={onDone}
                onJump={jumpTo}
              />
            );
          }}
        </Virtualizer>
        {entries.length === 0 && (
          <div className="timeline-empty">
            <h2>{name}</h2>
            <p>Nobody has said anything yet.</p>
          </div>
        )}
      </div>
      {(loadingOlder || seeking) && (
        <p className="timeline-loading" role="status">
          {seeking ? "Looking for the message…" : "Loading older messages…"}
        </p>
      )}
      {error && !loadingOlder && (
        <p className="timeline-loading" role="alert">
          Older messages could not be loaded.{" "}
          <button type="button" className="again" onClick={() => void loadOlder()}>
            Try again
          </button>
        </p>
      )}
      {!atEnd && (
        <button type="button" className="to-end" onClick={toEnd} aria-label={chat.unreadCount > 0 ? `To the newest, ${chat.unreadCount} unread` : "To the newest message"}>
          <Icon name="down" />
          {chat.unreadCount > 0 && <span className="badge">{chat.unreadCount}</span>}
        </button>
      )}
      <Announcer entries={entries} />
    </div>
  );
}

/** Returns how to prevent it. */
function afterFrames(frames: number, run: () => void): () => void {
  let waiting = 0;
  const wait = (left: number) => {
    waiting = requestAnimationFrame(() => (left <= 1 ? run() : wait(left - 1)));
  };
  wait(frames);
  return () => cancelAnimationFrame(waiting);
}

/** Where a message is among the entries, after loading as many older ones as it takes; -1 if it is not there. */
async function seek(latest: { readonly current: Messages }, messageId: string): Promise<number> {
  for (;;) {
    const { entries, hasOlder, loadOlder } = latest.current;
    const index = entries.findLastIndex(({ message }) => message?.messageId === messageId);
    if (index >= 0 || !hasOlder) return index;
    await loadOlder();
    // What was loaded is shown, and the next page can be asked for.
    await new Promise((shown) => requestAnimationFrame(shown));
    if (latest.current.error) return -1;
  }
}

/** The key of the entry above which "New" stands: the first that was not seen when the chat was opened, or left alone. */
function useDivider(unread: Unread, entries: readonly Entry[], more: boolean, visible: boolean, atEnd: boolean): string | null {
  const { me } = useSurroundings();
  const [{ key: divider, sure }, set] = useState(() => unreadFrom(entries, me.userId, unread));
  const setDivider = (change: (now: string | null) => string | null) => set((now) => ({ key: change(now.key), sure: true }));
  const oldest = entries[0]?.key;
  useEffect(() => {
    if (!sure) set(unreadFrom(entries, me.userId, unread));
  }, [oldest]);
  const newest = entries.at(-1);
  const before = useRef({ key: newest?.key, seen: visible && atEnd });
  useEffect(() => {
    const was = before.current;
    before.current = { key: newest?.key, seen: visible && atEnd };
    if (!newest || newest.key === was.key) return;
    if (newest.senderId === me.userId) setDivider(() => null);
    // The first of those that come while nobody looks.
    else if (!(visible && atEnd)) setDivider((now) => (now !== null && !was.seen ? now : newest.key));
  }, [newest, visible, atEnd, me.userId]);
  // Where it belongs is not loaded yet.
  return sure || !more ? divider : null;
}

/** True in the one rendering in which older entries came before those that were there. */
function usePrepended(entries: readonly Entry[]): boolean {
  const before = useRef(entries);
  const was = before.current;
  useLayoutEffect(() => {
    before.current = entries;
  });
  return was.length > 0 && entries.length > was.length && entries[0]?.key !== was[0]?.key && entries.at(-1)?.key === was.at(-1)?.key;
}

function useStickToEnd(
  scroller: { readonly current: HTMLElement | null },
  list: { readonly current: VirtualizerHandle | null },
  entries: readonly Entry[],
  me: string,
  atEnd: boolean,
  divider: string | null,
  setAtEnd: (atEnd: boolean) => void,
): void {
  const sticking = useRef(true);
  sticking.current = atEnd;
  const count = useRef(entries.length);
  count.current = entries.length;
  const newest = entries.at(-1);
  const shown = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (!newest) return;
    const first = shown.current === null;
    const came = shown.current !== newest.key;
    shown.current = newest.key;
    const at = first && divider !== null ? entries.findIndex(({ key }) => key === divider) : -1;
    if (at > 0) {
      // Near the end it cannot be scrolled to the top, and the end is reached: it is told by the scrolling.
      setAtEnd(false);
      list.current?.scrollToIndex(at, { align: "start", offset: -96 });
    } else if (came && (first || sticking.current || newest.senderId === me)) list.current?.scrollToIndex(entries.length - 1, { align: "end" });
  }, [newest?.key]);
  useEffect(() => {
    const element = scroller.current;
    const content = element?.lastElementChild;
    if (!element) return;
    // The window, the composer or the last message changed its height.
    const resized = new ResizeObserver(() => {
      if (sticking.current && count.current > 0) element.scrollTop = element.scrollHeight;
    });
    resized.observe(element);
    if (content) resized.observe(content);
    return () => resized.disconnect();
  }, [scroller]);
}

/** Marks as read what is looked at. */
function useReading(chat: ChatDetails, entries: readonly Entry[], looking: boolean): void {
  const { client, me } = useSurroundings();
  const newest = useMemo(() => lastOfOthers(entries, me.userId), [entries, me.userId]);
  const marked = useRef<string | null>(chat.lastReadMessage);
  useEffect(() => {
    if (!looking || !newest || newest === marked.current || chat.unreadCount === 0) return;
    marked.current = newest;
    void client.realtime.markAsRead(chat.chatId, newest);
  }, [client, chat.chatId, chat.unreadCount, newest, looking]);
}

/** Tells screen readers what others say; the list itself says nothing, since scrolling fills and empties it. */
function Announcer({ entries }: { entries: readonly Entry[] }): ReactNode {
  const surroundings = useSurroundings();
  const newest = entries.at(-1);
  const [first] = useState(newest?.key);
  const told = newest?.message && newest.key !== first && newest.senderId !== surroundings.me.userId;
  return (
    <p className="hidden" aria-live="polite">
      {told && `${nameOf(surroundings, newest.senderId)}: ${newest.content}`}
    </p>
  );
}
