import type { Environment } from "../environment.js";
import { asChinwagError, type ChinwagError } from "../errors.js";
import type { ChatEvent, Notice } from "../wire.js";
import { EventStreamDecoder } from "./event-stream.js";
import { Heartbeat } from "./heartbeat.js";
import { GREETED_WITHIN_MS, type Link, type LinkListener } from "./link.js";

/** The server says something at least this often. */
const BEAT_MS = 15_000;

/** Opens the stream of events after a cursor; `signal` ends it. */
export type OpenStream = (since: string, signal: AbortSignal) => Promise<Response>;

/** Server-sent events, read by `fetch`. They go one way: actions take HTTP. */
export class StreamLink implements Link {
  /** Ends the request under way; another one takes its place when subscribing again. */
  #abort = new AbortController();
  #heartbeat: Heartbeat;
  #cancelTimer: () => void = () => {};
  #greeted = false;
  #over = false;

  constructor(
    private readonly environment: Environment,
    private readonly open: OpenStream,
    private readonly listener: LinkListener,
  ) {
    this.#heartbeat = new Heartbeat(environment.now());
    this.resubscribe();
  }

  send(): boolean {
    return false;
  }

  resubscribe(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#cancelTimer();
    this.#cancelTimer = this.environment.after(GREETED_WITHIN_MS, () => this.#lost("the server did not answer in time"));
    void this.#read(this.#abort.signal);
  }

  check(): void {
    if (this.#over) return;
    if (this.#heartbeat.check(this.environment.now()) === "dead") this.#lost("the server fell silent");
    else this.#setTimer();
  }

  close(): void {
    this.#over = true;
    this.#cancelTimer();
    this.#abort.abort();
  }

  async #read(signal: AbortSignal): Promise<void> {
    try {
      const response = await this.open(this.listener.since(), signal);
      const reader = response.body?.getReader();
      if (!reader) throw new Error("answers do not come piece by piece here");
      const decoder = new EventStreamDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (signal.aborted) return;
        if (done) break;
        this.#alive();
        for (const { id, data } of decoder.feed(value)) {
          if (signal.aborted) return;
          this.listener.hear(JSON.parse(data) as ChatEvent | Notice, id);
        }
      }
      this.#lost("the stream of events ended");
    } catch (error) {
      if (!signal.aborted) this.#lost("the stream of events broke", asChinwagError(error));
    }
  }

  #alive(): void {
    this.#greeted = true;
    this.#heartbeat.expect(BEAT_MS);
    this.#heartbeat.heard(this.environment.now());
    this.#setTimer();
  }

  #setTimer(): void {
    this.#cancelTimer();
    const due = this.#heartbeat.due();
    if (due === null) return;
    this.#cancelTimer = this.environment.after(Math.max(0, due - this.environment.now()), () => this.check());
  }

  #lost(why: string, error?: ChinwagError): void {
    if (this.#over) return;
    this.close();
    this.listener.closed({ why, greeted: this.#greeted, ...(error && { error }) });
  }
}
