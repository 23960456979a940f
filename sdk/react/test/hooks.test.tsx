import { ChinwagError } from "@chinwag/sdk";
import type { Entry } from "@chinwag/sdk/store";
import { type ReactNode, StrictMode, act, createElement as h, useState } from "react";
import { createRoot } from "react-dom/client";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Scene, inTime, next } from "../../typescript/test/harness/scene.js";
import { ChinwagProvider, useChats, useConnection, useMessages, useSend, useTyping } from "../src/index.js";

let scene: Scene;
beforeAll(async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  scene = await Scene.open();
});
afterAll(() => scene?.close());

/** Shows it in a page, and says when the page reads as it should. */
function show(shown: ReactNode) {
  const page = document.body.appendChild(document.createElement("div"));
  const root = createRoot(page);
  root.render(h(StrictMode, null, shown));
  onTestFinished(() => root.unmount());
  const reads = (what: string, holds: (text: string) => boolean) => {
    const reached = new Promise<void>((resolve) => {
      const look = () => {
        if (!holds(page.textContent ?? "")) return;
        watcher.disconnect();
        resolve();
      };
      const watcher = new MutationObserver(look);
      watcher.observe(page, { childList: true, subtree: true, characterData: true });
      look();
    });
    return inTime(() => `${what}; the page says: ${page.textContent}`, reached);
  };
  return { page, reads, root };
}

test("a chat on a page: connection, chats, messages, typing, sending, older messages", async () => {
  const { alice, bob, chatId } = await scene.tea();
  alice.realtime.disconnect();
  for (let count = 0; count < 60; count += 1) await bob.realtime.sendMessage(chatId, `<${count}>`);
  let send: ((text: string) => Promise<unknown>) | undefined;
  let loadOlder: (() => Promise<void>) | undefined;

  function Chat() {
    const { entries, hasOlder, ...older } = useMessages(chatId);
    loadOlder = older.loadOlder;
    send = useSend(chatId).send;
    const { typing } = useTyping(chatId);
    return h("p", null, entries.map(({ content }) => content).join(""), hasOlder ? " more" : " all", typing.includes(bob.id) ? " typing" : "");
  }

  function Page() {
    const { chats } = useChats();
    return h("div", null, useConnection(), chats?.map((chat) => ` ${chat.chatName} ${chat.unreadCount}`).join(), h(Chat));
  }

  const { reads } = show(h(ChinwagProvider, { client: alice.client }, h(Page)));
  await reads("newest page", (text) => text.startsWith("connected Tea 0<10>") && text.endsWith("<59> more"));
  await inTime("older messages", loadOlder?.() ?? Promise.reject(new Error("no page")));
  await reads("all messages", (text) => text.includes("<0><1>") && text.endsWith("<59> all"));
  const typing = reads("typing", (text) => text.endsWith(" typing"));
  await bob.realtime.sendTyping(chatId);
  await typing;
  await bob.realtime.sendMessage(chatId, "<tea?>");
  await reads("bob's message, unread", (text) => text.endsWith("<59><tea?> all") && text.includes("Tea 1"));
  await send?.("<please>");
  await reads("her own", (text) => text.endsWith("<tea?><please> all"));
});

test("what is sent is on the page at once, and never flickers", async () => {
  const { alice, chatId } = await scene.tea();
  const shown = new Set<string>();
  let send: ((text: string) => Promise<unknown>) | undefined;
  function Chat() {
    send = useSend(chatId).send;
    const { entries, loading } = useMessages(chatId);
    const list = entries.map(({ key, content }) => `${key} ${content}`).join();
    if (entries.length > 0) shown.add(list);
    return h("p", null, loading ? "loading" : "loaded", list);
  }
  const { reads } = show(h(ChinwagProvider, { client: alice.client }, h(Chat)));
  await reads("the chat", (text) => text === "loaded");
  await send?.("hello");
  await reads("the message", (text) => text.endsWith("hello"));
  expect(shown.size).toBe(1);
});

test("a hook without a provider says so", () => {
  function Lost() {
    useConnection();
    return null;
  }
  const root = createRoot(document.createElement("div"));
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  onTestFinished(() => void Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false }));
  expect(() => act(() => root.render(h(Lost)))).toThrow("ChinwagProvider");
});

test("what failed says why, and is retried or discarded", async () => {
  const { alice, chatId } = await scene.tea();
  let sending: ReturnType<typeof useSend> | undefined;
  let shown: readonly Entry[] = [];
  function Chat() {
    sending = useSend(chatId);
    const { entries, loading } = useMessages(chatId);
    shown = entries;
    return h("p", null, loading ? "loading" : entries.map(({ state, content, error }) => `${content.slice(0, 1)} ${state} ${error?.code ?? ""}`).join() || "none");
  }
  const { reads } = show(h(ChinwagProvider, { client: alice.client }, h(Chat)));
  await reads("no messages", (text) => text === "none");
  void sending?.send("x".repeat(100_000));
  await reads("a failure", (text) => text === "x failed MESSAGE_TOO_LONG");
  // The answer may be there before the page is drawn again.
  const again = new Promise<void>((refused) => alice.realtime.on("outbox", ({ state }) => state === "failed" && refused()));
  const [entry] = shown;
  if (entry) sending?.retry(entry);
  await inTime(() => "refused again", again);
  await reads("a failure again", (text) => text === "x failed MESSAGE_TOO_LONG");
  const [failed] = shown;
  if (failed) sending?.discard(failed);
  await reads("nothing", (text) => text === "none");
});

test("many events at once are few renderings", async () => {
  const { alice, bob, chatId } = await scene.tea();
  let renderings = 0;
  function Chat() {
    renderings += 1;
    return h("p", null, useMessages(chatId).entries.map(({ content }) => content).join(" "));
  }
  const { reads } = show(h(ChinwagProvider, { client: bob.client }, h(Chat)));
  await alice.realtime.sendMessage(chatId, "first");
  await reads("the first", (text) => text === "first");
  bob.realtime.disconnect();
  const texts = Array.from({ length: 300 }, (_, index) => `${index}`);
  await Promise.all(texts.map((text) => alice.realtime.sendMessage(chatId, text)));
  renderings = 0;
  void bob.realtime.connect();
  await reads("all", (text) => text === `first ${texts.join(" ")}`);
  expect(renderings).toBeLessThan(150);
});

test("replies, another chat in the same place, and errors of loading", async () => {
  const { alice, bob, chatId } = await scene.tea();
  const other = await bob.client.createChat("Other", [bob.username, alice.username]);
  const first = await bob.realtime.sendMessage(chatId, "one");
  await bob.realtime.sendMessage(other.chatId, "two");
  let select: (chatId: string) => void = () => {};
  let sending: ReturnType<typeof useSend> | undefined;
  function Page() {
    const [selected, setSelected] = useState(chatId);
    select = setSelected;
    sending = useSend(selected);
    const { entries, error } = useMessages(selected);
    return h("p", null, error instanceof ChinwagError ? error.code : entries.map(({ content }) => content).join());
  }
  const { reads } = show(h(ChinwagProvider, { client: alice.client }, h(Page)));
  await reads("the first chat", (text) => text === "one");
  const reply = await sending?.reply(first, "reply");
  expect(reply).toMatchObject({ type: "REPLY", replyTo: { messageId: first.messageId } });
  await reads("the reply", (text) => text === "one,reply");
  select(other.chatId);
  await reads("the other chat", (text) => text === "two");
  select(crypto.randomUUID());
  await reads("no such chat", (text) => text === "CHAT_NOT_FOUND");
  select(chatId);
  await reads("the first chat again", (text) => text === "one,reply");
});

test("older messages that cannot be loaded say why, and can be asked for again", async () => {
  const proxy = await scene.proxy();
  const { alice, bob, chatId } = await scene.tea({ alice: { baseUrl: proxy.url } });
  for (let count = 0; count < 60; count += 1) await bob.realtime.sendMessage(chatId, `<${count}>`);
  let load: (() => Promise<void>) | undefined;
  function Chat() {
    const { entries, hasOlder, loadOlder, loadingOlder, error } = useMessages(chatId);
    load = loadOlder;
    return h("p", null, `${entries.length}`, hasOlder ? " more" : " all", loadingOlder ? " loading" : "", error instanceof ChinwagError ? ` ${error.code}` : "");
  }
  const { reads } = show(h(ChinwagProvider, { client: alice.client }, h(Chat)));
  await reads("a page", (text) => text === "50 more");
  proxy.weather = { kind: "refuse" };
  proxy.cutAll();
  const loading = reads("loading", (text) => text === "50 more loading");
  const both = Promise.all([load?.(), load?.()]);
  await loading;
  await both;
  await reads("the failure", (text) => text === "50 more NETWORK");
  proxy.weather = { kind: "fair" };
  await load?.();
  await reads("all of them", (text) => text === "60 all");
});

test("a page that is away and comes back catches up, and leaving it disconnects", async () => {
  const proxy = await scene.proxy();
  const { alice, bob, chatId } = await scene.tea({ alice: { baseUrl: proxy.url } });
  function Chat() {
    const { entries } = useMessages(chatId);
    return h("p", null, useConnection(), " ", entries.map(({ content }) => content).join());
  }
  const { reads, root } = show(h(ChinwagProvider, { client: alice.client }, h(Chat)));
  await reads("connected", (text) => text.startsWith("connected"));
  proxy.weather = { kind: "refuse" };
  const lost = reads("the loss", (text) => !text.startsWith("connected"));
  proxy.cutAll();
  await lost;
  await bob.realtime.sendMessage(chatId, "meanwhile");
  proxy.weather = { kind: "fair" };
  await reads("what happened meanwhile", (text) => text === "connected meanwhile");
  expect(alice.realtime.connected).toBe(true);
  const over = next(alice.client, "disconnected");
  root.unmount();
  expect(await over).toMatchObject({ willReconnect: false });
  expect(alice.realtime.connected).toBe(false);
});
