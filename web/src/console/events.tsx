import { type FormEvent, type ReactNode, useState } from "react";
import { clockSeconds } from "../shared/time.js";
import type { App } from "./api.js";
import { useApi, useAttempt, useLoaded } from "./context.js";
import { useStream } from "./stream.js";
import { TraceDialog } from "./trace.js";

/** The newest first; those before are forgotten. */
const KEPT = 200;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface ChatEvent {
  type: string;
  chatId?: string;
  senderId?: string;
  seq?: number;
  message?: string;
  messageId?: string;
  parentMessageId?: string;
}

interface Heard {
  key: number;
  at: number;
  event: ChatEvent;
}

interface Watched {
  kind: "user" | "chat";
  id: string;
  name: string;
}

/** What one user or one chat is told, as it happens; and what became of one message. */
export function Events({ app }: { app: App }): ReactNode {
  const api = useApi();
  const { busy, error, attempt } = useAttempt();
  const [watched, setWatched] = useState<Watched | null>(null);
  const [traced, setTraced] = useState<string | null>(null);
  const watch = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const wanted = String(new FormData(event.currentTarget).get("wanted") ?? "").trim();
    void attempt(async () => setWatched(await find(wanted)));
  };
  const find = async (wanted: string): Promise<Watched> => {
    if (UUID.test(wanted)) return { kind: "chat", id: wanted, name: wanted };
    const query = new URLSearchParams({ search: wanted, size: "100" });
    const { users } = await api.get<{ users: { id: string; username: string }[] }>(`/api/client/apps/${app.id}/users?${query}`);
    const user = users.find(({ username }) => username === wanted);
    if (!user) throw new Error(`there is no user “${wanted}” in this app`);
    return { kind: "user", id: user.id, name: user.username };
  };
  const trace = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setTraced(String(new FormData(event.currentTarget).get("message") ?? "").trim());
  };
  return (
    <section>
      <div className="watch-forms">
        <form className="field" onSubmit={watch}>
          <span aria-hidden="true">Watch a user or a chat</span>
          <div className="row">
            <input className="input" name="wanted" aria-label="User name or chat id" placeholder="User name, or chat id" autoCapitalize="none" autoComplete="off" required />
            <button type="submit" className="button primary" disabled={busy}>
              Watch
            </button>
          </div>
          <small>You see what people write to each other. That you look is noted in the server's log.</small>
        </form>
        <form className="field" onSubmit={trace}>
          <span aria-hidden="true">Trace a message</span>
          <div className="row">
            <input className="input" name="message" aria-label="Message id" placeholder="Message id" autoComplete="off" required pattern="[0-9a-f\-]{36}" />
            <button type="submit" className="button">
              Trace
            </button>
          </div>
        </form>
      </div>
      {error && <p className="note bad" role="alert">{error}</p>}
      {watched && <Watch key={watched.id} app={app} watched={watched} onWatch={setWatched} onTrace={setTraced} />}
      {traced && <TraceDialog app={app} messageId={traced} onClose={() => setTraced(null)} />}
    </section>
  );
}

interface WatchProps {
  app: App;
  watched: Watched;
  onWatch: (watched: Watched | null) => void;
  onTrace: (messageId: string) => void;
}

function Watch({ app, watched, onWatch, onTrace }: WatchProps): ReactNode {
  const [heard, setHeard] = useState<readonly Heard[]>([]);
  const { state, error } = useStream(`/api/client/apps/${app.id}/events?${watched.kind}=${watched.id}`, (data) => {
    const event = data as ChatEvent;
    if (event.type === "HEAD") return;
    setHeard((before) => [{ key: (before[0]?.key ?? 0) + 1, at: Date.now(), event }, ...before].slice(0, KEPT));
  });
  const says = { connecting: "Connecting…", open: "Live", waiting: `Not connected, trying again. ${error}`, refused: error }[state];
  return (
    <>
      <header className="watch-head">
        <h2>
          {watched.kind === "user" ? "What " : "Chat "}
          <b>{watched.name}</b>
          {watched.kind === "user" && " is told"}
        </h2>
        <p className="live-state quiet" data-state={state} role="status">
          {says}
        </p>
        <button type="button" className="button small" onClick={() => onWatch(null)}>
          Stop
        </button>
      </header>
      {watched.kind === "user" && <Chats app={app} userId={watched.id} onWatch={onWatch} />}
      {heard.length === 0 && state === "open" && <p className="nothing small">Nothing has happened yet. It is shown here the moment it does.</p>}
      <ol className="heard" aria-label="Events, the newest first">
        {heard.map(({ key, at, event }) => (
          <HeardEvent key={key} at={at} event={event} onTrace={onTrace} />
        ))}
      </ol>
    </>
  );
}

function HeardEvent({ at, event, onTrace }: { at: number; event: ChatEvent; onTrace: (messageId: string) => void }): ReactNode {
  const messageId = event.parentMessageId ?? (event.type === "SEND_MSG" || event.type === "REPLY" || event.type === "EDIT_MSG" ? event.messageId : undefined);
  return (
    <li>
      <details>
        <summary>
          <time>{clockSeconds(at)}</time>
          <code data-type={event.type}>{event.type}</code>
          <span>{event.message ?? ""}</span>
          {event.seq !== undefined && <small>seq {event.seq}</small>}
        </summary>
        <pre tabIndex={0} aria-label={`${event.type} at ${clockSeconds(at)}`}>
          {JSON.stringify(event, null, 2)}
        </pre>
        {messageId && (
          <button type="button" className="button small" onClick={() => onTrace(messageId)}>
            Trace this message
          </button>
        )}
      </details>
    </li>
  );
}

function Chats({ app, userId, onWatch }: { app: App; userId: string; onWatch: (watched: Watched) => void }): ReactNode {
  const { value } = useLoaded<{ chats: { chatId: string; chatName: string }[] }>(`/api/client/apps/${app.id}/users/${userId}/chats`);
  if (!value || value.chats.length === 0) return null;
  return (
    <p className="watch-chats">
      <span>Only one chat:</span>
      {value.chats.map(({ chatId, chatName }) => (
        <button key={chatId} type="button" className="button small" onClick={() => onWatch({ kind: "chat", id: chatId, name: chatName })}>
          {chatName}
        </button>
      ))}
    </p>
  );
}
