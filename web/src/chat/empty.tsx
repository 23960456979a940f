import { useConnection } from "@chinwag/react";
import type { ChatDetails } from "@chinwag/sdk";
import type { ReactNode } from "react";
import { Icon, Mark } from "../shared/icons.js";

interface EmptyProps {
  chats: readonly ChatDetails[] | null;
  /** Whether a chat was asked for that is not there. */
  missing: boolean;
  /** To the chats that are there; null where there is only this one. */
  onBack: (() => void) | null;
  onCreate: () => void;
}

/** Where a conversation would be. */
export function Empty({ chats, missing, onBack, onCreate }: EmptyProps): ReactNode {
  const connection = useConnection();
  if (!chats) {
    return (
      <section className="empty" aria-label="Conversation">
        {connection === "waiting" ? <Unreachable /> : <p className="hidden">Loading</p>}
      </section>
    );
  }
  if (missing) {
    return (
      <section className="empty" aria-label="Conversation">
        <Mark />
        <h1>There is no such chat</h1>
        <p>It was deleted, or you are not in it, or the address is wrong.</p>
        {onBack && (
          <button type="button" className="button primary" onClick={onBack}>
            <Icon name="back" />
            Your chats
          </button>
        )}
      </section>
    );
  }
  return (
    <section className="empty" aria-label="Conversation">
      <Mark />
      <h1>{chats.length === 0 ? "Nothing said yet" : "Pick up where you left off"}</h1>
      <p>{chats.length === 0 ? "Start a chat and invite somebody by their user name." : "Choose a chat on the left, or start a new one."}</p>
      <button type="button" className="button primary" onClick={onCreate}>
        <Icon name="plus" />
        New chat
      </button>
    </section>
  );
}

function Unreachable(): ReactNode {
  return (
    <>
      <Icon name="alert" />
      <h1>The server does not answer</h1>
      <p role="status">It is tried again by itself, and goes on where it stopped.</p>
    </>
  );
}
