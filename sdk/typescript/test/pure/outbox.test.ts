import { expect, test } from "vitest";
import { ChinwagError } from "../../src/errors.js";
import { Outbox, type OutboxEntry, type StoredAction } from "../../src/realtime/outbox.js";
import type { ChatEvent } from "../../src/wire.js";

const say = (message: string, chatId = "tea"): StoredAction => ({ type: "SEND_MSG", chatId, message });
const stored: ChatEvent = { type: "SEND_MSG", chatId: "tea", recipientId: "me", senderId: "me", message: "", messageId: "m", timeStamp: "", seq: 1 };
const busy = new ChinwagError("RATE_LIMITED", "too fast");
const no = new ChinwagError("CHAT_NOT_FOUND", "no such chat");

function outbox() {
  const log: string[] = [];
  const box = new Outbox(({ nonce, state }, gone) => log.push(`${nonce} ${state}${gone ? ", gone" : ""}`));
  const taken = (now = 0) => box.take(now, "me").map(({ entry, door }) => `${entry.nonce} by ${door}`);
  return { box, log, taken };
}

test("of each chat one at a time, in order, and chats do not wait for each other", () => {
  const { box, log, taken } = outbox();
  box.add(say("a"), "1", "me", 0);
  box.add(say("b"), "2", "me", 0);
  box.add(say("c", "coffee"), "3", "me", 0);
  expect(taken()).toEqual(["1 by stomp", "3 by stomp"]);
  expect(taken()).toEqual([]);
  box.stored("1", stored);
  expect(taken()).toEqual(["2 by stomp"]);
  expect(log).toEqual(["1 queued", "2 queued", "3 queued", "1 sending", "3 sending", "1 stored, gone", "2 sending"]);
});

test("one that is refused for now is not overtaken; one that is refused for good is", () => {
  const { box, taken } = outbox();
  box.add(say("a"), "1", "me", 0);
  box.add(say("b"), "2", "me", 0);
  taken();
  box.refused("1", busy, true, 500);
  expect(taken(499)).toEqual([]);
  expect(box.due()).toBe(500);
  expect(taken(500)).toEqual(["1 by http"]);
  box.refused("1", no, false, 0);
  expect(box.get("1")).toMatchObject({ state: "failed", error: { code: "CHAT_NOT_FOUND" } });
  expect(taken(501)).toEqual(["2 by stomp"]);
});

test("what may change nothing, or is large, goes by the door that always answers", () => {
  const { box, taken } = outbox();
  box.add({ type: "REACT", chatId: "a", messageId: "m", reaction: "🌱" }, "1", "me", 0);
  box.add({ type: "READ_MSG", chatId: "b", messageId: "m" }, "2", "me", 0);
  box.add(say("x".repeat(30_000), "c"), "3", "me", 0);
  box.add({ type: "DELETE_REACT", reactionId: "r" }, "4", "me", 0);
  expect(taken()).toEqual(["1 by http", "2 by http", "3 by http", "4 by stomp"]);
});

test("a lost connection takes back what went over it, and nothing else", () => {
  const { box, taken } = outbox();
  box.add(say("a"), "1", "me", 0);
  box.add({ type: "READ_MSG", chatId: "b", messageId: "m" }, "2", "me", 0);
  taken();
  box.interrupted();
  expect(box.entries.map(({ state }) => state)).toEqual(["queued", "sending"]);
  expect(taken()).toEqual(["1 by http"]);
});

test("what is not answered in time is asked for by HTTP", () => {
  const { box, taken } = outbox();
  box.add(say("a"), "1", "me", 0);
  taken(100);
  expect(box.due()).toBe(15_100);
  box.overdue(15_099);
  expect(taken(15_099)).toEqual([]);
  box.overdue(15_100);
  expect(taken(15_100)).toEqual(["1 by http"]);
});

test("failed ones wait for retry or discard", () => {
  const { box, taken } = outbox();
  box.add(say("a"), "1", "me", 0);
  box.add(say("b"), "2", "me", 0);
  taken();
  expect(box.discard("1"), "what is on its way cannot be called back").toBe(false);
  box.refused("1", no, false, 0);
  expect(box.retry("1", 9)).toBe(true);
  expect(box.retry("1", 9)).toBe(false);
  expect(box.entries.map(({ nonce }) => nonce), "behind those that came since").toEqual(["2", "1"]);
  expect(box.discard("1")).toBe(true);
  expect(box.discard("1")).toBe(false);
});

test("what a storage kept comes before what was added since, if it is not too old to repeat", () => {
  const { box, taken } = outbox();
  const day = 24 * 3_600_000;
  box.add(say("new"), "3", "me", 2 * day);
  const kept = (nonce: string, queuedAt: number): OutboxEntry => ({ nonce, userId: "me", action: say(nonce), state: "queued", queuedAt, attempts: 1 });
  box.restore([kept("2", 2 * day - 1), kept("1", 0)], 2 * day);
  expect(box.entries.map(({ nonce, state }) => `${nonce} ${state}`)).toEqual(["1 failed", "2 queued", "3 queued"]);
  expect(box.get("1")?.error?.code).toBe("OUTBOX_EXPIRED");
  expect(taken(2 * day)).toEqual(["2 by http"]);
});

test("what was added in one millisecond keeps its order, however it was kept", () => {
  const kept: OutboxEntry[] = [];
  const before = new Outbox((entry) => kept.push(entry));
  for (const nonce of ["c", "a", "b"]) before.add(say(nonce), nonce, "me", 5);
  const { box, taken } = outbox();
  box.restore([...kept].sort((one, other) => (one.nonce < other.nonce ? -1 : 1)), 5);
  expect(box.entries.map(({ nonce }) => nonce)).toEqual(["c", "a", "b"]);
  const [, ...later] = kept;
  box.restore(later, 5);
  expect(box.entries.map(({ nonce }) => nonce), "what is held is not held twice").toEqual(["c", "a", "b"]);
  expect(taken()).toEqual(["c by stomp"]);
});

test("nothing is sent in another user's name", () => {
  const { box, taken } = outbox();
  box.add(say("theirs"), "1", "somebody else", 0);
  expect(taken()).toEqual([]);
});

test("it has a bound", () => {
  const { box } = outbox();
  for (let count = 0; count < 1000; count += 1) box.add(say("x"), `${count}`, "me", 0);
  expect(() => box.add(say("x"), "one more", "me", 0)).toThrow(expect.objectContaining({ code: "OUTBOX_FULL" }));
});
