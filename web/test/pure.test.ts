import type { ChatDetails, ChatUserInfo, Message, OutboxEntry } from "@chinwag/sdk";
import type { Entry } from "@chinwag/sdk/store";
import { describe, expect, test } from "vitest";
import { chatName, defaultName } from "../src/chat/names.js";
import { changesOf } from "../src/chat/pending.js";
import { readersOf, shapeOf, unreadFrom } from "../src/chat/shape.js";
import { inWords, waitingOf } from "../src/chat/waiting.js";
import { isFewEmoji } from "../src/chat/text.js";
import { type Figures, linesOf, withFigures } from "../src/console/figures.js";
import { curl } from "../src/docs/curl.js";
import type { Reference } from "../src/docs/documents.js";
import { type Schema, bounds, exampleOf, typeOf } from "../src/docs/schema.js";

const NOON = new Date(2026, 10, 22, 12).getTime();
const MINUTE = 60_000;

function said(seq: number, senderId: string, time = NOON): Entry {
  const message = { messageId: `m${seq}`, seq, senderId, timeStamp: new Date(time).toISOString() } as Message;
  return { key: `m${seq}`, state: "stored", senderId, content: "", message };
}

function member(userId: string, lastSeenMessage: string | null): ChatUserInfo {
  return { userId, username: userId, joinedChatAt: "", lastSeenMessage };
}

describe("the shape of a conversation", () => {
  test("messages of one sender within minutes stand together, but not over a day, another sender or the divider", () => {
    const entries = [said(1, "bob"), said(2, "bob", NOON + MINUTE), said(3, "bob", NOON + 10 * MINUTE), said(4, "alice", NOON + 10 * MINUTE)];
    const groups = entries.map((_, at) => {
      const { first, last } = shapeOf(entries, at, null, false);
      return [first, last];
    });
    expect(groups).toEqual([[true, false], [false, true], [true, true], [true, true]]);
    expect(shapeOf(entries, 1, "m2", false)).toMatchObject({ first: true, fresh: true });
    expect(shapeOf(entries, 0, "m2", false).last).toBe(true);
  });

  test("a day begins with its first message; the oldest that is loaded says nothing while there are older ones", () => {
    const entries = [said(1, "bob"), said(2, "bob", NOON + 24 * 60 * MINUTE)];
    expect(shapeOf(entries, 0, null, false).day).toBe(new Date(2026, 10, 22).getTime());
    expect(shapeOf(entries, 1, null, false).day).toBe(new Date(2026, 10, 23).getTime());
    expect(shapeOf(entries, 0, null, true)).toMatchObject({ day: null, first: false });
  });

  test("unread begins after what was read, or as many messages of others back as were counted", () => {
    const entries = [said(1, "bob"), said(2, "me"), said(3, "bob"), said(4, "me"), said(5, "bob")];
    expect(unreadFrom(entries, "me", { last: "m2", count: 9 })).toEqual({ key: "m3", sure: true });
    expect(unreadFrom(entries, "me", { last: null, count: 2 })).toEqual({ key: "m3", sure: true });
    expect(unreadFrom(entries, "me", { last: null, count: 9 })).toEqual({ key: "m1", sure: false });
    expect(unreadFrom(entries, "me", { last: null, count: 0 })).toEqual({ key: null, sure: true });
  });

  test("a reader's mark stands at what they read last, unless they wrote since", () => {
    const entries = [said(1, "me"), said(2, "me"), said(3, "bob")];
    const { at, seq } = readersOf([member("me", "m3"), member("bob", "m1"), member("carol", "m2")], entries, "me");
    expect([...at].map(([key, readers]) => [key, readers.map(({ userId }) => userId)])).toEqual([["m2", ["carol"]]]);
    expect(seq).toBe(3);
  });

  test("what somebody wrote who left was read up to there", () => {
    const entries = [said(1, "me"), said(2, "bob"), said(3, "me")];
    expect(readersOf([member("me", "m3")], entries, "me").seq).toBe(2);
    expect(readersOf([member("me", "m3")], entries.slice(2), "me").seq).toBe(0);
  });
});

describe("live figures", () => {
  const figures = (second: number): Figures => ({ at: new Date(NOON + second * 1_000).toISOString(), connections: second }) as Figures;

  test("are kept for three minutes, by their own clock, and not across one that was set back", () => {
    const history = [0, 1, 100, 181].reduce<readonly Figures[]>((kept, second) => withFigures(kept, figures(second)), []);
    expect(history.map(({ connections }) => connections)).toEqual([1, 100, 181]);
    expect(withFigures(history, figures(50))).toEqual([figures(50)]);
  });

  test("are drawn without a line over what is not known", () => {
    const [times, values] = linesOf([figures(0), figures(1), figures(61)], [({ connections }) => connections]);
    expect(times.map((time) => time - NOON / 1_000)).toEqual([0, 1, 31, 61]);
    expect(values).toEqual([0, 1, null, 61]);
  });
});

test("what waits in the outbox is shown on the messages it is about", () => {
  const waits = (action: OutboxEntry["action"]): OutboxEntry => ({ nonce: action.type, userId: "me", action, state: "queued", queuedAt: 0, attempts: 0 });
  const none = changesOf([], "tea", { messages: new Map(), takenBack: new Set() });
  expect(changesOf([waits({ type: "SEND_MSG", chatId: "tea", message: "x" })], "tea", none)).toBe(none);
  const { messages, takenBack } = changesOf(
    [
      waits({ type: "EDIT_MSG", chatId: "tea", messageId: "m1", message: "better" }),
      waits({ type: "REACT", chatId: "tea", messageId: "m1", reaction: "🍵" }),
      waits({ type: "DELETE_MSG", chatId: "coffee", messageId: "m2" }),
      waits({ type: "DELETE_REACT", reactionId: "r1" }),
    ],
    "tea",
    none,
  );
  expect([...messages.keys()]).toEqual(["m1"]);
  expect(messages.get("m1")).toMatchObject({ edit: { action: { message: "better" } }, reactions: ["🍵"] });
  expect([...takenBack]).toEqual(["r1"]);
});

test("a chat of two without a name bears the other's", () => {
  const chat = (name: string, groupChat = false) => ({ chatName: name, groupChat }) as ChatDetails;
  const me = { userId: "1", username: "alice" };
  expect(chatName(chat(defaultName(["alice", "bob"])), me)).toBe("bob");
  expect(chatName(chat("Tea"), me)).toBe("Tea");
  expect(chatName(chat(defaultName(["alice", "bob", "carol"]), true), me)).toBe("alice, bob, carol");
});

test("a few emoji alone are large, and digits are no emoji", () => {
  for (const text of ["🫖", "❤️", "👩‍🚀🎉", "🇬🇧 👍🏽"]) expect([text, isFewEmoji(text)]).toEqual([text, true]);
  for (const text of ["1", "🫖 yes", "", "🎉🎉🎉🎉"]) expect([text, isFewEmoji(text)]).toEqual([text, false]);
});

describe("the reference", () => {
  const schemas: Record<string, Schema> = { Chat: { type: "object", properties: { chatName: { type: "string", maxLength: 200 }, note: { type: ["string", "null"] } }, required: ["chatName"] } };

  test("says types and bounds in words, and makes examples of what is required", () => {
    expect(typeOf({ type: ["string", "null"], format: "uuid" }, schemas)).toBe("string (uuid) or null");
    expect(typeOf({ type: "array", items: { $ref: "#/components/schemas/Chat" } }, schemas)).toBe("array of Chat");
    expect(bounds({ maxLength: 200, pattern: "\\S" })).toBe("at most 200 characters, not only white space");
    expect(exampleOf({ $ref: "#/components/schemas/Chat" }, schemas)).toEqual({ chatName: "Tea" });
  });

  test("an operation is a line that a shell takes, whatever its example says", () => {
    const entry = { id: "x", kind: "POST", name: "/api/{chatId}", summary: "", parameters: [], body: { const: "it's" }, answers: [], credentials: ["jwt"] };
    const line = curl(entry, { server: "http://h", schemas, credentials: { jwt: { type: "http", scheme: "bearer" } } } as unknown as Reference);
    expect(line).toContain('"http://h/api/$CHAT_ID"');
    expect(line).toContain('-H "Authorization: Bearer $JWT"');
    expect(line).toContain(`-d '"it'\\''s"'`);
  });
});

test("what waits is counted in words; that something was read is not", () => {
  const types = ["SEND_MSG", "REPLY", "EDIT_MSG", "READ_MSG"] as const;
  const outbox = types.map((type) => ({ action: { type } }) as OutboxEntry);
  expect(inWords(waitingOf(outbox))).toBe("2 messages and 1 change");
  expect(inWords(waitingOf(outbox.slice(2)))).toBe("1 change");
  expect(inWords(waitingOf([]))).toBe("");
});
