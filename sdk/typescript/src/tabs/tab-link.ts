import type { Environment } from "../environment.js";
import { asChinwagError } from "../errors.js";
import type { Link, LinkEnd, LinkListener } from "../realtime/link.js";
import type { Action, SyncResponse } from "../wire.js";
import { Follower, type FollowerEffect } from "./follower.js";
import type { TabMessage } from "./talk.js";

/** What a link through another tab needs. */
export interface TabLinkDoors {
  post(message: TabMessage): void;
  /** What the server says happened since then. */
  sync(since: string): Promise<SyncResponse>;
  /** The leader does not answer: take its place. */
  deaf(): void;
}

/** The connection of the tab that leads, as if it were this tab's: a {@link Follower} with a timer. */
export class TabLink implements Link {
  readonly #follower: Follower;
  #cancelTimer: () => void = () => {};
  #over = false;
  /** Counts requests to the server: the answer to an earlier one is dropped. */
  #request = 0;

  constructor(
    private readonly environment: Environment,
    tab: string,
    private readonly doors: TabLinkDoors,
    private readonly listener: LinkListener,
  ) {
    this.#follower = new Follower(tab, () => listener.since(), environment.now());
    this.resubscribe();
  }

  send(action: Action & { nonce?: string }): boolean {
    const effects = this.#follower.send(action);
    if (effects) this.#carryOut(effects);
    return effects !== null;
  }

  resubscribe(): void {
    this.#request += 1;
    this.#carryOut(this.#follower.join());
  }

  check(): void {
    this.doors.post({ say: "wake" });
    this.#carryOut(this.#follower.ping(this.environment.now()));
  }

  close(): void {
    this.#over = true;
    this.#request += 1;
    this.#cancelTimer();
  }

  received(message: TabMessage): void {
    this.#carryOut(this.#follower.received(message, this.environment.now()));
  }

  #carryOut(effects: FollowerEffect[]): void {
    for (const effect of effects) {
      if (this.#over) return;
      switch (effect.do) {
        case "post":
          this.doors.post(effect.message);
          break;
        case "hear":
          this.listener.hear(effect.said, effect.cursor);
          break;
        case "sync":
          void this.#sync(effect.since);
          break;
        case "end":
          this.#end({ why: effect.why, greeted: true, atOnce: true });
          if (effect.deaf) this.doors.deaf();
          return;
      }
    }
    if (!this.#over) this.#setTimer();
  }

  async #sync(since: string): Promise<void> {
    const request = ++this.#request;
    try {
      const answer = await this.doors.sync(since);
      if (request === this.#request) this.#carryOut(this.#follower.synced(answer));
    } catch (error) {
      if (request === this.#request) this.#end({ why: "unable to catch up", greeted: true, error: asChinwagError(error) });
    }
  }

  #setTimer(): void {
    this.#cancelTimer();
    const due = this.#follower.due();
    if (due === null) return;
    const tick = () => this.#carryOut(this.#follower.tick(this.environment.now()));
    this.#cancelTimer = this.environment.after(Math.max(0, due - this.environment.now()), tick);
  }

  #end(end: LinkEnd): void {
    if (this.#over) return;
    this.close();
    this.listener.closed(end);
  }
}
