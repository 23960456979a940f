import type { ChatDetails, ChatUserInfo } from "@chinwag/sdk";
import { type FormEvent, type ReactNode, useState } from "react";
import { Avatar } from "../shared/avatar.js";
import { Dialog } from "../shared/dialog.js";
import { useSurroundings } from "./context.js";
import { chatName } from "./names.js";
import { OfflineHint, reasonOf } from "./offline.js";

interface DetailsProps {
  chat: ChatDetails;
  members: readonly ChatUserInfo[];
  onClose: () => void;
}

/** What can be done to a chat: rename, add, remove, leave, delete. */
export function Details({ chat, members, onClose }: DetailsProps): ReactNode {
  const { client, me, say } = useSurroundings();
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const mine = chat.creator === me.userId;
  // While the members are not loaded there are some all the same.
  const count = members.length || chat.members;
  const attempt = async (work: () => Promise<void>, done: string) => {
    setBusy(true);
    setError("");
    try {
      await work();
      say(done);
      return true;
    } catch (problem) {
      setError(reasonOf(problem as Error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={chatName(chat, me)} onClose={onClose}>
      {!error && <OfflineHint />}
      {error && <p className="note bad" role="alert">{error}</p>}
      <OneField label="Name" action="Rename" value={chat.chatName} busy={busy} onSubmit={(name) => attempt(() => client.changeChatName(chat.chatId, name), "The chat has a new name.")} />
      <section className="members">
        <h3>{count === 1 ? "Only you" : `${count} people`}</h3>
        <ul>
          {members.map(({ userId, username }) => (
            <li key={userId}>
              <Avatar id={username} name={username} />
              <span>
                {username}
                {userId === me.userId && <small> you</small>}
                {userId === chat.creator && <small> creator</small>}
              </span>
              {mine && userId !== me.userId && (
                <button
                  type="button"
                  className="button small"
                  disabled={busy}
                  aria-label={`Remove ${username}`}
                  onClick={() => attempt(() => client.removeUserFromChat(chat.chatId, userId), `${username} is no longer in this chat.`)}
                >
                  Remove
                </button>
              )}
            </li>
          ))}
        </ul>
        <OneField label="Add somebody by user name" action="Add" value="" busy={busy} onSubmit={(name) => attempt(() => client.addUserToChat(chat.chatId, name), `${name} is in this chat now.`)} />
      </section>
      <div className="row endings">
        <Twice label="Leave chat" sure="Leave now?" busy={busy} onSure={() => attempt(() => client.removeUserFromChat(chat.chatId, me.userId), "You left the chat.")} />
        {mine && <Twice label="Delete for everyone" sure="Delete all of it?" busy={busy} onSure={() => attempt(() => client.deleteChat(chat.chatId), "The chat is deleted.")} />}
      </div>
    </Dialog>
  );
}

interface OneFieldProps {
  label: string;
  action: string;
  value: string;
  busy: boolean;
  /** Whether it was done. */
  onSubmit: (text: string) => Promise<boolean>;
}

function OneField({ label, action, value, busy, onSubmit }: OneFieldProps): ReactNode {
  const [text, setText] = useState(value);
  const wanted = text.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void onSubmit(wanted).then((done) => done && value === "" && setText(""));
  };
  return (
    <form className="field" onSubmit={submit}>
      <span aria-hidden="true">{label}</span>
      <div className="row">
        <input className="input" aria-label={label} autoCapitalize="none" autoComplete="off" maxLength={100} value={text} onChange={(event) => setText(event.target.value)} />
        <button type="submit" className="button" disabled={busy || wanted === "" || wanted === value}>
          {action}
        </button>
      </div>
    </form>
  );
}

/** Something that cannot be undone takes two clicks. */
function Twice({ label, sure, busy, onSure }: { label: string; sure: string; busy: boolean; onSure: () => void }): ReactNode {
  const [asked, setAsked] = useState(false);
  return (
    <button type="button" className="button danger small" disabled={busy} onClick={() => (asked ? onSure() : setAsked(true))} onBlur={() => setAsked(false)}>
      {asked ? sure : label}
    </button>
  );
}
