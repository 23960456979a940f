import { readFileSync } from "node:fs";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ChinwagError, type Problem } from "../../src/index.js";
import { Diary, PASSWORD, Scene, next } from "../harness/scene.js";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene?.close());

const path = new URL("../../src/wire.ts", import.meta.url);
const program = ts.createSourceFile("wire.ts", readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true);

/** What the type of that name says: fields, whether they may be missing, and their types as written. */
function fieldsOf(name: string): Map<string, { optional: boolean; type: string }> {
  const fields = new Map<string, { optional: boolean; type: string }>();
  for (const statement of program.statements) {
    if (!ts.isInterfaceDeclaration(statement) || statement.name.text !== name) continue;
    for (const clause of statement.heritageClauses ?? []) {
      for (const base of clause.types) for (const [field, shape] of fieldsOf(base.getText())) fields.set(field, shape);
    }
    for (const member of statement.members) {
      if (!ts.isPropertySignature(member) || !member.type) continue;
      fields.set(member.name.getText(), { optional: member.questionToken !== undefined, type: member.type.getText() });
    }
  }
  if (fields.size === 0) throw new Error(`wire.ts has no ${name}`);
  return fields;
}

const TEXTS = ["string", "Uuid", "Timestamp"];
const FORMS: Record<string, RegExp> = {
  Uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  Timestamp: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/,
};

/** An answer must have the fields of its type, no others, and of these types. */
function agrees(name: string, answer: unknown, at = name): void {
  expect(typeof answer, at).toBe("object");
  const given = answer as Record<string, unknown>;
  const fields = fieldsOf(name);
  expect(Object.keys(given).filter((field) => !fields.has(field)), `${at}: fields nobody told us of`).toEqual([]);
  for (const [field, { optional, type }] of fields) {
    if (given[field] === undefined) expect(optional, `${at}.${field} is missing`).toBe(true);
    else valueAgrees(type, given[field], `${at}.${field}`);
  }
}

function valueAgrees(type: string, value: unknown, at: string): void {
  const [bare = "", nullable] = type.split(" | ");
  if (value === null) return void expect(nullable, `${at} is null`).toBe("null");
  if (bare.startsWith('"')) return void expect(JSON.stringify(value), at).toBe(bare);
  if (bare.endsWith("[]")) {
    expect(Array.isArray(value), at).toBe(true);
    for (const [index, one] of (value as unknown[]).entries()) valueAgrees(bare.slice(0, -2), one, `${at}[${index}]`);
    return;
  }
  if (TEXTS.includes(bare)) {
    expect(typeof value, at).toBe("string");
    if (FORMS[bare]) expect(value, at).toMatch(FORMS[bare]);
    return;
  }
  if (bare === "number" || bare === "boolean") return void expect(typeof value, at).toBe(bare);
  agrees(bare, value, at);
}

test("users, chats, members and messages are what wire.ts says", async () => {
  const { alice, bob, chatId } = await scene.tea();
  agrees("User", await alice.client.getUser());
  const { chats: empty } = await alice.client.getChats();
  agrees("ChatDetails", empty[0]);
  const sent = await alice.realtime.sendMessage(chatId, "one");
  await alice.realtime.editMessage(chatId, sent.messageId, "two");
  const reply = await bob.realtime.replyToMessage(chatId, sent.messageId, "three");
  await alice.realtime.addReaction(chatId, reply.messageId, "🌱");
  agrees("MessagesResponse", await bob.client.getMessages(chatId));
  agrees("ChatsResponse", await alice.client.getChats());
  agrees("ChatUsersResponse", await alice.client.getChatUsers(chatId));
  agrees("ChatDetails", await alice.client.createChat("Other", [alice.username]));
});

test("registering and signing in answer what wire.ts says", async () => {
  const ask = async (what: string, body: unknown) => {
    const headers = { "x-api-key": scene.apiKey, "content-type": "application/json" };
    const response = await fetch(`${scene.server.url}/api/user/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
    return response.json();
  };
  agrees("RegisteredUser", await ask("registerUser", { username: "wire", email: "wire@example.com", password: PASSWORD }));
  agrees("SignInResponse", await ask("signin", { username: "wire", password: PASSWORD }));
});

test("every event is what wire.ts says", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const carol = await scene.person("carol");
  const names = {
    message: "SendMsgEvent",
    messageEdited: "EditMsgEvent",
    messageDeleted: "DeleteMsgEvent",
    reply: "ReplyEvent",
    typing: "TypingEvent",
    reaction: "ReactEvent",
    reactionDeleted: "DeleteReactEvent",
    messageRead: "ReadMsgEvent",
    userJoined: "UserJoinEvent",
    userLeft: "UserLeaveEvent",
    chatCreated: "NewChatEvent",
    chatDeleted: "DeleteChatEvent",
    chatRenamed: "ChatRenamedEvent",
  } as const;
  const diaries = Object.entries(names).map(
    ([name, type]) => [type, new Diary(alice.client, name as keyof typeof names), new Diary(bob.client, name as keyof typeof names)] as const,
  );
  const over = Promise.all([next(alice.client, "chatDeleted"), next(bob.client, "chatDeleted")]);
  const typing = next(bob.client, "typing");
  await alice.realtime.sendTyping(chatId);
  await typing;
  const back = next(alice.client, "typing");
  await bob.realtime.sendTyping(chatId);
  await back;
  const sent = await alice.realtime.sendMessage(chatId, "one");
  await alice.realtime.editMessage(chatId, sent.messageId, "two");
  const reply = await bob.realtime.replyToMessage(chatId, sent.messageId, "three");
  const reaction = await alice.realtime.addReaction(chatId, reply.messageId, "🌱");
  await alice.realtime.removeReaction(reaction.messageId);
  await alice.realtime.markAsRead(chatId, reply.messageId);
  await alice.client.addUserToChat(chatId, carol.username);
  await carol.client.removeUserFromChat(chatId, carol.id);
  await alice.realtime.deleteMessage(chatId, sent.messageId);
  await alice.client.changeChatName(chatId, "Other");
  const created = Promise.all([next(alice.client, "chatCreated"), next(bob.client, "chatCreated")]);
  await alice.client.createChat("New", [alice.username, bob.username]);
  await created;
  await alice.client.deleteChat(chatId);
  await over;
  for (const [type, hers, his] of diaries) {
    for (const diary of [hers, his]) {
      expect(diary.events.length, type).toBeGreaterThan(0);
      for (const event of diary.events) agrees(type, event);
    }
  }
});

test("every notice and problem is what wire.ts says", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const { messageId } = await alice.realtime.sendMessage(chatId, "one");
  const error: ChinwagError = await alice.client.getMessages(crypto.randomUUID()).catch((error) => error);
  agrees("Problem", error.body as Problem);
  const missing = bob.realtime.editMessage(chatId, messageId, "mine now");
  await expect(missing).rejects.toMatchObject({ code: "NOT_MESSAGE_SENDER", message: expect.any(String) });
});
