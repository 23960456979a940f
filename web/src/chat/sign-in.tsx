import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { Avatar } from "../shared/avatar.js";
import { Icon, Mark } from "../shared/icons.js";
import { type DevUser, type DevUsers, type Session, askedFor, devUsers, signIn } from "./session.js";

const AGAIN_MS = 3_000;

interface SignInProps {
  /** Says why somebody who was signed in is here again. */
  notice: string;
  onSignedIn: (session: Session) => void;
  /** The window was opened for somebody whom there is not, or who cannot be found now. */
  onNobody?: () => void;
}

export function SignIn({ notice, onSignedIn, onNobody }: SignInProps): ReactNode {
  const [dev, setDev] = useState<DevUsers | null | "loading" | "unreachable">("loading");
  const [busy, setBusy] = useState("");
  const [error, setError] = useState("");
  const enter = (apiKey: string, user: DevUser) => {
    setBusy(user.username);
    setError("");
    signIn(apiKey, user)
      .then(onSignedIn, (problem: Error) => setError(problem.message))
      .finally(() => setBusy(""));
  };
  useEffect(() => {
    const left = new AbortController();
    let again: ReturnType<typeof setTimeout>;
    const look = () => {
      devUsers(left.signal).then(
        (found) => {
          if (left.signal.aborted) return;
          // A window that was opened for one of them.
          const wanted = found?.users.find(({ username }) => username === askedFor());
          if (!wanted && onNobody) return onNobody();
          setDev(found);
          if (found && wanted && !notice) enter(found.apiKey, wanted);
        },
        () => {
          if (left.signal.aborted) return;
          if (onNobody) return onNobody();
          setDev("unreachable");
          again = setTimeout(look, AGAIN_MS);
        },
      );
    };
    look();
    return () => {
      left.abort();
      clearTimeout(again);
    };
  }, []);
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <p className="wordmark">
          <Mark />
          Chinwag
        </p>
        {notice && <p className="note" role="status">{notice}</p>}
        {dev === "loading" && <p className="quiet">One moment…</p>}
        {dev === "unreachable" && <p className="note bad" role="alert">The server cannot be reached. This page keeps trying.</p>}
        {dev === null && <KeyForm busy={busy !== ""} onSubmit={enter} />}
        {typeof dev === "object" && dev !== null && <DevChoice dev={dev} busy={busy} onChoose={(user) => enter(dev.apiKey, user)} />}
        {error && <p className="note bad" role="alert">{error}</p>}
      </div>
    </main>
  );
}

function DevChoice({ dev, busy, onChoose }: { dev: DevUsers; busy: string; onChoose: (user: DevUser) => void }): ReactNode {
  return (
    <>
      <h1>Who are you today?</h1>
      <ul className="people">
        {dev.users.map((user) => (
          <li key={user.username}>
            <button type="button" className="person" disabled={busy !== ""} onClick={() => onChoose(user)}>
              <Avatar id={user.username} name={user.username} />
              <span>
                <b>{user.username}</b>
                <small>{busy === user.username ? "Signing in…" : "Sign in with one click"}</small>
              </span>
              <Icon name="send" />
            </button>
          </li>
        ))}
      </ul>
      <p className="quiet">Each window keeps its own user. Open this page in a second window, be somebody else, and talk.</p>
    </>
  );
}

function KeyForm({ busy, onSubmit }: { busy: boolean; onSubmit: (apiKey: string, user: DevUser) => void }): ReactNode {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "");
    onSubmit(text("apiKey"), { username: text("username"), password: text("password") });
  };
  return (
    <>
      <h1>Sign in</h1>
      <form className="sign-in-form" onSubmit={submit}>
        <label className="field">
          <span>User name</span>
          <input className="input" name="username" autoComplete="username" required />
        </label>
        <label className="field">
          <span>Password</span>
          <input className="input" name="password" type="password" autoComplete="current-password" required />
        </label>
        <label className="field">
          <span>API key</span>
          <input className="input" name="apiKey" type="password" autoComplete="off" required />
          <small>It opens every account of the app. In production your own back end signs users in, and it never reaches a browser.</small>
        </label>
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </>
  );
}
