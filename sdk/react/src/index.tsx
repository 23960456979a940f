import type { ChatDetails, ChatUserInfo, ChinwagClient, Message, SendMsgEvent, ReplyEvent } from "@chinwag/sdk";
import { type ChatState, type ChatStore, type Entry, createChatStore } from "@chinwag/sdk/store";
import { type ReactNode, createContext, createElement, useCallback, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

/** Changes that come faster than this, as in a catch-up, are one rendering. */
const RENDER_EVERY_MS = 32;

interface Chatting {
  client: ChinwagClient;
  store: ChatStore;
  /** To the store, paced: the first change at once, what follows it together. */
  subscribe: ChatStore["subscribe"];
}

const Context = createContext<Chatting | null>(null);

/** Gives a client to the hooks below it, and connects it while it is shown. Another client begins anew. */
export function ChinwagProvider({ client, children }: { client: ChinwagClient; children?: ReactNode }): ReactNode {
  const chatting = useMemo(() => {
    const store = createChatStore(client);
    return { client, store, subscribe: paced(store.subscribe) };
  }, [client]);
  useEffect(() => {
    chatting.store.open();
    // What goes wrong is told by the connection's state and its events.
    client.realtime.connect().catch(() => {});
    return () => {
      chatting.store.close();
      client.realtime.disconnect();
    };
  }, [chatting, client]);
  return createElement(Context.Provider, { value: chatting }, children);
}

function useChatting(): Chatting {
  const chatting = useContext(Context);
  if (!chatting) throw new Error("this hook needs a ChinwagProvider above it");
  return chatting;
}

function paced(subscribe: ChatStore["subscribe"]): ChatStore["subscribe"] {
  const listeners = new Set<() => void>();
  let unsubscribe = () => {};
  let pause: ReturnType<typeof setTimeout> | undefined;
  let missed = false;
  const tell = () => {
    missed = false;
    pause = setTimeout(() => {
      pause = undefined;
      if (missed) tell();
    }, RENDER_EVERY_MS);
    for (const listener of [...listeners]) listener();
  };
  const changed = () => {
    if (pause === undefined) tell();
    else missed = true;
  };
  return (listener) => {
    if (listeners.size === 0) unsubscribe = subscribe(changed);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      unsubscribe();
      clearTimeout(pause);
      pause = undefined;
    };
  };
}

/** `select` must give the same value for the same state. */
function useChatState<T>(select: (state: ChatState) => T): T {
  const { store, subscribe } = useChatting();
  const read = () => select(store.getState());
  return useSyncExternalStore(subscribe, read, read);
}

/** The client above, for everything that has no hook. */
export function useClient(): ChinwagClient {
  return useChatting().client;
}

/** "connected" when what was missed has been told; "waiting" between two attempts. */
export function useConnection(): ChatState["connection"] {
  return useChatState((state) => state.connection);
}

/** Runs `load` when connected, and again for another `what`; says what went wrong. */
function useLoaded(what: string, load: (store: ChatStore) => Promise<unknown>): Error | null {
  const { store } = useChatting();
  const connected = useConnection() === "connected";
  const [failed, setFailed] = useState<{ what: string; error: Error } | null>(null);
  // `what` says what `load` does, which is a new function each time.
  useEffect(() => {
    if (!connected) return;
    let current = true;
    load(store).then(
      () => current && setFailed(null),
      (error: Error) => current && setFailed({ what, error }),
    );
    return () => {
      current = false;
    };
  }, [store, connected, what]);
  return failed?.what === what ? failed.error : null;
}

/** All chats with their unread counts, most recent activity first. Null until they are loaded. */
export function useChats(): { chats: readonly ChatDetails[] | null; error: Error | null } {
  const error = useLoaded("chats", (store) => store.loadChats());
  return { chats: useChatState((state) => state.chats), error };
}

const NO_ENTRIES: readonly Entry[] = [];
const NO_MEMBERS: readonly ChatUserInfo[] = [];

/** A chat's messages, oldest first, with those that are on their way last. Use `key` as the key of a list. */
export function useMessages(chatId: string): {
  entries: readonly Entry[];
  /** Whether the newest are not there yet. */
  loading: boolean;
  /** Whether there are older ones. */
  hasOlder: boolean;
  /** Loads a page of them; for a scroll handler: while one is loading it does nothing, and it never rejects. */
  loadOlder: () => Promise<void>;
  loadingOlder: boolean;
  /** Longest-standing first. */
  members: readonly ChatUserInfo[];
  error: Error | null;
} {
  const { store } = useChatting();
  const [older, setOlder] = useState<{ chatId: string; loading: boolean; error: Error | null } | null>(null);
  const underway = useRef(new Set<string>());
  // What waits to be sent is shown whether the server answers or not.
  useEffect(() => store.showChat(chatId), [store, chatId]);
  const error = useLoaded(chatId, () => store.openChat(chatId));
  const open = useChatState((state) => state.open[chatId]);
  const loadOlder = useCallback(async () => {
    if (underway.current.has(chatId)) return;
    underway.current.add(chatId);
    setOlder({ chatId, loading: true, error: null });
    const failed = await store.loadOlder(chatId).then(() => null, (error: Error) => error);
    underway.current.delete(chatId);
    // Another chat may be shown by now.
    setOlder((shown) => (shown?.chatId === chatId ? { chatId, loading: false, error: failed } : shown));
  }, [store, chatId]);
  const loading = !open?.loaded;
  const ofThis = older?.chatId === chatId ? older : null;
  return {
    entries: open?.entries ?? NO_ENTRIES,
    loading,
    hasOlder: !loading && !open.complete,
    loadOlder,
    loadingOlder: ofThis?.loading ?? false,
    members: open?.members ?? NO_MEMBERS,
    error: error ?? ofThis?.error ?? null,
  };
}

const NOBODY: readonly string[] = [];

/** The ids of who is typing, and what to call on every key of one's own. */
export function useTyping(chatId: string): { typing: readonly string[]; sendTyping: () => void } {
  const { client } = useChatting();
  const typing = useChatState((state) => state.typing[chatId] ?? NOBODY);
  return { typing, sendTyping: useCallback(() => void client.realtime.sendTyping(chatId), [client, chatId]) };
}

/** Sends to a chat. What was sent is among {@link useMessages} at once. */
export function useSend(chatId: string): {
  send: (text: string) => Promise<SendMsgEvent>;
  reply: (to: Pick<Message, "messageId">, text: string) => Promise<ReplyEvent>;
  /** Of an entry that failed. */
  retry: (entry: Entry) => void;
  discard: (entry: Entry) => void;
} {
  const { client } = useChatting();
  return useMemo(
    () => ({
      send: (text) => client.realtime.sendMessage(chatId, text),
      reply: ({ messageId }, text) => client.realtime.replyToMessage(chatId, messageId, text),
      retry: ({ nonce }) => void (nonce && client.realtime.retry(nonce)),
      discard: ({ nonce }) => void (nonce && client.realtime.discard(nonce)),
    }),
    [client, chatId],
  );
}
