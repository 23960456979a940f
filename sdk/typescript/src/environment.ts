/** What the platform brings: time, chance, timers, sockets. Tests bring their own. */

/** The part of the WebSocket API that is used; browsers, Node, `ws` and React Native have it. */
export interface WebSocketLike {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  send(text: string): void;
  close(code?: number): void;
  /** `ws` has it: ends without waiting for the peer. */
  terminate?(): void;
}

export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike;

export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** At least 0, less than 1. */
  random(): number;
  /** A name that nothing else has. */
  unique(): string;
  /** Runs once, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
  /** Runs whenever it may be worth to try again: the network or the user came back. Returns how to stop that. */
  onWake(run: () => void): () => void;
  fetch: typeof fetch;
  /** Null where there is none. */
  WebSocket: WebSocketConstructor | null;
  /** Whether `fetch` gives answers piece by piece. React Native's does not. */
  streams: boolean;
  /** What the tabs of one browser have in common; null where there are none. */
  tabs: TabsPlatform | null;
}

export type Locks = Pick<LockManager, "request" | "query">;

export interface TabsPlatform {
  /** The Web Locks of the origin. */
  locks: Locks;
  /** A BroadcastChannel of that name. */
  channel(name: string): Channel;
  /** Tells when the page is about to be frozen or left, and when it is back. Returns how to stop that. */
  onFreeze(freeze: () => void, thaw: () => void): () => void;
}

/** The part of BroadcastChannel that is used. */
export interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

interface EventTargetLike {
  addEventListener?(name: string, run: () => void): void;
  removeEventListener?(name: string, run: () => void): void;
}

/** Everything from the platform; `webSocketImpl` where it has no WebSocket of its own, or another is wanted. */
export function platform(webSocketImpl?: unknown): Environment {
  const global = globalThis as typeof globalThis & { document?: Document } & EventTargetLike;
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    unique: uniqueName,
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    onWake(run) {
      const document = global.document;
      const whenVisible = () => {
        if (document?.visibilityState === "visible") run();
      };
      // React Native has neither, or objects of these names without these methods.
      global.addEventListener?.("online", run);
      document?.addEventListener?.("visibilitychange", whenVisible);
      return () => {
        global.removeEventListener?.("online", run);
        document?.removeEventListener?.("visibilitychange", whenVisible);
      };
    },
    // Called as a function, not as a method: browsers insist on it.
    fetch: (input, init) => global.fetch(input, init),
    WebSocket: ((webSocketImpl ?? global.WebSocket) as WebSocketConstructor | undefined) ?? null,
    streams: typeof ReadableStream !== "undefined" && typeof Response !== "undefined" && "body" in Response.prototype,
    tabs: browserTabs(),
  };
}

/** Pages of a secure origin have all of it. Node has some of it, but no tabs. */
function browserTabs(): TabsPlatform | null {
  const { document, navigator, BroadcastChannel } = globalThis as Partial<typeof globalThis>;
  if (!document?.addEventListener || !navigator?.locks || !BroadcastChannel) return null;
  return {
    locks: navigator.locks,
    channel: (name) => new BroadcastChannel(name) as Channel,
    onFreeze(freeze, thaw) {
      const events = [
        [document, "freeze", freeze],
        [globalThis, "pagehide", freeze],
        [document, "resume", thaw],
        [globalThis, "pageshow", thaw],
      ] as const;
      for (const [target, name, run] of events) target.addEventListener(name, run);
      return () => {
        for (const [target, name, run] of events) target.removeEventListener(name, run);
      };
    },
  };
}

function uniqueName(): string {
  const crypto = globalThis.crypto as Crypto | undefined;
  if (crypto?.randomUUID) return crypto.randomUUID();
  // Pages without TLS, React Native, old Node: a nonce must be unique among one user's own, not unguessable.
  const part = () => Math.floor(Math.random() * 2 ** 48).toString(36);
  return `${Date.now().toString(36)}-${part()}-${part()}`;
}
