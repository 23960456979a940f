/** The entries of an open chat under events, pages and the outbox. Pure. */
import type { OutboxEntry } from "../realtime/outbox.js";
import type { ChatEvent, Message, ReactEvent, ReplyEvent, SendMsgEvent } from "../wire.js";
import type { Entry, OpenChat } from "./state.js";

/** Puts a stored message in its place, or its newer form over the older one. `key`: of the entry that it was before. */
export function withMessage(chat: OpenChat, message: Message, key = message.messageId): OpenChat {
  const known = chat.entries.find((entry) => entry.message?.messageId === message.messageId);
  if (known?.message && known.message.changedSeq > message.changedSeq) return chat;
  const entry = storedEntry(message, known?.key ?? key);
  const others = chat.entries.filter((other) => other.nonce === undefined || other.nonce !== key);
  if (known) return replaced({ ...chat, entries: others }, known, entry);
  // Most come last, before those that wait.
  let at = others.length;
  while (at > 0 && (others[at - 1]?.message?.seq ?? Number.POSITIVE_INFINITY) > message.seq) at -= 1;
  return { ...chat, entries: [...others.slice(0, at), entry, ...others.slice(at)] };
}

function storedEntry(message: Message, key: string): Entry {
  return { key, state: "stored", senderId: message.senderId, content: message.content, message };
}

/**
 * `messages` newest first. The page may know a message that is still shown as being sent, since its echo comes by another
 * way; pages do not know nonces, so the newest of the same sender and text it is.
 */
export function withPage(chat: OpenChat, messages: readonly Message[]): OpenChat {
  if (olderThanAll(chat, messages)) {
    const older = [...messages].reverse().map((message) => storedEntry(message, message.messageId));
    return { ...chat, entries: [...older, ...chat.entries] };
  }
  const sending = chat.entries.filter(({ state }) => state === "sending").reverse();
  const stored = new Set(chat.entries.map(({ message }) => message?.messageId));
  return messages.reduce((into, message) => {
    const at = stored.has(message.messageId)
      ? -1
      : sending.findIndex(({ senderId, content }) => senderId === message.senderId && content === message.content);
    const [adopted] = at < 0 ? [] : sending.splice(at, 1);
    return withMessage(into, message, adopted?.key);
  }, chat);
}

/** So it is with every page after the first, and a long history must not cost more with each of them. */
function olderThanAll(chat: OpenChat, messages: readonly Message[]): boolean {
  const oldest = chat.entries[0]?.message?.seq;
  return oldest !== undefined && messages.every(({ seq }) => seq < oldest);
}

/** Without what is older than the page: between them may be what nobody has loaded. */
export function withoutBefore(chat: OpenChat, page: readonly Message[]): OpenChat {
  const oldest = page.at(-1)?.seq ?? 0;
  return { ...chat, entries: chat.entries.filter(({ message }) => message === undefined || message.seq >= oldest) };
}

export function withoutMessage(chat: OpenChat, messageId: string): OpenChat {
  const entries = chat.entries.filter((entry) => entry.message?.messageId !== messageId);
  const open = { ...chat, entries };
  // Replies show the original as it is now.
  return overMessages(open, (message) => (message.replyTo?.messageId === messageId ? { ...message, replyTo: null } : message));
}

/** What an event of this chat does to its messages. */
export function withEvent(chat: OpenChat, event: ChatEvent): OpenChat {
  switch (event.type) {
    case "SEND_MSG":
    case "REPLY":
      return withMessage(chat, messageOf(event), event.nonce);
    case "EDIT_MSG":
      return overMessages(chat, (message) => {
        const edit = { content: event.message, edited: true, editedAt: event.editedAt };
        if (message.messageId === event.messageId) return { ...message, ...edit, changedSeq: event.seq ?? message.changedSeq };
        return message.replyTo?.messageId === event.messageId ? { ...message, replyTo: { ...message.replyTo, ...edit } } : message;
      });
    case "DELETE_MSG":
      return withoutMessage(chat, event.messageId);
    case "REACT":
      return overMessages(chat, (message) => {
        if (message.messageId !== event.parentMessageId) return message;
        if (message.reactions.some(({ reactionId }) => reactionId === event.messageId)) return message;
        return { ...message, reactions: [...message.reactions, reactionOf(event)] };
      });
    case "DELETE_REACT":
      return overMessages(chat, (message) => {
        const reactions = message.reactions.filter(({ reactionId }) => reactionId !== event.messageId);
        return reactions.length === message.reactions.length ? message : { ...message, reactions };
      });
    case "READ_MSG":
      return overMembers(chat, event.senderId, event.messageId);
    case "USER_JOIN": {
      if (chat.members.some(({ userId }) => userId === event.message)) return chat;
      // When they joined is known only to those who load the members again.
      const member = { userId: event.message, username: event.username, joinedChatAt: "", lastSeenMessage: null };
      return { ...chat, members: [...chat.members, member] };
    }
    case "USER_LEAVE":
      return { ...chat, members: chat.members.filter(({ userId }) => userId !== event.senderId) };
    default:
      return chat;
  }
}

/** Shows what waits. A stored one stays where it is until its message takes its place. */
export function withOutbox(chat: OpenChat, { nonce, userId, action, state, error, event }: OutboxEntry, gone: boolean): OpenChat {
  if (event && (event.type === "SEND_MSG" || event.type === "REPLY")) return withMessage(chat, messageOf(event), nonce);
  const known = chat.entries.find((entry) => entry.nonce === nonce);
  if (gone) return known ? { ...chat, entries: chat.entries.filter((entry) => entry !== known) } : chat;
  if (state === "stored" || (action.type !== "SEND_MSG" && action.type !== "REPLY")) return chat;
  const waiting: Entry = {
    key: nonce,
    nonce,
    state,
    senderId: userId,
    content: action.message,
    ...(action.type === "REPLY" && { replyToId: action.messageId }),
    ...(error && { error }),
  };
  return known ? replaced(chat, known, waiting) : { ...chat, entries: [...chat.entries, waiting] };
}

function messageOf(event: SendMsgEvent | ReplyEvent): Message {
  return {
    chatId: event.chatId,
    timeStamp: event.timeStamp,
    messageId: event.messageId,
    senderId: event.senderId,
    content: event.message,
    edited: false,
    editedAt: null,
    replyTo: event.type === "REPLY" ? event.replyTo : null,
    reactions: [],
    seq: event.seq ?? 0,
    changedSeq: event.seq ?? 0,
  };
}

function reactionOf(event: ReactEvent) {
  const { chatId, senderId } = event;
  return { reactionId: event.messageId, chatId, messageId: event.parentMessageId, senderId, reaction: event.message, createdAt: event.timeStamp };
}

function overMembers(chat: OpenChat, userId: string, lastSeenMessage: string): OpenChat {
  const members = chat.members.map((member) => (member.userId === userId ? { ...member, lastSeenMessage } : member));
  return { ...chat, members };
}

function overMessages(chat: OpenChat, change: (message: Message) => Message): OpenChat {
  let changed = false;
  const entries = chat.entries.map((entry) => {
    const message = entry.message && change(entry.message);
    if (!message || message === entry.message) return entry;
    changed = true;
    return { ...entry, message, content: message.content };
  });
  return changed ? { ...chat, entries } : chat;
}

function replaced(chat: OpenChat, old: Entry, entry: Entry): OpenChat {
  return { ...chat, entries: chat.entries.map((other) => (other === old ? entry : other)) };
}
