import { describe, expect, test } from "vitest";
import { BACKOFF, Road, delayMs } from "../../src/realtime/reconnect.js";

describe("the wait before an attempt", () => {
  test("doubles its ceiling from one to thirty seconds", () => {
    expect([1, 2, 3, 4, 5, 6, 100].map((attempt) => delayMs(attempt, 1, BACKOFF))).toEqual([
      2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  test("may be as short as one second, so that a crowd spreads", () => {
    expect(delayMs(6, 0, BACKOFF)).toBe(1000);
    expect(delayMs(6, 0.5, BACKOFF)).toBe(15_500);
  });

  test("is never shorter than the server asked for", () => {
    expect(delayMs(1, 0, BACKOFF, 60_000)).toBe(60_000);
    expect(delayMs(1, 0.5, BACKOFF, 60_000)).toBe(60_500);
  });
});

describe("the road", () => {
  test("leads over server-sent events after two WebSockets that did not open", () => {
    const road = new Road(["websocket", "sse"]);
    expect(road.choose(0)).toBe("websocket");
    road.websocketFailed(0);
    expect(road.choose(0)).toBe("websocket");
    road.websocketFailed(0);
    expect(road.choose(0)).toBe("sse");
  });

  test("a WebSocket that worked in between forgives", () => {
    const road = new Road(["websocket", "sse"]);
    road.websocketFailed(0);
    road.websocketWorked();
    road.websocketFailed(0);
    expect(road.choose(0)).toBe("websocket");
  });

  test("tries the WebSocket again after ten minutes, and gives it one chance", () => {
    const road = new Road(["websocket", "sse"]);
    road.websocketFailed(0);
    road.websocketFailed(0);
    expect(road.choose(599_999)).toBe("sse");
    expect(road.choose(600_000)).toBe("websocket");
    road.websocketFailed(600_001);
    expect(road.choose(600_001)).toBe("sse");
  });

  test("takes what there is", () => {
    expect(new Road(["sse"]).choose(0)).toBe("sse");
    expect(new Road([]).choose(0)).toBeNull();
    const only = new Road(["websocket"]);
    for (let failures = 0; failures < 5; failures += 1) only.websocketFailed(0);
    expect(only.choose(0)).toBe("websocket");
  });
});
