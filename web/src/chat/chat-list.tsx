import { useConnection, useTyping } from "@chinwag/react";
import type { ChatDetails } from "@chinwag/sdk";
import { type KeyboardEvent, type ReactNode, memo, useEffect, useRef, useState } from "react";
import { Avatar } from "../shared/avatar.js";
import { Icon } from "../shared/icons.js";
import { shortTime } from "../shared/time.js";
import { Account } from "./account.js";
import { useSurroundings } from "./context.js";
import { useDraft } from "./drafts.js";
import { chatName, faceOf } from "./names.js";

interface ChatListProps {
  chats: readonly ChatDetails[] | null;
  error: Error | null;
  selected: string | null;
  onSelect: (chatId: string) => void;
  onCreate: () => void;
  onSignOut: (() => void) | undefined;
  /** Whether the page is ours alone, and Ctrl+K with it. */
  shortcuts: boolean;
}

export function ChatList({ chats, error, shortcuts, selected, onSelect, onCreate, onSignOut }: ChatListProps): ReactNode {
  const { me } = useSurroundings();
  const [sought, setSought] = useState("");
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!shortcuts) return;
    const pressed = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      search.current?.focus();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [shortcuts]);
  const words = sought.trim().toLocaleLowerCase();
  const found = chats?.filter((chat) => `${chatName(chat, me)}\n${chat.lastMessage ?? ""}`.toLocaleLowerCase().includes(words));
  return (
    <nav className="chat-list" aria-label="Chats" onKeyDown={moveFocus}>
      <header>
        <h1>Chats</h1>
        <button type="button" className="icon-button" aria-label="New chat" title="New chat" onClick={onCreate}>
          <Icon name="plus" />
        </button>
      </header>
      <div className="search">
        <Icon name="search" />
        <input
          ref={search}
          type="search"
          aria-label="Search chats by name and last message"
          placeholder="Names and last messages"
          value={sought}
          onChange={(event) => setSought(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && setSought("")}
        />
      </div>
      <div className="chats">
        {error && !chats && <p className="note bad">The chats could not be loaded: {error.message}</p>}
        {!chats && !error && <Skeleton />}
        {chats?.length === 0 && <p className="quiet">No chats yet. Start one with the plus above.</p>}
        {chats && chats.length > 0 && found?.length === 0 && <p className="quiet">No chat has “{sought.trim()}” in its name or last message.</p>}
        <ul>
          {found?.map((chat) => (
            <li key={chat.chatId}>
              <Item chat={chat} selected={chat.chatId === selected} onSelect={onSelect} />
            </li>
          ))}
        </ul>
      </div>
      <Account onSignOut={onSignOut} />
    </nav>
  );
}

const Item = memo(function Item({ chat, selected, onSelect }: { chat: ChatDetails; selected: boolean; onSelect: (chatId: string) => void }): ReactNode {
  const { me } = useSurroundings();
  const { typing } = useTyping(chat.chatId);
  const draft = useDraft(me.userId, chat.chatId);
  const name = chatName(chat, me);
  const time = Date.parse(chat.lastMessageTimestamp ?? chat.createdAt);
  const unread = chat.unreadCount;
  return (
    <button
      type="button"
      className="chat-item"
      aria-current={selected ? "page" : undefined}
      data-unread={unread > 0}
      onClick={() => onSelect(chat.chatId)}
    >
      <Avatar id={faceOf(chat, me)} name={name} />
      <span className="chat-item-name">{name}</span>
      <time dateTime={new Date(time).toISOString()}>{shortTime(time, Date.now())}</time>
      <span className="chat-item-last">
        {typing.length > 0 ? (
          <em>typing…</em>
        ) : draft && !selected ? (
          <>
            <b>Draft:</b> {draft}
          </>
        ) : (
          (chat.lastMessage ?? "No messages yet")
        )}
      </span>
      {unread > 0 && (
        <span className="badge">
          {unread > 999 ? "999+" : unread}
          <span className="hidden"> unread</span>
        </span>
      )}
    </button>
  );
});

/** Arrow keys walk through the chats, from the search field on. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("input[type=search], .chat-item")];
  const at = stops.indexOf(event.target as HTMLElement);
  if (at < 0) return;
  event.preventDefault();
  stops[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
}

function Skeleton(): ReactNode {
  const connection = useConnection();
  return (
    <div className="skeletons" role="status" aria-label={connection === "waiting" ? "Waiting for the server" : "Loading chats"}>
      {[68, 44, 57, 36, 62].map((width) => (
        <div key={width} className="skeleton">
          <i />
          <i data-width={width} />
          <i />
        </div>
      ))}
    </div>
  );
}
