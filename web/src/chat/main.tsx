import "../shared/fonts.css";
import "./page.css";
import { ChinwagClient } from "@chinwag/sdk";
import { indexedDbStorage } from "@chinwag/sdk/indexeddb";
import { StrictMode, useCallback, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { applyTheme } from "../shared/theme.js";
import { Dialog } from "../shared/dialog.js";
import { ChatApp } from "./app.js";
import { type Session, askedFor, keepSession, keptSession, noLongerAsked } from "./session.js";
import { SignIn } from "./sign-in.js";
import { inWords, waitingOf } from "./waiting.js";

function Page() {
  const [session, setSession] = useState(keptSession);
  const [notice, setNotice] = useState("");
  // A window that was opened for somebody else than it has: whether there is such a user is for the server to say.
  const [switching, setSwitching] = useState(() => session !== null && ![null, session.username].includes(askedFor()));
  const stay = useCallback(() => setSwitching(false), []);
  const enter = useCallback((entering: Session) => {
    keepSession(entering);
    noLongerAsked();
    setSwitching(false);
    setNotice("");
    setSession(entering);
  }, []);
  const leave = useCallback((why: string) => {
    keepSession(null);
    setNotice(why);
    setSession(null);
  }, []);
  if (!session) return <SignIn notice={notice} onSignedIn={enter} />;
  if (switching) return <SignIn notice="" onSignedIn={enter} onNobody={stay} />;
  return <SignedIn key={session.auth.userId} session={session} onLeft={leave} />;
}

function SignedIn({ session, onLeft }: { session: Session; onLeft: (why: string) => void }) {
  const client = useMemo(() => {
    const made = new ChinwagClient({
      baseUrl: location.origin,
      outboxStorage: indexedDbStorage(),
      onAuthChange: (auth) => (auth ? keepSession({ ...session, auth }) : onLeft("Your session has ended. Sign in again to go on.")),
    });
    made.setAuth(session.auth);
    return made;
  }, [session, onLeft]);
  const [unsent, setUnsent] = useState("");
  const leave = useCallback(() => {
    for (const { nonce } of client.realtime.outbox) client.realtime.discard(nonce);
    // The server may be out of reach: this window forgets the session all the same.
    client.logout().catch(() => {}).finally(() => onLeft(""));
  }, [client, onLeft]);
  const signOut = useCallback(() => {
    const { messages, changes } = waitingOf(client.realtime.outbox);
    if (messages + changes === 0) leave();
    else setUnsent(`${inWords({ messages, changes })} ${messages + changes === 1 ? "is" : "are"} not sent yet.`);
  }, [client, leave]);
  const me = useMemo(() => ({ userId: session.auth.userId, username: session.username }), [session]);
  return (
    <>
      <ChatApp client={client} me={me} onSignOut={signOut} addressed />
      {unsent && <Unsent what={unsent} onStay={() => setUnsent("")} onLeave={leave} />}
    </>
  );
}

/** What waits is lost with the session. */
function Unsent({ what, onStay, onLeave }: { what: string; onStay: () => void; onLeave: () => void }) {
  return (
    <Dialog title="Sign out?" onClose={onStay}>
      <p>{what}</p>
      <div className="row end">
        <button type="button" className="button danger" onClick={onLeave}>
          Discard and sign out
        </button>
        <button type="button" className="button primary" onClick={onStay}>
          Stay
        </button>
      </div>
    </Dialog>
  );
}

applyTheme();
const page = document.getElementById("page");
if (page) {
  createRoot(page).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
}
