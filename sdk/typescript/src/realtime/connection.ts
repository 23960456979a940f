import type { Auth } from "../auth.js";
import { bearer } from "../auth.js";
import type { Environment, TabsPlatform } from "../environment.js";
import { ChinwagError, asChinwagError } from "../errors.js";
import type { Emitter } from "../events.js";
import { EVENT_NAMES } from "../events.js";
import type { Rest } from "../rest.js";
import { Tabs } from "../tabs.js";
import type { Action, ChatEvent, Notice, RefusalNotice, SyncResponse } from "../wire.js";
import { CatchUp } from "./catch-up.js";
import type { Link, LinkEnd, LinkListener } from "./link.js";
import { type Backoff, FALLBACK_MS, Road, type Transport, delayMs } from "./reconnect.js";
import { StreamLink } from "./stream-link.js";
import { WebSocketLink } from "./websocket-link.js";

/** What acts on the connection, and is told what it needs to know. */
export interface ConnectionClient {
  live(): void;
  /** What was sent over the connection and not answered will not be answered. */
  interrupted(): void;
  /** An event with a nonce: that action's effect. */
  stored(nonce: string, event: ChatEvent): void;
  refused(notice: RefusalNotice): void;
  /** Resolves when everything that waits is in the storage. */
  kept(): Promise<void>;
  /** What tabs kept that are not `here` any more is for this one to send. */
  inherit(here: () => Promise<ReadonlySet<string>>): void;
}

interface Waiter {
  promise: Promise<void>;
  resolve(): void;
  reject(error: ChinwagError): void;
}

/** Keeps one link open from `connect` to `disconnect`, and everything that is heard in order, once, without a hole. */
export class Connection {
  readonly #catchUp = new CatchUp();
  readonly #road: Road;
  /** Null if this client has its connection to itself. */
  readonly #tabs: Tabs | null;
  #phase: "idle" | "connecting" | "live" | "waiting" = "idle";
  #link: Link | null = null;
  /** By which the link goes; null if it goes through another tab. */
  #transport: Transport | null = null;
  #waiter: Waiter | null = null;
  #attempt = 0;
  /** Whose cursor it is that we have. */
  #userId: string | null = null;
  /** Counts attempts ever made: what belongs to an earlier one is over. */
  #generation = 0;
  #cancelRetry: () => void = () => {};
  #stopWaking: () => void = () => {};
  /** The last reason for which no attempt came through, so that it is told once. */
  #told: string | null = null;

  constructor(
    private readonly environment: Environment,
    private readonly auth: Auth,
    private readonly rest: Rest,
    private readonly emitter: Emitter,
    private readonly backoff: Backoff,
    possible: readonly Transport[],
    share: boolean,
    private readonly client: ConnectionClient,
  ) {
    this.#road = new Road(possible);
    this.#tabs = share && environment.tabs ? this.#share(environment.tabs) : null;
  }

  /** This tab's name, where tabs share a connection. */
  get tab(): string | null {
    return this.#tabs?.tab ?? null;
  }

  get live(): boolean {
    return this.#phase === "live";
  }

  /** Idempotent: all calls share one connection. Goes on trying until it is live, refused for good, or disconnected. */
  connect(): Promise<void> {
    if (this.#phase === "live") return Promise.resolve();
    if (this.#waiter) return this.#waiter.promise;
    const userId = this.auth.state?.userId;
    if (userId === undefined) return Promise.reject(new ChinwagError("NOT_AUTHENTICATED", "sign in before connecting", 401));
    if (userId !== this.#userId) this.#catchUp.forget();
    this.#userId = userId;
    this.#waiter = waiter();
    const { promise } = this.#waiter;
    if (this.#phase === "idle") {
      this.#attempt = 0;
      this.#stopWaking = this.environment.onWake(() => this.#wake());
      this.#tabs?.enter(`${this.rest.baseUrl} ${userId}`);
      void this.#open();
    }
    return promise;
  }

  disconnect(reason = "disconnect() was called"): void {
    if (this.#phase === "idle") return;
    this.#link?.close();
    this.#finish(reason, new ChinwagError("DISCONNECTED", reason));
  }

  /** False if it is to be sent over HTTP. */
  send(action: Action & { nonce?: string }): boolean {
    return this.#phase === "live" && (this.#link?.send(action) ?? false);
  }

  async #open(): Promise<void> {
    const generation = ++this.#generation;
    this.#phase = "connecting";
    if (this.#attempt > 0) this.emitter.emit("reconnecting", { attempt: this.#attempt });
    try {
      const link = await this.#openLink(generation);
      if (generation === this.#generation && this.#phase === "connecting") this.#link = link;
      else link?.close();
    } catch (error) {
      if (generation === this.#generation) this.#lost({ why: "unable to connect", greeted: false, error: asChinwagError(error) });
    }
  }

  /** Null if meanwhile another attempt took the place of this one. */
  async #openLink(generation: number): Promise<Link | null> {
    const leads = (await this.#tabs?.leads()) ?? true;
    if (generation !== this.#generation) return null;
    this.#catchUp.subscribed();
    this.#transport = null;
    if (this.#tabs && !leads) return this.#tabs.link(this.#listener(generation));
    const transport = this.#road.choose(this.environment.now());
    if (!transport) throw new ChinwagError("NO_TRANSPORT", "there is no WebSocket here: pass webSocketImpl");
    this.#transport = transport;
    const listener = this.#listener(generation);
    if (transport === "sse") {
      const stream = (since: string, signal: AbortSignal) =>
        this.auth.withJwt((jwt) => this.rest.stream("/api/chat/events", { since }, bearer(jwt), signal));
      return new StreamLink(this.environment, stream, listener);
    }
    return this.#openWebSocket(listener);
  }

  async #openWebSocket(listener: LinkListener): Promise<Link> {
    const { body } = await this.auth.request({ method: "GET", path: "/api/auth/getTicket" });
    const { ticket } = body as { ticket: string };
    const url = this.rest.url("/api/wsConnect", { ticket }).replace(/^http/, "ws");
    return new WebSocketLink(this.environment, url, this.auth.signedIn().jwt, listener);
  }

  #listener(generation: number): LinkListener {
    const transport = this.#transport;
    const current = () => generation === this.#generation;
    return {
      since: () => this.#catchUp.since,
      hear: (said, cursor) => {
        if (current()) this.#hear(said, cursor);
      },
      closed: (end) => {
        if (!current()) return;
        if (transport === "websocket" && end.greeted) this.#road.websocketWorked();
        if (transport === "websocket" && !end.greeted) this.#road.websocketFailed(this.environment.now());
        this.#lost(end);
      },
    };
  }

  #hear(said: ChatEvent | Notice, cursor: string | null): void {
    const notice = said.type === "ERROR" || said.type === "RESUMED" || said.type === "RESYNC" || said.type === "HEAD";
    if (!notice && !(said.type in EVENT_NAMES)) return;
    const heard = notice ? this.#catchUp.notice(said) : this.#catchUp.event(said, cursor);
    // To the other tabs goes what is new, and answers, which may be theirs. Where this tab stands is nothing to them.
    const answer = notice ? said.type === "ERROR" : said.replayed === true;
    if (this.live && (heard.do === "tell" || said.type === "HEAD" || answer)) this.#tabs?.heard(said, cursor);
    if (said.type === "ERROR") return this.client.refused(said);
    if (!notice && said.nonce !== undefined) this.client.stored(said.nonce, said);
    switch (heard.do) {
      case "tell":
        this.emitter.emit(EVENT_NAMES[heard.event.type], heard.event as never);
        return;
      case "resubscribe":
        this.#catchUp.subscribed();
        this.#link?.resubscribe();
        return;
      case "live":
        if (heard.resync) this.emitter.emit("resync", { reason: "the server cannot say what happened meanwhile" });
        this.#becomeLive();
        return;
      case "nothing":
        return;
    }
  }

  #becomeLive(): void {
    // Subscribing again on a live link ends here too.
    if (this.#phase !== "connecting") return;
    this.#phase = "live";
    this.#attempt = 0;
    this.#told = null;
    this.#waiter?.resolve();
    this.#waiter = null;
    this.#tabs?.live();
    this.#lookForWebSocket();
    this.emitter.emit("connected");
    // A handler may have disconnected.
    if (this.live) this.client.live();
  }

  /** On the fallback: in a while, sees whether a WebSocket has become possible. */
  #lookForWebSocket(): void {
    if (this.#transport === "sse" && this.#road.fellBack) {
      this.#cancelRetry = this.environment.after(FALLBACK_MS, () => void this.#tryWebSocket());
    }
  }

  /** Opens one beside the fallback, and moves over when something is said on it. What is heard on both is told once. */
  async #tryWebSocket(): Promise<void> {
    const generation = this.#generation;
    let moved: LinkListener | null = null;
    const failed = () => {
      if (generation === this.#generation) this.#lookForWebSocket();
    };
    try {
      const link = await this.#openWebSocket({
        since: () => this.#catchUp.since,
        hear: (said, cursor) => {
          if (!moved && generation !== this.#generation) return link.close();
          moved ??= this.#moveTo(link);
          moved.hear(said, cursor);
        },
        closed: (end) => (moved ? moved.closed(end) : failed()),
      });
    } catch {
      failed();
    }
  }

  #moveTo(link: Link): LinkListener {
    this.#link?.close();
    this.#link = link;
    this.#transport = "websocket";
    this.#road.websocketWorked();
    this.#catchUp.subscribed();
    return this.#listener(++this.#generation);
  }

  #lost({ why, error, atOnce = false }: LinkEnd): void {
    const wasLive = this.live;
    this.#phase = "waiting";
    this.#link = null;
    this.#generation += 1;
    this.#cancelRetry();
    this.#tabs?.lost();
    this.client.interrupted();
    const signedOut = error?.status === 401 && !this.auth.renewable;
    const over = error && (signedOut || error.code === "APP_SUSPENDED" || error.code === "NO_TRANSPORT");
    if (over) return this.#finish(error.message, error);
    this.#attempt += 1;
    if (wasLive) this.emitter.emit("disconnected", { reason: why, willReconnect: true });
    if (error && !error.transient && error.code !== this.#told) {
      this.#told = error.code;
      this.emitter.emit("error", { error });
    }
    // A handler may have disconnected, or connected anew.
    if (this.#phase !== "waiting") return;
    if (atOnce) return void this.#open();
    const wait = delayMs(this.#attempt, this.environment.random(), this.backoff, error?.extra.retryAfterMs);
    this.#cancelRetry = this.environment.after(wait, () => void this.#open());
    this.emitter.emit("waiting", { ms: wait });
  }

  /** The end, until somebody connects again. The cursor stays: the same user will be told what was missed. */
  #finish(reason: string, error: ChinwagError): void {
    const pending = this.#waiter;
    this.#phase = "idle";
    this.#link = null;
    this.#waiter = null;
    this.#generation += 1;
    this.#cancelRetry();
    this.#stopWaking();
    this.#tabs?.leave();
    this.client.interrupted();
    this.emitter.emit("disconnected", { reason, willReconnect: false });
    if (error.code !== "DISCONNECTED") this.emitter.emit("error", { error });
    pending?.reject(error);
  }

  #share(platform: TabsPlatform): Tabs {
    return new Tabs(this.environment, platform, {
      standing: () => (this.live ? { cursor: this.#catchUp.since, carries: this.#transport === "websocket" } : null),
      send: (action) => this.send(action),
      wake: () => this.#wake(),
      sync: async (since) => {
        const { body } = await this.auth.request({ method: "GET", path: "/api/chat/sync", query: { since } });
        return body as SyncResponse;
      },
      turned: () => {
        this.#link?.close();
        this.#lost({ why: "the tabs' connection changes hands", greeted: true, atOnce: true });
      },
      kept: () => this.client.kept(),
      inherit: (here) => this.client.inherit(here),
    });
  }

  #wake(): void {
    if (this.#phase === "live") this.#link?.check();
    if (this.#phase !== "waiting") return;
    this.#cancelRetry();
    void this.#open();
  }
}

function waiter(): Waiter {
  let settle: Omit<Waiter, "promise"> = { resolve() {}, reject() {} };
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Not everybody waits for the connection; its failure is told by events, too.
  promise.catch(() => {});
  return { promise, ...settle };
}
