// Everything a user of Chinwag can do, by a client that knows only the documented API: @stomp/stompjs and fetch.
// CHAT_URL is the server's base URL, API_KEY a key of an app of it. Ends with code 0 if all went as documented.

import assert from "node:assert/strict";
import { Person, inTime } from "./person.mjs";

const alice = await Person.signedIn("stompjs-alice");
const bob = await Person.signedIn("stompjs-bob");
const chat = await theWayIn();
await allEightActions();
await history();
await transactions();
await heartBeats();
await alice.disconnects();
await bob.disconnects();
console.log("the tour is complete");

/** Every subprotocol leads in, and so does none; the events of a new chat come either way. */
async function theWayIn() {
  for (const versions of [["1.2"], ["1.1"], ["1.0"]]) {
    await alice.connects({ versions });
    assert.equal(alice.client.connectedVersion, versions[0]);
    await alice.disconnects();
  }
  await alice.connects({ subprotocols: [] });
  await bob.connects();
  const { chatId } = await alice.post("/api/chat/createChat", { chatName: "Tour", userNames: [alice.name, bob.name] });
  for (const person of [alice, bob]) {
    const created = await person.expects("NEW_CHAT");
    assert.deepEqual([created.chatId, created.message, created.senderId], [chatId, "Tour", alice.id]);
  }
  return chatId;
}

async function allEightActions() {
  await eachActs(alice, bob);
  await eachActs(bob, alice);
}

/** All eight actions by one, as both see them. */
async function eachActs(one, other) {
  const hears = async (type) => {
    const [echo, heard] = [await one.expects(type), await other.expects(type)];
    assert.deepEqual({ ...heard, recipientId: null }, { ...echo, recipientId: null });
    assert.equal(echo.senderId, one.id);
    assert.equal(echo.chatId, chat);
    return echo;
  };
  await one.acts({ type: "SEND_MSG", chatId: chat, message: `hello from ${one.name} ☕` });
  const sent = await hears("SEND_MSG");
  assert.equal(sent.message, `hello from ${one.name} ☕`);
  const messageId = sent.messageId;

  await one.acts({ type: "EDIT_MSG", chatId: chat, messageId, message: "edited" });
  assert.equal((await hears("EDIT_MSG")).message, "edited");

  await one.acts({ type: "REPLY", chatId: chat, messageId, message: "a reply" });
  const reply = await hears("REPLY");
  assert.deepEqual([reply.replyTo.messageId, reply.replyTo.content], [messageId, "edited"]);

  await one.acts({ type: "REACT", chatId: chat, messageId, reaction: "👍" });
  const reaction = await hears("REACT");
  assert.deepEqual([reaction.parentMessageId, reaction.message], [messageId, "👍"]);

  await one.acts({ type: "TYPING", chatId: chat });
  assert.equal((await other.expects("TYPING")).senderId, one.id);

  await one.acts({ type: "DELETE_REACT", reactionId: reaction.messageId });
  assert.equal((await hears("DELETE_REACT")).messageId, reaction.messageId);

  await one.acts({ type: "READ_MSG", chatId: chat, messageId: reply.messageId });
  const [mine, theirs] = [await one.expects("READ_MSG"), await other.expects("READ_MSG")];
  assert.deepEqual([mine.messageId, theirs.messageId], [reply.messageId, reply.messageId]);

  await one.acts({ type: "DELETE_MSG", chatId: chat, messageId: reply.messageId });
  assert.equal((await hears("DELETE_MSG")).messageId, reply.messageId);
}

async function history() {
  const { messages } = await alice.get(`/api/messages/getMessages/${chat}`);
  assert.deepEqual(messages.map((message) => [message.content, message.edited, message.senderId]), [
    ["edited", true, bob.id],
    ["edited", true, alice.id],
  ]);
  for (const person of [alice, bob]) assert.equal((await person.expects("READ_MSG")).senderId, alice.id);
  const { chats } = await alice.get("/api/chat/getChats");
  assert.deepEqual(chats.map((found) => [found.chatId, found.lastMessage]), [[chat, "edited"]]);
  const { users } = await alice.get(`/api/chat/getUsers/${chat}`);
  assert.equal(users.length, 2);
}

async function transactions() {
  const say = (tx, message) => alice.publish({ type: "SEND_MSG", chatId: chat, message }, { transaction: tx.id });
  const aborted = alice.client.begin();
  say(aborted, "never");
  aborted.abort();
  const committed = alice.client.begin();
  say(committed, "one");
  say(committed, "two");
  committed.commit();
  for (const person of [alice, bob]) {
    for (const text of ["one", "two"]) assert.equal((await person.expects("SEND_MSG")).message, text);
  }
}

/** stompjs itself closes the connection if the server's heart-beats stay away; the server does if ours do. */
async function heartBeats() {
  await bob.disconnects();
  await bob.connects({ heartBeat: 1000 });
  assert.notEqual(bob.connected.headers["heart-beat"], "0,0");
  await inTime("a heart-beat", bob.heartBeat());
  await bob.acts({ type: "SEND_MSG", chatId: chat, message: "still here" });
  for (const person of [alice, bob]) assert.equal((await person.expects("SEND_MSG")).message, "still here");
}
