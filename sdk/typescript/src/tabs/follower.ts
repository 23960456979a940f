/** A tab that hears through another one. Pure: messages and time in, effects out. */
import { FROM_NOW } from "../realtime/catch-up.js";
import type { Action, ChatEvent, Notice, SyncResponse } from "../wire.js";
import type { TabMessage } from "./talk.js";

export type FollowerEffect =
  | { do: "post"; message: TabMessage }
  | { do: "hear"; said: ChatEvent | Notice; cursor: string | null }
  /** Ask the server what happened since then, and tell {@link Follower.synced}. */
  | { do: "sync"; since: string }
  /** It follows no more. `deaf`: the leader does not answer at all, and somebody has to take its place. */
  | { do: "end"; why: string; deaf: boolean };

/** A leader that says nothing for this long is asked whether it is there, and has as long again to answer. */
const SILENCE_MS = 10_000;
/** So much may happen while the server is asked what was missed. */
const WAITING_MAX = 10_000;

/**
 * First it asks for a place, then it reads from the server what the leader heard before it came, then it hears what the leader
 * hears. What comes in between waits, so there is no hole; what comes twice is for the listener to know.
 */
export class Follower {
  #leader: string | null = null;
  #carries = false;
  #syncing = false;
  #over = false;
  #waiting: { said: ChatEvent | Notice; cursor: string | null }[] = [];
  #heardAt: number;
  #pingedAt: number | null = null;

  constructor(
    private readonly tab: string,
    private readonly since: () => string,
    now: number,
  ) {
    this.#heardAt = now;
  }

  /** Asks for a place, at first or again. What was heard by an earlier one counts no more. */
  join(): FollowerEffect[] {
    this.#leader = null;
    this.#syncing = false;
    this.#waiting = [];
    return [{ do: "post", message: { say: "join", tab: this.tab } }];
  }

  /** Null if it has to go another way. */
  send(action: Action & { nonce?: string }): FollowerEffect[] | null {
    if (this.#over || this.#leader === null || this.#syncing || !this.#carries) return null;
    return [{ do: "post", message: { say: "send", leader: this.#leader, action } }];
  }

  received(message: TabMessage, now: number): FollowerEffect[] {
    if (this.#over || !("leader" in message) || message.say === "send") return [];
    const mine = message.leader === this.#leader;
    // Of two that believe to lead, the one that was joined is listened to, and any may prove that somebody is there.
    this.#heardAt = now;
    this.#pingedAt = null;
    switch (message.say) {
      case "live":
        return this.#leader === null ? this.join() : mine ? [] : this.#end("another tab leads now");
      case "away":
        return this.#leader === null ? [] : this.#end("the tab that leads has no connection");
      case "joined":
        return message.tab === this.tab && this.#leader === null ? this.#joined(message) : [];
      case "heard":
        if (!mine) return [];
        if (!this.#syncing) return [{ do: "hear", said: message.said, cursor: message.cursor }];
        this.#waiting.push(message);
        return this.#waiting.length > WAITING_MAX ? this.#end("too much happened while catching up") : [];
      case "pong":
        return [];
    }
  }

  /** The server's answer to `sync`; of an earlier one it is to be dropped by the caller. */
  synced({ events, cursor, more }: SyncResponse): FollowerEffect[] {
    if (this.#over || !this.#syncing) return [];
    const effects: FollowerEffect[] = [];
    const lost = events.find(({ type }) => type === "RESYNC");
    for (const said of lost ? [] : events) effects.push({ do: "hear", said, cursor: null });
    if (more && !lost) return [...effects, { do: "hear", said: { type: "HEAD", cursor }, cursor }, { do: "sync", since: cursor }];
    this.#syncing = false;
    effects.push({ do: "hear", said: lost ?? { type: "RESUMED", cursor }, cursor });
    for (const { said, cursor } of this.#waiting) effects.push({ do: "hear", said, cursor });
    this.#waiting = [];
    return effects;
  }

  /** To be called when {@link due} is reached, or when it may be over for other reasons. */
  tick(now: number): FollowerEffect[] {
    if (this.#over) return [];
    if (this.#pingedAt !== null) return now - this.#pingedAt >= SILENCE_MS ? this.#end("the tab that leads does not answer", true) : [];
    return now - this.#heardAt >= SILENCE_MS ? this.ping(now) : [];
  }

  ping(now: number): FollowerEffect[] {
    if (this.#over) return [];
    this.#pingedAt ??= now;
    return [{ do: "post", message: { say: "ping", tab: this.tab } }];
  }

  due(): number | null {
    return this.#over ? null : (this.#pingedAt ?? this.#heardAt) + SILENCE_MS;
  }

  #joined({ leader, cursor, carries }: TabMessage & { say: "joined" }): FollowerEffect[] {
    this.#leader = leader;
    this.#carries = carries;
    const since = this.since();
    if (since === FROM_NOW) return [{ do: "hear", said: { type: "RESYNC", cursor }, cursor }];
    if (since === cursor) return [{ do: "hear", said: { type: "RESUMED", cursor }, cursor }];
    this.#syncing = true;
    return [{ do: "sync", since }];
  }

  #end(why: string, deaf = false): FollowerEffect[] {
    this.#over = true;
    return [{ do: "end", why, deaf }];
  }
}
