// One conversation, the same over every transport and wherever it is played: under Node or in a page.
// It needs what both have, and is given the two libraries.

const PATIENCE_MS = 20_000;
/** What a transport must not mangle: markup, line ends of scripts, percent signs, surrogate pairs. */
const ODD_TEXT = '100% %41 </script> "quoted" \\ \u2028\u200d\ufff0 caf\u00e9 \u2615\ud83d\udc4d\u{1f9d1}\u200d\u{1f33e}';
/** Together more than one streaming response may bring, so that each must be followed by another. */
const LONG_TEXTS = Array.from({ length: 24 }, (_, number) => `${number} ${"x".repeat(7000)}`);

/** Plays it, or throws. `place` has SockJS, Client, chatUrl, apiKey; `transport` is named as sockjs-client does. */
export async function play(place, transport) {
  const alice = await Person.signedIn(place, `alice-${transport}`);
  const bob = await Person.signedIn(place, `bob-${transport}`);
  for (const person of [alice, bob]) {
    await person.connects(transport);
    same(person.socket.transport, transport, "the transport");
  }
  const userNames = [alice.name, bob.name];
  const { chatId } = await alice.asks("POST", "/api/chat/createChat", { chatName: "Tea", userNames });
  for (const person of [alice, bob]) same((await person.hears("NEW_CHAT")).chatId, chatId, "the new chat");

  await alice.acts({ type: "SEND_MSG", chatId, message: ODD_TEXT });
  const [{ messageId, message }, heard] = [await alice.hears("SEND_MSG"), await bob.hears("SEND_MSG")];
  same([message, heard.message, heard.messageId], [ODD_TEXT, ODD_TEXT, messageId], "the message");

  await bob.acts({ type: "REACT", chatId, messageId, reaction: "\ud83d\udc4d" });
  for (const person of [alice, bob]) same((await person.hears("REACT")).parentMessageId, messageId, "the reaction");

  for (const message of LONG_TEXTS) alice.publishes({ type: "SEND_MSG", chatId, message });
  for (const person of [alice, bob]) {
    for (const text of LONG_TEXTS) same((await person.hears("SEND_MSG")).message, text, "a long message");
  }
  const { messages } = await bob.asks("GET", `/api/messages/getMessages/${chatId}?size=100`);
  same(messages.map((found) => found.content).reverse(), [ODD_TEXT, ...LONG_TEXTS], "the history");
  same(messages.at(-1).reactions.map((found) => found.senderId), [bob.id], "the reactions");
  for (const person of [alice, bob]) await person.leaves();
}

class Person {
  events = [];
  receipts = 0;
  awaited = null;

  static async signedIn(place, name) {
    const person = new Person();
    Object.assign(person, { place, name });
    const key = { "x-api-key": place.apiKey };
    const password = "correct horse battery";
    await person.fetches("POST", "/api/user/registerUser", key, { username: name, email: `${name}@example.com`, password });
    const { json, headers } = await person.fetches("POST", "/api/user/signin", key, { username: name, password });
    return Object.assign(person, { id: json.id, authorization: headers.get("authorization") });
  }

  async fetches(method, path, headers, body) {
    const answer = await fetch(this.place.chatUrl + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: body && JSON.stringify(body),
    });
    const json = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return { json, headers: answer.headers };
  }

  async asks(method, path, body) {
    return (await this.fetches(method, path, { authorization: this.authorization }, body)).json;
  }

  async connects(transport) {
    const { ticket } = await this.asks("GET", "/api/auth/getTicket");
    const url = `${this.place.chatUrl}/api/wsConnect?ticket=${ticket}`;
    await inTime(`CONNECTED for ${this.name}`, new Promise((resolve, reject) => {
      this.client = new this.place.Client({
        webSocketFactory: () => (this.socket = new this.place.SockJS(url, null, { transports: [transport] })),
        connectHeaders: { Authorization: this.authorization },
        reconnectDelay: 0,
        onConnect: resolve,
        onStompError: (frame) => reject(new Error(`${frame.headers.message} ${frame.body}`)),
        onWebSocketClose: (event) => reject(new Error(`closed: ${event.code} ${event.reason}`)),
      });
      this.client.activate();
    }));
    await this.receipt("SUBSCRIBE", (receipt) => {
      this.client.subscribe("/user/queue/messages", (message) => this.takes(JSON.parse(message.body)), { receipt });
    });
  }

  takes(event) {
    this.events.push(event);
    this.awaited?.();
  }

  /** The next event, which must be of that type. */
  async hears(type) {
    if (this.events.length === 0) await inTime(`${type} for ${this.name}`, new Promise((come) => (this.awaited = come)));
    this.awaited = null;
    const event = this.events.shift();
    same(event.type, type, `what ${this.name} heard: ${JSON.stringify(event)}`);
    return event;
  }

  publishes(action, headers = {}) {
    this.client.publish({ destination: "/api/chat", body: JSON.stringify(action), headers });
  }

  /** Does an action and waits until it is stored. */
  async acts(action) {
    await this.receipt(action.type, (receipt) => this.publishes(action, { receipt }));
  }

  async receipt(what, ask) {
    const receipt = `${this.name}-${++this.receipts}`;
    const came = new Promise((resolve) => this.client.watchForReceipt(receipt, resolve));
    ask(receipt);
    await inTime(`the receipt of ${what} for ${this.name}`, came);
  }

  async leaves() {
    this.client.onWebSocketClose = () => {};
    await inTime(`${this.name} to leave`, this.client.deactivate());
  }
}

function same(found, expected, what) {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what}: ${one.slice(0, 300)}, not ${other.slice(0, 300)}`);
}

async function inTime(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS} ms for ${what}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
