import { expect, test } from "vitest";
import { Emitter } from "../../src/events.js";

test("a handler that throws is told, and does not keep the others from hearing", () => {
  const emitter = new Emitter();
  const heard: unknown[] = [];
  emitter.on("reconnecting", () => {
    throw new Error("oh");
  });
  emitter.on("reconnecting", ({ attempt }) => heard.push(attempt));
  emitter.on("error", ({ error }) => heard.push(error.code, (error.cause as Error).message));
  emitter.emit("reconnecting", { attempt: 1 });
  expect(heard).toEqual(["HANDLER_FAILED", "oh", 1]);
  emitter.on("error", () => {
    throw new Error("and now?");
  });
  emitter.emit("reconnecting", { attempt: 2 });
});

test("handlers may come and go while they are told", () => {
  const emitter = new Emitter();
  const heard: string[] = [];
  const stop = emitter.on("connected", () => {
    heard.push("first");
    stop();
    emitter.on("connected", () => heard.push("late"));
  });
  emitter.on("connected", () => heard.push("second"));
  emitter.emit("connected");
  emitter.emit("connected");
  expect(heard).toEqual(["first", "second", "second", "late"]);
});

test("observers stay when all listeners are removed", () => {
  const emitter = new Emitter();
  const seen: string[] = [];
  const stop = emitter.observe((name) => seen.push(name));
  emitter.removeAllListeners();
  emitter.emit("connected");
  stop();
  emitter.emit("connected");
  expect(seen).toEqual(["connected"]);
});
