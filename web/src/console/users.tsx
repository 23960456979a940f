import { type ReactNode, useEffect, useState } from "react";
import { Avatar } from "../shared/avatar.js";
import { Dialog } from "../shared/dialog.js";
import type { App } from "./api.js";
import { useApi, useAttempt, useLoaded } from "./context.js";
import { Sure } from "./sure.js";

interface AppUser {
  id: string;
  username: string;
  email: string;
  createdAt: string;
  sessions: number;
  /** Open now. */
  connections: number;
}

interface UserSession {
  id: string;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
}

const PAGE = 50;
/** Typing this long without a key is asking. */
const ASK_AFTER_MS = 200;

/** The users of an app: by name, a page at a time. */
export function Users({ app }: { app: App }): ReactNode {
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState("");
  /** The last name of each page before this one. */
  const [trail, setTrail] = useState<readonly string[]>([]);
  const [chosen, setChosen] = useState<AppUser | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => {
      setSearch(typed.trim());
      setTrail([]);
    }, ASK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const after = trail.at(-1);
  const query = new URLSearchParams({ size: String(PAGE), ...(search && { search }), ...(after !== undefined && { after }) });
  const { value, error, reload } = useLoaded<{ users: AppUser[]; more: boolean }>(`/api/client/apps/${app.id}/users?${query}`);
  const users = value?.users;
  return (
    <section>
      <input className="input search-users" type="search" aria-label="Search users" placeholder="Search by name or e-mail" value={typed} onChange={(event) => setTyped(event.target.value)} />
      {error && <p className="note bad" role="alert">The users could not be loaded: {error.message}</p>}
      {users?.length === 0 && <p className="nothing small">{search ? `Nobody has “${search}” in their name or address.` : "No users yet. Your servers register them: see the quick start."}</p>}
      {users && users.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">User</th>
              <th scope="col">E-mail</th>
              <th scope="col">Since</th>
              <th scope="col" className="number">
                Sessions
              </th>
              <th scope="col" className="number">
                Connections
              </th>
            </tr>
          </thead>
          <tbody>
            {users.map((user) => (
              <tr key={user.id} className="choice" onClick={() => setChosen(user)}>
                <td>
                  <button type="button" className="user">
                    <Avatar id={user.username} name={user.username} />
                    {user.username}
                  </button>
                </td>
                <td>{user.email}</td>
                <td>{new Date(user.createdAt).toLocaleDateString(undefined, { dateStyle: "medium" })}</td>
                <td className="number">{user.sessions}</td>
                <td className="number">{user.connections}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {users && (trail.length > 0 || value.more) && (
        <div className="row pages">
          <button type="button" className="button small" disabled={trail.length === 0} onClick={() => setTrail(trail.slice(0, -1))}>
            Before
          </button>
          <button type="button" className="button small" disabled={!value.more} onClick={() => setTrail([...trail, users.at(-1)?.username ?? ""])}>
            More
          </button>
        </div>
      )}
      {chosen && (
        <UserDialog
          app={app}
          user={chosen}
          onClose={() => {
            setChosen(null);
            reload();
          }}
        />
      )}
    </section>
  );
}

function UserDialog({ app, user, onClose }: { app: App; user: AppUser; onClose: () => void }): ReactNode {
  const api = useApi();
  const path = `/api/client/apps/${app.id}/users/${user.id}`;
  const { value: sessions, error: unloaded, reload } = useLoaded<UserSession[]>(`${path}/sessions`);
  const { busy, error, attempt } = useAttempt();
  const end = (what: string) => void attempt(async () => (await api.delete(what), reload()));
  const erase = async () => {
    if (await attempt(() => api.delete(path))) onClose();
  };
  return (
    <Dialog title={user.username} onClose={onClose}>
      <p className="quiet">
        {user.email}
        <br />
        <code>{user.id}</code>
      </p>
      {(error || unloaded) && <p className="note bad" role="alert">{error || unloaded?.message}</p>}
      <section className="sessions">
        <h3>{sessions?.length === 0 ? "Not signed in" : "Sessions"}</h3>
        <ul>
          {sessions?.map((session) => (
            <li key={session.id}>
              <span>
                Since {time(session.createdAt)}
                <small>last used {time(session.lastUsedAt)}</small>
              </span>
              <button type="button" className="button small" disabled={busy} onClick={() => end(`${path}/sessions/${session.id}`)}>
                End
              </button>
            </li>
          ))}
        </ul>
      </section>
      <div className="row">
        <button type="button" className="button small" disabled={busy || !sessions || sessions.length === 0} onClick={() => end(`${path}/sessions`)}>
          Sign out everywhere
        </button>
        <Sure label="Delete user" sure="Delete them and all they wrote?" danger busy={busy} onSure={() => void erase()} />
      </div>
    </Dialog>
  );
}

function time(text: string): string {
  return new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
