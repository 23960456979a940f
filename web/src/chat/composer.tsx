import { useSend, useTyping } from "@chinwag/react";
import type { ChatDetails, Message } from "@chinwag/sdk";
import { type KeyboardEvent, type ReactNode, type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import { Icon } from "../shared/icons.js";
import { Popover } from "../shared/popover.js";
import { useSurroundings } from "./context.js";
import { draftOf, keepDraft } from "./drafts.js";
import { chatName } from "./names.js";
import { EmojiPanel } from "./reactions.js";

/** The server's default limit, in bytes of UTF-8; its word counts. */
const BYTES_MAX = 16_384;
/** From here on one is told how much is left. */
const BYTES_SHOWN = 15_000;

export type ComposerMode = { kind: "new" } | { kind: "reply"; message: Message } | { kind: "edit"; message: Message };

interface ComposerProps {
  ref: Ref<HTMLTextAreaElement>;
  chat: ChatDetails;
  mode: ComposerMode;
  nameOf: (userId: string) => string;
  onMode: (mode: ComposerMode) => void;
  /** The arrow up in an empty field. */
  onEditLast: () => void;
}

export function Composer({ ref, chat, mode, nameOf, onMode, onEditLast }: ComposerProps): ReactNode {
  const { client, me, say } = useSurroundings();
  const { send, reply } = useSend(chat.chatId);
  const { sendTyping } = useTyping(chat.chatId);
  const [text, setText] = useState(() => draftOf(me.userId, chat.chatId));
  const [picker, setPicker] = useState<HTMLElement | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle(ref, () => field.current as HTMLTextAreaElement);
  useGrowing(field, text);
  const editing = mode.kind === "edit" ? mode.message : null;
  const type = (typed: string) => {
    setText(typed);
    // An edit is no draft: what was drafted before is there again when it is done.
    if (editing) return;
    keepDraft(me.userId, chat.chatId, typed);
    if (typed !== "") sendTyping();
  };
  useEffect(() => {
    setText(editing ? editing.content : draftOf(me.userId, chat.chatId));
  }, [editing, me.userId, chat.chatId]);
  useLayoutEffect(() => {
    // On a phone it would open the keyboard.
    if (matchMedia("(hover: hover)").matches) field.current?.focus();
  }, [chat.chatId]);
  const bytes = text.length * 3 > BYTES_SHOWN ? new TextEncoder().encode(text).length : 0;
  const sendable = text.trim() !== "" && bytes <= BYTES_MAX;
  const submit = () => {
    if (!sendable) return;
    // What comes of sending is shown where the message stands.
    if (mode.kind === "new") void send(text);
    if (mode.kind === "reply") void reply(mode.message, text);
    if (editing && text !== editing.content) {
      client.realtime.editMessage(chat.chatId, editing.messageId, text).catch((error: Error) => say(error.message));
    }
    if (!editing) keepDraft(me.userId, chat.chatId, "");
    setText("");
    onMode({ kind: "new" });
    field.current?.focus();
  };
  const pressed = (event: KeyboardEvent) => {
    // Enter also ends the composing of Japanese, Chinese and Korean words.
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape" && mode.kind !== "new") onMode({ kind: "new" });
    if (event.key === "ArrowUp" && text === "" && mode.kind === "new") {
      event.preventDefault();
      onEditLast();
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    submit();
  };
  const insert = (emoji: string) => {
    setPicker(null);
    const { selectionStart, selectionEnd } = field.current ?? { selectionStart: text.length, selectionEnd: text.length };
    type(text.slice(0, selectionStart) + emoji + text.slice(selectionEnd));
    field.current?.focus();
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {mode.kind !== "new" && (
        <div className="composer-mode">
          <Icon name={mode.kind} />
          <p>
            <b>{mode.kind === "edit" ? "Editing" : `Replying to ${nameOf(mode.message.senderId)}`}</b>
            <span>{mode.message.content}</span>
          </p>
          <button type="button" className="icon-button" aria-label={mode.kind === "edit" ? "Stop editing" : "Do not reply"} onClick={() => onMode({ kind: "new" })}>
            <Icon name="close" />
          </button>
        </div>
      )}
      <div className="composer-field">
        <button type="button" className="icon-button" aria-label="Emoji" title="Emoji" aria-expanded={picker !== null} onClick={(event) => setPicker(event.currentTarget)}>
          <Icon name="smile" />
        </button>
        <textarea
          ref={field}
          rows={1}
          aria-label={`Message to ${chatName(chat, me)}`}
          placeholder={`Message ${chatName(chat, me)}`}
          enterKeyHint="send"
          value={text}
          onChange={(event) => type(event.target.value)}
          onKeyDown={pressed}
        />
        {bytes > BYTES_SHOWN && (
          <small className="composer-left" data-over={bytes > BYTES_MAX} role="status">
            {bytes > BYTES_MAX ? `${bytes - BYTES_MAX} too long` : `${BYTES_MAX - bytes} left`}
          </small>
        )}
        <button type="submit" className="send" aria-label={editing ? "Save" : "Send"} title={editing ? "Save" : "Send"} disabled={!sendable}>
          <Icon name={editing ? "check" : "send"} />
        </button>
      </div>
      {picker && (
        <Popover anchor={picker} label="Emoji" onClose={() => setPicker(null)}>
          <EmojiPanel onChoose={insert} />
        </Popover>
      )}
    </form>
  );
}

/** As high as what is in it; the style sheet knows how high at most. */
function useGrowing(field: { readonly current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const shown = field.current;
    if (!shown) return;
    shown.style.height = "auto";
    shown.style.height = `${shown.scrollHeight}px`;
  }, [field, text]);
}
