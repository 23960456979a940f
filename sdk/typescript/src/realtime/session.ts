/** A STOMP conversation as its client has it (docs/protocol.md, "The realtime connection"). Pure: bytes and time in, effects out. */
import { StompDecoder, StompError, type StompFrame, type StompVersion, encodeFrame, header } from "../stomp.js";
import type { Action, ChatEvent, Notice } from "../wire.js";
import { Heartbeat } from "./heartbeat.js";

export type SessionEffect =
  | { do: "write"; text: string }
  /** CONNECTED came: subscribe. */
  | { do: "greeted" }
  /** Only while {@link StompSession.listensTo} its subscription: what was heard before in the same chunk may have changed that. */
  | { do: "hear"; said: ChatEvent | Notice; cursor: string | null; subscription: number }
  /** The conversation is over: close the carrier. */
  | { do: "end"; why: string };

/** Both ways; the server asks for the same. */
const BEAT_MS = 10_000;
const ACTIONS = "/api/chat";
const QUEUE = "/user/queue/messages";

export class StompSession {
  readonly #decoder = new StompDecoder();
  readonly #heartbeat: Heartbeat;
  #version: StompVersion = "1.2";
  #subscription = 0;
  #over = false;

  constructor(
    private readonly jwt: string,
    private readonly host: string,
    now: number,
  ) {
    this.#heartbeat = new Heartbeat(now);
  }

  opened(now: number): SessionEffect[] {
    const headers: [string, string][] = [
      ["accept-version", "1.2,1.1,1.0"],
      ["host", this.host],
      ["heart-beat", `${BEAT_MS},${BEAT_MS}`],
      ["Authorization", `Bearer ${this.jwt}`],
    ];
    return [this.#write("CONNECT", headers, "", now)];
  }

  /** Subscribes, in place of an earlier subscription. What still comes for that one is not heard. */
  subscribe(since: string, now: number): SessionEffect[] {
    const effects: SessionEffect[] = [];
    if (this.#subscription > 0) effects.push(this.#write("UNSUBSCRIBE", [["id", String(this.#subscription)]], "", now));
    this.#subscription += 1;
    const headers: [string, string][] = [
      ["id", String(this.#subscription)],
      ["destination", QUEUE],
      ["since", since],
    ];
    effects.push(this.#write("SUBSCRIBE", headers, "", now));
    return effects;
  }

  listensTo(subscription: number): boolean {
    return subscription === this.#subscription;
  }

  send(action: Action & { nonce?: string }, now: number): SessionEffect[] {
    if (this.#over) return [];
    const headers: [string, string][] = [
      ["destination", ACTIONS],
      ["content-type", "application/json"],
    ];
    return [this.#write("SEND", headers, JSON.stringify(action), now)];
  }

  /** A polite end; nothing is waited for. */
  leave(now: number): SessionEffect[] {
    this.#over = true;
    return [this.#write("DISCONNECT", [], "", now)];
  }

  received(bytes: Uint8Array, now: number): SessionEffect[] {
    const effects: SessionEffect[] = [];
    if (this.#over) return effects;
    const owed = this.#heartbeat.heard(now);
    try {
      this.#decoder.feed(bytes);
      for (let frame = this.#decoder.next(); frame && !this.#over; frame = this.#decoder.next()) this.#handle(frame, effects);
    } catch (error) {
      // Bytes that are no STOMP, or a body that is no JSON.
      const why = error instanceof StompError ? error.message : "a message that is no JSON";
      this.#end(why, effects);
    }
    if (owed && !this.#over) effects.push(this.#beat(now));
    return effects;
  }

  /** To be called when {@link due} is reached. */
  tick(now: number): SessionEffect[] {
    if (this.#over) return [];
    const effects: SessionEffect[] = [];
    const wanted = this.#heartbeat.check(now);
    if (wanted === "dead") this.#end("the server fell silent", effects);
    if (wanted === "beat") effects.push(this.#beat(now));
    return effects;
  }

  due(): number | null {
    return this.#over ? null : this.#heartbeat.due();
  }

  #handle(frame: StompFrame, effects: SessionEffect[]): void {
    switch (frame.command) {
      case "CONNECTED":
        this.#version = (header(frame, "version") ?? "1.0") as StompVersion;
        this.#decoder.setVersion(this.#version);
        this.#heartbeat.agree(BEAT_MS, header(frame, "heart-beat"));
        effects.push({ do: "greeted" });
        return;
      case "MESSAGE":
        if (header(frame, "subscription") !== String(this.#subscription)) return;
        effects.push({
          do: "hear",
          said: JSON.parse(new TextDecoder().decode(frame.body)) as ChatEvent | Notice,
          cursor: header(frame, "cursor") ?? null,
          subscription: this.#subscription,
        });
        return;
      case "ERROR":
        this.#end(header(frame, "message") ?? "the server said ERROR", effects);
        return;
      default:
        return;
    }
  }

  #end(why: string, effects: SessionEffect[]): void {
    this.#over = true;
    effects.push({ do: "end", why });
  }

  #beat(now: number): SessionEffect {
    this.#heartbeat.spoke(now);
    return { do: "write", text: "\n" };
  }

  #write(command: string, headers: [string, string][], body: string, now: number): SessionEffect {
    this.#heartbeat.spoke(now);
    return { do: "write", text: encodeFrame(command, headers, body, this.#version) };
  }
}
