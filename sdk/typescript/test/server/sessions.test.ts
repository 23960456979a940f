import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { ChinwagClient } from "../../src/index.js";
import { Diary, PASSWORD, Scene, inTime, next } from "../harness/scene.js";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open({ "tokens.jwt_seconds": "1" });
});
afterAll(() => scene?.close());

/** A fetch that counts refreshes. */
function counting() {
  const counts = { refreshes: 0 };
  const counted: typeof fetch = (input, init) => {
    if (String(input).endsWith("/api/auth/refresh")) counts.refreshes += 1;
    return fetch(input, init);
  };
  return { counts, environment: { fetch: counted } };
}

/** Resolves when the server refuses this JWT: an event to wait for where time is all that happens. */
async function expired(jwt: string): Promise<void> {
  for (;;) {
    const { status } = await fetch(`${scene.server.url}/api/user/getUser`, { headers: { authorization: `Bearer ${jwt}` } });
    if (status === 401) return;
  }
}

test("any number of requests that find an expired JWT refresh it once", async () => {
  const { counts, environment } = counting();
  const changes: (string | undefined)[] = [];
  const alice = await scene.person("alice", { environment, onAuthChange: (auth) => changes.push(auth?.jwt) });
  const before = alice.client.getAuth()?.jwt ?? "";
  await expired(before);
  const many = Array.from({ length: 8 }, () => alice.client.getChats());
  await Promise.all([...many, alice.client.getUser(), alice.realtime.connect()]);
  expect(counts.refreshes).toBe(1);
  expect(changes).toEqual([before, alice.client.getAuth()?.jwt]);

  await expired(alice.client.getAuth()?.jwt ?? "");
  const chat = await alice.client.createChat("Alone", [alice.username]);
  const sent = await alice.realtime.sendMessage(chat.chatId, "on a connection that outlives its JWT");
  await alice.realtime.addReaction(chat.chatId, sent.messageId, "🌱");
  expect(counts.refreshes).toBeLessThanOrEqual(3);
});

test("a session that ended elsewhere ends the connection for good", async () => {
  const alice = await scene.person("alice");
  await alice.realtime.connect();
  const elsewhere = new ChinwagClient({ baseUrl: scene.server.url, apiKey: scene.apiKey });
  await elsewhere.signIn({ username: alice.username, password: PASSWORD });
  const over = next(alice.client, "disconnected", ({ willReconnect }) => !willReconnect);
  const told = next(alice.client, "error");
  await elsewhere.logoutAll();
  await over;
  expect((await told).error).toMatchObject({ status: 401 });
  expect(alice.client.isAuthenticated).toBe(false);
  await expect(alice.client.getChats()).rejects.toMatchObject({ status: 401, code: "NOT_AUTHENTICATED" });
});

test("where WebSockets are blocked, server-sent events and HTTP take their place", async () => {
  const proxy = await scene.proxy();
  proxy.weather = { kind: "no-upgrades", status: 403 };
  const { alice, bob, chatId } = await scene.tea({ bob: { baseUrl: proxy.url } });
  expect(proxy.upgrades).toBe(2);
  const diary = new Diary(bob.client, "message");
  await alice.realtime.sendMessage(chatId, "hello");
  expect(await bob.realtime.sendMessage(chatId, "hello yourself")).toMatchObject({ message: "hello yourself" });
  const typing = next(alice.client, "typing");
  await bob.realtime.sendTyping(chatId);
  await typing;
  await diary.until("both", (events) => events.length >= 2);

  const lost = next(bob.client, "disconnected");
  const back = next(bob.client, "connected");
  proxy.cutAll();
  await lost;
  await alice.realtime.sendMessage(chatId, "while you were away");
  await back;
  await diary.until("all three", (events) => events.length >= 3);
  expect(diary.events.map(({ message }) => message)).toEqual(["hello", "hello yourself", "while you were away"]);
});

test("and when WebSockets are possible again, it moves back to one without a break", async () => {
  const proxy = await scene.proxy();
  proxy.weather = { kind: "no-upgrades", status: 403 };
  const quarters: (() => void)[] = [];
  const after = (ms: number, run: () => void) => {
    if (ms === 10 * 60_000) quarters.push(run);
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  };
  const { alice, bob, chatId } = await scene.tea({ bob: { baseUrl: proxy.url, environment: { after } } });
  const diary = new Diary(bob.client, "message");
  const breaks = new Diary(bob.client, "disconnected", "connected", "resync");
  let count = 0;
  const say = () => alice.realtime.sendMessage(chatId, `${count++}`);
  await say();

  expect(proxy.upgrades).toBe(2);
  quarters.shift()?.();
  await inTime("another timer, since it is still blocked", proxy.sees((proxy) => proxy.upgrades === 3));
  await say();
  await inTime("the timer", (async () => {
    while (quarters.length === 0) await say();
  })());
  proxy.weather = { kind: "fair" };
  quarters.shift()?.();
  const sockets = inTime("a WebSocket", proxy.sees((proxy) => proxy.upgrades === 4 && proxy.streams === 0));
  const settled = sockets.then(() => true);
  while (!(await Promise.race([settled, say().then(() => false)])));
  await say();
  await diary.until("all of it", (events) => events.length >= count);
  expect(diary.events.map(({ message }) => message)).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
  expect(breaks.events).toEqual([]);
  expect(quarters).toEqual([]);
});

test("where there is no WebSocket at all, too; and where there is nothing, that is said", async () => {
  const { alice, bob, chatId } = await scene.tea({ bob: { environment: { WebSocket: null } } });
  const heard = next(bob.client, "message");
  await alice.realtime.sendMessage(chatId, "hello");
  expect(await heard).toMatchObject({ message: "hello" });

  const carol = await scene.person("carol", { environment: { WebSocket: null, streams: false } });
  await expect(carol.realtime.connect()).rejects.toMatchObject({ code: "NO_TRANSPORT" });
});

test("a server that is busy or silent is tried again, as late as it asks", async () => {
  const proxy = await scene.proxy();
  proxy.weather = { kind: "answer", status: 503, headers: { "Retry-After": "1" } };
  const waits: number[] = [];
  const alice = await scene.person("alice", {
    baseUrl: proxy.url,
    environment: {
      after(ms, run) {
        waits.push(ms);
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    },
  });
  const trying = alice.realtime.connect();
  await next(alice.client, "reconnecting");
  proxy.weather = { kind: "fair" };
  await inTime("the connection", trying);
  expect(waits.find((ms) => ms >= 1000 && ms < 2000)).toBeDefined();
});

test("when the network or the user comes back, nobody waits for the next attempt", async () => {
  const proxy = await scene.proxy();
  const wakes = new Set<() => void>();
  const onWake = (wake: () => void) => {
    wakes.add(wake);
    return () => wakes.delete(wake);
  };
  const hour = { minMs: 3_600_000, maxMs: 3_600_000 };
  const { alice, bob, chatId } = await scene.tea({ bob: { baseUrl: proxy.url, reconnect: hour, environment: { onWake } } });
  const lost = next(bob.client, "disconnected");
  proxy.cutAll();
  await lost;
  await alice.realtime.sendMessage(chatId, "while you slept");
  const heard = next(bob.client, "message");
  const back = next(bob.client, "connected");
  for (const wake of wakes) wake();
  expect(await heard).toMatchObject({ message: "while you slept" });
  await back;
  bob.realtime.disconnect();
  expect(wakes.size).toBe(0);
});

test("another user on the same client hears nothing of the first", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const auth = bob.client.getAuth();
  if (!auth) throw new Error("signed in");
  const carol = await scene.person("carol");
  const client = scene.device(auth, { webSocketImpl: WebSocket });
  await client.realtime.connect();
  const closed = next(client, "disconnected");
  const hers = carol.client.getAuth();
  if (!hers) throw new Error("signed in");
  client.setAuth(hers);
  expect(await closed).toMatchObject({ willReconnect: false });
  await alice.realtime.sendMessage(chatId, "for Bob only");
  const diary = new Diary(client, "message");
  await client.realtime.connect();
  const own = await client.createChat("Own", [carol.username]);
  await client.realtime.sendMessage(own.chatId, "for Carol");
  await diary.until("hers", (events) => events.length >= 1);
  expect(diary.events.map(({ message }) => message)).toEqual(["for Carol"]);
});

test("a JWT that is refused though it was just replaced is a mistake: neither the connection nor an action ends by it", async () => {
  const proxy = await scene.proxy();
  const { alice, bob, chatId } = await scene.tea({ alice: { baseUrl: proxy.url, transport: "sse" } });
  let refusals = 0;
  proxy.weather = {
    kind: "changeable",
    next(head) {
      if (head.includes("/api/auth/refresh") || refusals >= 6) return { kind: "fair" };
      refusals += 1;
      return { kind: "answer", status: 401 };
    },
  };
  const lost = next(alice.client, "disconnected");
  proxy.cutAll();
  expect(await lost).toMatchObject({ willReconnect: true });
  const heard = next(bob.client, "message");
  await alice.realtime.sendMessage(chatId, "still me");
  expect(await heard).toMatchObject({ message: "still me" });
  expect(refusals).toBe(6);
  expect(alice.client.isAuthenticated).toBe(true);
});
