import type { Message } from "@chinwag/sdk";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Icon, type IconName } from "../shared/icons.js";
import type { ComposerMode } from "./composer.js";
import { nameOf, useSurroundings } from "./context.js";

interface MessageMenuProps {
  message: Message;
  mine: boolean;
  deletable: boolean;
  onCompose: (mode: ComposerMode) => void;
  onClose: () => void;
}

export function MessageMenu({ message, mine, deletable, onCompose, onClose }: MessageMenuProps): ReactNode {
  const surroundings = useSurroundings();
  const { client, say } = surroundings;
  const [sure, setSure] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => menu.current?.querySelector<HTMLElement>("button")?.focus(), []);
  const then = (deed: () => void) => () => {
    onClose();
    deed();
  };
  const copy = () =>
    navigator.clipboard.writeText(message.content).then(
      () => say("Copied."),
      () => say("The browser does not let this page copy."),
    );
  const remove = () => void client.realtime.deleteMessage(message.chatId, message.messageId).catch((error: Error) => say(error.message));
  return (
    <div className="menu" role="menu" ref={menu} onKeyDown={walk}>
      <Choice icon="reply" text="Reply" onChoose={then(() => onCompose({ kind: "reply", message }))} />
      <Choice icon="copy" text="Copy text" onChoose={then(copy)} />
      {mine && <Choice icon="edit" text="Edit" onChoose={then(() => onCompose({ kind: "edit", message }))} />}
      {deletable && <Choice icon="trash" text={sure ? "Delete for everyone?" : "Delete"} danger onChoose={() => (sure ? then(remove)() : setSure(true))} />}
      {message.reactions.length > 0 && (
        <ul className="menu-reactions" aria-label="Reactions">
          {message.reactions.map(({ reactionId, reaction, senderId }) => (
            <li key={reactionId}>
              <span className="emoji">{reaction}</span> {nameOf(surroundings, senderId)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Choice({ icon, text, danger = false, onChoose }: { icon: IconName; text: string; danger?: boolean; onChoose: () => void }): ReactNode {
  return (
    <button type="button" role="menuitem" className={danger ? "danger" : ""} onClick={onChoose}>
      <Icon name={icon} />
      {text}
    </button>
  );
}

function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const choices = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=menuitem]")];
  const at = choices.indexOf(event.target as HTMLElement);
  choices[(at + step + choices.length) % choices.length]?.focus();
}
