import { afterAll, beforeAll, expect, test } from "vitest";
import { type ChatState, type ChatStore, createChatStore } from "../../src/store/store.js";
import { Scene, inTime, next } from "../harness/scene.js";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene?.close());

function until(store: ChatStore, what: string, holds: (state: ChatState) => boolean): Promise<void> {
  const reached = new Promise<void>((resolve) => {
    const look = () => {
      if (!holds(store.getState())) return;
      stop();
      resolve();
    };
    const stop = store.subscribe(look);
    look();
  });
  return inTime(what, reached);
}

const contents = (store: ChatStore, chatId: string) => store.getState().open[chatId]?.entries.map(({ content }) => content);

test("chats, unread counts and last messages follow what happens", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const store = createChatStore(bob.client);
  await store.loadChats();
  expect(store.getState().chats).toMatchObject([{ chatId, unreadCount: 0, lastMessage: null }]);

  const first = await alice.realtime.sendMessage(chatId, "one");
  const second = await alice.realtime.sendMessage(chatId, "two");
  await until(store, "two unread", ({ chats }) => chats?.[0]?.unreadCount === 2);
  expect(store.getState().chats?.[0]?.lastMessage).toBe("two");
  await bob.realtime.markAsRead(chatId, first.messageId);
  await until(store, "one unread", ({ chats }) => chats?.[0]?.unreadCount === 1);
  await alice.realtime.deleteMessage(chatId, second.messageId);
  await until(store, "none unread", ({ chats }) => chats?.[0]?.unreadCount === 0 && chats[0].lastMessage === "one");

  const other = await alice.client.createChat("Other", [alice.username, bob.username]);
  await until(store, "another chat", ({ chats }) => chats?.length === 2);
  await alice.realtime.sendMessage(other.chatId, "here");
  await until(store, "it comes first", ({ chats }) => chats?.[0]?.chatId === other.chatId && chats[0].unreadCount === 1);
  await alice.client.changeChatName(other.chatId, "Another");
  await until(store, "its name", ({ chats }) => chats?.[0]?.chatName === "Another");
  await alice.client.removeUserFromChat(other.chatId, bob.id);
  await until(store, "it is gone", ({ chats }) => chats?.length === 1);
  store.close();
});

test("messages, reactions, replies and members of an open chat", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const sent = await alice.realtime.sendMessage(chatId, "one");
  const store = createChatStore(bob.client);
  bob.realtime.removeAllListeners();
  await store.openChat(chatId);
  expect(contents(store, chatId)).toEqual(["one"]);
  expect(store.getState().open[chatId]).toMatchObject({ complete: true, loaded: true });
  // They came at the same moment.
  expect(new Set(store.getState().open[chatId]?.members.map(({ userId }) => userId))).toEqual(new Set([alice.id, bob.id]));

  const reply = await alice.realtime.replyToMessage(chatId, sent.messageId, "two");
  await alice.realtime.editMessage(chatId, sent.messageId, "ONE");
  const { messageId } = await alice.realtime.addReaction(chatId, reply.messageId, "🌱");
  await until(store, "all of it", ({ open }) => open[chatId]?.entries[1]?.message?.reactions.length === 1);
  expect(store.getState().open[chatId]?.entries).toMatchObject([{ content: "ONE" }, { message: { replyTo: { content: "ONE" } } }]);
  await alice.realtime.removeReaction(messageId);
  await alice.realtime.deleteMessage(chatId, sent.messageId);
  await until(store, "less of it", ({ open }) => open[chatId]?.entries.length === 1);
  expect(store.getState().open[chatId]?.entries).toMatchObject([{ message: { replyTo: null, reactions: [] } }]);

  const typing = until(store, "typing", (state) => state.typing[chatId]?.includes(alice.id) === true);
  await alice.realtime.sendTyping(chatId);
  await typing;
  await alice.realtime.sendMessage(chatId, "typed");
  await until(store, "no typing", (state) => state.typing[chatId]?.length === 0);
  store.close();
});

test("pages of older messages come in their places", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const texts = Array.from({ length: 120 }, (_, index) => `${index}`);
  await Promise.all(texts.map((text) => alice.realtime.sendMessage(chatId, text)));
  const store = createChatStore(bob.client);
  await store.openChat(chatId);
  expect(contents(store, chatId)).toEqual(texts.slice(70));
  expect(await store.loadOlder(chatId)).toBe(true);
  expect(contents(store, chatId)).toEqual(texts);
  expect(store.getState().open[chatId]?.complete).toBe(true);
  expect(await store.loadOlder(chatId)).toBe(false);
  store.close();
});

test("what is sent is there at once, and becomes the stored message in its place", async () => {
  const proxy = await scene.proxy();
  const { alice, bob, chatId } = await scene.tea({ alice: { baseUrl: proxy.url } });
  const store = createChatStore(alice.client);
  await store.openChat(chatId);
  const lost = next(alice.client, "disconnected");
  proxy.weather = { kind: "refuse" };
  proxy.cutAll();
  await lost;
  const keys = new Set<string>();
  const shown: string[] = [];
  store.subscribe(() => {
    const entries = store.getState().open[chatId]?.entries ?? [];
    for (const { key } of entries) keys.add(key);
    shown.push(entries.map(({ state, content }) => `${content} ${state}`).join(", "));
  });
  const first = alice.realtime.sendMessage(chatId, "first");
  const second = alice.realtime.sendMessage(chatId, "second");
  expect(shown.at(-1)).toBe("first queued, second queued");
  proxy.weather = { kind: "fair" };
  await Promise.all([first, second]);
  await bob.realtime.sendMessage(chatId, "third");
  await until(store, "all three", ({ open }) => open[chatId]?.entries.length === 3);
  expect(shown.at(-1)).toBe("first stored, second stored, third stored");
  expect(keys.size, "no entry was ever shown under another key").toBe(3);
  expect(shown.every((line) => line.startsWith("first")), "none was away in between").toBe(true);
  store.close();
});

test("a chat that could not be loaded, and then was by other means, stays open", async () => {
  let fail: () => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = () => reject(new Error("no network"));
  });
  let asked = 0;
  const failing: typeof fetch = (input, init) => (String(input).includes("/getUsers/") && asked++ === 0 ? failed : fetch(input, init));
  const { alice, chatId } = await scene.tea({ alice: { environment: { fetch: failing } } });
  const store = createChatStore(alice.client);
  const opened = store.openChat(chatId);
  store.close();
  store.open();
  await until(store, "the chat", ({ open }) => open[chatId]?.loaded === true);
  fail();
  await opened;
  expect(store.getState().open[chatId]?.members).toHaveLength(2);
  store.close();
});

test("what is sent to a chat that could not be loaded is shown, and the chat is loaded by the next attempt", async () => {
  const proxy = await scene.proxy();
  const { alice, bob, chatId } = await scene.tea({ alice: { baseUrl: proxy.url } });
  await bob.realtime.sendMessage(chatId, "before");
  const store = createChatStore(alice.client);
  const lost = next(alice.client, "disconnected");
  proxy.weather = { kind: "refuse" };
  proxy.cutAll();
  await lost;
  await expect(store.openChat(chatId)).rejects.toThrow();
  const sent = alice.realtime.sendMessage(chatId, "meanwhile");
  expect(store.getState().open[chatId]).toMatchObject({ loaded: false, entries: [{ content: "meanwhile", state: "queued" }] });
  proxy.weather = { kind: "fair" };
  await sent;
  await Promise.all([store.openChat(chatId), store.openChat(chatId)]);
  expect(contents(store, chatId)).toEqual(["before", "meanwhile"]);
  store.close();
});

test("a chat that is only shown is not marked as read, and loaded without a hole", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const store = createChatStore(alice.client);
  store.showChat(chatId);
  await alice.realtime.sendMessage(chatId, "her own");
  const texts = Array.from({ length: 60 }, (_, index) => `${index}`);
  await Promise.all(texts.map((text) => bob.realtime.sendMessage(chatId, text)));
  store.close();
  store.open();
  await store.loadChats();
  expect(store.getState().chats).toMatchObject([{ unreadCount: 60 }]);
  expect(contents(store, chatId)).toEqual([]);
  await store.openChat(chatId);
  expect(contents(store, chatId)).toEqual(texts.slice(10));
  expect(await store.loadOlder(chatId)).toBe(true);
  expect(contents(store, chatId)).toEqual(["her own", ...texts]);
  store.close();
});

test("between two attempts to connect it says that it waits, however many failed", async () => {
  const proxy = await scene.proxy();
  const { alice } = await scene.tea({ alice: { baseUrl: proxy.url } });
  const store = createChatStore(alice.client);
  const states: string[] = [];
  store.subscribe(() => {
    const { connection } = store.getState();
    if (states.at(-1) !== connection) states.push(connection);
  });
  const again = next(alice.client, "reconnecting", ({ attempt }) => attempt === 2);
  const waits = inTime("the time of the next attempt", new Promise<number>((resolve) => alice.realtime.on("waiting", ({ ms }) => resolve(ms))));
  proxy.weather = { kind: "refuse" };
  proxy.cutAll();
  expect(await waits).toBeGreaterThan(0);
  await again;
  await until(store, "the second failure", ({ connection }) => connection === "waiting");
  proxy.weather = { kind: "fair" };
  await until(store, "the connection", ({ connection }) => connection === "connected");
  expect(states.slice(0, 5)).toEqual(["waiting", "connecting", "waiting", "connecting", "waiting"]);
  store.close();
});
