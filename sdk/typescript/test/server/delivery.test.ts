import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import type { KeptAction, OutboxState, OutboxStorage, WebSocketLike } from "../../src/index.js";
import { fileStorage } from "../../src/storage/file.js";
import { Diary, Scene, inTime, next } from "../harness/scene.js";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene?.close());

const texts = (diary: Diary<"message">) => diary.events.map(({ message }) => message);
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `message ${index}`);

test("a burst arrives once and in order, and every promise says where", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const diary = new Diary(bob.client, "message");
  const sent = await Promise.all(numbered(300).map((text) => alice.realtime.sendMessage(chatId, text)));
  await diary.until("300 messages", (events) => events.length >= 300);
  expect(texts(diary)).toEqual(numbered(300));
  expect(sent.map(({ messageId }) => messageId)).toEqual(diary.events.map(({ messageId }) => messageId));
});

test("connections that are cut in the midst of frames lose nothing and repeat nothing", async () => {
  const [hers, his] = await Promise.all([scene.proxy(), scene.proxy()]);
  const { alice, bob, chatId } = await scene.tea({ alice: { baseUrl: hers.url }, bob: { baseUrl: his.url } });
  const diary = new Diary(bob.client, "message");
  const own = new Diary(alice.client, "message");
  let bytes = 700;
  const afterBytes = () => {
    bytes = 700 + ((bytes * 7919) % 4001);
    return bytes;
  };
  for (const proxy of [hers, his]) {
    proxy.weather = { kind: "cut", afterBytes };
    proxy.cutAll();
  }
  const sent = await Promise.all(numbered(120).map((text) => alice.realtime.sendMessage(chatId, text)));
  await diary.until("120 messages", (events) => events.length >= 120);
  await own.until("her 120 echoes", (events) => events.length >= 120);
  for (const proxy of [hers, his]) {
    expect(proxy.cuts).toBeGreaterThan(2);
    proxy.weather = { kind: "fair" };
  }
  const { messages } = await bob.client.getMessages(chatId, 100);
  expect(messages.map(({ content }) => content).reverse()).toEqual(numbered(120).slice(20));
  expect(texts(diary)).toEqual(numbered(120));
  expect(texts(own)).toEqual(numbered(120));
  expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(120);
});

test("a server that is killed between messages loses and repeats none", async () => {
  const own = await Scene.open();
  try {
    const { alice, bob, chatId } = await own.tea();
    const diary = new Diary(bob.client, "message");
    for (let round = 0; round < 3; round += 1) {
      const sent = numbered(30).map((text) => alice.realtime.sendMessage(chatId, `${round} ${text}`));
      await sent[7 * round];
      await own.server.kill();
      await own.server.startAgain();
      await inTime("the round's receipts", Promise.all(sent));
    }
    await diary.until("90 messages", (events) => events.length >= 90);
    expect(texts(diary)).toEqual([0, 1, 2].flatMap((round) => numbered(30).map((text) => `${round} ${text}`)));
  } finally {
    await own.close();
  }
});

test("what happened while away is told before `connected`", async () => {
  const { alice, bob, chatId } = await scene.tea();
  bob.realtime.disconnect();
  const sent = await alice.realtime.sendMessage(chatId, "are you there?");
  await alice.realtime.editMessage(chatId, sent.messageId, "Bob?");
  await alice.realtime.sendMessage(chatId, "well");
  const diary = new Diary(bob.client, "message", "messageEdited", "connected");
  await bob.realtime.connect();
  expect(diary.events.at(-1), "connected comes last").toBeUndefined();
  expect(new Set(diary.events.flatMap((event) => (event ? [event.message] : [])))).toEqual(new Set(["Bob?", "well"]));
});

test("without a network actions wait, say so, and go out when it comes back", async () => {
  const proxy = await scene.proxy();
  const { alice, bob, chatId } = await scene.tea({ alice: { baseUrl: proxy.url } });
  const lost = next(alice.client, "disconnected");
  proxy.weather = { kind: "refuse" };
  proxy.cutAll();
  expect(await lost).toMatchObject({ willReconnect: true });

  const states: OutboxState[] = [];
  alice.realtime.on("outbox", ({ state }) => states.push(state));
  const unwanted = alice.realtime.sendMessage(chatId, "never mind");
  const wanted = alice.realtime.sendMessage(chatId, "hello?");
  const [discarded] = alice.realtime.outbox;
  expect(alice.realtime.outbox).toMatchObject([{ state: "queued" }, { state: "queued", action: { message: "hello?" } }]);
  expect(alice.realtime.discard(discarded?.nonce ?? "")).toBe(true);
  await expect(unwanted).rejects.toMatchObject({ code: "DISCARDED" });
  states.length = 0;

  await next(alice.client, "reconnecting", ({ attempt }) => attempt >= 3);
  const heard = next(bob.client, "message");
  proxy.weather = { kind: "fair" };
  expect(await wanted).toMatchObject({ message: "hello?" });
  expect(await heard).toMatchObject({ message: "hello?" });
  expect(states).toEqual(["sending", "stored"]);
});

test("what a program could not send before it ended, the next one sends, once", async () => {
  const directory = await mkdtemp(join(tmpdir(), "chinwag-outbox-"));
  const path = join(directory, "outbox.json");
  const before = counted(fileStorage(path));
  const proxy = await scene.proxy();
  const { alice, bob, chatId } = await scene.tea({ alice: { baseUrl: proxy.url, outboxStorage: before } });
  const diary = new Diary(bob.client, "message");
  const lost = next(alice.client, "disconnected");
  proxy.weather = { kind: "refuse" };
  proxy.cutAll();
  await lost;
  for (const text of numbered(3)) void alice.realtime.sendMessage(chatId, text);
  const auth = alice.client.getAuth();
  if (!auth) throw new Error("signed in");
  alice.realtime.disconnect();
  await inTime("three actions in the file", before.holds(3));

  const after = counted(fileStorage(path));
  const anew = scene.device(auth, { outboxStorage: after });
  await anew.realtime.connect();
  await diary.until("three messages", (events) => events.length >= 3);
  expect(texts(diary)).toEqual(numbered(3));
  await inTime("an empty file", after.holds(0));
  await rm(directory, { recursive: true });
});

/** A storage that says when it holds so many actions. */
function counted(storage: OutboxStorage) {
  const waiting = new Set<() => Promise<void>>();
  const holds = (count: number) =>
    new Promise<void>((resolve) => {
      const look = async () => {
        if ((await storage.load()).length === count && waiting.delete(look)) resolve();
      };
      waiting.add(look);
      void look();
    });
  const told = async (change: Promise<void>) => {
    await change;
    for (const look of waiting) await look();
  };
  return {
    holds,
    load: () => storage.load(),
    put: (kept: KeptAction) => told(storage.put(kept)),
    remove: (nonce: string) => told(storage.remove(nonce)),
  };
}

test("a refusal rejects with its code, is told, and does not trouble those who ignore promises", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const sent = await alice.realtime.sendMessage(chatId, "mine");
  const told = next(bob.client, "error");
  void bob.realtime.editMessage(chatId, sent.messageId, "yours");
  expect((await told).error).toMatchObject({ name: "ChinwagError", code: "NOT_MESSAGE_SENDER" });

  const stale = alice.realtime.editMessage(chatId, sent.messageId, "new", { ifSeq: 1 });
  const conflict = await stale.catch((error) => error);
  expect(conflict).toMatchObject({ code: "CONFLICT", current: { messageId: sent.messageId, content: "mine" } });
  await expect(bob.realtime.addReaction(chatId, sent.messageId, "no emoji")).rejects.toMatchObject({ status: 400, code: "INVALID_REACTION" });
  const long = alice.realtime.sendMessage(chatId, "x".repeat(200_000));
  await expect(long).rejects.toMatchObject({ code: expect.stringMatching("MESSAGE_TOO_LONG|PAYLOAD_TOO_LARGE") });
  expect(alice.realtime.connected).toBe(true);

  const [failed] = bob.realtime.outbox;
  expect(failed).toMatchObject({ state: "failed", error: { code: "NOT_MESSAGE_SENDER" } });
  await expect(bob.realtime.retry(failed?.nonce ?? "")).rejects.toMatchObject({ code: "NOT_MESSAGE_SENDER" });
  expect(bob.realtime.discard(failed?.nonce ?? "")).toBe(true);
  expect(bob.realtime.retry("no such")).toBeNull();
});

const bound = (value: unknown, owner: object) => (typeof value === "function" ? value.bind(owner) : value);

test("an event that did not arrive is noticed by the next one's seq, and asked for", async () => {
  const swallow = /"message":"two"/;
  let swallowed = 0;
  function leaky(url: string, protocols?: string[]): WebSocketLike {
    const socket = new WebSocket(url, protocols) as WebSocketLike;
    return new Proxy(socket, {
      get: (_, name) => bound(Reflect.get(socket, name), socket),
      set(_, name, value) {
        const hear = (event: { data: unknown }) => {
          if (swallowed === 0 && swallow.test(String(event.data))) swallowed += 1;
          else value(event);
        };
        return Reflect.set(socket, name, name === "onmessage" && value ? hear : value);
      },
    });
  }
  const { alice, bob, chatId } = await scene.tea({ bob: { webSocketImpl: leaky } });
  const diary = new Diary(bob.client, "message");
  for (const text of ["one", "two", "three", "four"]) await alice.realtime.sendMessage(chatId, text);
  await diary.until("four messages", (events) => events.length >= 4);
  expect(swallowed).toBe(1);
  expect(texts(diary)).toEqual(["one", "two", "three", "four"]);
  expect(bob.realtime.connected).toBe(true);
});

test("a server that lost its newest days says resync, and goes on", async () => {
  const own = await Scene.open();
  const backup = `${own.server.dataDirectory}.backup`;
  try {
    const { alice, bob, chatId } = await own.tea();
    await alice.realtime.sendMessage(chatId, "before the backup");
    await own.server.stop();
    await cp(own.server.dataDirectory, backup, { recursive: true });
    await own.server.startAgain();
    const heard = next(bob.client, "message", ({ message }) => message === "after it");
    await alice.realtime.sendMessage(chatId, "after it");
    await heard;
    const resync = next(bob.client, "resync");
    await own.server.kill();
    await rm(own.server.dataDirectory, { recursive: true });
    await cp(backup, own.server.dataDirectory, { recursive: true });
    await own.server.startAgain();
    await resync;
    const anew = next(bob.client, "message");
    await alice.realtime.sendMessage(chatId, "anew");
    expect(await anew).toMatchObject({ message: "anew" });
  } finally {
    await own.close();
    await rm(backup, { recursive: true, force: true });
  }
});
