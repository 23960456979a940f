import type { ChatUserInfo } from "@chinwag/sdk";
import type { Entry } from "@chinwag/sdk/store";
import { type KeyboardEvent, type MouseEvent, type ReactNode, memo, useRef, useState } from "react";
import { Avatar, hueOf } from "../shared/avatar.js";
import { Icon } from "../shared/icons.js";
import { Popover } from "../shared/popover.js";
import { clockTime, dayName, exactTime } from "../shared/time.js";
import type { ComposerMode } from "./composer.js";
import { type Surroundings, useSurroundings } from "./context.js";
import { MessageMenu } from "./message-menu.js";
import type { Pending } from "./pending.js";
import { Quote } from "./quote.js";
import { EmojiPanel, Reactions, react } from "./reactions.js";
import type { Shape } from "./shape.js";
import { Text, isFewEmoji } from "./text.js";

const READERS_SHOWN = 4;

interface MessageRowProps extends Shape {
  entry: Entry;
  /** What stands above the very first message of the chat; null above any other. */
  beginning: string | null;
  /** Of the sender. */
  name: string;
  /** Whether it is the one that Tab reaches: the arrow keys go on from it. */
  active: boolean;
  flashed: boolean;
  deletable: boolean;
  pending: Pending | undefined;
  takenBack: ReadonlySet<string>;
  /** Who has read so far and no further. */
  readers: readonly ChatUserInfo[] | undefined;
  /** Whether anybody else has read it. */
  read: boolean;
  onActive: (key: string) => void;
  onCompose: (mode: ComposerMode) => void;
  onDone: () => void;
  onJump: (messageId: string) => void;
}

interface Opened {
  what: "menu" | "emoji";
  anchor: HTMLElement;
  /** By the mouse, not by a key. */
  pointed?: boolean;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps): ReactNode {
  const { entry, time, day, fresh, first, last, beginning, name, active, flashed, pending, readers } = props;
  const surroundings = useSurroundings();
  const mine = entry.senderId === surroundings.me.userId;
  const [open, setOpen] = useState<Opened | null>(null);
  const tools = useRef<HTMLDivElement>(null);
  const { message } = entry;
  const content = pending?.edit?.action.message ?? entry.content;
  const stop = active ? 0 : -1;
  const show = (what: Opened["what"]) => (event: MouseEvent<HTMLElement>) => setOpen({ what, anchor: event.currentTarget, pointed: event.detail > 0 });
  const close = () => {
    setOpen(null);
    const root = tools.current?.getRootNode() as Document | ShadowRoot | undefined;
    // Who came by keys goes on at the message.
    if (open?.pointed && root?.activeElement?.closest(".tools, .popover")) props.onDone();
  };
  const pressed = (event: KeyboardEvent) => {
    if (!message || event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const anchor = (name: string) => tools.current?.querySelector<HTMLElement>(`[data-tool="${name}"]`) ?? (event.currentTarget as HTMLElement);
    const deeds: Record<string, () => void> = {
      r: () => props.onCompose({ kind: "reply", message }),
      "+": () => setOpen({ what: "emoji", anchor: anchor("emoji") }),
      Enter: () => setOpen({ what: "menu", anchor: anchor("menu") }),
      ...(mine && { e: () => props.onCompose({ kind: "edit", message }) }),
      ...(props.deletable && { Delete: () => setOpen({ what: "menu", anchor: anchor("menu") }) }),
    };
    const deed = deeds[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  };
  return (
    <div className="row-frame" data-first={first}>
      {beginning !== null && <p className="beginning">{beginning}</p>}
      {day !== null && (
        <h3 className="day">
          <span>{dayName(day, Date.now())}</span>
        </h3>
      )}
      {fresh && (
        <p className="fresh">
          <span>New messages</span>
        </p>
      )}
      <article
        className="message"
        data-key={entry.key}
        data-mine={mine}
        data-last={last}
        data-state={entry.state}
        data-flashed={flashed}
        data-open={open !== null}
        data-reacted={(message?.reactions.length ?? 0) > 0}
        data-deleting={pending?.deletion !== undefined}
        tabIndex={stop}
        aria-label={spoken(props, mine, content)}
        aria-keyshortcuts={message ? "R Enter" : undefined}
        onFocus={() => props.onActive(entry.key)}
        onKeyDown={pressed}
      >
        {!mine && <span className="message-face">{last && <Avatar id={name} name={name} />}</span>}
        <div className="message-body">
          {first && !mine && (
            <p className="message-name" data-hue={hueOf(name)}>
              {name}
            </p>
          )}
          <div className="bubble" data-bare={isFewEmoji(content) && !message?.replyTo && !entry.replyToId}>
            <Quote entry={entry} stop={stop} onJump={props.onJump} />
            <span className="message-text">
              <Text text={content} />
            </span>
            <Meta entry={entry} pending={pending} time={time} mine={mine} read={props.read} />
          </div>
          {message && <Reactions message={message} pending={pending} takenBack={props.takenBack} stop={stop} />}
          <Failure entry={entry} pending={pending} />
          {message && (
            <div className="tools" ref={tools}>
              <button type="button" tabIndex={stop} aria-label="React with thumbs up" title="Thumbs up" onClick={() => react(surroundings, message, "👍")}>
                <span className="emoji">👍</span>
              </button>
              <button type="button" tabIndex={stop} data-tool="emoji" aria-label="React" title="React" aria-expanded={open?.what === "emoji"} onClick={show("emoji")}>
                <Icon name="smile" />
              </button>
              <button type="button" tabIndex={stop} aria-label="Reply" title="Reply (R)" onClick={() => props.onCompose({ kind: "reply", message })}>
                <Icon name="reply" />
              </button>
              <button type="button" tabIndex={stop} data-tool="menu" aria-label="More" title="More" aria-expanded={open?.what === "menu"} onClick={show("menu")}>
                <Icon name="more" />
              </button>
            </div>
          )}
        </div>
        {readers && readers.length > 0 && <ReadBy readers={readers} />}
      </article>
      {open && message && (
        <Popover anchor={open.anchor} label={open.what === "menu" ? "Message" : "React"} onClose={close}>
          {open.what === "menu" ? (
            <MessageMenu message={message} mine={mine} deletable={props.deletable} onCompose={props.onCompose} onClose={close} />
          ) : (
            <EmojiPanel
              onChoose={(emoji) => {
                react(surroundings, message, emoji);
                close();
              }}
            />
          )}
        </Popover>
      )}
    </div>
  );
});

/** The whole message in one breath, for a screen reader. */
function spoken({ name, entry, time, read }: MessageRowProps, mine: boolean, content: string): string {
  const state = { stored: mine && read ? ", read" : "", queued: ", waiting to be sent", sending: ", being sent", failed: ", not sent" }[entry.state];
  const edited = entry.message?.edited ? ", edited" : "";
  const reply = entry.message?.replyTo || entry.replyToId ? " in reply" : "";
  return `${mine ? "You" : name}${reply}, ${clockTime(time)}${edited}${state}: ${content}`;
}

interface MetaProps {
  entry: Entry;
  pending: Pending | undefined;
  time: number;
  mine: boolean;
  read: boolean;
}

/** When, and how far it came. */
function Meta({ entry, pending, time, mine, read }: MetaProps): ReactNode {
  const waiting = entry.state === "queued" || entry.state === "sending" || pending?.edit?.state === "queued" || pending?.edit?.state === "sending" || pending?.deletion;
  return (
    <span className="meta" title={exactTime(time)}>
      {(entry.message?.edited || pending?.edit) && <i>edited</i>}
      <time dateTime={new Date(time).toISOString()}>{clockTime(time)}</time>
      {waiting ? (
        <span className="receipt" title="Waiting to be sent">
          <Icon name="clock" />
        </span>
      ) : mine && entry.state === "stored" ? (
        <span className="receipt" data-read={read} title={read ? "Read" : "Stored by the server"}>
          <Icon name={read ? "checks" : "check"} />
        </span>
      ) : null}
    </span>
  );
}

/** What was refused for good: to be tried again, or given up. */
function Failure({ entry, pending }: { entry: Entry; pending: Pending | undefined }): ReactNode {
  const { client }: Surroundings = useSurroundings();
  const change = [pending?.edit, pending?.deletion].find((waiting) => waiting?.state === "failed");
  const nonce = entry.state === "failed" ? entry.nonce : change?.nonce;
  if (nonce === undefined) return null;
  const error = change ? change.error : entry.error;
  return (
    <p className="failure" role="alert">
      <Icon name="alert" />
      <span>
        {change ? "The change was refused" : "Not sent"}: {error?.message ?? "the server refused it"}.
      </span>
      <button type="button" onClick={() => void client.realtime.retry(nonce)}>
        Try again
      </button>
      <button type="button" onClick={() => client.realtime.discard(nonce)}>
        Discard
      </button>
    </p>
  );
}

function ReadBy({ readers }: { readers: readonly ChatUserInfo[] }): ReactNode {
  const names = readers.map(({ username }) => username).join(", ");
  return (
    <div className="read-by" title={`Read by ${names}`}>
      <span className="hidden">Read by {names}</span>
      {readers.slice(0, READERS_SHOWN).map(({ userId, username }) => (
        <Avatar key={userId} id={username} name={username} size="tiny" />
      ))}
      {readers.length > READERS_SHOWN && <small>+{readers.length - READERS_SHOWN}</small>}
    </div>
  );
}
