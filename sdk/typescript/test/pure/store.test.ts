import { expect, test } from "vitest";
import type { OutboxEntry } from "../../src/realtime/outbox.js";
import { withMessage, withOutbox, withPage } from "../../src/store/messages.js";
import type { OpenChat } from "../../src/store/state.js";
import type { Message } from "../../src/wire.js";

const EMPTY: OpenChat = { entries: [], loaded: false, complete: false, members: [] };
const said = (seq: number, content: string, senderId = "me"): Message => ({
  chatId: "tea",
  timeStamp: "",
  messageId: `m${seq}`,
  senderId,
  content,
  edited: false,
  editedAt: null,
  replyTo: null,
  reactions: [],
  seq,
  changedSeq: seq,
});
const sending = (nonce: string, message: string): OutboxEntry => ({
  nonce,
  userId: "me",
  action: { type: "SEND_MSG", chatId: "tea", message },
  state: "sending",
  queuedAt: 0,
  attempts: 1,
});
const shown = (chat: OpenChat) => chat.entries.map(({ key, content, state }) => `${key} ${content} ${state}`);

test("a page that knows a message before its echo came does not show it twice", () => {
  let chat = withOutbox(withOutbox(EMPTY, sending("n1", "hello"), false), sending("n2", "hello"), false);
  chat = withPage(chat, [said(9, "hello"), said(8, "hello", "bob"), said(2, "bye")]);
  expect(shown(chat)).toEqual(["m2 bye stored", "m8 hello stored", "n2 hello stored", "n1 hello sending"]);
  chat = withOutbox(chat, sending("n2", "hello"), false);
  chat = withMessage(chat, said(9, "hello"), "n2");
  expect(shown(chat)).toEqual(["m2 bye stored", "m8 hello stored", "n2 hello stored", "n1 hello sending"]);
});

test("a page of older messages comes before those that are there and those that wait", () => {
  const chat = withPage(EMPTY, [said(9, "nine")]);
  const all = withPage(withOutbox(chat, sending("n1", "two"), false), [said(3, "three"), said(2, "two")]);
  expect(shown(all)).toEqual(["m2 two stored", "m3 three stored", "m9 nine stored", "n1 two sending"]);
});

test("an older form of a message does not hide a newer one", () => {
  const newer = { ...said(1, "new"), changedSeq: 5 };
  expect(shown(withPage(withMessage(EMPTY, newer), [said(1, "old")]))).toEqual(["m1 new stored"]);
});

test("messages come in the order of the chat, whatever the order they are heard in", () => {
  const chat = [5, 1, 3].reduce((into, seq) => withMessage(into, said(seq, `${seq}`)), withOutbox(EMPTY, sending("n", "last"), false));
  expect(chat.entries.map(({ content }) => content)).toEqual(["1", "3", "5", "last"]);
});
