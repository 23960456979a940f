import type { Message, Reaction } from "@chinwag/sdk";
import { type ReactNode, Suspense, lazy } from "react";
import { type Surroundings, nameOf, useSurroundings } from "./context.js";
import type { Pending } from "./pending.js";

const EmojiPicker = lazy(() => import("./emoji-picker.js"));

/** The emoji's data is fetched when it is first wanted. */
export function EmojiPanel({ onChoose }: { onChoose: (emoji: string) => void }): ReactNode {
  return (
    <Suspense fallback={<div className="emoji-picker" role="status" aria-label="Loading emoji" />}>
      <EmojiPicker onChoose={onChoose} />
    </Suspense>
  );
}

/** Reacts, or takes the same reaction of before back. */
export function react({ client, me, say }: Surroundings, message: Message, emoji: string): void {
  const mine = message.reactions.find(({ senderId, reaction }) => senderId === me.userId && reaction === emoji);
  const done = mine ? client.realtime.removeReaction(mine.reactionId) : client.realtime.addReaction(message.chatId, message.messageId, emoji);
  done.catch((error: Error) => say(error.message));
}

interface ReactionsProps {
  message: Message;
  pending: Pending | undefined;
  takenBack: ReadonlySet<string>;
  stop: 0 | -1;
}

export function Reactions({ message, pending, takenBack, stop }: ReactionsProps): ReactNode {
  const surroundings = useSurroundings();
  const { me } = surroundings;
  const shown = message.reactions.filter(({ reactionId }) => !takenBack.has(reactionId));
  const groups = byEmoji(shown, me.userId, pending?.reactions ?? []);
  if (groups.size === 0) return null;
  return (
    <ul className="reactions" aria-label="Reactions">
      {[...groups].map(([emoji, userIds]) => {
        const names = userIds.map((userId) => (userId === me.userId ? "you" : nameOf(surroundings, userId))).join(", ");
        return (
          <li key={emoji}>
            <button
              type="button"
              tabIndex={stop}
              aria-pressed={userIds.includes(me.userId)}
              aria-label={`${emoji} ${userIds.length}: ${names}`}
              data-who={names}
              onClick={() => react(surroundings, message, emoji)}
            >
              <span className="emoji">{emoji}</span>
              <span>{userIds.length}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** Who reacted with what, in the order of the first of each; one's own that are on their way among them. */
function byEmoji(reactions: readonly Reaction[], me: string, coming: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { reaction, senderId } of [...reactions, ...coming.map((reaction) => ({ reaction, senderId: me }))]) {
    const users = groups.get(reaction) ?? [];
    if (!users.includes(senderId)) groups.set(reaction, [...users, senderId]);
  }
  return groups;
}
