import { afterAll, beforeAll, expect, test } from "vitest";
import { BrowserScene } from "../harness/browser.js";

let scene: BrowserScene;
beforeAll(async () => {
  scene = await BrowserScene.open();
});
afterAll(() => scene?.close());

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `message ${index}`);

test("offline, and back at once when the browser says so", async () => {
  const hour = { minMs: 3_600_000, maxMs: 3_600_000 };
  const { bob, chatId, proxy, profile, heHas, tab } = await scene.tea({ reconnect: hour });
  const page = await tab();
  await profile.context.setOffline(true);
  proxy.cutAll();
  await page.until("the loss", () => page.told("disconnected").length === 1);
  await page.queue(chatId, numbered(20));
  await bob.realtime.sendMessage(chatId, "are you there?");
  await profile.context.setOffline(false);
  const expected = await heHas(21);
  expect(expected).toEqual(["are you there?", ...numbered(20)]);
  await page.until("all of it", () => page.messages.length >= 21);
  expect(page.messages).toEqual(expected);
});

test("a page that is reloaded sends what waited, once and in order", async () => {
  const { chatId, proxy, heHas, tab } = await scene.tea();
  const page = await tab();
  proxy.weather = { kind: "refuse" };
  proxy.cutAll();
  await page.until("the loss", () => page.told("disconnected").length === 1);
  await page.queue(chatId, numbered(20));
  await page.keeps(20);
  await page.page.reload();
  proxy.weather = { kind: "fair" };
  expect(await heHas(20)).toEqual(numbered(20));
  await page.keeps(0);
  const states = page.told<{ state: string }>("outbox").map(({ state }) => state);
  expect(states.filter((state) => state === "stored")).toHaveLength(20);
});

test("a page that is reloaded in the midst of sending repeats nothing", async () => {
  const { bob, chatId, his, tab } = await scene.tea();
  const page = await tab();
  await page.queue(chatId, numbered(200));
  await page.until("some of it", () => page.told<{ state: string }>("outbox").some(({ state }) => state === "stored"));
  await page.page.reload();
  await page.until("its connection", () => page.told("connected").length === 2);
  await page.send(chatId, "the end");
  await page.keeps(0);
  // In a chat everybody hears everything in one order, so this comes after all that was stored.
  await bob.realtime.sendMessage(chatId, "the very end");
  await his.until("it", (events) => events.some(({ message }) => message === "the very end"));
  const sent = his.events.map(({ message }) => message);
  // What was not in the storage yet when the page went is lost with it: the last ones, if any.
  const before = sent.filter((text) => text.startsWith("message"));
  expect(before).toEqual(numbered(200).slice(0, before.length));
  expect(sent.filter((text) => text === "the end")).toHaveLength(1);
});

test("where WebSockets are blocked, a page of another origin has server-sent events and HTTP", async () => {
  const { bob, chatId, proxy, heHas, tab } = await scene.tea();
  proxy.weather = { kind: "no-upgrades", status: 403 };
  const [page, other] = [await tab(), await tab()];
  expect(proxy.upgrades).toBe(2);
  await page.send(chatId, "one");
  await other.send(chatId, "two");
  await bob.realtime.sendMessage(chatId, "three");
  const expected = await heHas(3);
  for (const one of [page, other]) {
    await one.until("all three", () => one.messages.length >= 3);
    expect(one.messages).toEqual(expected);
  }
});

test("everything over HTTP works for a page of another origin, and errors can be read", async () => {
  const { chatId, tab } = await scene.tea();
  const page = await tab();
  const seen = await page.page.evaluate(async (chatId) => {
    const refreshed = await client.refresh();
    const { username } = await client.getUser();
    await client.changeUsername(`${username}-2`);
    const own = await client.createChat("Own", [`${username}-2`]);
    await client.changeChatName(own.chatId, "Renamed");
    await client.deleteChat(own.chatId);
    const { messages } = await client.getMessages(chatId);
    const { users } = await client.getChatUsers(chatId);
    const error = await client.getMessages(own.chatId).catch(({ code, status }) => ({ code, status }));
    return { refreshed, messages: messages.length, users: users.length, error };
  }, chatId);
  expect(seen).toEqual({ refreshed: true, messages: 0, users: 2, error: { code: "CHAT_NOT_FOUND", status: 404 } });
});

test("a page in the background, whose timers stand still, stays connected", async () => {
  const { bob, chatId, tab } = await scene.tea();
  const sockets: { sent: number; received: number }[] = [];
  let heard: () => void = () => {};
  const page = await tab((page) => {
    page.on("websocket", (socket) => {
      const counted = { sent: 0, received: 0 };
      sockets.push(counted);
      socket.on("framesent", () => void (counted.sent += 1));
      socket.on("framereceived", () => {
        counted.received += 1;
        heard();
      });
    });
  });
  await page.hide(true);
  const [socket] = sockets;
  if (!socket) throw new Error("connected");
  // The server ends a connection that is silent for 20 seconds, and says something itself every ten.
  const until = socket.received + 3;
  const sent = socket.sent;
  await new Promise<void>((resolve) => {
    heard = () => socket.received >= until && resolve();
  });
  expect(socket.sent).toBeGreaterThanOrEqual(sent + 2);
  await bob.realtime.sendMessage(chatId, "still there?");
  await page.until("it", () => page.messages.length === 1);
  expect(page.told("disconnected")).toEqual([]);
  expect(sockets).toHaveLength(1);
}, 90_000);
