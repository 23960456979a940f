// One conversation, the same by every client and over every transport, under Node and in a page: sign in, ticket,
// subscribe, send with a receipt, see it, edit, react, read, be cut off, come again with `since`, go on.
//
// The client is given as `join`: it takes `chatUrl`, `ticket`, `authorization`, `since` (a cursor, or nothing) and
// `hears(event, cursor)`, and promises a link once it listens. A link has `leaves()` and `breaksOff()`; and `does(action)`,
// which promises that it is stored, and `says(action)`, unless its client can only listen.

const PATIENCE_MS = 20_000;
/** What a transport must not mangle: markup, line ends of scripts, percent signs, surrogate pairs. */
const ODD_TEXT = '100% %41 </script> "quoted" \\ \u2028\u200d\ufff0 caf\u00e9 \u2615\ud83d\udc4d\u{1f9d1}\u200d\u{1f33e}';
/** Together more than one streaming response may bring, so that each must be followed by another. */
const LONG_TEXTS = Array.from({ length: 24 }, (_, number) => `${number} ${"x".repeat(7000)}`);
const MISSED_TEXTS = ["are you there?", "well"];
const THUMBS_UP = "\ud83d\udc4d";

/** Plays it, or throws. `place` has chatUrl, apiKey, join; `name` is of the client and transport. */
export async function play(place, name) {
  const alice = await Person.signedIn(place, `alice-${name}`);
  const bob = await Person.signedIn(place, `bob-${name}`);
  for (const person of [alice, bob]) await person.connects();
  const both = async (type, check) => {
    for (const person of [alice, bob]) check(await person.hears(type));
  };
  const userNames = [alice.name, bob.name];
  const { chatId } = await alice.asks("POST", "/api/chat/createChat", { chatName: "Tea", userNames });
  await both("NEW_CHAT", (event) => same(event.chatId, chatId, "the new chat"));

  await alice.does({ type: "SEND_MSG", chatId, message: "hullo" });
  let messageId;
  await both("SEND_MSG", (event) => {
    same(event.message, "hullo", "the message");
    messageId = event.messageId;
  });
  await alice.does({ type: "EDIT_MSG", chatId, messageId, message: ODD_TEXT });
  await both("EDIT_MSG", (event) => same([event.messageId, event.message], [messageId, ODD_TEXT], "the edit"));
  await bob.does({ type: "REACT", chatId, messageId, reaction: THUMBS_UP });
  await both("REACT", (event) => same([event.parentMessageId, event.message], [messageId, THUMBS_UP], "the reaction"));
  await bob.does({ type: "READ_MSG", chatId, messageId });
  await both("READ_MSG", (event) => same([event.messageId, event.senderId], [messageId, bob.id], "the read pointer"));

  for (const message of LONG_TEXTS) await alice.says({ type: "SEND_MSG", chatId, message });
  for (const text of LONG_TEXTS) await both("SEND_MSG", (event) => same(event.message, text, "a long message"));

  await bob.link.breaksOff();
  for (const message of MISSED_TEXTS) await alice.does({ type: "SEND_MSG", chatId, message });
  for (const text of MISSED_TEXTS) same((await alice.hears("SEND_MSG")).message, text, "a message to one who is away");
  await bob.connects(bob.cursor);
  for (const text of MISSED_TEXTS) same((await bob.hears("SEND_MSG")).message, text, "what was missed");
  await bob.hears("RESUMED");
  await bob.does({ type: "SEND_MSG", chatId, message: "here I am" });
  await both("SEND_MSG", (event) => same(event.message, "here I am", "the message after it"));

  await theHistory(bob, chatId, [ODD_TEXT, ...LONG_TEXTS, ...MISSED_TEXTS, "here I am"]);
  for (const person of [alice, bob]) await inTime(`${person.name} to leave`, person.link.leaves());
}

async function theHistory(bob, chatId, texts) {
  const { messages } = await bob.asks("GET", `/api/messages/getMessages/${chatId}?size=100`);
  same(messages.map((found) => found.content).reverse(), texts, "the history");
  same(messages.at(-1).reactions.map((found) => found.senderId), [bob.id], "the reactions");
}

class Person {
  events = [];
  awaited = null;
  /** Of the last event that was heard. */
  cursor = null;

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

  async connects(since) {
    const { ticket } = await this.asks("GET", "/api/auth/getTicket");
    const { chatUrl } = this.place;
    const hears = (event, cursor) => this.takes(event, cursor);
    const joining = this.place.join({ chatUrl, ticket, authorization: this.authorization, since, hears });
    this.link = await inTime(`${this.name} to join`, joining);
  }

  takes(event, cursor) {
    if (!cursor) throw new Error(`no cursor with ${JSON.stringify(event)}`);
    this.cursor = cursor;
    if (event.type === "HEAD") return;
    this.events.push(event);
    this.awaited?.();
  }

  /** The next event, which must be of that type. */
  async hears(type) {
    if (this.events.length === 0) await inTime(`${type} for ${this.name}`, new Promise((come) => (this.awaited = come)));
    this.awaited = null;
    const event = this.events.shift();
    same(event.type, type, `what ${this.name} heard: ${JSON.stringify(event).slice(0, 200)}`);
    return event;
  }

  /** Does an action and waits until it is stored. */
  async does(action) {
    const stored = this.link.does ? this.link.does(action) : this.asks("POST", "/api/chat", action);
    await inTime(`${action.type} of ${this.name} to be stored`, stored);
  }

  async says(action) {
    if (this.link.says) this.link.says(action);
    else await this.does(action);
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
