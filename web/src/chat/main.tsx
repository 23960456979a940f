import "../shared/fonts.css";
import "./page.css";
import { ChinwagClient } from "@chinwag/sdk";
import { indexedDbStorage } from "@chinwag/sdk/indexeddb";
import { StrictMode, useCallback, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { applyTheme } from "../shared/theme.js";
import { Dialog } from "../shared/dialog.js";
import { ChatApp } from "./app.js";
import { type Session, keepSession, keptSession } from "./session.js";
import { SignIn } from "./sign-in.js";

function Page() {
  const [session, setSession] = useState(keptSession);
  const [notice, setNotice] = useState("");
  const enter = useCallback((entering: Session) => {
    keepSession(entering);
    setNotice("");
    setSession(entering);
  }, []);
  const leave = useCallback((why: string) => {
    keepSession(null);
    setNotice(why);
    setSession(null);
  }, []);
  if (!session) return <SignIn notice={notice} onSignedIn={enter} />;
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
  const [unsent, setUnsent] = useState(0);
  const leave = useCallback(() => {
    for (const { nonce } of client.realtime.outbox) client.realtime.discard(nonce);
    // The server may be out of reach: this window forgets the session all the same.
    client.logout().catch(() => {}).finally(() => onLeft(""));
  }, [client, onLeft]);
  const signOut = useCallback(() => {
    const waiting = client.realtime.outbox.filter(({ action: { type } }) => type === "SEND_MSG" || type === "REPLY" || type === "EDIT_MSG");
    if (waiting.length > 0) setUnsent(waiting.length);
    else leave();
  }, [client, leave]);
  const me = useMemo(() => ({ userId: session.auth.userId, username: session.username }), [session]);
  return (
    <>
      <ChatApp client={client} me={me} onSignOut={signOut} addressed />
      {unsent > 0 && <Unsent count={unsent} onStay={() => setUnsent(0)} onLeave={leave} />}
    </>
  );
}

/** What waits is lost with the session. */
function Unsent({ count, onStay, onLeave }: { count: number; onStay: () => void; onLeave: () => void }) {
  return (
    <Dialog title="Sign out?" onClose={onStay}>
      <p>{count === 1 ? "1 message is not sent yet." : `${count} messages are not sent yet.`}</p>
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
