/** What crosses the wire (docs/protocol.md), as types. test/wire.test.ts checks them against a real server's answers. */

/** "2026-11-22T15:40:00.007Z": RFC 3339, UTC, milliseconds. Never an order: that is `seq`. */
export type Timestamp = string;
export type Uuid = string;

export interface RegisterUserRequest {
  username: string;
  email: string;
  password: string;
  firstName?: string;
  surName?: string;
}

export interface RegisteredUser {
  id: Uuid;
  username: string;
  email: string;
}

export interface SignInRequest {
  username: string;
  password: string;
}

export interface SignInResponse extends RegisteredUser {
  refreshToken: string;
  roles: string[];
}

export interface User extends RegisteredUser {
  role: string[];
}

export interface ChatDetails {
  chatId: Uuid;
  chatName: string;
  /** When the newest message was sent; null in a chat without messages, as is its text. */
  lastMessageTimestamp: Timestamp | null;
  lastMessage: string | null;
  createdAt: Timestamp;
  /** A user's id. */
  creator: Uuid;
  /** True from the third member on. */
  groupChat: boolean;
  /** Other people's messages after `lastReadMessage`. */
  unreadCount: number;
  lastReadMessage: Uuid | null;
  /** How many members the chat has. */
  members: number;
}

export interface ChatUserInfo {
  userId: Uuid;
  username: string;
  joinedChatAt: Timestamp;
  /** The last message they have read. */
  lastSeenMessage: Uuid | null;
}

export interface MessageContent {
  chatId: Uuid;
  timeStamp: Timestamp;
  messageId: Uuid;
  senderId: Uuid;
  content: string;
  edited: boolean;
  editedAt: Timestamp | null;
}

export interface Message extends MessageContent {
  /** The original as it is now; null if this is no reply, or the original was deleted. */
  replyTo: MessageContent | null;
  reactions: Reaction[];
  /** Of the event that created the message: the order of the chat. */
  seq: number;
  /** Of the event that created or last edited it: what `ifSeq` must name. */
  changedSeq: number;
}

export interface Reaction {
  reactionId: Uuid;
  chatId: Uuid;
  messageId: Uuid;
  senderId: Uuid;
  /** The emoji. */
  reaction: string;
  createdAt: Timestamp;
}

export interface ChatsResponse {
  chats: ChatDetails[];
}

export interface ChatUsersResponse {
  users: ChatUserInfo[];
}

export interface MessagesResponse {
  messages: Message[];
}

/** What a client asks for. */
export type Action =
  | { type: "SEND_MSG"; chatId: Uuid; message: string }
  | { type: "EDIT_MSG"; chatId: Uuid; messageId: Uuid; message: string; ifSeq?: number }
  | { type: "DELETE_MSG"; chatId: Uuid; messageId: Uuid; ifSeq?: number }
  | { type: "REPLY"; chatId: Uuid; messageId: Uuid; message: string }
  | { type: "TYPING"; chatId: Uuid }
  | { type: "REACT"; chatId: Uuid; messageId: Uuid; reaction: string }
  | { type: "DELETE_REACT"; reactionId: Uuid }
  | { type: "READ_MSG"; chatId: Uuid; messageId: Uuid };

interface EventBase {
  chatId: Uuid;
  /** Who is reading this. */
  recipientId: Uuid;
  senderId: Uuid;
  /** The chat's order. Missing where nothing was stored. */
  seq?: number;
  /** Of the action, only to the sender's own connections. */
  nonce?: string;
  /** This answers a repeated action with its first result. */
  replayed?: boolean;
}

export interface SendMsgEvent extends EventBase {
  type: "SEND_MSG";
  message: string;
  messageId: Uuid;
  timeStamp: Timestamp;
}

export interface EditMsgEvent extends EventBase {
  type: "EDIT_MSG";
  message: string;
  messageId: Uuid;
  editedAt: Timestamp;
}

export interface DeleteMsgEvent extends EventBase {
  type: "DELETE_MSG";
  messageId: Uuid;
  timeStamp: Timestamp;
}

export interface ReplyEvent extends EventBase {
  type: "REPLY";
  message: string;
  messageId: Uuid;
  replyTo: MessageContent | null;
  timeStamp: Timestamp;
}

export interface TypingEvent extends EventBase {
  type: "TYPING";
}

export interface ReactEvent extends EventBase {
  type: "REACT";
  /** The reaction's id: what `removeReaction` takes. */
  messageId: Uuid;
  /** The emoji. */
  message: string;
  /** The message that was reacted to. */
  parentMessageId: Uuid;
  timeStamp: Timestamp;
}

export interface DeleteReactEvent extends EventBase {
  type: "DELETE_REACT";
  /** The reaction's id. */
  messageId: Uuid;
  parentMessageId: Uuid;
}

export interface ReadMsgEvent extends EventBase {
  type: "READ_MSG";
  messageId: Uuid;
  /** Only to the reader's own connections. */
  unreadCount?: number;
}

export interface UserJoinEvent extends EventBase {
  type: "USER_JOIN";
  /** The new member's id; `senderId` is who added them. */
  message: Uuid;
  username: string;
}

export interface UserLeaveEvent extends EventBase {
  type: "USER_LEAVE";
  /** A sentence for people; `senderId` is who left or was removed. */
  message: string;
  timeStamp: Timestamp;
}

export interface NewChatEvent extends EventBase {
  type: "NEW_CHAT";
  /** The chat's name. */
  message: string;
  timeStamp: Timestamp;
}

export interface DeleteChatEvent extends EventBase {
  type: "DELETE_CHAT";
}

export interface ChatRenamedEvent extends EventBase {
  type: "CHAT_RENAMED";
  /** The new name. */
  message: string;
  timeStamp: Timestamp;
}

export type ChatEvent =
  | SendMsgEvent
  | EditMsgEvent
  | DeleteMsgEvent
  | ReplyEvent
  | TypingEvent
  | ReactEvent
  | DeleteReactEvent
  | ReadMsgEvent
  | UserJoinEvent
  | UserLeaveEvent
  | NewChatEvent
  | DeleteChatEvent
  | ChatRenamedEvent;

export interface RefusalNotice {
  type: "ERROR";
  code: string;
  message: string;
  action: string | null;
  receipt: string | null;
  nonce: string | null;
  /** With `CONFLICT`: the message as it is now. */
  current?: Message;
}

/** What a connection is told about itself. */
export type Notice =
  | RefusalNotice
  | { type: "RESUMED"; cursor: string }
  | { type: "RESYNC"; cursor: string }
  | { type: "HEAD"; cursor: string };

/** The body of every error answer (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  /** As text, as in "404". */
  status: string;
  detail: string;
  instance: string;
  /** Stable; the texts are not. */
  code: string;
  message: string;
  /** With `CONFLICT`: the message as it is now. */
  current?: Message;
}
