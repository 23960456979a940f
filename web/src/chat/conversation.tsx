import { useMessages, useTyping } from "@chinwag/react";
import type { ChatDetails } from "@chinwag/sdk";
import { type ReactNode, useCallback, useRef, useState } from "react";
import { Avatar } from "../shared/avatar.js";
import { Icon } from "../shared/icons.js";
import { Composer, type ComposerMode } from "./composer.js";
import { nameOf, useSurroundings } from "./context.js";
import { Details } from "./details.js";
import { chatName, faceOf } from "./names.js";
import { useSeenNames } from "./seen.js";
import { useSettled } from "./settled.js";
import { Timeline } from "./timeline.js";
import { Unloaded } from "./unloaded.js";
import { inWords, useWaiting } from "./waiting.js";

/** `onBack` is null where there is nothing to go back to. */
export function Conversation({ chat, onBack }: { chat: ChatDetails; onBack: (() => void) | null }): ReactNode {
  const surroundings = useSurroundings();
  const { me } = surroundings;
  const messages = useMessages(chat.chatId);
  const { members } = messages;
  for (const { userId, username } of members) surroundings.names.set(userId, username);
  useSeenNames(me.userId, members);
  // Loading the newest messages counts as reading them.
  const [unread] = useState({ last: chat.lastReadMessage, count: chat.unreadCount });
  const [mode, setMode] = useState<ComposerMode>({ kind: "new" });
  const [details, setDetails] = useState(false);
  const composer = useRef<HTMLTextAreaElement>(null);
  const name = chatName(chat, me);
  const compose = useCallback((next: ComposerMode) => {
    setMode(next);
    composer.current?.focus();
  }, []);
  const goOn = useCallback(() => {
    // On a phone it would open the keyboard.
    if (matchMedia("(hover: hover)").matches) composer.current?.focus();
  }, []);
  const editLast = () => {
    // The last one may still wait to be sent, and has no name yet to edit it by: not an older one instead.
    const mine = messages.entries.findLast(({ senderId }) => senderId === me.userId);
    if (mine?.message) compose({ kind: "edit", message: mine.message });
  };
  return (
    <main className="conversation" aria-label={`Chat ${name}`}>
      <header>
        {onBack && (
          <button type="button" className="icon-button back" aria-label="Back to chats" onClick={onBack}>
            <Icon name="back" />
          </button>
        )}
        <button type="button" className="conversation-title" title="Members and settings" onClick={() => setDetails(true)}>
          <Avatar id={faceOf(chat, me)} name={name} />
          <span>
            <b>{name}</b>
            <small>{chat.members === 1 ? "Only you" : chat.groupChat ? `${chat.members} people` : "The two of you"}</small>
          </span>
        </button>
        <button type="button" className="icon-button" aria-label="Members and settings" title="Members and settings" onClick={() => setDetails(true)}>
          <Icon name="people" />
        </button>
      </header>
      <Trouble chatId={chat.chatId} />
      {messages.loading ? (
        <Unloaded chat={chat} messages={messages} onCompose={compose} onDone={goOn} />
      ) : (
        <Timeline chat={chat} messages={messages} members={members} unread={unread} onCompose={compose} onDone={goOn} />
      )}
      <Typing chatId={chat.chatId} />
      <Composer ref={composer} chat={chat} mode={mode} nameOf={(userId) => nameOf(surroundings, userId)} onMode={setMode} onEditLast={editLast} />
      {details && <Details chat={chat} members={members} onClose={() => setDetails(false)} />}
    </main>
  );
}

/** Says so when the server is out of reach, and that nothing is lost by it. */
function Trouble({ chatId }: { chatId: string }): ReactNode {
  const { client } = useSurroundings();
  const connection = useSettled();
  const waiting = useWaiting(client, chatId);
  if (connection === "connected") return null;
  const words = inWords(waiting);
  const promise = words === "" ? "What you write is sent when it is back." : `${words} ${waiting.messages + waiting.changes === 1 ? "waits" : "wait"} to be sent.`;
  return (
    <p className="trouble" role="status">
      <Icon name="clock" />
      <span>
        <b>{connection === "waiting" ? "Offline." : "Connecting…"}</b> {promise}
      </span>
    </p>
  );
}

function Typing({ chatId }: { chatId: string }): ReactNode {
  const surroundings = useSurroundings();
  const { typing } = useTyping(chatId);
  const names = typing.map((userId) => nameOf(surroundings, userId));
  const [first, second] = names;
  const who = names.length === 1 ? `${first} is typing` : names.length === 2 ? `${first} and ${second} are typing` : "Several people are typing";
  return (
    <p className="typing" aria-live="polite">
      {names.length > 0 && (
        <>
          <span className="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {who}
        </>
      )}
    </p>
  );
}
