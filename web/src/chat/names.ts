import type { ChatDetails } from "@chinwag/sdk";
import type { Me } from "./context.js";

const BETWEEN = ", ";

/** The name of a chat that was given none. */
export function defaultName(usernames: readonly string[]): string {
  return usernames.join(BETWEEN);
}

/** As this user sees it: a chat of two that was given no name bears the other one's. */
export function chatName({ chatName: name, groupChat }: ChatDetails, me: Me): string {
  if (groupChat) return name;
  const both = name.split(BETWEEN);
  const [other, ...more] = both.filter((username) => username !== me.username);
  return both.length === 2 && other !== undefined && more.length === 0 ? other : name;
}

/** What the colour of a chat follows from: people have theirs by name wherever they are seen, chats by what never changes. */
export function faceOf(chat: ChatDetails, me: Me): string {
  const name = chatName(chat, me);
  return name === chat.chatName ? chat.chatId : name;
}
