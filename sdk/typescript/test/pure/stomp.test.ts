import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { StompDecoder, StompError, type StompLimits, type StompVersion, encodeFrame } from "../../src/stomp.js";

interface DecodeVectors {
  limits: StompLimits;
  cases: {
    name: string;
    version: StompVersion | null;
    input: string;
    frames: { command: string; headers: [string, string][]; body: string }[];
    error: string | null;
  }[];
}

interface EncodeVectors {
  cases: {
    name: string;
    version: StompVersion;
    command: string;
    headers: [string, string][];
    body: string;
    output: string;
  }[];
}

function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../crates/protocol/testdata/stomp/${name}.json`, import.meta.url), "utf8"));
}

/** In the vectors every character of input, output and body is one byte. */
const bytes = (text: string) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));
const byteText = (from: Uint8Array) => Array.from(from, (byte) => String.fromCharCode(byte)).join("");

function decode(given: DecodeVectors, version: StompVersion | null, input: string, pieceBytes: number) {
  const decoder = new StompDecoder(given.limits);
  if (version) decoder.setVersion(version);
  const frames: unknown[] = [];
  const whole = bytes(input);
  try {
    for (let at = 0; at < whole.length; at += pieceBytes) {
      decoder.feed(whole.subarray(at, at + pieceBytes));
      for (let frame = decoder.next(); frame; frame = decoder.next()) {
        frames.push({ ...frame, body: byteText(frame.body) });
      }
    }
  } catch (error) {
    if (!(error instanceof StompError)) throw error;
    expect(() => decoder.next(), "the first error is final").toThrow(error);
    return { frames, error: error.fault };
  }
  return { frames, error: null };
}

describe("the decoder agrees with the server's vectors", () => {
  const given = vectors<DecodeVectors>("decode");
  test.each(given.cases)("$version: $name", ({ version, input, frames, error }) => {
    for (const pieceBytes of [1, 2, 3, 7, 1_000_000]) {
      expect(decode(given, version, input, pieceBytes), `pieces of ${pieceBytes}`).toEqual({ frames, error });
    }
  });
});

describe("the encoder agrees with the server's vectors", () => {
  test.each(vectors<EncodeVectors>("encode").cases)("$version: $name", ({ version, command, headers, body, output }) => {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes(body));
    expect(byteText(new TextEncoder().encode(encodeFrame(command, headers, text, version)))).toBe(output);
  });
});
