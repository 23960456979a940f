import { ChinwagProvider, useChats } from "@chinwag/react";
import type { ChatDetails, ChinwagClient } from "@chinwag/sdk";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ChatList } from "./chat-list.js";
import { type Me, type Surroundings, SurroundingsContext, useSurroundings } from "./context.js";
import { Conversation } from "./conversation.js";
import { Empty } from "./empty.js";
import { NewChat } from "./new-chat.js";
import { chatName } from "./names.js";
import { namesSeenBy } from "./seen.js";

const SAID_MS = 4_000;

interface ChatAppProps {
  /** Of a user who is signed in. It is connected while this is shown. */
  client: ChinwagClient;
  me: Me;
  onSignOut?: () => void;
  /** Whether the page's address names the chat that is shown, so that the browser's own "back" works. */
  addressed?: boolean;
  /** Shows this chat alone. */
  only?: string | undefined;
}

/** The whole chat of one user: the page and the element to embed are frames around it. */
export function ChatApp({ client, me, onSignOut, addressed = false, only }: ChatAppProps): ReactNode {
  const [said, setSaid] = useState("");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const say = useCallback((text: string) => {
    clearTimeout(timer.current);
    setSaid(text);
    timer.current = setTimeout(() => setSaid(""), SAID_MS);
  }, []);
  const surroundings = useMemo<Surroundings>(() => ({ client, me, say, names: namesSeenBy(me.userId) }), [client, me, say]);
  return (
    <ChinwagProvider client={client}>
      <SurroundingsContext value={surroundings}>
        <div className="chat-app">
          <Panes addressed={addressed} only={only} onSignOut={onSignOut} />
          <div className="said" role="status" data-shown={said !== ""}>
            {said}
          </div>
        </div>
      </SurroundingsContext>
    </ChinwagProvider>
  );
}

interface PanesProps {
  addressed: boolean;
  only: string | undefined;
  onSignOut: (() => void) | undefined;
}

function Panes({ addressed, only, onSignOut }: PanesProps): ReactNode {
  const { chats, error } = useChats();
  const { me, say } = useSurroundings();
  const [selected, select] = useSelection(addressed);
  const [creating, setCreating] = useState(false);
  const chatId = only ?? selected;
  const chat = chats?.find((each) => each.chatId === chatId);
  const before = useRef<ChatDetails>(undefined);
  useUnreadTitle(addressed, chats);
  useEffect(() => {
    // Somebody deleted the chat that is shown, or took this user out of it.
    if (!chat && before.current?.chatId === chatId && chats) {
      say(`“${chatName(before.current, me)}” is no longer among your chats.`);
      select(null);
    }
    before.current = chat;
  }, [chat, chatId, chats, me, say, select]);
  const conversation = chat ? (
    <Conversation key={chat.chatId} chat={chat} onBack={only === undefined ? () => select(null) : null} />
  ) : (
    <Empty chats={chats} missing={chatId !== null} onBack={only === undefined ? () => select(null) : null} onCreate={() => setCreating(true)} />
  );
  if (only !== undefined) return <div className="panes single">{conversation}</div>;
  return (
    <div className="panes" data-open={chat !== undefined || (chats !== null && chatId !== null)}>
      <ChatList shortcuts={addressed} chats={chats} error={error} selected={chatId} onSelect={select} onCreate={() => setCreating(true)} onSignOut={onSignOut} />
      {conversation}
      {creating && <NewChat onClose={() => setCreating(false)} onCreated={select} />}
    </div>
  );
}

/** Which chat is shown: in the address, or only here. */
function useSelection(addressed: boolean): [string | null, (chatId: string | null) => void] {
  const [selected, setSelected] = useState(() => (addressed ? addressOf(location.hash) : null));
  useEffect(() => {
    if (!addressed) return;
    const moved = () => setSelected(addressOf(location.hash));
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, [addressed]);
  const select = useCallback(
    (chatId: string | null) => {
      if (!addressed) return setSelected(chatId);
      if (chatId !== null) location.hash = `#/${chatId}`;
      else if (location.hash) history.pushState(null, "", location.pathname + location.search);
      setSelected(chatId);
    },
    [addressed],
  );
  return [selected, select];
}

function addressOf(hash: string): string | null {
  return /^#\/(.+)$/.exec(hash)?.[1] ?? null;
}

function useUnreadTitle(addressed: boolean, chats: readonly ChatDetails[] | null): void {
  const unread = chats?.reduce((sum, { unreadCount }) => sum + unreadCount, 0) ?? 0;
  useEffect(() => {
    if (addressed) document.title = unread > 0 ? `(${unread}) Chinwag` : "Chinwag";
  }, [addressed, unread]);
}
