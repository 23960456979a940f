import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { ChinwagClient, ChinwagError } from "../../src/index.js";
import { Diary, PASSWORD, Scene, next } from "../harness/scene.js";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene?.close());

test("registering, signing in, refreshing, renaming, leaving", async () => {
  const client = new ChinwagClient({ baseUrl: `${scene.server.url}/`, apiKey: scene.apiKey, webSocketImpl: WebSocket });
  expect(client.isAuthenticated).toBe(false);
  expect(client.getAuth()).toBeNull();
  const account = { username: "carol", email: "carol@example.com", password: PASSWORD, firstName: "Carol", surName: "Moss" };
  await client.registerUser(account);
  const user = await client.signIn({ username: "carol", password: PASSWORD });
  expect(user).toMatchObject({ username: "carol", email: "carol@example.com", roles: ["USER"] });
  expect(client.isAuthenticated).toBe(true);
  expect(client.getAuth()).toEqual({ jwt: expect.any(String), refreshToken: user.refreshToken, userId: user.id });

  expect(await client.refresh()).toBe(true);
  await client.changeUsername("caroline");
  expect(await client.getUser()).toEqual({ id: user.id, username: "caroline", email: "carol@example.com", role: ["USER"] });

  await client.logout();
  expect(client.isAuthenticated).toBe(false);
  await client.signIn({ username: "caroline", password: PASSWORD });
  await client.logoutAll();
  await client.signIn({ username: "caroline", password: PASSWORD });
  await client.deleteUser();
  const gone = client.signIn({ username: "caroline", password: PASSWORD });
  await expect(gone).rejects.toMatchObject({ status: 401, code: "AUTH_BAD_CREDENTIALS" });
});

test("errors have status, message, body and a code", async () => {
  const alice = await scene.person("alice");
  const error: ChinwagError = await alice.client.getMessages(crypto.randomUUID()).catch((error) => error);
  expect(error).toBeInstanceOf(ChinwagError);
  expect(error).toMatchObject({ status: 404, code: "CHAT_NOT_FOUND", body: { code: "CHAT_NOT_FOUND", status: "404" } });
  expect(error.message).toBe((error.body as { message: string }).message);

  const keyless = new ChinwagClient({ baseUrl: scene.server.url });
  await expect(keyless.signIn({ username: "a", password: "b" })).rejects.toMatchObject({ code: "API_KEY_MISSING" });
  await expect(keyless.getChats()).rejects.toMatchObject({ status: 401, code: "NOT_AUTHENTICATED" });
  await expect(keyless.realtime.connect()).rejects.toMatchObject({ code: "NOT_AUTHENTICATED" });
});

test("chats and their members", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const dora = await scene.person("dora");
  const joined = next(bob.client, "userJoined");
  await alice.client.addUserToChat(chatId, dora.username);
  expect(await joined).toMatchObject({ chatId, message: dora.id, username: dora.username, senderId: alice.id });

  const renamed = next(bob.client, "chatRenamed");
  await bob.client.changeChatName(chatId, "Coffee");
  expect(await renamed).toMatchObject({ message: "Coffee" });

  const { users } = await alice.client.getChatUsers(chatId);
  expect(users.map((user) => user.userId).sort()).toEqual([alice.id, bob.id, dora.id].sort());
  const { chats } = await dora.client.getChats(0, 20);
  expect(chats).toMatchObject([{ chatId, chatName: "Coffee", creator: alice.id, groupChat: true, members: 3 }]);

  const left = next(bob.client, "userLeft");
  await dora.client.removeUserFromChat(chatId, dora.id);
  expect(await left).toMatchObject({ senderId: dora.id });

  const created = next(bob.client, "chatCreated");
  const other = await alice.client.createChat("Other", [alice.username, bob.username]);
  expect(await created).toMatchObject({ chatId: other.chatId, message: "Other" });
  const deleted = next(bob.client, "chatDeleted");
  await alice.client.deleteChat(other.chatId);
  expect(await deleted).toMatchObject({ chatId: other.chatId, senderId: alice.id });
});

test("the eight actions, what they resolve with, and what others hear", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const diary = new Diary(
    bob.client,
    "message",
    "messageEdited",
    "messageDeleted",
    "reply",
    "typing",
    "reaction",
    "reactionDeleted",
    "messageRead",
  );
  const sent = await alice.realtime.sendMessage(chatId, "Tea, Bob?");
  expect(sent).toMatchObject({ type: "SEND_MSG", chatId, message: "Tea, Bob?", senderId: alice.id, recipientId: alice.id });
  const edited = await alice.realtime.editMessage(chatId, sent.messageId, "Tea?");
  expect(edited).toMatchObject({ type: "EDIT_MSG", messageId: sent.messageId, message: "Tea?" });
  const reply = await bob.realtime.replyToMessage(chatId, sent.messageId, "Please.");
  expect(reply).toMatchObject({ type: "REPLY", replyTo: { messageId: sent.messageId, content: "Tea?" } });
  await alice.realtime.sendTyping(chatId);
  const reaction = await alice.realtime.addReaction(chatId, reply.messageId, "🫖");
  expect(reaction).toMatchObject({ type: "REACT", message: "🫖", parentMessageId: reply.messageId });
  const again = await alice.realtime.addReaction(chatId, reply.messageId, "🫖");
  expect(again).toMatchObject({ type: "REACT", messageId: reaction.messageId });
  expect(again.seq).toBeUndefined();
  const removed = await alice.realtime.removeReaction(reaction.messageId);
  expect(removed).toMatchObject({ type: "DELETE_REACT", messageId: reaction.messageId });
  const read = await alice.realtime.markAsRead(chatId, reply.messageId);
  expect(read).toMatchObject({ type: "READ_MSG", messageId: reply.messageId, unreadCount: 0 });
  const readAgain = await alice.realtime.markAsRead(chatId, sent.messageId);
  expect(readAgain.seq).toBeUndefined();
  const deleted = await alice.realtime.deleteMessage(chatId, sent.messageId);
  expect(deleted).toMatchObject({ type: "DELETE_MSG", messageId: sent.messageId });

  await diary.until("all eight", (events) => events.length >= 8);
  const told = diary.events.map(({ type }) => type);
  // Typing is not stored, so it has no place among what is.
  expect(told).toContain("TYPING");
  const stored = told.filter((type) => type !== "TYPING");
  expect(stored).toEqual(["SEND_MSG", "EDIT_MSG", "REPLY", "REACT", "DELETE_REACT", "READ_MSG", "DELETE_MSG"]);
  expect(alice.realtime.outbox).toEqual([]);

  const { messages } = await bob.client.getMessages(chatId, 10);
  expect(messages.map(({ content }) => content)).toEqual(["Please."]);
  const { messages: older } = await bob.client.getMessages(chatId, 10, reply.messageId);
  expect(older).toEqual([]);
});

test("listeners come and go", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const heard: string[] = [];
  const unsubscribe = bob.realtime.on("message", () => heard.push("one"));
  const two = () => heard.push("two");
  bob.realtime.on("message", two);
  bob.realtime.on("message", () => heard.push("three"));
  const say = async () => {
    const echo = next(bob.client, "message");
    await alice.realtime.sendMessage(chatId, "hello");
    await echo;
  };
  await say();
  unsubscribe();
  await say();
  bob.realtime.off("message", two);
  await say();
  expect(heard).toEqual(["one", "two", "three", "two", "three", "three"]);
  bob.realtime.removeAllListeners("message");
  await say();
  bob.realtime.removeAllListeners();
  expect(heard).toHaveLength(6);
});

test("connect is idempotent and single-flight, and disconnect is told", async () => {
  const proxy = await scene.proxy();
  const alice = await scene.person("alice", { baseUrl: proxy.url });
  const connected = new Diary(alice.client, "connected");
  const first = alice.realtime.connect();
  expect(alice.realtime.connect()).toBe(first);
  expect(alice.realtime.connected).toBe(false);
  await first;
  await alice.realtime.connect();
  expect(alice.realtime.connected).toBe(true);
  expect(connected.events).toHaveLength(1);
  expect(proxy.upgrades).toBe(1);

  const told = next(alice.client, "disconnected");
  alice.realtime.disconnect();
  expect(await told).toEqual({ reason: "disconnect() was called", willReconnect: false });
  expect(alice.realtime.connected).toBe(false);
  const pending = alice.realtime.connect();
  alice.realtime.disconnect();
  await expect(pending).rejects.toMatchObject({ code: "DISCONNECTED" });
});
