/** What waits in the outbox, in numbers and words. */
import type { ChinwagClient, OutboxEntry } from "@chinwag/sdk";
import { useEffect, useState } from "react";

export interface Waiting {
  readonly messages: number;
  /** Edits, deletions and reactions. */
  readonly changes: number;
}

const NOTHING: Waiting = { messages: 0, changes: 0 };

/** That something was read waits too, but is nothing that somebody did. */
export function waitingOf(entries: readonly OutboxEntry[]): Waiting {
  const types = entries.map(({ action: { type } }) => type).filter((type) => type !== "READ_MSG");
  const messages = types.filter((type) => type === "SEND_MSG" || type === "REPLY").length;
  return { messages, changes: types.length - messages };
}

/** "2 messages and 1 change"; "" if there is nothing. */
export function inWords({ messages, changes }: Waiting): string {
  return [counted(messages, "message"), counted(changes, "change")].filter(Boolean).join(" and ");
}

function counted(count: number, what: string): string {
  return count === 0 ? "" : `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Of one chat. What was refused for good waits no more. */
export function useWaiting(client: ChinwagClient, chatId: string): Waiting {
  const [waiting, setWaiting] = useState(NOTHING);
  useEffect(() => {
    const look = () => {
      const mine = client.realtime.outbox.filter(({ action, state }) => "chatId" in action && action.chatId === chatId && state !== "failed");
      const found = waitingOf(mine);
      setWaiting((before) => (before.messages === found.messages && before.changes === found.changes ? before : found));
    };
    look();
    return client.realtime.on("outbox", look);
  }, [client, chatId]);
  return waiting;
}
