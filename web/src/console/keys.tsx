import { type ReactNode, useState } from "react";
import { CopyButton } from "../shared/copy.js";
import { Dialog } from "../shared/dialog.js";
import { Icon } from "../shared/icons.js";
import type { App, Key } from "./api.js";
import { useApi, useAttempt, useLoaded } from "./context.js";
import { Sure } from "./sure.js";

const KEYS_MAX = 5;

export function Keys({ app }: { app: App }): ReactNode {
  const api = useApi();
  const path = `/api/client/apps/${app.id}/keys`;
  const { value: keys, error: unloaded, reload } = useLoaded<Key[]>(path);
  const { busy, error, attempt } = useAttempt();
  const [made, setMade] = useState<Key | null>(null);
  const make = (from: string) =>
    attempt(async () => {
      setMade(await api.post<Key>(from));
      reload();
    });
  const suspended = app.status === "SUSPENDED";
  const full = (keys?.length ?? 0) >= KEYS_MAX;
  return (
    <section>
      <header className="section-head">
        <p>A key lets your servers register and sign in users. It opens every account of this app: it belongs on servers only.</p>
        <button type="button" className="button primary" disabled={busy || suspended || full} onClick={() => void make(path)}>
          <Icon name="plus" />
          New key
        </button>
      </header>
      {suspended && <p className="note">A suspended app gets no keys.</p>}
      {full && <p className="note">An app has at most {KEYS_MAX} keys that work. Revoke one to make room for another.</p>}
      {(error || unloaded) && <p className="note bad" role="alert">{error || unloaded?.message}</p>}
      {keys?.length === 0 && <p className="nothing small">No key yet. Make one, and keep it where your servers keep their secrets.</p>}
      {keys && keys.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">Made</th>
              <th scope="col">
                <span className="hidden">What can be done</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {keys.map(({ id, keyPrefix, createdAt }) => (
              <tr key={id}>
                <td>
                  <code>{keyPrefix}…</code>
                </td>
                <td>{new Date(createdAt).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}</td>
                <td className="deeds">
                  <Sure label="Rotate" sure="The old one stops now" busy={busy || suspended} onSure={() => void make(`${path}/${id}/rotate`)} />
                  <Sure label="Revoke" sure="Revoke now?" danger busy={busy} onSure={() => void attempt(async () => (await api.delete(`${path}/${id}`), reload()))} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {made?.token && <Made token={made.token} onClose={() => setMade(null)} />}
    </section>
  );
}

/** The one moment at which the key can be read. */
function Made({ token, onClose }: { token: string; onClose: () => void }): ReactNode {
  return (
    <Dialog title="Your new key" onClose={null}>
      <p>Copy it now. Chinwag keeps only a digest of it, and cannot show it again.</p>
      <div className="secret">
        <code>{token}</code>
        <CopyButton text={token} />
      </div>
      <div className="row end">
        <button type="button" className="button primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  );
}
