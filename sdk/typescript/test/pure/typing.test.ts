import { expect, test } from "vitest";
import { Actions, type Doors } from "../../src/actions.js";
import type { Environment } from "../../src/environment.js";
import { Emitter } from "../../src/events.js";

/** Somebody at the keys, and a clock that is moved by hand. */
class Typist {
  readonly sent: [at: number, type: string][] = [];
  #now = 0;
  #timers = new Set<{ at: number; run: () => void }>();
  readonly actions: Actions;

  constructor() {
    let names = 0;
    const environment = {
      now: () => this.#now,
      random: () => 0,
      unique: () => `n${(names += 1)}`,
      after: (ms: number, run: () => void) => {
        const timer = { at: this.#now + ms, run };
        this.#timers.add(timer);
        return () => void this.#timers.delete(timer);
      },
    } as unknown as Environment;
    const doors = {
      live: true,
      userId: "ann",
      renewable: true,
      tab: null,
      send: ({ type }: { type: string }) => this.sent.push([this.#now, type]) > 0,
    } as unknown as Doors;
    this.actions = new Actions(environment, doors, new Emitter(), null);
  }

  at(time: number): this {
    for (const timer of [...this.#timers].sort((one, other) => one.at - other.at)) {
      if (timer.at > time || !this.#timers.delete(timer)) continue;
      this.#now = timer.at;
      timer.run();
    }
    this.#now = time;
    return this;
  }

  type(): void {
    void this.actions.type("tea");
  }

  say(): void {
    void this.actions.perform({ type: "SEND_MSG", chatId: "tea", message: "Tea?" });
  }
}

test("somebody who goes on typing is told once in two seconds", () => {
  const ann = new Typist();
  for (const time of [0, 500, 1_999, 2_000, 3_000]) ann.at(time).type();
  ann.at(9_000);
  expect(ann.sent).toEqual([[0, "TYPING"], [2_000, "TYPING"]]);
});

test("typing that is too early after a message is told when its time has come", () => {
  const ann = new Typist();
  ann.type();
  ann.at(500).say();
  for (const time of [700, 900]) ann.at(time).type();
  ann.at(9_000);
  expect(ann.sent).toEqual([[0, "TYPING"], [500, "SEND_MSG"], [2_100, "TYPING"]]);
});

test("a key between is told, and not again", () => {
  const ann = new Typist();
  ann.type();
  ann.at(500).say();
  for (const time of [700, 2_050]) ann.at(time).type();
  ann.at(9_000);
  expect(ann.sent).toEqual([[0, "TYPING"], [500, "SEND_MSG"], [2_050, "TYPING"]]);
});

test("nobody is told of typing whose message is there already", () => {
  const ann = new Typist();
  ann.type();
  ann.at(500).say();
  ann.at(700).type();
  ann.at(900).say();
  ann.at(9_000);
  expect(ann.sent.filter(([, type]) => type === "TYPING")).toEqual([[0, "TYPING"]]);
});
