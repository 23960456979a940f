import { expect, test } from "vitest";
import { EventStreamDecoder } from "../../src/realtime/event-stream.js";

const STREAM = ': listening\n\nid: c1\ndata: {"tea":"🫖"}\n\n:\n\nid:c2\r\ndata:one\rdata: two\r\n\r\nevent: x\n\ndata\n\n';
const EVENTS = [
  { id: "c1", data: '{"tea":"🫖"}' },
  { id: "c2", data: "one\ntwo" },
  { id: "c2", data: "" },
];

test.each([1, 2, 3, 5, 1000])("events come whole from pieces of %i bytes", (size) => {
  const decoder = new EventStreamDecoder();
  const bytes = new TextEncoder().encode(STREAM);
  const events = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...decoder.feed(bytes.subarray(at, at + size)));
  expect(events).toEqual(EVENTS);
});
