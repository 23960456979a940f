import { afterEach, expect, test, vi } from "vitest";
import { platform } from "../../src/environment.js";

afterEach(() => vi.unstubAllGlobals());

test("a browser's page wakes it by coming online and by being shown", () => {
  const page = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  const window = new EventTarget();
  vi.stubGlobal("document", page);
  vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
  vi.stubGlobal("removeEventListener", window.removeEventListener.bind(window));
  let woken = 0;
  const stop = platform().onWake(() => {
    woken += 1;
  });
  page.dispatchEvent(new Event("visibilitychange"));
  expect(woken).toBe(0);
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  window.dispatchEvent(new Event("online"));
  expect(woken).toBe(2);
  stop();
  page.dispatchEvent(new Event("visibilitychange"));
  window.dispatchEvent(new Event("online"));
  expect(woken).toBe(2);
});

test("where there are no such events, as under Node and in React Native, nothing breaks", () => {
  vi.stubGlobal("document", {});
  platform().onWake(() => {})();
});

test("names are unique without crypto, too", () => {
  vi.stubGlobal("crypto", undefined);
  const { unique } = platform();
  const names = new Set(Array.from({ length: 1000 }, unique));
  expect(names.size).toBe(1000);
  for (const name of names) expect(name.length).toBeLessThanOrEqual(64);
});
