import type { Environment, WebSocketLike } from "../environment.js";
import type { Action } from "../wire.js";
import { GREETED_WITHIN_MS, type Link, type LinkListener } from "./link.js";
import { type SessionEffect, StompSession } from "./session.js";

/** STOMP over WebSocket: a {@link StompSession} with a socket and a timer. */
export class WebSocketLink implements Link {
  readonly #socket: WebSocketLike;
  readonly #session: StompSession;
  #cancelTimer: () => void;
  #greeted = false;
  #over = false;

  /** `url` with its ticket; `jwt` of the same user. */
  constructor(
    private readonly environment: Environment,
    url: string,
    jwt: string,
    private readonly listener: LinkListener,
  ) {
    if (!environment.WebSocket) throw new Error("there is no WebSocket");
    this.#session = new StompSession(jwt, new URL(url).host, environment.now());
    this.#cancelTimer = environment.after(GREETED_WITHIN_MS, () => this.#lost("the server did not answer in time"));
    this.#socket = new environment.WebSocket(url, ["v12.stomp", "v11.stomp", "v10.stomp"]);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.#carryOut(this.#session.opened(environment.now()));
    this.#socket.onmessage = ({ data }) => this.#carryOut(this.#session.received(asBytes(data), environment.now()));
    this.#socket.onclose = ({ code, reason }) => this.#lost(reason || `the connection was closed (${code})`);
    // What an error was is said by the close that follows it.
    this.#socket.onerror = () => {};
  }

  send(action: Action & { nonce?: string }): boolean {
    if (this.#over || !this.#greeted) return false;
    this.#carryOut(this.#session.send(action, this.environment.now()));
    return true;
  }

  resubscribe(): void {
    if (this.#greeted) this.#carryOut(this.#session.subscribe(this.listener.since(), this.environment.now()));
  }

  check(): void {
    if (this.#greeted) this.#carryOut(this.#session.tick(this.environment.now()));
  }

  close(): void {
    if (this.#over) return;
    if (this.#greeted) this.#carryOut(this.#session.leave(this.environment.now()));
    this.#end();
  }

  #carryOut(effects: SessionEffect[]): void {
    for (const effect of effects) {
      if (this.#over) return;
      switch (effect.do) {
        case "write":
          this.#write(effect.text);
          break;
        case "greeted":
          this.#greeted = true;
          this.resubscribe();
          break;
        case "hear":
          if (this.#session.listensTo(effect.subscription)) this.listener.hear(effect.said, effect.cursor);
          break;
        case "end":
          this.#lost(effect.why);
          break;
      }
    }
    if (this.#greeted && !this.#over) this.#setTimer();
  }

  #write(text: string): void {
    try {
      this.#socket.send(text);
    } catch {
      // It is closing already, and says so by its close event.
    }
  }

  #setTimer(): void {
    this.#cancelTimer();
    const due = this.#session.due();
    if (due === null) return;
    this.#cancelTimer = this.environment.after(Math.max(0, due - this.environment.now()), () => this.check());
  }

  #lost(why: string): void {
    if (this.#over) return;
    this.#end();
    this.listener.closed({ why, greeted: this.#greeted });
  }

  #end(): void {
    this.#over = true;
    this.#cancelTimer();
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(1000);
    } catch {
      // It was not open yet, in platforms that mind.
    }
    // The peer of a dead connection will not answer the close: do not wait for it.
    this.environment.after(1_000, () => socket.terminate?.());
  }
}

const utf8 = new TextEncoder();

function asBytes(data: unknown): Uint8Array {
  if (typeof data === "string") return utf8.encode(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return data as Uint8Array;
}
