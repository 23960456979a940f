import { execFileSync } from "node:child_process";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { seriousFindings } from "./axe.js";
import { Scene } from "./scene.js";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterEach(async () => {
  await scene.chinwag.startAgain();
  await scene.clear();
});
afterAll(() => scene?.end());

let accounts = 0;

async function register(options = {}): Promise<Page> {
  const page = await scene.window(options);
  await page.goto(scene.chinwag.management);
  await page.getByRole("button", { name: "Open an account" }).click();
  await page.getByLabel("Company").fill("Teapots & Co");
  accounts += 1;
  await page.getByLabel("E-mail").fill(`owner${accounts}@example.com`);
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Open account" }).click();
  await page.getByText("Your first app").waitFor();
  return page;
}

async function createApp(page: Page, name: string): Promise<void> {
  await page.goto(`${scene.chinwag.management}/#/`);
  await page.getByRole("button", { name: "New app" }).first().click();
  await page.getByRole("dialog").getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Create app" }).click();
  await page.getByRole("heading", { name: "Where your app is" }).waitFor();
}

async function makeKey(page: Page): Promise<string> {
  await page.getByRole("link", { name: "Quick start" }).click();
  await page.getByRole("button", { name: "Make a key" }).click();
  return (await page.locator(".secret code", { hasText: "cwk_" }).textContent()) ?? "";
}

/** What is pasted from the quick start. */
async function paste(page: Page): Promise<string> {
  await page.getByRole("button", { name: "curl" }).click();
  const lines = (await page.locator(".snippet pre").textContent()) ?? "";
  return execFileSync("sh", ["-c", lines], { encoding: "utf8" });
}

test("an account is opened, left and entered again", async () => {
  const page = await register();
  await page.reload();
  await page.getByText("Your first app").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("E-mail").fill(`owner${accounts}@example.com`);
  await page.getByLabel("Password").fill("wrong horse");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("Your first app").waitFor();
});

test("the lines of the quick start work when they are pasted", async () => {
  const page = await register();
  await createApp(page, "Tea room");
  const key = await makeKey(page);
  const said = await paste(page);
  expect(said).toContain('"type":"SEND_MSG"');
  expect(said).toContain('"message":"Tea?"');
  for (const language of ["TypeScript", "Rust"]) {
    await page.getByRole("button", { name: language }).click();
    expect(await page.locator(".snippet pre").textContent()).toContain(key);
  }
});

test("an app is renamed, suspended, made active, and deleted only by its name", async () => {
  const page = await register();
  await createApp(page, "Tea room");
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Name").fill("Tea house");
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("heading", { name: "Tea house" }).waitFor();
  await page.getByRole("button", { name: "Suspend app" }).click();
  await page.locator(".stage-head .status", { hasText: "Suspended" }).waitFor();
  await page.getByRole("button", { name: "Make active" }).click();
  await page.locator(".stage-head .status", { hasText: "Active" }).waitFor();
  await page.getByRole("button", { name: "Delete app…" }).click();
  const sure = page.getByRole("button", { name: "Delete for good" });
  await page.getByLabel("Type “Tea house”").fill("Tea");
  expect(await sure.isDisabled()).toBe(true);
  await page.getByLabel("Type “Tea house”").fill("Tea house");
  await sure.click();
  await page.getByText("Your first app").waitFor();
});

test("an account makes apps up to its limit", async () => {
  const page = await register();
  for (const name of ["one", "two", "three", "four", "five"]) await createApp(page, name);
  await page.getByRole("link", { name: "All apps" }).click();
  await page.getByText("at most 5 demo apps").waitFor();
  expect(await page.getByRole("button", { name: "New app" }).isDisabled()).toBe(true);
});

test("keys are shown once, rotated and revoked", async () => {
  const page = await register();
  await createApp(page, "Keys");
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("button", { name: "New key" }).click();
  const key = (await page.getByRole("dialog").locator("code").textContent()) ?? "";
  // It cannot be shown again: a slip of the hand does not close it.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.mouse.click(5, 5);
  expect(await page.getByRole("dialog").locator("code").textContent()).toBe(key);
  await page.getByRole("button", { name: "I have it" }).click();
  await page.locator("td code", { hasText: key.slice(0, 10) }).waitFor();
  expect(await page.content()).not.toContain(key);
  await page.getByRole("button", { name: "Rotate" }).click();
  await page.getByRole("button", { name: "The old one stops now" }).click();
  await page.getByRole("button", { name: "I have it" }).click();
  await page.locator("td code", { hasText: key.slice(0, 10) }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("button", { name: "Revoke now?" }).click();
  await page.getByText("No key yet").waitFor();
});

test("users are found, signed out and deleted", async () => {
  const page = await register();
  await createApp(page, "People");
  await makeKey(page);
  await paste(page);
  await page.getByRole("link", { name: "Users" }).click();
  await page.getByRole("row").nth(2).waitFor();
  await page.getByLabel("Search users").fill("ann");
  await expect.poll(() => page.getByRole("row").count()).toBe(2);
  await page.getByRole("cell", { name: /@/ }).click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^ann/ }).click();
  await page.getByRole("button", { name: "End", exact: true }).waitFor();
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByText("Not signed in").waitFor();
  await page.getByRole("button", { name: "Delete user" }).click();
  await page.getByRole("button", { name: "Delete them" }).click();
  await page.getByText("Nobody has “ann”").waitFor();
});

test("figures, events and the trace of a message are seen as they happen", async () => {
  const page = await register();
  await createApp(page, "Live");
  await makeKey(page);
  const before = await paste(page);
  const { username } = JSON.parse(before.split("\n")[0] ?? "{}") as { username: string };
  const { chatId } = JSON.parse(before.trim().split("\n").at(-1) ?? "{}") as { chatId: string };

  await page.getByRole("link", { name: "Events" }).click();
  await page.getByLabel("User name or chat id").fill(username);
  await page.getByRole("button", { name: "Watch" }).click();
  await page.locator('.live-state[data-state="open"]').waitFor();
  await page.locator(".watch-chats").getByRole("button", { name: "Tea" }).click();
  await page.locator('.live-state[data-state="open"]').waitFor();

  const send = async (): Promise<void> => {
    const key = await page.evaluate(() => sessionStorage.getItem("key"));
    const headers = { "x-api-key": key ?? "", "content-type": "application/json" };
    const entered = await fetch(`${scene.chinwag.chat}/api/user/signin`, { method: "POST", headers, body: JSON.stringify({ username, password: "correct horse" }) });
    const authorization = entered.headers.get("authorization") ?? "";
    const body = JSON.stringify({ type: "SEND_MSG", chatId, message: "seen by the inspector" });
    expect((await fetch(`${scene.chinwag.chat}/api/chat`, { method: "POST", headers: { authorization, "content-type": "application/json" }, body })).status).toBe(200);
  };
  // The key was shown once; another is made for this server of ours.
  const { token } = await page.evaluate(async () => {
    const { accessToken } = await (await fetch("/api/auth/refresh", { method: "POST" })).json();
    const id = location.hash.split("/")[2];
    return (await fetch(`/api/client/apps/${id}/keys`, { method: "POST", headers: { authorization: `Bearer ${accessToken}` } })).json();
  });
  await page.evaluate((key) => sessionStorage.setItem("key", key), token as string);
  await send();
  const heard = page.locator(".heard li", { hasText: "seen by the inspector" });
  await heard.locator("summary").click();
  await heard.getByRole("button", { name: "Trace this message" }).click();
  await page.locator(".trace", { hasText: "Stored" }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.keyboard.press("Escape");

  await page.getByRole("link", { name: "Live figures" }).click();
  await page.locator('.live-state[data-state="open"]').waitFor();
  await page.locator(".chart", { hasText: "Messages per minute" }).locator("dd", { hasText: /[1-9]/ }).waitFor();
});

test("figures that are old are shown as old, and live ones go on in their place", async () => {
  const page = await register();
  await createApp(page, "Stale");
  await page.getByRole("link", { name: "Live figures" }).click();
  const connected = page.locator(".chart", { hasText: "Connected" }).locator("dd").first();
  await connected.filter({ hasText: "0" }).waitFor();
  await page.locator('.charts[data-stale="false"]').waitFor();
  await scene.chinwag.kill();
  await page.getByText("The server has sent none since").waitFor();
  await page.locator('.charts[data-stale="true"]').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await scene.chinwag.startAgain();
  await page.getByText("Live, a figure every second").waitFor();
  await page.locator('.charts[data-stale="false"]').waitFor();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`the console has no serious barriers (${colorScheme})`, async () => {
    const page = await register({ colorScheme });
    expect(await seriousFindings(page)).toEqual([]);
    await createApp(page, "Barriers");
    await makeKey(page);
    await paste(page);
    for (const tab of ["Quick start", "API keys", "Users", "Live figures", "Events", "Settings"]) {
      await page.getByRole("link", { name: tab }).click();
      await page.getByRole("link", { name: tab, exact: true }).and(page.locator("[aria-current]")).waitFor();
      expect([tab, await seriousFindings(page)]).toEqual([tab, []]);
    }
    await page.setViewportSize({ width: 390, height: 780 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });
}
