import { type ReactNode, useState } from "react";
import { CopyButton, Snippet } from "../shared/copy.js";
import type { App, Key } from "./api.js";
import { useApi, useAttempt } from "./context.js";
import { hrefOf } from "./route.js";
import { LANGUAGES, type Language, snippet } from "./snippets.js";

/** From nothing to the first message: a key, and lines that work when they are pasted. */
export function QuickStart({ app }: { app: App }): ReactNode {
  const api = useApi();
  const [language, setLanguage] = useState<Language>("curl");
  const [key, setKey] = useState<string | null>(null);
  const { busy, error, attempt } = useAttempt();
  const base = app.clusterEndpoint ?? "…";
  const make = () => attempt(async () => setKey((await api.post<Key>(`/api/client/apps/${app.id}/keys`)).token ?? null));
  return (
    <ol className="steps">
      <li>
        <h2>Where your app is</h2>
        <div className="secret">
          <code>{base}</code>
          <CopyButton text={base} />
        </div>
      </li>
      <li>
        <h2>A key for your server</h2>
        {key === null ? (
          <>
            <p>The lines below need one. It is shown here once, and is in your list of keys from then on.</p>
            <button type="button" className="button primary" disabled={busy || app.status !== "ACTIVE"} onClick={() => void make()}>
              Make a key and put it in
            </button>{" "}
            <a className="link" href={hrefOf(app.id, "keys")}>
              Your keys
            </a>
          </>
        ) : (
          <>
            <p>It is in the lines below. Keep it now: it cannot be shown again.</p>
            <div className="secret">
              <code>{key}</code>
              <CopyButton text={key} />
            </div>
          </>
        )}
        {error && <p className="note bad" role="alert">{error}</p>}
      </li>
      <li>
        <h2>The first message</h2>
        <div className="choices" role="group" aria-label="Language">
          {LANGUAGES.map((each) => (
            <button key={each} type="button" aria-pressed={each === language} onClick={() => setLanguage(each)}>
              {each}
            </button>
          ))}
        </div>
        <Snippet text={snippet(language, base, key ?? "YOUR_KEY")} title={{ curl: "In a terminal", TypeScript: "npm install @chinwag/sdk ws", Rust: "cargo add chinwag-client; cargo add tokio --features full" }[language]} />
      </li>
    </ol>
  );
}
