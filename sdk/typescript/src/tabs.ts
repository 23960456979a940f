import type { Channel, Environment, TabsPlatform } from "./environment.js";
import type { Link, LinkListener } from "./realtime/link.js";
import { Leader, type Shared } from "./tabs/leader.js";
import { Seat } from "./tabs/seat.js";
import { TabLink } from "./tabs/tab-link.js";
import type { TabMessage } from "./tabs/talk.js";
import type { ChatEvent, Notice, SyncResponse } from "./wire.js";

export interface TabsClient extends Shared {
  /** What the server says happened since then. */
  sync(since: string): Promise<SyncResponse>;
  /** This tab came to lead, or leads no more: whatever connection there is, make another. */
  turned(): void;
  /** Resolves when everything that waits is in the storage, and others may take it over. */
  kept(): Promise<void>;
  /** This tab leads, and what tabs kept that are not there any more is for it to send. `here` asks for those that are. */
  inherit(here: () => Promise<ReadonlySet<string>>): void;
}

/**
 * The tabs of one browser that act as one user share one connection. One of them leads: it has the connection, and the others
 * hear what it hears and send through it. When it closes, crashes, freezes or disconnects, another one leads.
 *
 * Every tab keeps its own cursor and its own outbox, as if the connection were its own. So handing over is nothing but a lost
 * connection: what was missed is asked for, and what was not answered is sent again under the same nonce.
 */
export class Tabs {
  /** This tab's name, as long as it lives. */
  readonly tab: string;
  #room: Room | null = null;

  constructor(
    private readonly environment: Environment,
    private readonly platform: TabsPlatform,
    private readonly client: TabsClient,
  ) {
    this.tab = environment.unique();
  }

  /** Joins the tabs that share what has this name; `leave` comes before the next. */
  enter(name: string): void {
    this.#room = new Room(this.tab, `chinwag-1 ${name}`, this.environment, this.platform, this.client);
  }

  leave(): void {
    this.#room?.close();
    this.#room = null;
  }

  /** Resolves when it is known. A page that is frozen learns it when it is back. */
  async leads(): Promise<boolean> {
    return (await this.#room?.leads()) ?? true;
  }

  /** To the tab that leads. */
  link(listener: LinkListener): Link {
    if (!this.#room) throw new Error("enter comes first");
    return this.#room.link(listener);
  }

  // What the connection of this tab has to say, while it leads.

  live(): void {
    this.#room?.leader?.live();
  }

  heard(said: ChatEvent | Notice, cursor: string | null): void {
    this.#room?.leader?.heard(said, cursor);
  }

  lost(): void {
    this.#room?.leader?.away();
  }
}

/** Writing to the storage takes no longer, if it works. */
const KEPT_WITHIN_MS = 1_000;

/** Names of the locks that say which tabs are there. */
const TAB = "chinwag-tab ";

/** From entering to leaving. */
class Room {
  leader: Leader | null = null;
  readonly #channel: Channel;
  readonly #seat: Seat;
  /** Until it is known whether this tab leads. */
  #entered: Promise<void>;
  /** Locks are forbidden here, as they are in frames of other sites: this tab has a connection of its own. */
  #alone = false;
  #thawed: (() => void) | null = null;
  #link: TabLink | null = null;
  readonly #stopFreezing: () => void;
  /** Frees the lock that says that this tab is there. */
  #gone: () => void = () => {};
  readonly #closed = new AbortController();
  /** The tabs whose end this one waits for. */
  readonly #watched = new Set<string>();

  constructor(
    private readonly tab: string,
    name: string,
    private readonly environment: Environment,
    private readonly platform: TabsPlatform,
    private readonly client: TabsClient,
  ) {
    this.#channel = platform.channel(name);
    this.#channel.onmessage = ({ data }) => this.#received(data as TabMessage);
    this.#seat = new Seat(platform.locks, name, () => this.#turned());
    this.#stopFreezing = platform.onFreeze(
      () => this.#freeze(),
      () => this.#thaw(),
    );
    this.#entered = this.#enter();
  }

  async leads(): Promise<boolean> {
    // It may freeze while it is waited for.
    for (let entered: Promise<void> | null = null; entered !== this.#entered; ) {
      entered = this.#entered;
      await entered;
    }
    if (this.#alone) return true;
    if (this.#seat.leads && !this.leader) {
      this.leader = new Leader(this.environment.unique(), this.client, (message) => this.#post(message));
      this.#inherit();
    }
    return this.#seat.leads;
  }

  link(listener: LinkListener): Link {
    const doors = {
      post: (message: TabMessage) => this.#post(message),
      sync: (since: string) => this.client.sync(since),
      deaf: () => void this.#seat.take(),
    };
    this.#link = new TabLink(this.environment, this.tab, doors, listener);
    return this.#link;
  }

  close(): void {
    this.leader?.away();
    this.leader = null;
    this.#closed.abort();
    this.#stopFreezing();
    this.#link?.close();
    this.#seat.leave();
    this.#channel.close();
    // Who takes over what is left here is to find all of it; but not even a storage that hangs may keep this tab from coming back.
    void this.client.kept().then(() => this.#gone());
    this.environment.after(KEPT_WITHIN_MS, () => this.#gone());
  }

  async #enter(): Promise<void> {
    this.#alone = !(await this.#beThere());
    if (!this.#alone) await this.#sit();
  }

  /** It takes a while to come here: who left meanwhile, or stands still, would lead without anybody hearing of it. */
  async #sit(): Promise<void> {
    if (!this.#closed.signal.aborted && !this.#thawed) await this.#seat.enter();
  }

  /** Resolves when this tab holds the lock that says so; with false if it may not. */
  #beThere(): Promise<boolean> {
    return new Promise((there) => {
      const untilGone = () => {
        there(true);
        return new Promise<void>((gone) => {
          this.#gone = gone;
          if (this.#closed.signal.aborted) gone();
        });
      };
      this.platform.locks.request(TAB + this.tab, untilGone).catch(() => there(false));
    });
  }

  #received(message: TabMessage): void {
    if (message.say === "join" && this.leader) this.#watch(message.tab);
    this.leader?.received(message);
    this.#link?.received(message);
  }

  #post(message: TabMessage): void {
    if (!this.#closed.signal.aborted) this.#channel.postMessage(message);
  }

  #turned(): void {
    if (!this.#seat.leads) this.leader = null;
    this.client.turned();
  }

  /** Neither leads nor waits for its turn: a page that stands still would keep all others waiting. */
  #freeze(): void {
    if (this.#thawed) return;
    const led = this.leader !== null;
    this.leader?.away();
    this.#seat.leave();
    const thawed = new Promise<void>((resolve) => {
      this.#thawed = resolve;
    });
    this.#entered = thawed.then(() => this.#sit());
    if (led) this.#turned();
  }

  #thaw(): void {
    if (!this.#thawed) return;
    this.#thawed();
    this.#thawed = null;
    void this.#entered.then(() => {
      // Those who follow were left alone, perhaps: then it is this one's turn.
      if (this.#seat.leads && !this.leader) this.#turned();
    });
  }

  /** When that tab is not there any more, what it kept is for the one that leads then. */
  #watch(tab: string): void {
    if (this.#watched.has(tab) || this.#closed.signal.aborted) return;
    this.#watched.add(tab);
    const ended = () => {
      this.#watched.delete(tab);
      if (this.leader) this.#inherit();
    };
    // It rejects when this tab leaves before.
    this.platform.locks.request(TAB + tab, { signal: this.#closed.signal }, ended).catch(() => {});
  }

  #inherit(): void {
    this.client.inherit(async () => {
      const { held = [] } = await this.platform.locks.query();
      const here = new Set(held.flatMap(({ name }) => (name?.startsWith(TAB) ? [name.slice(TAB.length)] : [])));
      // One that is on its way out counts as here: so its end is waited for.
      for (const tab of here) if (tab !== this.tab) this.#watch(tab);
      return here;
    });
  }
}
