/** Changes to stored messages that wait in the outbox: they are shown at once, as what they are. */
import type { ChinwagClient, OutboxEntry } from "@chinwag/sdk";
import { useEffect, useState } from "react";

export interface Pending {
  /** The newest text that waits to replace the stored one. */
  readonly edit?: OutboxEntry & { action: { type: "EDIT_MSG" } };
  readonly deletion?: OutboxEntry;
  /** Emoji that wait to be added. */
  readonly reactions: readonly string[];
}

export interface PendingChanges {
  readonly messages: ReadonlyMap<string, Pending>;
  /** Reactions that wait to be taken back. */
  readonly takenBack: ReadonlySet<string>;
}

const NONE: PendingChanges = { messages: new Map(), takenBack: new Set() };

export function usePending(client: ChinwagClient, chatId: string): PendingChanges {
  const [pending, setPending] = useState(NONE);
  useEffect(() => {
    const look = () => setPending((before) => changesOf(client.realtime.outbox, chatId, before));
    look();
    return client.realtime.on("outbox", look);
  }, [client, chatId]);
  return pending;
}

/** Exported for its test: the same value as `before` when there is nothing, as almost always. */
export function changesOf(outbox: readonly OutboxEntry[], chatId: string, before: PendingChanges): PendingChanges {
  const messages = new Map<string, Pending>();
  const takenBack = new Set<string>();
  for (const entry of outbox) {
    const { action } = entry;
    if (action.type === "DELETE_REACT" && entry.state !== "failed") takenBack.add(action.reactionId);
    if (!("messageId" in action) || action.chatId !== chatId) continue;
    const known = messages.get(action.messageId) ?? { reactions: [] };
    if (action.type === "EDIT_MSG") messages.set(action.messageId, { ...known, edit: { ...entry, action } });
    if (action.type === "DELETE_MSG") messages.set(action.messageId, { ...known, deletion: entry });
    if (action.type === "REACT" && entry.state !== "failed") {
      messages.set(action.messageId, { ...known, reactions: [...known.reactions, action.reaction] });
    }
  }
  const nothing = messages.size === 0 && takenBack.size === 0;
  return nothing && before.messages.size === 0 && before.takenBack.size === 0 ? before : { messages, takenBack };
}
