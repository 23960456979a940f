import { expect, test } from "vitest";
import { CatchUp } from "../../src/realtime/catch-up.js";
import type { ChatEvent } from "../../src/wire.js";

const ME = "me";

function sent(seq: number, chatId = "tea"): ChatEvent {
  return { type: "SEND_MSG", chatId, recipientId: ME, senderId: "bob", message: `${seq}`, messageId: `m${seq}`, timeStamp: "", seq };
}

/** Live since cursor c0. */
function live() {
  const catchUp = new CatchUp();
  catchUp.subscribed();
  expect(catchUp.since).toBe("now");
  expect(catchUp.notice({ type: "RESYNC", cursor: "c0" })).toEqual({ do: "live", resync: false });
  return catchUp;
}

test("the first subscription learns its cursor without a fuss", () => {
  expect(live().since).toBe("c0");
});

test("events move the cursor and are told", () => {
  const catchUp = live();
  expect(catchUp.event(sent(7), "c1")).toMatchObject({ do: "tell" });
  expect(catchUp.event(sent(8), "c2")).toMatchObject({ do: "tell" });
  expect(catchUp.since).toBe("c2");
  catchUp.notice({ type: "HEAD", cursor: "c3" });
  expect(catchUp.since).toBe("c3");
});

test("repeats are dropped, live and while catching up", () => {
  const catchUp = live();
  catchUp.event(sent(7), "c1");
  catchUp.event(sent(8), "c2");
  expect(catchUp.event(sent(7), "c2")).toEqual({ do: "nothing" });
  expect(catchUp.event(sent(3), "c2")).toEqual({ do: "nothing" });
  catchUp.subscribed();
  expect(catchUp.event(sent(8), "c2")).toEqual({ do: "nothing" });
  expect(catchUp.event({ ...sent(9), replayed: true }, "c3")).toEqual({ do: "nothing" });
});

test("a hole in live events asks again from before it, once", () => {
  const catchUp = live();
  catchUp.event(sent(7), "c1");
  expect(catchUp.event(sent(9), "c3")).toEqual({ do: "resubscribe" });
  expect(catchUp.since).toBe("c1");
  expect(catchUp.event(sent(8), "c2")).toMatchObject({ do: "tell" });
  expect(catchUp.event(sent(9), "c3")).toMatchObject({ do: "tell" });
  expect(catchUp.notice({ type: "RESUMED", cursor: "c3" })).toEqual({ do: "live", resync: false });
  expect(catchUp.event(sent(10), "c4")).toMatchObject({ do: "tell" });
});

test("a hole that the server itself has is not asked for again and again", () => {
  const catchUp = live();
  catchUp.event(sent(7), "c1");
  expect(catchUp.event(sent(9), "c3")).toEqual({ do: "resubscribe" });
  catchUp.notice({ type: "RESUMED", cursor: "c3" });
  expect(catchUp.event(sent(12), "c5")).toMatchObject({ do: "tell" });
});

test("catching up may jump; each chat counts for itself", () => {
  const catchUp = live();
  catchUp.event(sent(7), "c1");
  catchUp.subscribed();
  expect(catchUp.event(sent(20), "c5")).toMatchObject({ do: "tell" });
  expect(catchUp.event(sent(3, "coffee"), "c6")).toMatchObject({ do: "tell" });
  catchUp.notice({ type: "RESUMED", cursor: "c6" });
  expect(catchUp.event(sent(21), "c7")).toMatchObject({ do: "tell" });
  expect(catchUp.event(sent(4, "coffee"), "c8")).toMatchObject({ do: "tell" });
});

test("who is added again counts anew", () => {
  const catchUp = live();
  catchUp.event(sent(7), "c1");
  const left: ChatEvent = { type: "USER_LEAVE", chatId: "tea", recipientId: ME, senderId: ME, message: "", timeStamp: "", seq: 8 };
  catchUp.event(left, "c2");
  const joined: ChatEvent = { type: "USER_JOIN", chatId: "tea", recipientId: ME, senderId: "bob", message: ME, username: "me", seq: 30 };
  expect(catchUp.event(joined, "c3")).toMatchObject({ do: "tell" });
  expect(catchUp.event(sent(31), "c4")).toMatchObject({ do: "tell" });
});

test("a lost cursor is a resync, and counting begins anew", () => {
  const catchUp = live();
  catchUp.event(sent(7), "c1");
  expect(catchUp.notice({ type: "RESYNC", cursor: "d0" })).toEqual({ do: "live", resync: true });
  expect(catchUp.since).toBe("d0");
  expect(catchUp.event(sent(3), "d1")).toMatchObject({ do: "tell" });
});

test("typing has no seq and is told", () => {
  const typing: ChatEvent = { type: "TYPING", chatId: "tea", recipientId: ME, senderId: "bob" };
  expect(live().event(typing, null)).toEqual({ do: "tell", event: typing });
});
