import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Scene } from "./scene.js";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open({ "tokens.jwt_seconds": "60" });
});
afterEach(async () => {
  // A story that failed may have left it killed: the next one is not to fail for that.
  await scene.chinwag.startAgain();
  await scene.clear();
});
afterAll(() => scene?.end());

test("what is written offline waits in sight, and is sent when the network is back", async () => {
  const [alice, bob] = [await scene.signIn("alice"), await scene.signIn("bob")];
  await alice.create("Tunnel", "bob");
  await alice.say("before");
  await alice.hasStored("before");
  await bob.open("Tunnel");

  await alice.page.context().setOffline(true);
  await alice.say("in the tunnel");
  await alice.say("still in it");
  await alice.page.locator('.message[data-state="queued"]', { hasText: "still in it" }).waitFor();
  await alice.page.locator(".trouble", { hasText: "2 messages wait" }).waitFor();
  await bob.say("are you there?");
  await bob.hasStored("are you there?");

  await alice.page.context().setOffline(false);
  await alice.hasStored("still in it");
  await bob.sees("still in it");
  expect(await bob.texts()).toEqual(["before", "are you there?", "in the tunnel", "still in it"]);
  await expect.poll(() => alice.texts()).toEqual(["before", "are you there?", "in the tunnel", "still in it"]);
  await alice.page.locator(".trouble").waitFor({ state: "detached" });
});

test("who signs out while a message waits is asked first", async () => {
  const alice = await scene.signIn("alice");
  const { page } = alice;
  await alice.create("Unsent", "bob");
  await scene.chinwag.kill();
  await alice.say("on its way");
  await page.locator('.message:is([data-state="queued"], [data-state="sending"])', { hasText: "on its way" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("dialog").getByText("1 message is not sent yet").waitFor();
  await page.getByRole("button", { name: "Stay" }).click();
  await page.locator(".message", { hasText: "on its way" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Discard and sign out" }).click();
  await page.getByText("The server cannot be reached").waitFor();
  await scene.chinwag.startAgain();
  const again = await alice.anotherWindow("alice");
  await again.open("Unsent");
  await again.say("first");
  await again.hasStored("first");
  expect(await again.texts()).toEqual(["first"]);
});

test("what is written to a chat that is not loaded yet waits in sight", async () => {
  const [alice, bob] = [await scene.signIn("alice"), await scene.signIn("bob")];
  const { page } = alice;
  await alice.create("Loading", "bob");
  await alice.say("before");
  await alice.hasStored("before");
  await alice.create("Another", "bob");
  await page.reload();
  await page.locator(".conversation-title", { hasText: "Another" }).waitFor();
  const asked = page.waitForRequest("**/getMessages/**");
  let killed = () => {};
  const afterwards = new Promise<void>((resolve) => {
    killed = resolve;
  });
  await page.route("**/getMessages/**", (route) => afterwards.then(() => route.abort()).catch(() => {}));
  await alice.create("Elsewhere", "bob");
  await asked;
  await scene.chinwag.kill();
  const waiting = (text: string) => page.locator('.message:is([data-state="queued"], [data-state="sending"])', { hasText: text });
  await alice.say("while it loads");
  await waiting("while it loads").waitFor();
  killed();
  await alice.say("when it failed");
  await waiting("when it failed").waitFor();
  await waiting("while it loads").waitFor();
  await page.unroute("**/getMessages/**");

  // One that was never opened since the page was: nothing of it is there.
  await alice.open("Loading");
  await alice.say("nothing else is here");
  await waiting("nothing else is here").waitFor();
  await page.getByText("What was said before is loaded when").waitFor();
  await scene.chinwag.startAgain();
  await alice.hasStored("nothing else is here");
  expect(await alice.texts()).toEqual(["before", "nothing else is here"]);
  await alice.open("Elsewhere");
  await alice.hasStored("when it failed");
  expect(await alice.texts()).toEqual(["while it loads", "when it failed"]);
  await bob.open("Loading");
  await bob.sees("nothing else is here");
});

test("edits and deletions that wait are counted, and what cannot wait says so", async () => {
  const alice = await scene.signIn("alice");
  const { page } = alice;
  await alice.create("Changes", "bob");
  for (const text of ["to be edited", "to be deleted"]) {
    await alice.say(text);
    await alice.hasStored(text);
  }
  await scene.chinwag.kill();
  await page.getByText("Offline, trying again").waitFor();
  await alice.menu("to be deleted", "Delete");
  await page.getByRole("menuitem", { name: "Delete for everyone?" }).click();
  await page.locator(".trouble", { hasText: "1 change waits to be sent." }).waitFor();
  await alice.menu("to be edited", "Edit");
  await alice.say("was edited");
  await alice.say("new");
  await page.locator(".trouble", { hasText: "1 message and 2 changes wait to be sent." }).waitFor();

  await page.getByRole("button", { name: "Members and settings", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("chats can only be made and changed online").waitFor();
  await dialog.getByLabel("Name", { exact: true }).fill("Other name");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await dialog.getByRole("alert").filter({ hasText: "This does not wait as messages do" }).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "New chat" }).first().click();
  await dialog.getByText("chats can only be made and changed online").waitFor();
  await dialog.getByLabel("People").fill("bob");
  await dialog.getByRole("button", { name: "Create chat" }).click();
  await dialog.getByRole("alert").filter({ hasText: "This does not wait as messages do" }).waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await dialog.getByText("1 message and 2 changes are not sent yet").waitFor();
  await dialog.getByRole("button", { name: "Stay" }).click();

  await scene.chinwag.startAgain();
  await alice.hasStored("new");
  await page.locator(".trouble").waitFor({ state: "detached" });
  await expect.poll(() => alice.texts()).toEqual(["was edited", "new"]);
});

test("what waits survives a reload", async () => {
  const [alice, bob] = [await scene.signIn("alice"), await scene.signIn("bob")];
  await alice.create("Reload", "bob");
  await alice.say("before");
  await alice.hasStored("before");
  await scene.chinwag.kill();
  await alice.say("kept");
  await alice.page.locator('.message[data-state="queued"]', { hasText: "kept" }).waitFor();
  await scene.chinwag.startAgain();
  await alice.page.reload();
  await alice.hasStored("kept");
  await bob.open("Reload");
  await bob.sees("kept");
  expect(await bob.texts()).toEqual(["before", "kept"]);
});

test("a server that is killed and comes back loses and repeats nothing", async () => {
  const [alice, bob] = [await scene.signIn("alice"), await scene.signIn("bob")];
  await alice.create("Restart", "bob");
  await bob.open("Restart");
  await alice.say("one");
  await alice.hasStored("one");
  await scene.chinwag.kill();
  await alice.say("two");
  await bob.say("three");
  await alice.page.getByText("Offline, trying again").waitFor();
  await scene.chinwag.startAgain();
  for (const user of [alice, bob]) for (const text of ["two", "three"]) await user.hasStored(text);
  await expect.poll(() => alice.texts().then((texts) => texts.length)).toBe(3);
  await expect.poll(async () => (await alice.texts()).join() === (await bob.texts()).join()).toBe(true);
});

test("a session that ends elsewhere leads to the sign-in page, which says why", async () => {
  const alice = await scene.signIn("alice");
  expect((await alice.request("POST", "/api/auth/logoutAll")).status).toBe(200);
  await alice.page.getByText("Your session has ended").waitFor();
  await alice.page.getByRole("button", { name: /alice/i }).click();
  await alice.page.getByText("Online").waitFor();
});

test("the sign-in page waits for a server that is out of reach", async () => {
  const page = await scene.window();
  let reachable = false;
  await page.route("**/dev/users", (route) => (reachable ? route.continue() : route.abort()));
  await page.goto(scene.chinwag.chat);
  await page.getByText("The server cannot be reached").waitFor();
  expect(await page.getByLabel("API key").count()).toBe(0);
  reachable = true;
  await page.getByRole("button", { name: /alice/i }).waitFor();
});

test("a back end can send its user here with a session of theirs", async () => {
  const answer = await fetch(`${scene.chinwag.chat}/api/user/signin`, {
    method: "POST",
    headers: { "x-api-key": scene.chinwag.apiKey, "content-type": "application/json" },
    body: JSON.stringify(scene.chinwag.users.find(({ username }) => username === "carol")),
  });
  const { refreshToken } = (await answer.json()) as { refreshToken: string };
  const jwt = answer.headers.get("authorization")?.replace("Bearer ", "") ?? "";
  const page = await scene.window();
  await page.goto(`${scene.chinwag.chat}/#${new URLSearchParams({ jwt, refreshToken })}`);
  await page.getByText("Online").waitFor();
  await page.locator(".account b", { hasText: "carol" }).waitFor();
  expect(page.url()).not.toContain("jwt");
});
