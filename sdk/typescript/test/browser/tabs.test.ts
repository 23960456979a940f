import { afterAll, beforeAll, expect, test } from "vitest";
import { BrowserScene, type BrowserTab } from "../harness/browser.js";
import { inTime } from "../harness/scene.js";

let scene: BrowserScene;
beforeAll(async () => {
  scene = await BrowserScene.open();
});
afterAll(() => scene?.close());

const numbered = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name} ${index}`);

const hasAll = (tab: BrowserTab, expected: string[]) => tab.until("all messages", () => tab.messages.length >= expected.length);

test("three tabs have one socket; when the one that leads closes, the next one leads", async () => {
  const { bob, chatId, proxy, heHas, tab } = await scene.tea();
  const tabs = [await tab(), await tab(), await tab()];
  expect(proxy.upgrades).toBe(1);
  for (const [index, one] of tabs.entries()) await one.send(chatId, `by tab ${index}`);
  const leader = tabs.shift();
  const told = tabs.map((one) => one.told("connected").length);
  const closed = leader?.page.close();
  await bob.realtime.sendMessage(chatId, "while it closes");
  await closed;
  await Promise.all(tabs.map((one, index) => one.until("connected again", () => one.told("connected").length > (told[index] ?? 0))));
  await tabs[0]?.send(chatId, "by the heir");
  await tabs[1]?.send(chatId, "by the other");
  const expected = await heHas(6);
  expect(expected.slice(3)).toEqual(["while it closes", "by the heir", "by the other"]);
  for (const one of tabs) {
    await hasAll(one, expected);
    expect(one.messages).toEqual(expected);
    expect(one.told("resync")).toEqual([]);
  }
  expect(proxy.upgrades).toBe(2);
});

test("when the tab that leads crashes, what it could not send is sent by the next, once and in order", async () => {
  const { chatId, proxy, heHas, tab } = await scene.tea();
  const [first, second, third] = [await tab(), await tab(), await tab()];
  proxy.weather = { kind: "refuse" };
  proxy.cutAll();
  await first.until("the loss", () => first.told("disconnected").length > 0);
  await first.queue(chatId, numbered(5, "first"));
  await second.queue(chatId, numbered(5, "second"));
  await first.keeps(10);
  await first.crash();
  proxy.weather = { kind: "fair" };
  await third.send(chatId, "third");
  const expected = await heHas(11);
  for (const name of ["first", "second"]) expect(expected.filter((text) => text.startsWith(name))).toEqual(numbered(5, name));
  for (const one of [second, third]) {
    await hasAll(one, expected);
    expect(one.messages).toEqual(expected);
  }
  expect(expected).toHaveLength(11);
});

test("a tab that is put to sleep hands over, and hears what it missed when it is back", async () => {
  const { bob, chatId, heHas, tab } = await scene.tea();
  const [first, second] = [await tab(), await tab()];
  await first.sleep(true);
  await second.until("its turn", () => second.told("connected").length > 1);
  await bob.realtime.sendMessage(chatId, "to who is awake");
  await second.send(chatId, "by who is awake");
  await first.sleep(false);
  await first.until("its connection", () => first.told("connected").length > 1);
  await first.send(chatId, "awake again");
  const expected = await heHas(3);
  expect(expected).toEqual(["to who is awake", "by who is awake", "awake again"]);
  for (const one of [first, second]) {
    await hasAll(one, expected);
    expect(one.messages).toEqual(expected);
  }
});

test("a tab that hangs loses its seat", async () => {
  const { bob, chatId, tab } = await scene.tea();
  const [first, second] = [await tab(), await tab()];
  first.hang();
  // Silence, a question, and no answer; it may answer once more before it hangs.
  while (second.told("disconnected").length === 0) await second.forward(10_000);
  await second.until("its turn", () => second.told("connected").length > 1);
  await bob.realtime.sendMessage(chatId, "to who is alive");
  await second.until("it", () => second.messages.length === 1);
});

test("tabs that come and go in the midst of traffic miss nothing and repeat nothing", async () => {
  const { bob, chatId, heHas, tab } = await scene.tea();
  const watching = await tab();
  let [leader, sender] = [watching, await tab()];
  const talk = async () => {
    for (const text of numbered(200, "bob")) await bob.realtime.sendMessage(chatId, text);
  };
  const talking = talk();
  for (let round = 0; round < 5; round += 1) {
    await sender.queue(chatId, numbered(10, `round ${round}:`));
    // In the midst of it.
    const heir = await tab();
    if (leader !== watching) await leader.page.close();
    [leader, sender] = [sender, heir];
  }
  await inTime("the talk", talking);
  const expected = await heHas(250);
  expect(expected.filter((text) => text.startsWith("bob"))).toEqual(numbered(200, "bob"));
  for (let round = 0; round < 5; round += 1) {
    expect(expected.filter((text) => text.startsWith(`round ${round}:`))).toEqual(numbered(10, `round ${round}:`));
  }
  await hasAll(watching, expected);
  expect(watching.messages).toEqual(expected);
});
