import { expect, test } from "vitest";
import { Follower, type FollowerEffect } from "../../src/tabs/follower.js";
import { Leader } from "../../src/tabs/leader.js";
import { Seat } from "../../src/tabs/seat.js";
import type { TabMessage } from "../../src/tabs/talk.js";
import type { ChatEvent } from "../../src/wire.js";
import { MemoryLocks } from "../harness/tabs.js";

const said = (seq: number): ChatEvent => ({
  type: "SEND_MSG",
  chatId: "tea",
  recipientId: "me",
  senderId: "bob",
  message: `${seq}`,
  messageId: `m${seq}`,
  timeStamp: "",
  seq,
});
const heard = (seq: number, leader = "L"): TabMessage => ({ say: "heard", leader, said: said(seq), cursor: `c${seq}` });
const joined = (cursor: string, carries = true): TabMessage => ({ say: "joined", leader: "L", tab: "T", cursor, carries });
const told = (effects: FollowerEffect[]) =>
  effects.flatMap((effect) => (effect.do === "hear" ? ["seq" in effect.said ? `${effect.said.seq}` : effect.said.type] : []));

function follower(since = "now") {
  const following = new Follower("T", () => since, 0);
  expect(following.join()).toEqual([{ do: "post", message: { say: "join", tab: "T" } }]);
  return following;
}

test("a new tab hears everything from where the leader stands", () => {
  const tab = follower();
  expect(tab.received(joined("c7"), 1)).toEqual([{ do: "hear", said: { type: "RESYNC", cursor: "c7" }, cursor: "c7" }]);
  expect(tab.received(heard(8), 2)).toEqual([{ do: "hear", said: said(8), cursor: "c8" }]);
});

test("a tab that stands where the leader stands has missed nothing", () => {
  expect(told(follower("c7").received(joined("c7"), 1))).toEqual(["RESUMED"]);
});

test("what was missed comes from the server, page by page, and what is heard meanwhile comes after it", () => {
  const tab = follower("c3");
  expect(tab.received(joined("c7"), 1)).toEqual([{ do: "sync", since: "c3" }]);
  expect(tab.received(heard(8), 2)).toEqual([]);
  const first = tab.synced({ events: [said(4), said(5)], cursor: "c5", more: true });
  expect(told(first)).toEqual(["4", "5", "HEAD"]);
  expect(first.at(-1)).toEqual({ do: "sync", since: "c5" });
  expect(told(tab.synced({ events: [said(6), said(7)], cursor: "c7", more: false }))).toEqual(["6", "7", "RESUMED", "8"]);
  expect(told(tab.received(heard(9), 3))).toEqual(["9"]);
});

test("a cursor that the server does not know is a resync", () => {
  const tab = follower("c3");
  tab.received(joined("d1"), 1);
  tab.received({ ...heard(8), cursor: "d2" } as TabMessage, 2);
  expect(told(tab.synced({ events: [{ type: "RESYNC", cursor: "d1" }], cursor: "d1", more: false }))).toEqual(["RESYNC", "8"]);
});

test("actions go through the leader, if its connection carries them, and only once everything is heard", () => {
  const action = { type: "TYPING", chatId: "tea" } as const;
  const tab = follower("c3");
  expect(tab.send(action)).toBeNull();
  tab.received(joined("c7"), 1);
  expect(tab.send(action)).toBeNull();
  tab.synced({ events: [], cursor: "c7", more: false });
  expect(tab.send(action)).toEqual([{ do: "post", message: { say: "send", leader: "L", action } }]);
  const other = follower();
  other.received(joined("c7", false), 1);
  expect(other.send(action)).toBeNull();
});

test("what is for other tabs, or by another leader, is not heard", () => {
  const tab = follower();
  expect(tab.received({ ...joined("c7"), tab: "U" } as TabMessage, 1)).toEqual([]);
  tab.received(joined("c7"), 1);
  expect(tab.received(heard(8, "M"), 2)).toEqual([]);
  expect(tab.received({ say: "send", leader: "L", action: { type: "TYPING", chatId: "tea" } }, 2)).toEqual([]);
});

test("a leader that lost its connection, or its seat, is left at once", () => {
  for (const message of [{ say: "away", leader: "L" }, { say: "away", leader: "M" }, { say: "live", leader: "M" }] as const) {
    const tab = follower();
    tab.received(joined("c7"), 1);
    expect(tab.received(message, 2)).toMatchObject([{ do: "end", deaf: false }]);
    expect(tab.received(heard(8), 3), "it is over").toEqual([]);
    expect(tab.due()).toBeNull();
  }
});

test("who waits for a leader to be connected asks again when it is", () => {
  const tab = follower();
  expect(tab.received({ say: "pong", leader: "L" }, 1)).toEqual([]);
  expect(tab.received({ say: "live", leader: "L" }, 2)).toEqual([{ do: "post", message: { say: "join", tab: "T" } }]);
});

test("a leader that says nothing is asked, and if it does not answer its place is taken", () => {
  const tab = follower();
  tab.received(joined("c7"), 1_000);
  expect(tab.due()).toBe(11_000);
  expect(tab.tick(10_999)).toEqual([]);
  expect(tab.tick(11_000)).toEqual([{ do: "post", message: { say: "ping", tab: "T" } }]);
  tab.received({ say: "pong", leader: "L" }, 12_000);
  expect(tab.due()).toBe(22_000);
  // The machine slept: however long it was, the leader has time to answer.
  expect(tab.tick(9_000_000)).toMatchObject([{ do: "post" }]);
  expect(tab.tick(9_009_999)).toEqual([]);
  expect(tab.tick(9_010_000)).toMatchObject([{ do: "end", deaf: true }]);
});

test("a leader answers who asks, and says when it comes and goes", () => {
  const posted: TabMessage[] = [];
  const sent: unknown[] = [];
  let standing: { cursor: string; carries: boolean } | null = null;
  const shared = { standing: () => standing, send: (action: unknown) => sent.push(action) > 0, wake: () => sent.push("wake") };
  const leader = new Leader("L", shared, (message) => posted.push(message));
  leader.received({ say: "join", tab: "T" });
  expect(posted.splice(0)).toEqual([{ say: "away", leader: "L" }, { say: "pong", leader: "L" }]);
  standing = { cursor: "c7", carries: true };
  leader.live();
  leader.received({ say: "join", tab: "T" });
  leader.heard(said(8), "c8");
  leader.received({ say: "ping", tab: "T" });
  expect(posted.splice(0)).toEqual([{ say: "live", leader: "L" }, joined("c7"), heard(8), { say: "pong", leader: "L" }]);
  const action = { type: "TYPING", chatId: "tea" } as const;
  leader.received({ say: "send", leader: "L", action });
  leader.received({ say: "send", leader: "an earlier one", action });
  leader.received({ say: "wake" });
  expect(sent).toEqual([action, "wake"]);
});

/** Seats of one browser, and who leads. */
function seats() {
  const locks = new MemoryLocks();
  const turns: string[] = [];
  const seat = (name: string): Seat => {
    const made: Seat = new Seat(locks, "tea", () => turns.push(`${name} ${made.leads ? "leads" : "follows"}`));
    return made;
  };
  return { seat, turns, settled: () => new Promise((resolve) => setImmediate(resolve)) };
}

test("the first tab leads, the next when it leaves, in their order", async () => {
  const { seat, turns, settled } = seats();
  const [a, b, c] = [seat("a"), seat("b"), seat("c")];
  for (const one of [a, b, c]) await one.enter();
  expect([a.leads, b.leads, c.leads]).toEqual([true, false, false]);
  b.leave();
  a.leave();
  await settled();
  expect(turns).toEqual(["c leads"]);
  expect([a.leads, b.leads, c.leads]).toEqual([false, false, true]);
});

test("a seat that is taken is known to be lost, and waited for", async () => {
  const { seat, turns, settled } = seats();
  const [a, b] = [seat("a"), seat("b")];
  await a.enter();
  await b.enter();
  await b.take();
  await settled();
  expect(turns.sort()).toEqual(["a follows", "b leads"]);
  b.leave();
  await settled();
  expect(turns.at(-1)).toBe("a leads");
});
