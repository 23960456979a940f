import type { Channel, Locks, TabsPlatform } from "../../src/index.js";

interface Request {
  lock: Lock;
  grant(): void;
  fail(error: unknown): void;
}

/** The Web Locks of one origin, exclusive ones, as far as they are used. */
export class MemoryLocks implements Locks {
  readonly #held = new Map<string, Request>();
  readonly #waiting = new Map<string, Request[]>();

  request(name: string, ...args: unknown[]): Promise<never> {
    const use = args.pop() as (lock: Lock | null) => unknown;
    return this.#request(name, args[0] ?? {}, use) as Promise<never>;
  }

  #request(name: string, options: LockOptions, use: (lock: Lock | null) => unknown): Promise<unknown> {
    const lock: Lock = { name, mode: "exclusive" };
    if (options.ifAvailable && this.#held.has(name)) return Promise.resolve(use(null));
    return new Promise((resolve, reject) => {
      const request: Request = {
        lock,
        fail: reject,
        grant: () => {
          this.#held.set(name, request);
          Promise.resolve(use(lock)).then(resolve, reject).finally(() => this.#free(request));
        },
      };
      if (options.steal) {
        this.#held.get(name)?.fail(new DOMException("stolen", "AbortError"));
        return request.grant();
      }
      if (!this.#held.has(name)) return request.grant();
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), request]);
      options.signal?.addEventListener("abort", () => {
        this.#waiting.set(name, (this.#waiting.get(name) ?? []).filter((other) => other !== request));
        reject(new DOMException("given up", "AbortError"));
      });
    });
  }

  async query(): Promise<LockManagerSnapshot> {
    return { held: [...this.#held.keys()].map((name) => ({ name, mode: "exclusive" as const, clientId: "" })), pending: [] };
  }

  #free(request: Request): void {
    const { name } = request.lock;
    if (this.#held.get(name) !== request) return;
    this.#held.delete(name);
    const [next, ...others] = this.#waiting.get(name) ?? [];
    this.#waiting.set(name, others);
    next?.grant();
  }
}

/** A browser: each of its tabs has this platform, and events of its page. */
export class Browser {
  readonly locks = new MemoryLocks();

  tab(): Tab {
    return new Tab(this.locks);
  }
}

export class Tab implements TabsPlatform {
  #freeze: () => void = () => {};
  #thaw: () => void = () => {};

  constructor(readonly locks: Locks) {}

  channel(name: string): Channel {
    return new BroadcastChannel(name) as Channel;
  }

  onFreeze(freeze: () => void, thaw: () => void): () => void {
    this.#freeze = freeze;
    this.#thaw = thaw;
    return () => {};
  }

  freeze(): void {
    this.#freeze();
  }

  thaw(): void {
    this.#thaw();
  }
}
