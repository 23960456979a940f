// A second client that is not ours, in short: webstomp-client, which cuts its frames into messages of 16 KiB.
// CHAT_URL is the server's base URL, API_KEY a key of an app of it. Ends with code 0 if all went as documented.

import assert from "node:assert/strict";
import webstomp from "webstomp-client";
import { WebSocket } from "ws";

const { CHAT_URL, API_KEY } = process.env;
const PATIENCE_MS = 20_000;

async function inTime(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS} ms for ${what}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function request(method, path, headers, body) {
  const answer = await fetch(CHAT_URL + path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return { json: await answer.json(), authorization: answer.headers.get("authorization") };
}

class Person {
  static async signedIn(username) {
    const key = { "x-api-key": API_KEY };
    const password = "correct horse battery";
    await request("POST", "/api/user/registerUser", key, { username, email: `${username}@example.com`, password });
    const { json, authorization } = await request("POST", "/api/user/signin", key, { username, password });
    return Object.assign(new Person(), { id: json.id, name: username, authorization });
  }

  async connects({ protocol, binary = false }) {
    Object.assign(this, { events: [], waiting: [], receipts: new Map() });
    const { json } = await request("GET", "/api/auth/getTicket", { authorization: this.authorization });
    const socket = new WebSocket(`${CHAT_URL.replace("http", "ws")}/api/wsConnect?ticket=${json.ticket}`, protocol);
    this.client = webstomp.over(socket, { debug: false, binary, heartbeat: { outgoing: 1000, incoming: 1000 } });
    await inTime("CONNECTED", new Promise((resolve, reject) => {
      this.client.connect({ Authorization: this.authorization }, resolve, (error) => reject(new Error(String(error))));
    }));
    this.client.onreceipt = ({ headers }) => this.receipts.get(headers["receipt-id"])();
    await this.receiptOf((receipt) => {
      const headers = { receipt, id: "own", ack: "client-individual" };
      this.client.subscribe(`/user/${this.id}/queue/messages`, (message) => this.hears(message), headers);
    });
  }

  hears(message) {
    message.ack();
    const event = JSON.parse(message.body);
    const waiting = this.waiting.shift();
    if (waiting) waiting(event);
    else this.events.push(event);
  }

  async expects(type) {
    const event = this.events.shift() ?? (await inTime(type, new Promise((resolve) => this.waiting.push(resolve))));
    assert.equal(event.type, type, JSON.stringify(event));
    return event;
  }

  receiptOf(act) {
    const receipt = `r-${this.receipts.size}`;
    const came = new Promise((resolve) => this.receipts.set(receipt, resolve));
    act(receipt);
    return inTime(receipt, came);
  }

  acts(action) {
    return this.receiptOf((receipt) => this.client.send("/api/chat", JSON.stringify(action), { receipt }));
  }

  disconnects() {
    return inTime("the goodbye", new Promise((resolve) => this.client.disconnect(resolve)));
  }
}

const alice = await Person.signedIn("webstomp-alice");
for (const [protocol, binary] of [["v12.stomp", false], ["v11.stomp", false], ["v12.stomp", true]]) {
  await alice.connects({ protocol, binary });
  const { json } = await request("POST", "/api/chat/createChat", { authorization: alice.authorization }, { chatName: "Tour", userNames: [alice.name] });
  const chatId = json.chatId;
  assert.equal((await alice.expects("NEW_CHAT")).chatId, chatId);
  // Escaped it is twice as long, so it comes in several messages.
  const long = '"'.repeat(16_000) + " ☕";
  await alice.acts({ type: "SEND_MSG", chatId, message: long });
  const { messageId, message } = await alice.expects("SEND_MSG");
  assert.equal(message, long);
  await alice.acts({ type: "REACT", chatId, messageId, reaction: "👍" });
  assert.equal((await alice.expects("REACT")).parentMessageId, messageId);
  const transaction = alice.client.begin();
  for (const text of ["one", "two"]) {
    const action = { type: "REPLY", chatId, messageId, message: text };
    alice.client.send("/api/chat", JSON.stringify(action), { transaction: transaction.id });
  }
  transaction.commit();
  for (const text of ["one", "two"]) assert.equal((await alice.expects("REPLY")).message, text);
  await alice.acts({ type: "DELETE_MSG", chatId, messageId });
  assert.equal((await alice.expects("DELETE_MSG")).messageId, messageId);
  alice.client.unsubscribe("own");
  await alice.disconnects();
}
console.log("the tour is complete");
