import { type FormEvent, type ReactNode, useState } from "react";
import { Dialog } from "../shared/dialog.js";
import { Icon } from "../shared/icons.js";
import { useSurroundings } from "./context.js";
import { defaultName } from "./names.js";
import { OfflineHint, reasonOf } from "./offline.js";

/** There is no directory of users: whoever starts a chat knows whom they want to talk to. */
export function NewChat({ onClose, onCreated }: { onClose: () => void; onCreated: (chatId: string) => void }): ReactNode {
  const { client, me } = useSurroundings();
  const [people, setPeople] = useState<readonly string[]>([]);
  const [typed, setTyped] = useState("");
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const all = withTyped(people, typed, me.username);
  const take = () => {
    setPeople(all);
    setTyped("");
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    take();
    setBusy(true);
    setError("");
    const members = [me.username, ...all];
    client.createChat(name.trim() || defaultName(members), members).then(
      ({ chatId }) => {
        onCreated(chatId);
        onClose();
      },
      (problem: Error) => {
        setError(reasonOf(problem));
        setBusy(false);
      },
    );
  };
  return (
    <Dialog title="New chat" onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <div className="field">
          <span aria-hidden="true">People</span>
          {people.length > 0 && (
            <ul className="chips">
              {people.map((person) => (
                <li key={person}>
                  {person}
                  <button type="button" aria-label={`Remove ${person}`} onClick={() => setPeople(people.filter((other) => other !== person))}>
                    <Icon name="close" />
                  </button>
                </li>
              ))}
            </ul>
          )}
          <input
            aria-label="People"
            className="input"
            autoFocus
            autoCapitalize="none"
            autoComplete="off"
            placeholder="User name, then Enter for another"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Backspace" && typed === "") setPeople(people.slice(0, -1));
              if ((event.key !== "Enter" && event.key !== ",") || typed.trim() === "") return;
              event.preventDefault();
              take();
            }}
          />
        </div>
        <label className="field">
          <span>Name</span>
          <input className="input" value={name} maxLength={100} placeholder={all.length > 0 ? defaultName(all) : "What it is about"} onChange={(event) => setName(event.target.value)} />
        </label>
        {!error && <OfflineHint />}
        {error && <p className="note bad" role="alert">{error}</p>}
        <div className="row end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={busy || (all.length === 0 && name.trim() === "")}>
            {busy ? "Creating…" : "Create chat"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function withTyped(people: readonly string[], typed: string, me: string): readonly string[] {
  const names = typed.split(",").map((name) => name.trim());
  return [...new Set([...people, ...names])].filter((name) => name !== "" && name !== me);
}
