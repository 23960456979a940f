/** STOMP 1.0, 1.1 and 1.2 frames: text to send, and a decoder of what comes, however it was cut. No I/O. */

export type StompVersion = "1.0" | "1.1" | "1.2";

/** Why the bytes are no STOMP. The same names, for the same bytes, as the server's decoder has. */
export type StompFault =
  | "FrameTooLarge"
  | "HeadersTooLarge"
  | "TooManyHeaders"
  | "UnknownCommand"
  | "NulInHeaders"
  | "HeaderNotUtf8"
  | "HeaderWithoutColon"
  | "HeaderWithoutName"
  | "UndefinedEscape"
  | "BadContentLength"
  | "BodyNotAllowed"
  | "MissingNul";

export class StompError extends Error {
  constructor(readonly fault: StompFault) {
    super(`not STOMP: ${fault}`);
    this.name = "StompError";
  }
}

export interface StompFrame {
  command: string;
  /** As they came. Of repeated headers the first counts. */
  headers: [name: string, value: string][];
  body: Uint8Array;
}

/** What is held of a frame while it is on its way; line ends between frames do not count. */
export interface StompLimits {
  /** Bytes from the command up to and including the NUL. */
  frameBytesMax: number;
  /** Bytes from the command up to and including the blank line. */
  headerBytesMax: number;
  headersMax: number;
}

/** Far above what a server sends: a catch-up event holds one message of at most 16 MiB, and escapes. */
const LIMITS: StompLimits = { frameBytesMax: 128 * 1024 * 1024, headerBytesMax: 64 * 1024, headersMax: 64 };

const WITH_BODY = new Set(["SEND", "MESSAGE", "ERROR"]);
const WITHOUT_BODY = new Set(
  "CONNECT STOMP CONNECTED SUBSCRIBE UNSUBSCRIBE ACK NACK BEGIN COMMIT ABORT DISCONNECT RECEIPT".split(" "),
);
/** Never escaped, since no version holds yet (STOMP 1.2, "Value Encoding"). */
const HANDSHAKE = new Set(["CONNECT", "STOMP", "CONNECTED"]);

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\n": "\\n", ":": "\\c", "\r": "\\r" };
const MEANINGS: Record<string, string> = { "\\": "\\", n: "\n", c: ":", r: "\r" };

const utf8 = new TextEncoder();
const NOTHING = new Uint8Array();

/** A frame as text. `content-length` is counted here, in bytes; one that was given is not believed. */
export function encodeFrame(
  command: string,
  headers: readonly (readonly [string, string])[],
  body = "",
  version: StompVersion = "1.2",
): string {
  let text = `${command}\n`;
  for (const [name, value] of headers) {
    if (name !== "content-length") text += `${escape(name, command, version, true)}:${escape(value, command, version, false)}\n`;
  }
  if (body !== "") text += `content-length:${utf8.encode(body).length}\n`;
  return `${text}\n${body}\0`;
}

function escape(text: string, command: string, version: StompVersion, isName: boolean): string {
  // What cannot be said in a version is said as a space, so that nobody can smuggle in a header.
  const plain = text.replaceAll("\0", " ");
  if (HANDSHAKE.has(command) || version === "1.0") return plain.replace(isName ? /[\n\r:]/g : /[\n\r]/g, " ");
  return plain.replace(version === "1.1" ? /[\\\n:]/g : /[\\\n:\r]/g, (sign) => ESCAPES[sign] ?? sign);
}

/** The first header of that name. */
export function header(frame: StompFrame, name: string): string | undefined {
  return frame.headers.find(([given]) => given === name)?.[1];
}

/**
 * Bytes in, frames out. Until a version is set, lines end as in 1.2 and nothing is unescaped. The first error is final:
 * the decoder throws it again from then on.
 */
export class StompDecoder {
  #version: StompVersion | null = null;
  #bytes: Uint8Array = NOTHING;
  #start = 0;
  /** Bytes after `#start` that were looked at and end neither a line nor a body. */
  #searched = 0;
  #frame: StompFrame | null = null;
  /** Bytes of `#frame` before `#start`. */
  #bytesRead = 0;
  /** Of the body: null while the headers are incomplete, -1 if the first NUL ends it. */
  #bodyLength: number | null = null;
  #fault: StompError | null = null;

  constructor(private readonly limits: StompLimits = LIMITS) {}

  /** The version that holds from the next frame on. */
  setVersion(version: StompVersion): void {
    this.#version = version;
  }

  feed(bytes: Uint8Array): void {
    const rest = this.#bytes.subarray(this.#start);
    if (rest.length === 0) {
      this.#bytes = bytes;
    } else {
      this.#bytes = new Uint8Array(rest.length + bytes.length);
      this.#bytes.set(rest);
      this.#bytes.set(bytes, rest.length);
    }
    this.#start = 0;
  }

  /** The next whole frame; null until more is fed. */
  next(): StompFrame | null {
    if (this.#fault) throw this.#fault;
    try {
      return this.#decode();
    } catch (error) {
      this.#bytes = NOTHING;
      this.#start = 0;
      this.#fault = error as StompError;
      throw error;
    }
  }

  #decode(): StompFrame | null {
    if (!this.#frame) {
      this.#skipLineEnds();
      this.#bytesRead = 0;
      const line = this.#readLine();
      if (!line) return null;
      const command = String.fromCharCode(...line.subarray(0, 16));
      if (!WITH_BODY.has(command) && !WITHOUT_BODY.has(command)) throw new StompError("UnknownCommand");
      this.#frame = { command, headers: [], body: NOTHING };
    }
    while (this.#bodyLength === null) {
      const line = this.#readLine();
      if (!line) return null;
      if (line.length === 0) this.#bodyLength = this.#readBodyLength(this.#frame);
      else this.#readHeader(this.#frame, line);
    }
    return this.#readBody(this.#frame, this.#bodyLength);
  }

  #skipLineEnds(): void {
    const before = this.#start;
    for (;;) {
      const byte = this.#bytes[this.#start];
      if (byte === 10) this.#start += 1;
      else if (byte === 13 && this.#bytes[this.#start + 1] === 10) this.#start += 2;
      else break;
    }
    if (this.#start > before) this.#searched = 0;
  }

  #readLine(): Uint8Array | null {
    const room = Math.max(0, Math.min(this.limits.headerBytesMax, this.limits.frameBytesMax) - this.#bytesRead);
    const within = this.#bytes.subarray(this.#start, this.#start + room);
    let end = this.#searched;
    while (end < within.length && within[end] !== 10 && within[end] !== 0) end += 1;
    if (end === within.length) {
      if (within.length === room) throw new StompError("HeadersTooLarge");
      this.#searched = end;
      return null;
    }
    if (within[end] === 0) throw new StompError("NulInHeaders");
    this.#start += end + 1;
    this.#bytesRead += end + 1;
    this.#searched = 0;
    // 1.1 is the one version where CR is a character like any other.
    const withoutCr = this.#version !== "1.1" && end > 0 && within[end - 1] === 13;
    return within.subarray(0, withoutCr ? end - 1 : end);
  }

  #readHeader(frame: StompFrame, line: Uint8Array): void {
    if (frame.headers.length >= this.limits.headersMax) throw new StompError("TooManyHeaders");
    const text = decodeUtf8(line);
    const colon = text.indexOf(":");
    if (colon < 0) throw new StompError("HeaderWithoutColon");
    let name = text.slice(0, colon);
    let value = text.slice(colon + 1);
    if (this.#version === "1.0") {
      // Senders of 1.0 pad headers with white space, as that version's own examples do.
      name = name.replace(/^[ \t\r]+|[ \t\r]+$/g, "");
      value = value.replace(/^[ \t\r]+|[ \t\r]+$/g, "");
    }
    if (name === "") throw new StompError("HeaderWithoutName");
    const escaped = this.#version !== null && this.#version !== "1.0" && !HANDSHAKE.has(frame.command);
    frame.headers.push(escaped ? [this.#unescape(name), this.#unescape(value)] : [name, value]);
  }

  #unescape(text: string): string {
    if (!text.includes("\\")) return text;
    return text.replace(/\\([\s\S]?)/g, (_, sign: string) => {
      const meaning = sign === "r" && this.#version === "1.1" ? undefined : MEANINGS[sign];
      if (meaning === undefined) throw new StompError("UndefinedEscape");
      return meaning;
    });
  }

  #readBodyLength(frame: StompFrame): number {
    const given = header(frame, "content-length");
    const hasBody = this.#mayBringBody(frame);
    if (given === undefined) return hasBody ? -1 : 0;
    if (!/^[0-9]+$/.test(given)) throw new StompError("BadContentLength");
    const length = Number(given);
    if (length > 0 && !hasBody) throw new StompError("BodyNotAllowed");
    if (length >= this.limits.frameBytesMax - this.#bytesRead) throw new StompError("FrameTooLarge");
    return length;
  }

  /** In 1.0 the body of SUBSCRIBE is not forbidden but ignored (STOMP 1.0, "SUBSCRIBE"). */
  #mayBringBody({ command }: StompFrame): boolean {
    return WITH_BODY.has(command) || (command === "SUBSCRIBE" && this.#version === "1.0");
  }

  #readBody(frame: StompFrame, length: number): StompFrame | null {
    let end = this.#start + length;
    if (length < 0) {
      const room = Math.max(0, this.limits.frameBytesMax - this.#bytesRead);
      const within = this.#bytes.subarray(this.#start, this.#start + room);
      const found = within.indexOf(0, this.#searched);
      if (found < 0) {
        if (within.length === room) throw new StompError("FrameTooLarge");
        this.#searched = within.length;
        return null;
      }
      end = this.#start + found;
    } else if (end >= this.#bytes.length) {
      return null;
    } else if (this.#bytes[end] !== 0) {
      throw new StompError(this.#mayBringBody(frame) ? "MissingNul" : "BodyNotAllowed");
    }
    if (WITH_BODY.has(frame.command)) frame.body = this.#bytes.slice(this.#start, end);
    this.#start = end + 1;
    this.#searched = 0;
    this.#frame = null;
    this.#bodyLength = null;
    return frame;
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new StompError("HeaderNotUtf8");
  }
}
