import { ChinwagClient } from "@chinwag/sdk";
import { indexedDbStorage } from "@chinwag/sdk/indexeddb";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { ChatApp } from "../chat/app.js";
import type { Me } from "../chat/context.js";
import { type Session, sessionOf } from "../chat/session.js";
import type { EmbedSession, SessionSource } from "./element.js";

/** A JWT that cannot be refreshed is replaced so long before it expires. */
const RENEW_BEFORE_MS = 30_000;

interface FrameProps {
  baseUrl: string;
  only: string | undefined;
  source: SessionSource | null;
}

interface Entered {
  client: ChinwagClient;
  me: Me;
}

/** Asks the page for a session, and shows the chat with it. */
export function Frame({ baseUrl, only, source }: FrameProps): ReactNode {
  const [entered, setEntered] = useState<Entered | null>(null);
  const [error, setError] = useState("");
  const ask = useRef(source);
  ask.current = source;
  const shown = useRef(true);
  const current = useRef<Entered | null>(null);
  const enter = useCallback(() => {
    const asked = ask.current?.();
    if (!asked) return;
    setError("");
    asked.then(
      (given) => {
        const session = sessionOf(given.jwt, given.refreshToken ?? "");
        if (!session) return setError("The page's back end did not answer with a session.");
        if (!shown.current) return;
        current.current = adopt(current.current, session, baseUrl, enter);
        setEntered(current.current);
      },
      (problem: Error) => setError(`The chat could not be opened: ${problem.message}.`),
    );
  }, [baseUrl]);
  useEffect(() => {
    shown.current = true;
    enter();
    return () => {
      shown.current = false;
    };
  }, [enter]);
  useEffect(() => (entered ? renewing(entered.client, enter) : undefined), [entered, enter]);
  if (error) {
    return (
      <div className="embed-state">
        <p role="alert">{error}</p>
        <button type="button" className="button" onClick={enter}>
          Try again
        </button>
      </div>
    );
  }
  if (!source) return <div className="embed-state">This chat needs the attribute session-url, or the property session.</div>;
  if (!entered) return <div className="embed-state" role="status">Opening the chat…</div>;
  return <ChatApp key={entered.me.userId} client={entered.client} me={entered.me} only={only} />;
}

/** A new session of the same user goes on with the same client, and all that it shows. */
function adopt(before: Entered | null, { auth, username }: Session, baseUrl: string, ended: () => void): Entered {
  if (before?.me.userId === auth.userId) {
    before.client.setAuth(auth);
    before.client.realtime.connect().catch(() => {});
    return { ...before };
  }
  const client = new ChinwagClient({
    baseUrl,
    outboxStorage: indexedDbStorage(),
    onAuthChange: (state) => state ?? ended(),
  });
  client.setAuth(auth);
  return { client, me: { userId: auth.userId, username } };
}

/** Only where the client cannot do it by itself. Returns how to stop. */
function renewing(client: ChinwagClient, renew: () => void): () => void {
  const auth = client.getAuth();
  if (!auth || auth.refreshToken) return () => {};
  const timer = setTimeout(renew, Math.max(0, expiryOf(auth.jwt) - Date.now() - RENEW_BEFORE_MS));
  // A page that slept through the expiry finds the connection refused.
  const stop = client.realtime.on("error", ({ error }) => error.status === 401 && renew());
  return () => {
    clearTimeout(timer);
    stop();
  };
}

/** In milliseconds since 1970. A JWT that was read before is one. */
function expiryOf(jwt: EmbedSession["jwt"]): number {
  const payload = (jwt.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  return (JSON.parse(atob(payload)) as { exp: number }).exp * 1000;
}
