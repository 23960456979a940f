import type { ChatDetails } from "@chinwag/sdk";
import type { ReactNode } from "react";
import type { ComposerMode } from "./composer.js";
import { nameOf, useSurroundings } from "./context.js";
import { MessageRow } from "./message.js";
import { useSettled } from "./settled.js";
import { shapeOf } from "./shape.js";
import type { Messages } from "./timeline.js";

interface UnloadedProps {
  chat: ChatDetails;
  messages: Messages;
  onCompose: (mode: ComposerMode) => void;
  onDone: () => void;
}

const NOTHING: ReadonlySet<string> = new Set();

/** A chat whose messages are not there yet, or cannot be had: what is written to it meanwhile is to be seen all the same. */
export function Unloaded({ chat, messages: { entries, error }, onCompose, onDone }: UnloadedProps): ReactNode {
  const surroundings = useSurroundings();
  const { me } = surroundings;
  const connection = useSettled();
  return (
    <div className="timeline-frame">
      <div className="timeline" role="region" aria-label="Messages">
        <div className="timeline-state">
          {connection === "waiting" ? (
            <p className="timeline-later" role="status">
              What was said before is loaded when the server can be reached.
            </p>
          ) : error ? (
            <p className="note bad" role="alert">The messages could not be loaded: {error.message}</p>
          ) : (
            <LoadingMessages />
          )}
        </div>
        {entries.map((entry, index) => (
          <MessageRow
            key={entry.key}
            entry={entry}
            {...shapeOf(entries, index, null, true)}
            beginning={null}
            name={nameOf(surroundings, entry.senderId)}
            active={index === entries.length - 1}
            flashed={false}
            deletable={chat.creator === me.userId || entry.senderId === me.userId}
            pending={undefined}
            takenBack={NOTHING}
            readers={undefined}
            read={false}
            onActive={() => {}}
            onCompose={onCompose}
            onDone={onDone}
            onJump={() => {}}
          />
        ))}
      </div>
    </div>
  );
}

function LoadingMessages(): ReactNode {
  return (
    <div className="timeline-skeleton" role="status" aria-label="Loading messages">
      {["62", "44", "75", "30", "56"].map((width, at) => (
        <i key={width} className="skeleton-bubble" data-width={width} data-mine={at % 3 === 1} />
      ))}
    </div>
  );
}
