import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { seriousFindings } from "./axe.js";
import { fill } from "./fill.js";
import { Scene } from "./scene.js";

const CHAT = fileURLToPath(new URL("../dist/chat", import.meta.url));
const SCRIPT_BYTES_MAX = 150 * 1024;
/** The long one has what the issue asks for; the short one shows the same in seconds. */
const LONG = Number(process.env.CHINWAG_WEB_HISTORY ?? 5_000);

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.clear());
afterAll(() => scene?.end());

test("the first load of the chat is small and soon to be seen", async () => {
  const index = readFileSync(join(CHAT, "index.html"), "utf8");
  const scripts = [...index.matchAll(/src="\/(assets\/[^"]+\.js)"|href="\/(assets\/[^"]+\.js)"/g)].map(([, source, link]) => source ?? link ?? "");
  expect(scripts.length).toBeGreaterThan(0);
  const bytes = scripts.reduce((sum, script) => sum + gzipSync(readFileSync(join(CHAT, script))).length, 0);
  expect(bytes).toBeLessThan(SCRIPT_BYTES_MAX);

  const page = await scene.window();
  await page.goto(scene.chinwag.chat);
  await page.getByRole("button", { name: /alice/i }).waitFor();
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN);
  console.log(`chat: ${Math.round(bytes / 1024)} KB of script (gzip), first paint after ${Math.round(paint)} ms`);
  // The machine that tests may be busy: this is to catch what is wrong by much.
  expect(paint).toBeLessThan(5_000);
});

test("what is built needs no other origin", () => {
  for (const file of readdirSync(join(CHAT, "assets")).filter((name) => name.endsWith(".css"))) {
    expect(readFileSync(join(CHAT, "assets", file), "utf8")).not.toMatch(/url\(["']?(https?:|data:)/);
  }
  expect(readFileSync(join(CHAT, "index.html"), "utf8")).not.toMatch(/<script>|<style|style=|onload=|https?:\/\//);
});

for (const [name, options] of [
  ["light", {}],
  ["dark", { colorScheme: "dark" }],
  ["on a phone", { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }],
] as const) {
  test(`the chat has no serious barriers (${name})`, async () => {
    const [alice, bob] = [await scene.signIn("alice", options), await scene.signIn("bob", options)];
    expect(await seriousFindings(alice.page)).toEqual([]);
    await alice.create(`Looks ${name}`, "bob", "carol");
    await alice.say("Does this look right?");
    await bob.open(`Looks ${name}`);
    await bob.say("https://example.com says so 👀");
    await bob.say("🎉");
    await alice.sees("🎉");
    expect(await seriousFindings(alice.page)).toEqual([]);
    await alice.page.getByRole("button", { name: "Members and settings", exact: true }).click();
    expect(await seriousFindings(alice.page)).toEqual([]);
  });
}

test("the emoji picker has no serious barriers", async () => {
  const alice = await scene.signIn("alice");
  await alice.create("Emoji", "bob");
  await alice.page.getByRole("button", { name: "Emoji", exact: true }).click();
  await alice.page.getByLabel("Search emoji").fill("tea");
  expect(await seriousFindings(alice.page)).toEqual([]);
});

test("the sign-in page has no serious barriers, and follows the system's colours", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await scene.window({ colorScheme });
    await page.goto(scene.chinwag.chat);
    await page.getByRole("button", { name: /alice/i }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(paper).toBe(colorScheme === "light" ? "rgb(251, 250, 246)" : "rgb(23, 22, 20)");
  }
});

test("the chosen colours stay", async () => {
  const alice = await scene.signIn("alice");
  const colours = () => alice.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await alice.page.getByRole("button", { name: /Colours: as the system/ }).click();
  await alice.page.getByRole("button", { name: /Colours: light/ }).click();
  await expect.poll(colours).toBe("rgb(23, 22, 20)");
  await alice.page.reload();
  await alice.page.getByText("Online").waitFor();
  await expect.poll(colours).toBe("rgb(23, 22, 20)");
});

test("a phone shows one thing at a time", async () => {
  const alice = await scene.signIn("alice", { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });
  await alice.create("Pocket", "bob");
  await alice.page.getByRole("navigation", { name: "Chats" }).waitFor({ state: "hidden" });
  await alice.say("a message that is long enough to need more than the one line that a narrow window has for it");
  const { page } = alice;
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await (await alice.sees("a message that")).tap();
  await alice.message("a message that").getByRole("button", { name: "Reply" }).tap();
  await page.getByText("Replying to alice").waitFor();
  await page.getByRole("button", { name: "Back to chats" }).tap();
  await alice.chat("Pocket").waitFor();
  await page.goBack();
  await alice.sees("a message that");
});

test(`a history of ${LONG} messages holds its place while it grows, and costs what is in sight`, { timeout: 900_000 }, async () => {
  const bob = await scene.signIn("bob");
  const { chatId } = (await (await bob.request("POST", "/api/chat/createChat", { chatName: "Long", userNames: ["alice", "bob"] })).json()) as { chatId: string };
  const loader = await scene.window();
  await loader.goto(`${scene.chinwag.chat}/dev/users`);
  const jwt = await bob.jwt();
  await bob.page.close();
  await fill(loader, { jwt, chatId, count: LONG });
  const alice = await scene.signIn("alice");
  await alice.open("Long");
  await alice.sees(`Message ${LONG}`);

  // A reader somewhere above sees the text stay where it is while an older page comes in. The page waits for its cue.
  const { page } = alice;
  await page.evaluate(async () => {
    const timeline = document.querySelector(".timeline") as HTMLElement;
    while (timeline.scrollHeight < 12_000) {
      timeline.scrollTop = 0;
      await new Promise(requestAnimationFrame);
    }
    timeline.scrollTop = 4_000;
    for (let settle = 0; settle < 30; settle += 1) await new Promise(requestAnimationFrame);
  });
  let come = () => {};
  const cue = new Promise<void>((given) => {
    come = given;
  });
  await page.route(/lastMessage=/, async (route) => {
    await cue;
    await route.continue();
  });
  const asked = page.waitForRequest(/lastMessage=/);
  const before = await page.evaluate(async () => {
    const timeline = document.querySelector(".timeline") as HTMLElement;
    timeline.scrollTop = 2_000;
    // At rest: rows that come into sight are measured then, which may move what is above or below them.
    let message: HTMLElement | undefined;
    let top = Number.NaN;
    for (let still = 0; still < 30; still += 1) {
      await new Promise(requestAnimationFrame);
      message = [...document.querySelectorAll<HTMLElement>(".message")].find((each) => each.getBoundingClientRect().top > 100);
      const now = message?.getBoundingClientRect().top ?? Number.NaN;
      if (now !== top) still = 0;
      top = now;
    }
    return { key: message?.dataset.key, top, height: timeline.scrollHeight };
  });
  await asked;
  come();
  const held = await page.evaluate(async ({ key, top, height }) => {
    const timeline = document.querySelector(".timeline") as HTMLElement;
    while (timeline.scrollHeight <= height + 1_000) await new Promise(requestAnimationFrame);
    const moved = () => Math.abs((document.querySelector(`[data-key="${key}"]`)?.getBoundingClientRect().top ?? Number.NaN) - top);
    for (let settle = 0; settle < 10; settle += 1) await new Promise(requestAnimationFrame);
    return moved();
  }, before);
  await page.unroute(/lastMessage=/);
  expect(held).toBeLessThan(4);

  const frames = await page.evaluate(async () => {
    const timeline = document.querySelector(".timeline") as HTMLElement;
    const times: number[] = [];
    let last = performance.now();
    while (!document.querySelector(".beginning")) {
      timeline.scrollTop = 0;
      await new Promise(requestAnimationFrame);
      times.push(performance.now() - last);
      last = performance.now();
    }
    return times.sort((one, other) => one - other);
  });
  await page.locator(".message-text", { hasText: /^Message 1$/ }).waitFor();
  console.log(`history of ${LONG}: median frame ${frames[frames.length >> 1]?.toFixed(0)} ms, 95 of 100 under ${frames[Math.floor(frames.length * 0.95)]?.toFixed(0)} ms`);
  expect(await page.locator(".message").count()).toBeLessThan(100);
  await alice.say("after all that");
  await alice.hasStored("after all that");
});
