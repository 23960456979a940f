import { afterAll, beforeAll, expect, test } from "vitest";
import type { ChinwagClient, ChinwagClientOptions, KeptAction, OutboxStorage } from "../../src/index.js";
import type { FaultProxy } from "../harness/proxy.js";
import { Diary, Scene, inTime, next } from "../harness/scene.js";
import { Browser, type Tab } from "../harness/tabs.js";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene?.close());

const texts = (diary: Diary<"message">) => diary.events.map(({ message }) => message);
const numbered = (count: number, name = "message") => Array.from({ length: count }, (_, index) => `${name} ${index}`);

/** Bob on a client of his own, and Alice in some tabs of one browser, behind a network with weather. */
async function tabs(count: number, options: Partial<ChinwagClientOptions> = {}) {
  const proxy: FaultProxy = await scene.proxy();
  const { alice, bob, chatId } = await scene.tea();
  alice.realtime.disconnect();
  const auth = alice.client.getAuth();
  if (!auth) throw new Error("signed in");
  const browser = new Browser();
  const open = () => {
    const tab = browser.tab();
    const client = scene.device(auth, { baseUrl: proxy.url, environment: { tabs: tab }, ...options });
    return { tab, client, realtime: client.realtime, diary: new Diary(client, "message") };
  };
  const opened: { tab: Tab; client: ChinwagClient; realtime: ChinwagClient["realtime"]; diary: Diary<"message"> }[] = [];
  for (let made = 0; made < count; made += 1) {
    const one = open();
    await one.realtime.connect();
    opened.push(one);
  }
  const [first, second, third] = opened as [(typeof opened)[0], (typeof opened)[0], (typeof opened)[0]];
  return { proxy, bob, chatId, open, all: opened, first, second, third };
}

test("three tabs have one socket, and all of them hear and speak", async () => {
  const { proxy, bob, chatId, all, second, third } = await tabs(3);
  expect(proxy.upgrades).toBe(1);
  const his = new Diary(bob.client, "message");
  await bob.realtime.sendMessage(chatId, "hello");
  await second.realtime.sendMessage(chatId, "hello from the second");
  await third.realtime.sendMessage(chatId, "and from the third");
  const refused = third.realtime.editMessage(chatId, crypto.randomUUID(), "no such message");
  await expect(refused).rejects.toMatchObject({ code: "MESSAGE_NOT_FOUND" });
  const typing = next(bob.client, "typing");
  await second.realtime.sendTyping(chatId);
  await typing;
  const expected = ["hello", "hello from the second", "and from the third"];
  for (const diary of [his, ...all.map(({ diary }) => diary)]) {
    await diary.until("three messages", (events) => events.length >= 3);
    expect(texts(diary)).toEqual(expected);
  }
  expect(proxy.upgrades).toBe(1);
});

test("when the leader leaves, the next one leads, and nobody misses or repeats anything", async () => {
  const { proxy, bob, chatId, all, open } = await tabs(3);
  const sent: string[] = [];
  const say = async (text: string, by = bob.realtime) => {
    sent.push(text);
    await by.sendMessage(chatId, text);
  };
  for (let round = 0; round < 6; round += 1) {
    await say(`${round} before`);
    const leader = all.shift();
    const heirs = [...all];
    leader?.realtime.disconnect();
    await say(`${round} meanwhile`);
    await say(`${round} by an heir`, heirs[round % 2]?.realtime);
    for (const { diary } of heirs) {
      await diary.until(`all of round ${round}`, (events) => events.length >= sent.length);
      expect(texts(diary)).toEqual(sent);
    }
    const another = open();
    for (const text of sent) another.diary.events.push({ message: text } as never);
    await another.realtime.connect();
    all.push(another);
  }
  expect(proxy.upgrades).toBe(7);
});

test("a page that freezes hands over, and hears what it missed when it is back", async () => {
  const { bob, chatId, all, first, second } = await tabs(3);
  const led = next(second.client, "connected");
  first.tab.freeze();
  await led;
  await bob.realtime.sendMessage(chatId, "to who is awake");
  await second.diary.until("it", (events) => events.length === 1);
  expect(texts(first.diary)).toEqual([]);
  first.tab.thaw();
  await first.realtime.connect();
  await first.realtime.sendMessage(chatId, "back again");
  for (const { diary } of all) {
    await diary.until("both", (events) => events.length >= 2);
    expect(texts(diary)).toEqual(["to who is awake", "back again"]);
  }
});

test("a follower that froze does not get the seat", async () => {
  const { bob, chatId, first, second, third } = await tabs(3);
  second.tab.freeze();
  const led = next(third.client, "connected");
  first.realtime.disconnect();
  await led;
  await bob.realtime.sendMessage(chatId, "hello");
  await third.diary.until("it", (events) => events.length === 1);
  third.realtime.disconnect();
  second.tab.thaw();
  await second.diary.until("it, too", (events) => events.length === 1);
});

test("who leaves before they have come leaves no seat behind that nobody sits on", async () => {
  const { open } = await tabs(0);
  const { realtime } = open();
  const again: number[] = [];
  realtime.on("reconnecting", ({ attempt }) => again.push(attempt));
  // As a page does that is shown, hidden and shown again at once.
  realtime.connect().catch(() => {});
  realtime.disconnect();
  await inTime("the connection", realtime.connect());
  expect(again).toEqual([]);
});

test("a page that freezes before it has come does not take the seat", async () => {
  const { bob, chatId, open } = await tabs(0);
  const early = open();
  early.realtime.connect().catch(() => {});
  early.tab.freeze();
  const late = open();
  const again: number[] = [];
  late.realtime.on("reconnecting", ({ attempt }) => again.push(attempt));
  await inTime("the connection", late.realtime.connect());
  expect(again).toEqual([]);
  early.tab.thaw();
  await inTime("the other connection", early.realtime.connect());
  await bob.realtime.sendMessage(chatId, "hello");
  for (const { diary } of [early, late]) await diary.until("the message", (events) => events.length === 1);
});

test("connections that break under several tabs lose nothing and repeat nothing", async () => {
  const { proxy, bob, chatId, all } = await tabs(3);
  const his = new Diary(bob.client, "message");
  let bytes = 2000;
  proxy.weather = { kind: "cut", afterBytes: () => (bytes = 2000 + ((bytes * 7919) % 9001)) };
  proxy.cutAll();
  const sent = all.map(({ realtime }, index) => numbered(60, `${index}`).map((text) => realtime.sendMessage(chatId, text)));
  sent.push(numbered(60, "bob").map((text) => bob.realtime.sendMessage(chatId, text)));
  await inTime("all promises", Promise.all(sent.flat()));
  await his.until("240 messages", (events) => events.length >= 240);
  proxy.weather = { kind: "fair" };
  for (const { diary } of all) {
    await diary.until("240 messages", (events) => events.length >= 240);
    expect(texts(diary)).toEqual(texts(his));
  }
  for (const name of ["0", "1", "2", "bob"]) {
    expect(texts(his).filter((text) => text.startsWith(`${name} `))).toEqual(numbered(60, name));
  }
  expect(proxy.cuts).toBeGreaterThan(2);
});

test("where the leader is on server-sent events, the others act over HTTP", async () => {
  const { proxy, bob, chatId, all, second } = await tabs(2, { transport: "sse" });
  expect(proxy.upgrades).toBe(0);
  await second.realtime.sendMessage(chatId, "by HTTP");
  await bob.realtime.sendMessage(chatId, "heard by all");
  for (const { diary } of all) await diary.until("both", (events) => events.length === 2);
});

/** What all tabs of an origin keep in. */
function shared(): OutboxStorage & { kept: Map<string, KeptAction> } {
  const kept = new Map<string, KeptAction>();
  return {
    kept,
    load: async () => [...kept.values()],
    put: async (action) => void kept.set(action.nonce, action),
    remove: async (nonce) => void kept.delete(nonce),
  };
}

test("what a tab could not send before it went, the one that leads sends, once and in order", async () => {
  const outboxStorage = shared();
  const { proxy, bob, chatId, first, second, third } = await tabs(3, { outboxStorage });
  const his = new Diary(bob.client, "message");
  const lost = next(third.client, "disconnected");
  proxy.weather = { kind: "refuse" };
  proxy.cutAll();
  await lost;
  for (const text of numbered(3, "first")) void first.realtime.sendMessage(chatId, text);
  for (const text of numbered(3, "second")) void second.realtime.sendMessage(chatId, text);
  const own = third.realtime.sendMessage(chatId, "third");
  expect(first.realtime.outbox.length, "each tab shows what is its own").toBe(3);
  first.realtime.disconnect();
  second.realtime.disconnect();
  proxy.weather = { kind: "fair" };
  await inTime("her own", own);
  await his.until("seven messages", (events) => events.length >= 7);
  for (const name of ["first", "second"]) {
    expect(texts(his).filter((text) => text.startsWith(`${name} `))).toEqual(numbered(3, name));
  }
  expect(texts(his)).toHaveLength(7);
});

test("what a tab took over passes on with the lead, as a whole", async () => {
  const outboxStorage = shared();
  const { proxy, bob, chatId, first, second, third } = await tabs(3, { outboxStorage });
  const his = new Diary(bob.client, "message");
  const inherited = new Diary(second.client, "outbox");
  const lost = next(first.client, "disconnected");
  proxy.weather = { kind: "refuse" };
  proxy.cutAll();
  await lost;
  for (const text of numbered(3, "first")) void first.realtime.sendMessage(chatId, text);
  first.realtime.disconnect();
  await inherited.until("three actions", (events) => events.length >= 3);
  const leads = next(third.client, "connected");
  second.tab.freeze();
  proxy.weather = { kind: "fair" };
  await leads;
  await his.until("three messages", (events) => events.length >= 3);
  second.tab.thaw();
  await second.realtime.connect();
  await second.realtime.sendMessage(chatId, "awake");
  await his.until("all four", (events) => events.length >= 4);
  expect(texts(his)).toEqual([...numbered(3, "first"), "awake"]);
  // What the other tab had sent meanwhile was answered when it was sent again, and not waited for.
  expect(Math.max(...inherited.events.map(({ attempts }) => attempts))).toBe(1);
});

test("tabs that do not share have a socket each", async () => {
  const { proxy } = await tabs(2, { shareConnection: false });
  expect(proxy.upgrades).toBe(2);
});

test("where locks are forbidden, as in frames of other sites, each has a connection of its own", async () => {
  const { proxy, open, bob, chatId } = await tabs(0);
  const [one, other] = [open(), open()];
  for (const { tab } of [one, other]) tab.locks.request = () => Promise.reject(new DOMException("denied", "SecurityError"));
  await Promise.all([one.realtime.connect(), other.realtime.connect()]);
  expect(proxy.upgrades).toBe(2);
  await bob.realtime.sendMessage(chatId, "hello");
  for (const { diary } of [one, other]) await diary.until("it", (events) => events.length === 1);
});

test("a session that is over ends every tab", async () => {
  const { all, first } = await tabs(2);
  const ends = all.map(({ client }) => next(client, "disconnected", ({ willReconnect }) => !willReconnect));
  await first.client.logoutAll();
  await Promise.all(ends);
});
