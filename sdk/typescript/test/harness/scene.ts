import { onTestFinished } from "vitest";
import WebSocket from "ws";
import { ChinwagClient, type ChinwagClientOptions, type ChatDetails, type EventName, type RealtimeEvents } from "../../src/index.js";
import { FaultProxy } from "./proxy.js";
import { Chinwag } from "./server.js";

const PATIENCE_MS = 30_000;
export const PASSWORD = "correct horse";

/** Quick to come back, so that stories with many losses are short. */
const RECONNECT = { minMs: 10, maxMs: 200 };

/** Rejects when `promise` takes too long: for events that never come. */
export async function inTime<T>(what: string | (() => string), promise: Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`in vain: waited for ${typeof what === "string" ? what : what()}`)), patienceMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The next event of that name for which `wanted` holds. */
export function next<N extends EventName>(
  client: ChinwagClient,
  name: N,
  wanted: (event: RealtimeEvents[N]) => boolean = () => true,
): Promise<RealtimeEvents[N]> {
  const heard = new Promise<RealtimeEvents[N]>((resolve) => {
    const stop = client.realtime.on(name, (event) => {
      if (!wanted(event)) return;
      stop();
      resolve(event);
    });
  });
  return inTime(`${name}`, heard);
}

/** Everything of some names that a client hears, in order. */
export class Diary<N extends EventName> {
  readonly events: RealtimeEvents[N][] = [];
  readonly #watchers = new Set<() => void>();

  constructor(client: ChinwagClient, ...names: N[]) {
    for (const name of names) {
      client.realtime.on(name, (event) => {
        this.events.push(event);
        for (const watch of this.#watchers) watch();
      });
    }
  }

  until(what: string, done: (events: RealtimeEvents[N][]) => boolean, patienceMs = PATIENCE_MS): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      const watch = () => {
        if (!done(this.events)) return;
        this.#watchers.delete(watch);
        resolve();
      };
      this.#watchers.add(watch);
      watch();
    });
    return inTime(() => `${what}; so far ${this.events.length} events`, reached, patienceMs);
  }
}

/** A server with one app. */
export class Scene {
  private constructor(
    readonly server: Chinwag,
    readonly apiKey: string,
  ) {}

  static async open(settings: Record<string, string> = {}): Promise<Scene> {
    const server = await Chinwag.start(settings);
    return new Scene(server, await server.apiKey());
  }

  close(): Promise<void> {
    return this.server.remove();
  }

  /** A person nobody had before: registered, signed in, not connected. Leaves when the test is over. */
  async person(name: string, options: Partial<ChinwagClientOptions> = {}): Promise<Person> {
    const username = `${name}-${crypto.randomUUID().slice(0, 8)}`;
    const door = new ChinwagClient({ baseUrl: this.server.url, apiKey: this.apiKey });
    await door.registerUser({ username, email: `${username}@example.com`, password: PASSWORD });
    await door.signIn({ username, password: PASSWORD });
    const auth = door.getAuth();
    if (!auth) throw new Error("signed in");
    return new Person(username, auth.userId, this.device(auth, options));
  }

  /** Another device of the same session. */
  device(auth: { jwt: string; refreshToken: string; userId: string }, options: Partial<ChinwagClientOptions> = {}): ChinwagClient {
    const client = new ChinwagClient({ baseUrl: this.server.url, webSocketImpl: WebSocket, reconnect: RECONNECT, ...options });
    client.setAuth(auth);
    onTestFinished(() => client.realtime.disconnect());
    return client;
  }

  /** A network with weather; fair at first. */
  async proxy(): Promise<FaultProxy> {
    const proxy = await FaultProxy.start(this.server.port);
    onTestFinished(() => proxy.stop());
    return proxy;
  }

  /** Alice and Bob in a chat, connected. */
  async tea(options: { alice?: Partial<ChinwagClientOptions>; bob?: Partial<ChinwagClientOptions> } = {}) {
    const [alice, bob] = await Promise.all([this.person("alice", options.alice), this.person("bob", options.bob)]);
    const chat: ChatDetails = await alice.client.createChat("Tea", [alice.username, bob.username]);
    await Promise.all([alice.client.realtime.connect(), bob.client.realtime.connect()]);
    return { alice, bob, chatId: chat.chatId };
  }
}

export class Person {
  constructor(
    readonly username: string,
    readonly id: string,
    readonly client: ChinwagClient,
  ) {}

  get realtime() {
    return this.client.realtime;
  }
}
