import { type FormEvent, type ReactNode, useState } from "react";
import { Mark } from "../shared/icons.js";
import { useApi, useAttempt } from "./context.js";

/** Sign in, or register: two forms that differ in one field. */
export function Enter({ ended, onEntered }: { ended: boolean; onEntered: () => void }): ReactNode {
  const api = useApi();
  const [registering, setRegistering] = useState(false);
  const { busy, error, attempt } = useAttempt();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "");
    const credentials = { email: text("email"), password: text("password") };
    const done = await attempt(() => (registering ? api.register({ companyName: text("companyName"), ...credentials }) : api.login(credentials)));
    if (done) onEntered();
  };
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <p className="wordmark">
          <Mark />
          Chinwag
        </p>
        <h1>{registering ? "Open an account" : "Sign in to the console"}</h1>
        {ended && !registering && <p className="note" role="status">Your session has ended. Sign in again to go on.</p>}
        <form className="sign-in-form" onSubmit={(event) => void submit(event)}>
          {registering && (
            <label className="field">
              <span>Company</span>
              <input className="input" name="companyName" autoComplete="organization" maxLength={200} required />
            </label>
          )}
          <label className="field">
            <span>E-mail</span>
            <input className="input" name="email" type="email" autoComplete="username" required />
          </label>
          <label className="field">
            <span>Password</span>
            <input className="input" name="password" type="password" minLength={8} autoComplete={registering ? "new-password" : "current-password"} required />
            {registering && <small>Eight characters or more.</small>}
          </label>
          {error && <p className="note bad" role="alert">{error}</p>}
          <button type="submit" className="button primary" disabled={busy}>
            {busy ? "One moment…" : registering ? "Open account" : "Sign in"}
          </button>
        </form>
        <p className="quiet">
          {registering ? "You have one already? " : "You have none yet? "}
          <button type="button" className="link" onClick={() => setRegistering(!registering)}>
            {registering ? "Sign in" : "Open an account"}
          </button>
        </p>
      </div>
    </main>
  );
}
