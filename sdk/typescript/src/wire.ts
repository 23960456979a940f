/** What crosses the wire (docs/protocol.md), as types. Written by `npm run wire` from docs/api/openapi.json: do not edit. */

/** RFC 3339 in UTC, with milliseconds. Never an order: that is `seq`. */
export type Timestamp = string;
export type Uuid = string;

export interface RegisterUserRequest {
  /** Unique in its app. White space at its ends is dropped. */
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

export interface SignInResponse {
  id: Uuid;
  username: string;
  email: string;
  refreshToken: string;
  roles: UserRole[];
}

/** The role of an app's end user. The one value, so that an account's token cannot be read as a user's. */
export type UserRole =
  | "USER";

export interface User {
  id: Uuid;
  username: string;
  email: string;
  role: UserRole[];
}

/** A chat as one of its members sees it. */
export interface ChatDetails {
  chatId: Uuid;
  chatName: string;
  lastMessageTimestamp: Timestamp | null;
  /** The newest message's text. */
  lastMessage: string | null;
  createdAt: Timestamp;
  creator: Uuid;
  /** False for a chat of one or two, true once it has had a third member. */
  groupChat: boolean;
  /** Other people's messages after the read pointer. */
  unreadCount: number;
  lastReadMessage: Uuid | null;
  /** How many people are in it. */
  members: number;
}

export interface ChatsResponse {
  chats: ChatDetails[];
}

export interface ChatUserInfo {
  userId: Uuid;
  username: string;
  joinedChatAt: Timestamp;
  /** The newest message they have read. */
  lastSeenMessage: Uuid | null;
}

export interface ChatUsersResponse {
  users: ChatUserInfo[];
}

/** A message in history. */
export interface Message {
  chatId: Uuid;
  timeStamp: Timestamp;
  messageId: Uuid;
  senderId: Uuid;
  content: string;
  edited: boolean;
  editedAt: Timestamp | null;
  /** The original as it is now; `null` if this is no reply or the original was deleted. */
  replyTo: MessageContent | null;
  reactions: Reaction[];
  /** Of the event that created it. */
  seq: number;
  /** Of the event that created or last edited it: what `ifSeq` must name. */
  changedSeq: number;
}

export interface Reaction {
  reactionId: Uuid;
  chatId: Uuid;
  messageId: Uuid;
  senderId: Uuid;
  /** One emoji. */
  reaction: string;
  createdAt: Timestamp;
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

export interface MessagesResponse {
  messages: Message[];
}

export interface SyncResponse {
  events: EventOrNotice[];
  /** Where to go on. */
  cursor: string;
  /** Whether to ask again at once. */
  more: boolean;
}

export type EventOrNotice = ChatEvent | Notice;

export interface EventBase {
  chatId: Uuid;
  recipientId: Uuid;
  senderId: Uuid;
  /** Only to the one whose action carried it. */
  nonce?: string;
  /** Only on the answer to a repeated nonce: this is the first result again. */
  replayed?: boolean;
  /** The event's place in its chat: from 1, without holes. Absent on what is not stored. */
  seq?: number;
}

/** A message was sent. */
export interface SendMsgEvent extends EventBase {
  type: "SEND_MSG";
  message: string;
  messageId: Uuid;
  timeStamp: Timestamp;
}

/** A message has another text. */
export interface EditMsgEvent extends EventBase {
  type: "EDIT_MSG";
  message: string;
  messageId: Uuid;
  editedAt: Timestamp;
}

/** A message is gone; `senderId` is who deleted it. */
export interface DeleteMsgEvent extends EventBase {
  type: "DELETE_MSG";
  messageId: Uuid;
  timeStamp: Timestamp;
}

/** A message was sent that refers to another. */
export interface ReplyEvent extends EventBase {
  type: "REPLY";
  message: string;
  messageId: Uuid;
  /** The original as it is now; `null` once it was deleted. */
  replyTo: MessageContent | null;
  timeStamp: Timestamp;
}

/** A member is typing. Not stored. */
export interface TypingEvent extends EventBase {
  type: "TYPING";
}

/** Somebody reacted. `messageId` is the reaction's own id, `message` the emoji, `parentMessageId` the message's. */
export interface ReactEvent extends EventBase {
  type: "REACT";
  messageId: Uuid;
  /** One emoji. */
  message: string;
  parentMessageId: Uuid;
  timeStamp: Timestamp;
}

/** A reaction was taken back. `messageId` is the reaction's id. */
export interface DeleteReactEvent extends EventBase {
  type: "DELETE_REACT";
  messageId: Uuid;
  parentMessageId: Uuid;
}

/** A member, `senderId`, has read up to this message. */
export interface ReadMsgEvent extends EventBase {
  type: "READ_MSG";
  messageId: Uuid;
  /** Only to the reader's own devices. */
  unreadCount?: number;
}

/** A user was added by `senderId`. */
export interface UserJoinEvent extends EventBase {
  type: "USER_JOIN";
  /** The new member. */
  message: Uuid;
  username: string;
}

/** A member, `senderId`, left or was removed. `message` is for people. */
export interface UserLeaveEvent extends EventBase {
  type: "USER_LEAVE";
  message: string;
  timeStamp: Timestamp;
}

/** A chat was made. */
export interface NewChatEvent extends EventBase {
  type: "NEW_CHAT";
  message: string;
  timeStamp: Timestamp;
}

/** The chat is gone; `senderId` is who deleted it. */
export interface DeleteChatEvent extends EventBase {
  type: "DELETE_CHAT";
}

/** The chat has another name. */
export interface ChatRenamedEvent extends EventBase {
  type: "CHAT_RENAMED";
  message: string;
  timeStamp: Timestamp;
}

/** Something that happened in a chat, as one member is told of it. */
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

/** An action of this connection was refused and changed nothing. */
export interface RefusalNotice {
  type: "ERROR";
  code: ServerCode;
  message: string;
  /** The refused action's type, as far as it could be read. */
  action: string | null;
  receipt: string | null;
  nonce: string | null;
  /** With `CONFLICT`: the message as it is now. */
  current?: Message;
}

/** Everything missed since the given cursor has been sent; what follows is live. */
export interface ResumedNotice {
  type: "RESUMED";
  cursor: string;
}

/** The given cursor cannot be honoured: reload by HTTP, then go on from `cursor`. */
export interface ResyncNotice {
  type: "RESYNC";
  cursor: string;
}

/** Everything up to `cursor` has been sent, though nothing new may have happened. */
export interface HeadNotice {
  type: "HEAD";
  cursor: string;
}

/** What one connection is told about itself. Existing clients ignore unknown types, so these are additive. */
export type Notice =
  | RefusalNotice
  | ResumedNotice
  | ResyncNotice
  | HeadNotice;

/** A stable code. Clients may match on it; texts may change. */
export type ServerCode =
  | "BAD_REQUEST"
  | "VALIDATION_FAILED"
  | "MALFORMED_JSON"
  | "UNKNOWN_ACTION"
  | "MESSAGE_TOO_LONG"
  | "INVALID_REACTION"
  | "TOO_MANY_REACTIONS"
  | "USERNAME_TAKEN"
  | "EMAIL_TAKEN"
  | "EXTERNAL_ID_TAKEN"
  | "ALREADY_MEMBER"
  | "CREATOR_NOT_INCLUDED"
  | "APP_LIMIT_REACHED"
  | "HOOK_LIMIT_REACHED"
  | "KEY_LIMIT_REACHED"
  | "AUTH_MISSING_CREDENTIALS"
  | "AUTH_INVALID_API_KEY"
  | "AUTH_INVALID_TOKEN"
  | "AUTH_EXPIRED_TOKEN"
  | "AUTH_SESSION_ENDED"
  | "AUTH_INVALID_REFRESH_TOKEN"
  | "AUTH_INVALID_TICKET"
  | "AUTH_BAD_CREDENTIALS"
  | "APP_SUSPENDED"
  | "SENDER_MISMATCH"
  | "NOT_MESSAGE_SENDER"
  | "NOT_CHAT_CREATOR"
  | "NOT_REACTION_SENDER"
  | "CONCURRENT_USERS_EXCEEDED"
  | "ORIGIN_NOT_ALLOWED"
  | "NOT_FOUND"
  | "CHAT_NOT_FOUND"
  | "MESSAGE_NOT_FOUND"
  | "REACTION_NOT_FOUND"
  | "USER_NOT_FOUND"
  | "APP_NOT_FOUND"
  | "KEY_NOT_FOUND"
  | "HOOK_NOT_FOUND"
  | "SESSION_NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "ACCOUNT_EXISTS"
  | "NONCE_REUSED"
  | "CONFLICT"
  | "IMPORT_CLOSED"
  | "CURSOR_GONE"
  | "PAYLOAD_TOO_LARGE"
  | "URI_TOO_LONG"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "UPGRADE_REQUIRED"
  | "TOO_MANY_CONNECTIONS"
  | "RATE_LIMITED"
  | "HEADERS_TOO_LARGE"
  | "OVERLOADED"
  | "SHUTTING_DOWN"
  | "STORAGE_FULL"
  | "STORAGE_UNAVAILABLE";

/** Sends a message. */
export interface SendMsgAction {
  type: "SEND_MSG";
  chatId: Uuid;
  /** Not only white space. Its greatest length in bytes is the operator's `limits.message_bytes`. */
  message: string;
}

/** Replaces a message's text; only its sender. */
export interface EditMsgAction {
  type: "EDIT_MSG";
  chatId: Uuid;
  messageId: Uuid;
  /** Not only white space. Its greatest length in bytes is the operator's `limits.message_bytes`. */
  message: string;
  /** Do it only if this is the `seq` of the message's creation or newest edit. */
  ifSeq?: number;
}

/** Takes a message and its reactions out of history; its sender or the chat's creator. */
export interface DeleteMsgAction {
  type: "DELETE_MSG";
  chatId: Uuid;
  messageId: Uuid;
  /** Do it only if this is the `seq` of the message's creation or newest edit. */
  ifSeq?: number;
}

/** Sends a message that refers to `messageId`. */
export interface ReplyAction {
  type: "REPLY";
  chatId: Uuid;
  messageId: Uuid;
  /** Not only white space. Its greatest length in bytes is the operator's `limits.message_bytes`. */
  message: string;
}

/** Tells the other members; nothing is stored. */
export interface TypingAction {
  type: "TYPING";
  chatId: Uuid;
}

/** Reacts to a message with one emoji. */
export interface ReactAction {
  type: "REACT";
  chatId: Uuid;
  messageId: Uuid;
  /** One emoji. */
  reaction: string;
}

/** Takes one's own reaction back. */
export interface DeleteReactAction {
  type: "DELETE_REACT";
  reactionId: Uuid;
}

/** Marks the message and all before it as read. */
export interface ReadMsgAction {
  type: "READ_MSG";
  chatId: Uuid;
  messageId: Uuid;
}

/** One of the eight things a member does in a chat. */
export type Action =
  | SendMsgAction
  | EditMsgAction
  | DeleteMsgAction
  | ReplyAction
  | TypingAction
  | ReactAction
  | DeleteReactAction
  | ReadMsgAction;

/** The body of every error answer: RFC 9457 problem details, and `code` and `message` (protocol, section 1). */
export interface Problem {
  type: string;
  title: string;
  /** The HTTP status as text, as the published API has it. */
  status: string;
  detail: string;
  /** The path of the request. */
  instance: string;
  code: ServerCode;
  /** The same text as `detail`, for people. */
  message: string;
  /** With `CONFLICT`: the message as it is now. */
  current?: Message;
}
