/** The vectors that the Rust SDK reads, too. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ChinwagError } from "../../src/errors.js";
import { CatchUp } from "../../src/realtime/catch-up.js";
import { Outbox, type StoredAction } from "../../src/realtime/outbox.js";
import { delayMs } from "../../src/realtime/reconnect.js";
import type { ChatEvent, Notice } from "../../src/wire.js";

function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../crates/client/testdata/${name}.json`, import.meta.url), "utf8")) as T;
}

interface Cases<Step> {
  cases: { name: string; steps: Step[] }[];
}

test("back-off", () => {
  type Case = { attempt: number; chance: number; retryAfter?: number; delay: number };
  const { min, max, cases } = vectors<{ min: number; max: number; cases: Case[] }>("backoff");
  expect(cases.length).toBeGreaterThan(10);
  for (const { attempt, chance, retryAfter, delay } of cases) {
    expect(delayMs(attempt, chance, { minMs: min, maxMs: max }, retryAfter), `attempt ${attempt}`).toBe(delay);
  }
});

describe("catching up", () => {
  type Step =
    | { subscribed: true }
    | { since: string }
    | { notice: Notice; expect: string }
    | { event: ChatEvent; cursor: string | null; expect: string };
  for (const { name, steps } of vectors<Cases<Step>>("catch_up").cases) {
    test(name, () => {
      const catchUp = new CatchUp();
      for (const step of steps) {
        if ("subscribed" in step) catchUp.subscribed();
        else if ("since" in step) expect(catchUp.since).toBe(step.since);
        else {
          const heard = "notice" in step ? catchUp.notice(step.notice) : catchUp.event(step.event, step.cursor);
          expect(heard.do === "live" && heard.resync ? "resync" : heard.do).toBe(step.expect);
        }
      }
    });
  }
});

describe("the outbox", () => {
  type Step =
    | { add: StoredAction; nonce: string; now: number; repeat?: number; user?: string }
    | { take: number; expect: string[] }
    | { stored: string }
    | { refused: string; transient: boolean; notBefore: number }
    | { interrupted: true }
    | { overdue: number }
    | { due: number }
    | { entries: string[] }
    | { retry: string; now: number; expect: boolean }
    | { discard: string; expect: boolean }
    | { restore: { nonce: string; queuedAt: number; attempts: number; action: StoredAction }[]; now: number };

  const play = (box: Outbox, step: Step) => {
    if ("add" in step) {
      const action = { ...step.add };
      if (step.repeat && "message" in action) action.message = action.message.repeat(step.repeat);
      box.add(action, step.nonce, step.user ?? "me", step.now);
    } else if ("take" in step) {
      expect(box.take(step.take, "me").map(({ entry, door }) => `${entry.nonce} by ${door}`)).toEqual(step.expect);
    } else if ("stored" in step) box.stored(step.stored, {} as ChatEvent);
    else if ("refused" in step) {
      box.refused(step.refused, new ChinwagError("OVERLOADED", ""), step.transient, step.notBefore);
    } else if ("interrupted" in step) box.interrupted();
    else if ("overdue" in step) box.overdue(step.overdue);
    else if ("due" in step) expect(box.due()).toBe(step.due);
    else if ("entries" in step) expect(box.entries.map(({ nonce, state }) => `${nonce} ${state}`)).toEqual(step.entries);
    else if ("retry" in step) expect(box.retry(step.retry, step.now)).toBe(step.expect);
    else if ("discard" in step) expect(box.discard(step.discard)).toBe(step.expect);
    else if ("restore" in step) box.restore(step.restore.map((kept) => ({ ...kept, userId: "me", state: "queued" })), step.now);
    else throw new Error(`what is ${JSON.stringify(step)}?`);
  };

  for (const { name, steps } of vectors<Cases<Step>>("outbox").cases) {
    test(name, () => {
      const box = new Outbox(() => {});
      for (const step of steps) play(box, step);
    });
  }
});
