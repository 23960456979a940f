import { expect, test } from "vitest";
import { type SessionEffect, StompSession } from "../../src/realtime/session.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const written = (effects: SessionEffect[]) => effects.flatMap((effect) => (effect.do === "write" ? [effect.text] : []));

function greeted() {
  const session = new StompSession("jwt", "chat.example", 0);
  session.opened(0);
  const effects = session.received(bytes("CONNECTED\nversion:1.2\nheart-beat:10000,10000\n\n\0"), 0);
  expect(effects).toEqual([{ do: "greeted" }]);
  return session;
}

test("it introduces itself", () => {
  const [connect] = written(new StompSession("jwt", "chat.example", 0).opened(0));
  expect(connect).toBe(
    "CONNECT\naccept-version:1.2,1.1,1.0\nhost:chat.example\nheart-beat:10000,10000\nAuthorization:Bearer jwt\n\n\0",
  );
});

test("what comes for an earlier subscription is not heard", () => {
  const session = greeted();
  expect(written(session.subscribe("c1", 0))).toEqual(["SUBSCRIBE\nid:1\ndestination:/user/queue/messages\nsince:c1\n\n\0"]);
  expect(written(session.subscribe("c2", 0))[0]).toBe("UNSUBSCRIBE\nid:1\n\n\0");
  const heard = session.received(
    bytes('MESSAGE\nsubscription:1\ncursor:c9\n\n{"type":"TYPING"}\0MESSAGE\nsubscription:2\ncursor:c3\n\n{"type":"HEAD","cursor":"c3"}\0'),
    0,
  );
  expect(heard).toEqual([{ do: "hear", said: { type: "HEAD", cursor: "c3" }, cursor: "c3", subscription: 2 }]);
});

test("an action is one SEND", () => {
  const [send] = written(greeted().send({ type: "TYPING", chatId: "tea", nonce: "n" }, 0));
  expect(send).toBe(
    'SEND\ndestination:/api/chat\ncontent-type:application/json\ncontent-length:44\n\n{"type":"TYPING","chatId":"tea","nonce":"n"}\0',
  );
});

test("frames cut anywhere are heard when they are whole", () => {
  const session = greeted();
  session.subscribe("c0", 0);
  const frame = bytes('MESSAGE\nsubscription:1\ncursor:c1\n\n{"type":"HEAD","cursor":"🫖"}\0');
  const effects = Array.from(frame, (byte) => session.received(Uint8Array.of(byte), 0)).flat();
  expect(effects).toEqual([{ do: "hear", said: { type: "HEAD", cursor: "🫖" }, cursor: "c1", subscription: 1 }]);
});

test("it beats by timer, and when something is heard", () => {
  const session = greeted();
  expect(session.due()).toBe(5_000);
  expect(written(session.tick(5_000))).toEqual(["\n"]);
  expect(session.received(bytes("\n"), 6_000)).toEqual([]);
  expect(written(session.received(bytes("\n"), 16_000))).toEqual(["\n"]);
});

test("silence, ERROR and nonsense end it, once", () => {
  const ends = (effects: SessionEffect[]) => effects.filter((effect) => effect.do === "end");
  expect(ends(greeted().tick(20_000))).toEqual([{ do: "end", why: "the server fell silent" }]);
  expect(ends(greeted().received(bytes("ERROR\nmessage:slow consumer\n\n\0"), 0))).toEqual([{ do: "end", why: "slow consumer" }]);
  const session = greeted();
  session.subscribe("c0", 0);
  expect(ends(session.received(bytes("MESSAGE\nsubscription:1\n\nno json\0"), 0))).toHaveLength(1);
  expect(session.received(bytes("\n"), 0)).toEqual([]);
  expect(session.due()).toBeNull();
  expect(ends(greeted().received(bytes("HTTP/1.1 400\n\n"), 0))).toEqual([{ do: "end", why: "not STOMP: UnknownCommand" }]);
});
