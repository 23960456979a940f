import { expect, test } from "vitest";
import { Heartbeat } from "../../src/realtime/heartbeat.js";

function agreed(theirs: string | undefined) {
  const heartbeat = new Heartbeat(0);
  heartbeat.agree(10_000, theirs);
  return heartbeat;
}

test("a beat is due when we were silent for half our promise", () => {
  const heartbeat = agreed("10000,10000");
  expect(heartbeat.due()).toBe(5_000);
  expect(heartbeat.check(4_999)).toBeNull();
  expect(heartbeat.check(5_000)).toBe("beat");
  heartbeat.spoke(5_000);
  expect(heartbeat.due()).toBe(10_000);
});

test("a peer that is silent for twice its promise is dead", () => {
  const heartbeat = agreed("10000,0");
  expect(heartbeat.due()).toBe(20_000);
  expect(heartbeat.check(19_999)).toBeNull();
  expect(heartbeat.check(20_000)).toBe("dead");
});

test("without timers, what is heard brings the beats: the server never waits for twice our promise", () => {
  const heartbeat = agreed("10000,10000");
  let spoke = 0;
  let longest = 0;
  for (let now = 10_000; now < 3_600_000; now += 10_000) {
    if (!heartbeat.heard(now)) continue;
    longest = Math.max(longest, now - spoke);
    heartbeat.spoke(now);
    spoke = now;
  }
  expect(longest).toBe(10_000);
  heartbeat.spoke(0);
  expect(heartbeat.heard(3_000), "one that has just spoken owes nothing").toBe(false);
});

test("who promises nothing is not waited for, and who expects nothing gets nothing", () => {
  for (const header of [undefined, "0,0"]) {
    const heartbeat = agreed(header);
    expect(heartbeat.due()).toBeNull();
    expect(heartbeat.check(1e9)).toBeNull();
    expect(heartbeat.heard(1e9)).toBe(false);
  }
});
