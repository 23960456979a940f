/** Server-sent events (WHATWG HTML, section 9.2) as bytes in and events out. Pure. */

export interface StreamedEvent {
  id: string | null;
  data: string;
}

/** Characters of one event. */
const EVENT_CHARS_MAX = 128 * 1024 * 1024;

export class EventStreamDecoder {
  readonly #utf8 = new TextDecoder();
  #rest = "";
  #id: string | null = null;
  #data: string[] = [];

  /** Whole events, in order. Comments are not reported: the caller sees that bytes came. */
  feed(bytes: Uint8Array): StreamedEvent[] {
    const events: StreamedEvent[] = [];
    const text = this.#rest + this.#utf8.decode(bytes, { stream: true });
    // A CR at the end may be half of a line end.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > EVENT_CHARS_MAX) throw new Error("an event over its limit");
    for (const line of lines) {
      if (line !== "") this.#field(line);
      else if (this.#data.length > 0) {
        events.push({ id: this.#id, data: this.#data.join("\n") });
        this.#data = [];
      }
    }
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    if (name === "id") this.#id = value;
  }
}
