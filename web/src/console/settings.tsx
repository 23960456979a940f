import { type FormEvent, type ReactNode, useState } from "react";
import { Dialog } from "../shared/dialog.js";
import type { App } from "./api.js";
import { useApi, useAttempt } from "./context.js";

export function Settings({ app, onChanged }: { app: App; onChanged: () => void }): ReactNode {
  const api = useApi();
  const path = `/api/client/apps/${app.id}`;
  const [name, setName] = useState(app.name);
  const [deleting, setDeleting] = useState(false);
  const { busy, error, attempt } = useAttempt();
  const change = (what: { name?: string; status?: App["status"] }) =>
    attempt(async () => {
      await api.put(path, what);
      onChanged();
    });
  const rename = (event: FormEvent) => {
    event.preventDefault();
    void change({ name: name.trim() });
  };
  const active = app.status === "ACTIVE";
  return (
    <div className="settings">
      {error && <p className="note bad" role="alert">{error}</p>}
      <form className="field" onSubmit={rename}>
        <span aria-hidden="true">Name</span>
        <div className="row">
          <input className="input" aria-label="Name" maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
          <button type="submit" className="button" disabled={busy || name.trim() === "" || name.trim() === app.name}>
            Rename
          </button>
        </div>
      </form>
      <section className="setting">
        <div>
          <h2>{active ? "Suspend" : "Make active"}</h2>
          <p>
            {active
              ? "Nobody can sign in or connect, and every connection ends within a second. Nothing is lost, and you can make it active again."
              : "Users can sign in and connect again, with everything as it was."}
          </p>
        </div>
        <button type="button" className="button" disabled={busy} onClick={() => void change({ status: active ? "SUSPENDED" : "ACTIVE" })}>
          {active ? "Suspend app" : "Make active"}
        </button>
      </section>
      <section className="setting">
        <div>
          <h2>Delete</h2>
          <p>Its users, chats, messages and keys are gone for good.</p>
        </div>
        <button type="button" className="button danger" onClick={() => setDeleting(true)}>
          Delete app…
        </button>
      </section>
      {deleting && <Delete app={app} onClose={() => setDeleting(false)} onDeleted={() => ((location.hash = "#/"), onChanged())} />}
    </div>
  );
}

/** Typing its name makes sure that it is this one that is meant. */
function Delete({ app, onClose, onDeleted }: { app: App; onClose: () => void; onDeleted: () => void }): ReactNode {
  const api = useApi();
  const [typed, setTyped] = useState("");
  const { busy, error, attempt } = useAttempt();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void attempt(async () => {
      await api.delete(`/api/client/apps/${app.id}`);
      onDeleted();
    });
  };
  return (
    <Dialog title={`Delete ${app.name}?`} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <p>Everything in it is gone at once, for everybody. There is no way back.</p>
        <label className="field">
          <span>Type “{app.name}” to go on</span>
          <input className="input" autoFocus autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
        </label>
        {error && <p className="note bad" role="alert">{error}</p>}
        <div className="row end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button danger" disabled={busy || typed !== app.name}>
            Delete for good
          </button>
        </div>
      </form>
    </Dialog>
  );
}
