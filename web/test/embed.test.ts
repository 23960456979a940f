import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { seriousFindings } from "./axe.js";
import { Scene } from "./scene.js";

const BACK_END = fileURLToPath(new URL("../example/server.mjs", import.meta.url));

let scene: Scene;
let host: ChildProcess;
let url: string;
beforeAll(async () => {
  scene = await Scene.open();
  host = spawn("node", [BACK_END], { env: { ...process.env, CHINWAG_URL: scene.chinwag.chat, PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(host.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  url = line.toString().trim();
  scene.alsoAt(url);
});
afterEach(() => scene.clear());
afterAll(async () => {
  host?.kill();
  await scene?.end();
});

async function embedded(user: string): Promise<Page> {
  const page = await scene.window();
  await page.goto(`${url}/?user=${user}`);
  await page.getByText("Online").waitFor();
  return page;
}

const say = async (page: Page, text: string) => {
  const field = page.getByRole("textbox", { name: /^Message to/ });
  await field.fill(text);
  await field.press("Enter");
};

test("two visitors of a shop chat in its page", async () => {
  const [alice, bob] = [await embedded("alice"), await embedded("bob")];
  await alice.getByRole("button", { name: "New chat" }).first().click();
  await alice.getByLabel("People").fill("bob");
  await alice.getByRole("textbox", { name: "Name", exact: true }).fill("Embedded");
  await alice.getByRole("button", { name: "Create chat" }).click();
  await say(alice, "Do you have Assam?");
  await bob.locator(".chat-item", { hasText: "Embedded" }).click();
  await bob.locator(".message-text", { hasText: "Assam" }).waitFor();
  await bob.locator(".message", { hasText: "Assam" }).hover();
  await bob.getByRole("button", { name: "React", exact: true }).click();
  await bob.getByLabel("Search emoji").fill("teacup");
  await bob.getByLabel("Search emoji").press("Enter");
  await alice.getByRole("button", { name: "🍵 1: bob" }).waitFor();
  expect(await seriousFindings(alice)).toEqual([]);
});

test("the page's styles do not reach into the chat, nor the chat's into the page", async () => {
  const alice = await embedded("alice");
  const chat = alice.getByRole("button", { name: "New chat" }).first();
  expect(await chat.evaluate((element) => getComputedStyle(element).textTransform)).toBe("none");
  expect(await chat.evaluate((element) => getComputedStyle(element).width)).toBe("36px");
  expect(await alice.locator("body").evaluate((element) => getComputedStyle(element).fontFamily)).toContain("Georgia");
});

test("one chat alone is shown by its id, and a session is asked for again when it is over", async () => {
  const alice = await embedded("alice");
  const made = await alice.evaluate(async (base) => {
    const { jwt } = await (await fetch("/chat-session", { method: "POST" })).json();
    const headers = { authorization: `Bearer ${jwt}`, "content-type": "application/json" };
    return (await fetch(`${base}/api/chat/createChat`, { method: "POST", headers, body: JSON.stringify({ chatName: "Counter", userNames: ["alice"] }) })).json();
  }, scene.chinwag.chat);
  await alice.evaluate((chatId) => document.querySelector("chinwag-chat")?.setAttribute("chat-id", chatId), made.chatId as string);
  await alice.getByRole("navigation").waitFor({ state: "detached" });
  await say(alice, "only here");
  await alice.locator('.message[data-state="stored"]', { hasText: "only here" }).waitFor();
  const asked = alice.waitForResponse(/chat-session/);
  await alice.evaluate(async (base) => {
    const { jwt } = await (await fetch("/chat-session", { method: "POST" })).json();
    await fetch(`${base}/api/auth/logoutAll`, { method: "POST", headers: { authorization: `Bearer ${jwt}` } });
  }, scene.chinwag.chat);
  await asked;
  await say(alice, "and still here");
  await alice.locator('.message[data-state="stored"]', { hasText: "and still here" }).waitFor();
});

test("a back end that refuses is told about, and can be asked again", async () => {
  const page = await scene.window();
  await page.goto(`${url}/?user=nobody`);
  await page.getByText("the page's back end answered with 502").waitFor();
  await page.getByRole("button", { name: "Try again" }).waitFor();
});
