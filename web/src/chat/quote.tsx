import type { Entry } from "@chinwag/sdk/store";
import type { ReactNode } from "react";
import { nameOf, useSurroundings } from "./context.js";

interface QuoteProps {
  entry: Entry;
  /** The tab index of what is in it. */
  stop: 0 | -1;
  onJump: (messageId: string) => void;
}

/** The message that is replied to, and the way to it. */
export function Quote({ entry, stop, onJump }: QuoteProps): ReactNode {
  const original = entry.message?.replyTo;
  if (original) return <QuotedMessage messageId={original.messageId} senderId={original.senderId} content={original.content} stop={stop} onJump={onJump} />;
  const waiting = entry.message ? undefined : entry.replyToId;
  if (waiting === undefined) return null;
  // The server will tell what it says; until then we know that it is one.
  return (
    <button type="button" className="quote" tabIndex={stop} onClick={() => onJump(waiting)}>
      <b>In reply</b>
      <span>to an earlier message</span>
    </button>
  );
}

interface QuotedMessageProps {
  messageId: string;
  senderId: string;
  content: string;
  stop: 0 | -1;
  onJump: (messageId: string) => void;
}

function QuotedMessage({ messageId, senderId, content, stop, onJump }: QuotedMessageProps): ReactNode {
  const surroundings = useSurroundings();
  return (
    <button type="button" className="quote" tabIndex={stop} title="Go to this message" onClick={() => onJump(messageId)}>
      <b>{nameOf(surroundings, senderId)}</b>
      <span>{content}</span>
    </button>
  );
}
