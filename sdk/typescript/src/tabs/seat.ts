import type { Locks } from "../environment.js";

/** Who leads: a lock that one tab holds. The browser frees it when the tab closes, crashes, or moves on. */
export class Seat {
  /** Ends the request under way, and the time in office. */
  #leave: () => void = () => {};
  #leads = false;
  /** Counts requests: what is answered to an earlier one is over. */
  #request = 0;

  constructor(
    private readonly locks: Locks,
    private readonly name: string,
    /** This tab came to lead, or lost the seat to a tab that took it for dead. */
    private readonly turned: () => void,
  ) {}

  get leads(): boolean {
    return this.#leads;
  }

  /** Resolves when it is known whether this tab leads, for now. It waits for its turn from then on. */
  async enter(): Promise<void> {
    this.leave();
    const request = this.#request;
    if (await this.#ask({ ifAvailable: true })) return;
    if (request === this.#request) void this.#wait();
  }

  /** Takes the seat from whoever has it. */
  async take(): Promise<void> {
    this.leave();
    if ((await this.#ask({ steal: true })) && this.#leads) this.turned();
  }

  /** Neither leads nor waits any more. */
  leave(): void {
    this.#request += 1;
    this.#leads = false;
    this.#leave();
    this.#leave = () => {};
  }

  async #wait(): Promise<void> {
    const giveUp = new AbortController();
    this.#leave = () => giveUp.abort();
    if ((await this.#ask({ signal: giveUp.signal })) && this.#leads) this.turned();
  }

  /** Resolves with whether the seat was got. */
  #ask(options: LockOptions): Promise<boolean> {
    const request = this.#request;
    return new Promise((answered) => {
      const untilLeft = (lock: Lock | null) => {
        if (!lock || request !== this.#request) return answered(false);
        this.#leads = true;
        answered(true);
        return new Promise<void>((leave) => {
          this.#leave = leave;
        });
      };
      this.locks.request(this.name, options, untilLeft).catch(() => {
        answered(false);
        if (request === this.#request && this.#leads) this.#lost();
      });
    });
  }

  #lost(): void {
    this.#leads = false;
    void this.#wait();
    this.turned();
  }
}
