/** The list of chats under events. Pure. */
import type { ChatDetails, ChatEvent } from "../wire.js";

/**
 * The chats after an event; null if the event does not say enough, and they are to be loaded again: chats that were not
 * there before, and messages that disappeared. `me` is who looks at them.
 */
export function chatsAfter(chats: readonly ChatDetails[], event: ChatEvent, me: string): readonly ChatDetails[] | null {
  const chat = chats.find(({ chatId }) => chatId === event.chatId);
  if (event.type === "TYPING" || event.type === "REACT" || event.type === "DELETE_REACT") return chats;
  if (event.type === "DELETE_CHAT" || (event.type === "USER_LEAVE" && event.senderId === me)) return chats.filter((other) => other !== chat);
  if (!chat) return null;
  const changed = chatAfter(chat, event, me);
  if (changed === null || changed === chat) return changed && chats;
  const others = chats.filter((other) => other !== chat);
  return activeBefore(changed, chat) ? [changed, ...others] : chats.map((other) => (other === chat ? changed : other));
}

function chatAfter(chat: ChatDetails, event: ChatEvent, me: string): ChatDetails | null {
  switch (event.type) {
    case "SEND_MSG":
    case "REPLY": {
      const unreadCount = chat.unreadCount + (event.senderId === me ? 0 : 1);
      return { ...chat, lastMessage: event.message, lastMessageTimestamp: event.timeStamp, unreadCount };
    }
    case "READ_MSG":
      if (event.senderId !== me) return chat;
      return { ...chat, lastReadMessage: event.messageId, unreadCount: event.unreadCount ?? 0 };
    case "CHAT_RENAMED":
      return { ...chat, chatName: event.message };
    // Whose creator left has another one; the newest message may be edited, or gone; who came counts towards groupChat.
    default:
      return null;
  }
}

function activeBefore(changed: ChatDetails, chat: ChatDetails): boolean {
  return changed.lastMessageTimestamp !== chat.lastMessageTimestamp;
}
