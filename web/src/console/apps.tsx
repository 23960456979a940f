import { type FormEvent, type ReactNode, useState } from "react";
import { Dialog } from "../shared/dialog.js";
import { Icon } from "../shared/icons.js";
import type { App } from "./api.js";
import { type Loaded, useApi, useAttempt } from "./context.js";
import { hrefOf } from "./route.js";

/** Of an account; the server has the last word. */
const APPS_MAX = 5;

export function Apps({ apps }: { apps: Loaded<App[]> }): ReactNode {
  const [creating, setCreating] = useState(false);
  const { value, error, reload } = apps;
  const full = (value?.filter(({ tier }) => tier === "DEMO").length ?? 0) >= APPS_MAX;
  return (
    <>
      <header className="stage-head">
        <div>
          <h1>Apps</h1>
          <p>Each is one product of yours. Users, chats and messages never cross from one to another.</p>
        </div>
        {value && value.length > 0 && (
          <button type="button" className="button primary" disabled={full} onClick={() => setCreating(true)}>
            <Icon name="plus" />
            New app
          </button>
        )}
      </header>
      {error && (
        <p className="note bad" role="alert">
          The apps could not be loaded: {error.message}.{" "}
          <button type="button" className="link" onClick={reload}>
            Try again
          </button>
        </p>
      )}
      {full && <p className="note">An account has at most {APPS_MAX} demo apps. Delete one to make room for another.</p>}
      {value?.length === 0 && (
        <div className="nothing">
          <h2>Your first app</h2>
          <p>It gets an API key and a base URL, and you are three pasted lines from the first message.</p>
          <button type="button" className="button primary" onClick={() => setCreating(true)}>
            <Icon name="plus" />
            New app
          </button>
        </div>
      )}
      <ul className="cards">
        {value?.map((app) => (
          <li key={app.id}>
            <a className="card" href={hrefOf(app.id, "start")}>
              <b>{app.name}</b>
              <Status status={app.status} />
              <small>
                {app.tier.toLowerCase().replace("_", "-")} app, made on {new Date(app.createdAt).toLocaleDateString(undefined, { dateStyle: "long" })}
              </small>
            </a>
          </li>
        ))}
      </ul>
      {creating && (
        <NewApp
          onClose={() => setCreating(false)}
          onCreated={({ id }) => {
            reload();
            setCreating(false);
            location.hash = hrefOf(id, "start");
          }}
        />
      )}
    </>
  );
}

export function Status({ status }: { status: App["status"] }): ReactNode {
  return (
    <span className="status" data-status={status}>
      {status === "ACTIVE" ? "Active" : "Suspended"}
    </span>
  );
}

function NewApp({ onClose, onCreated }: { onClose: () => void; onCreated: (app: App) => void }): ReactNode {
  const api = useApi();
  const { busy, error, attempt } = useAttempt();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    void attempt(async () => onCreated(await api.post<App>("/api/client/apps", { name })));
  };
  return (
    <Dialog title="New app" onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <label className="field">
          <span>Name</span>
          <input className="input" name="name" autoFocus maxLength={200} placeholder="Tea room" required pattern=".*\S.*" />
        </label>
        {error && <p className="note bad" role="alert">{error}</p>}
        <div className="row end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={busy}>
            Create app
          </button>
        </div>
      </form>
    </Dialog>
  );
}
