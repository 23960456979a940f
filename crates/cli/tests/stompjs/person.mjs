// A user of the chat, by the documented API alone.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { Client, Versions } from "@stomp/stompjs";
import { WebSocket } from "ws";

const { CHAT_URL, API_KEY } = process.env;
const PATIENCE_MS = 20_000;

/** Waits for a promise, or fails saying what did not come. */
export async function inTime(what, promise) {
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
  const json = await answer.json();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
  return { json, headers: answer.headers };
}

export class Person {
  /** Events that came and were not yet expected, oldest first. */
  events = [];
  arrivals = new EventEmitter();
  receipts = 0;

  static async signedIn(name) {
    const key = { "x-api-key": API_KEY };
    const password = "correct horse battery";
    await request("POST", "/api/user/registerUser", key, { username: name, email: `${name}@example.com`, password });
    const { json, headers } = await request("POST", "/api/user/signin", key, { username: name, password });
    const person = new Person();
    // As published clients do: the header's value is kept whole, scheme and all, and "Bearer " put before it again.
    Object.assign(person, { name, id: json.id, token: headers.get("authorization") });
    return person;
  }

  async get(path) {
    return (await request("GET", path, { authorization: `Bearer ${this.token}` })).json;
  }

  async post(path, body) {
    return (await request("POST", path, { authorization: `Bearer ${this.token}` }, body)).json;
  }

  /** Connects and subscribes. `subprotocols` are what the WebSocket offers, if not what stompjs does. */
  async connects({ versions = ["1.2", "1.1", "1.0"], subprotocols, heartBeat = 0 } = {}) {
    const { ticket } = await this.get("/api/auth/getTicket");
    const stompVersions = new Versions(versions);
    const offered = subprotocols ?? stompVersions.protocolVersions();
    const url = `${CHAT_URL.replace("http", "ws")}/api/wsConnect?ticket=${ticket}`;
    await inTime(`CONNECTED for ${this.name}`, new Promise((resolve, reject) => {
      this.client = new Client({
        webSocketFactory: () => (this.socket = new WebSocket(url, offered)),
        stompVersions,
        connectHeaders: { Authorization: `Bearer ${this.token}` },
        reconnectDelay: 0,
        heartbeatIncoming: heartBeat,
        heartbeatOutgoing: heartBeat,
        onConnect: (frame) => resolve((this.connected = frame)),
        onStompError: (frame) => reject(new Error(`${frame.headers.message} ${frame.body}`)),
        onWebSocketClose: (event) => reject(new Error(`closed: ${event.code} ${event.reason}`)),
      });
      this.client.activate();
    }));
    const receipt = `${this.name}-${++this.receipts}`;
    const subscribed = new Promise((resolve) => this.client.watchForReceipt(receipt, resolve));
    this.client.subscribe(`/user/${this.id}/queue/messages`, (message) => this.hears(message), { receipt });
    await inTime(`${receipt} of SUBSCRIBE`, subscribed);
  }

  hears(message) {
    assert.equal(message.headers["content-type"].split(";")[0], "application/json");
    const event = JSON.parse(message.body);
    if (event.type !== "ERROR") assert.equal(event.recipientId, this.id);
    this.events.push(event);
    this.arrivals.emit("event");
  }

  /** The next event, which must be of that type. */
  async expects(type) {
    if (this.events.length === 0) await inTime(`${type} for ${this.name}`, once(this.arrivals, "event"));
    const event = this.events.shift();
    assert.equal(event.type, type, `${this.name} saw ${JSON.stringify(event)}`);
    return event;
  }

  publish(action, headers = {}) {
    this.client.publish({ destination: "/api/chat", body: JSON.stringify(action), headers });
  }

  /** Does an action and waits for its receipt. */
  async acts(action) {
    const receipt = `${this.name}-${++this.receipts}`;
    const stored = new Promise((resolve) => this.client.watchForReceipt(receipt, resolve));
    this.publish(action, { receipt });
    await inTime(`${receipt} of ${action.type}`, stored);
  }

  /** The next heart-beat: a message of the WebSocket that is just an end of line. */
  async heartBeat() {
    for (;;) {
      const [bytes] = await once(this.socket, "message");
      if (bytes.toString().trim() === "") return;
    }
  }

  async disconnects() {
    await inTime(`${this.name} to disconnect`, this.client.deactivate());
  }
}
