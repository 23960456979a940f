import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Scene } from "./scene.js";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.clear());
afterAll(() => scene?.end());

test("alice and bob talk in two windows", async () => {
  const [alice, bob] = [await scene.signIn("alice"), await scene.signIn("bob")];
  await alice.create("Tea", "bob");
  await alice.say("Tea, Bob?");
  await bob.open("Tea");
  await bob.sees("Tea, Bob?");
  await bob.field.pressSequentially("Ye");
  await alice.page.locator(".typing", { hasText: "bob is typing" }).waitFor();
  await bob.say("Yes please");
  await alice.sees("Yes please");
  await alice.page.locator(".receipt[data-read=true]").first().waitFor();
  await alice.page.locator(".typing", { hasText: "typing" }).waitFor({ state: "hidden" });
});

test("two windows of one browser are two people", async () => {
  const alice = await scene.signIn("alice");
  const bob = await alice.anotherWindow("bob");
  await alice.create("Side by side", "bob");
  await alice.say("Can you see me?");
  await bob.open("Side by side");
  await bob.say("You are in the other window.");
  await alice.sees("You are in the other window.");
  await bob.page.reload();
  await bob.page.locator(".account b", { hasText: "bob" }).waitFor();
  await bob.page.close();
  await alice.say("Now I cannot.");
  await alice.hasStored("Now I cannot.");
});

test("two windows of one person show the same", async () => {
  const alice = await scene.signIn("alice");
  const again = await alice.anotherWindow("alice");
  await alice.create("Twice", "bob");
  await again.open("Twice");
  await alice.say("from the first");
  await again.hasStored("from the first");
  await again.say("from the second");
  await alice.hasStored("from the second");
  await expect.poll(() => alice.texts()).toEqual(["from the first", "from the second"]);
  await alice.page.close();
  await again.say("alone");
  await again.hasStored("alone");
  expect(await again.texts()).toEqual(["from the first", "from the second", "alone"]);
});

test("a message is edited, replied to, reacted to and deleted", async () => {
  const [alice, bob] = [await scene.signIn("alice"), await scene.signIn("bob")];
  await alice.create("Kettle", "bob");
  await bob.open("Kettle");
  await alice.say("The ketle boils");
  await alice.hasStored("The ketle boils");

  await alice.field.press("ArrowUp");
  await alice.say("The kettle boils");
  await bob.sees("The kettle boils");
  await bob.message("The kettle boils").getByText("edited").waitFor();

  await bob.act("The kettle boils", "Reply");
  await bob.say("At last");
  const reply = await alice.sees("At last");
  await reply.locator(".quote", { hasText: "The kettle boils" }).click();
  await alice.page.locator('.message[data-flashed="true"]', { hasText: "The kettle boils" }).waitFor();

  await bob.act("The kettle boils", "React with thumbs up");
  await alice.message("The kettle boils").getByRole("button", { name: "👍 1: bob" }).waitFor();
  await alice.act("The kettle boils", "React");
  await alice.page.getByLabel("Search emoji").fill("teacup");
  await alice.page.getByLabel("Search emoji").press("Enter");
  await bob.message("The kettle boils").getByRole("button", { name: "🍵 1: alice" }).waitFor();
  await bob.act("At last", "React");
  await bob.page.locator(".popover").getByRole("button").first().click();
  await expect.poll(() => bob.field.evaluate((field) => field === document.activeElement)).toBe(true);
  await bob.message("The kettle boils").hover();
  await expect.poll(() => bob.page.locator(".tools:visible").count()).toBe(1);
  await bob.message("The kettle boils").getByRole("button", { name: "👍 1: you" }).click();
  await alice.message("The kettle boils").getByRole("button", { name: /👍/ }).waitFor({ state: "detached" });

  await alice.menu("The kettle boils", "Delete");
  await alice.page.getByRole("menuitem", { name: "Delete for everyone?" }).click();
  await bob.message("The kettle boils").waitFor({ state: "detached" });
  await bob.message("At last").locator(".quote").waitFor({ state: "detached" });
});

test("a chat is renamed, joined, left and deleted", async () => {
  const [alice, bob, carol] = [await scene.signIn("alice"), await scene.signIn("bob"), await scene.signIn("carol")];
  await alice.create("Biscuits", "bob");
  await alice.page.getByRole("button", { name: "Members and settings", exact: true }).click();
  const dialog = alice.page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Good biscuits");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await bob.chat("Good biscuits").waitFor();
  await dialog.getByLabel("Add somebody").fill("carol");
  await dialog.getByRole("button", { name: "Add" }).click();
  await carol.chat("Good biscuits").waitFor();
  await dialog.getByLabel("Add somebody").fill("nobody");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByRole("alert").waitFor();

  await carol.open("Good biscuits");
  await carol.page.getByRole("button", { name: "Members and settings", exact: true }).click();
  await carol.page.getByRole("button", { name: "Leave chat" }).click();
  await carol.page.getByRole("button", { name: "Leave now?" }).click();
  await carol.chat("Good biscuits").waitFor({ state: "detached" });

  await bob.open("Good biscuits");
  await dialog.getByRole("button", { name: "Remove bob" }).click();
  await bob.page.getByText("no longer among your chats").waitFor();
  await dialog.getByRole("button", { name: "Delete for everyone" }).click();
  await dialog.getByRole("button", { name: "Delete all of it?" }).click();
  await alice.chat("Good biscuits").waitFor({ state: "detached" });
});

test("who leaves keeps their name, and what they read stays read", async () => {
  const [alice, bob, carol] = [await scene.signIn("alice"), await scene.signIn("bob"), await scene.signIn("carol")];
  await alice.create("Goodbye", "bob", "carol");
  await bob.open("Goodbye");
  await bob.say("I must go");
  await alice.sees("I must go");
  await alice.say("So soon?");
  const receipt = alice.message("So soon?").locator(".receipt[data-read=true]");
  await receipt.waitFor();
  await bob.page.getByRole("button", { name: "Members and settings", exact: true }).click();
  await bob.page.getByRole("button", { name: "Leave chat" }).click();
  await bob.page.getByRole("button", { name: "Leave now?" }).click();
  const left = async () => {
    await alice.page.locator(".conversation-title", { hasText: "2 people" }).waitFor();
    await alice.page.locator(".message-name", { hasText: /^bob$/ }).waitFor();
    await receipt.waitFor();
  };
  await left();
  await alice.page.reload();
  await left();
  // Who never saw them here cannot know.
  await carol.open("Goodbye");
  await carol.sees("I must go");
});

test("what was not seen is counted, and marked where it begins", async () => {
  const [alice, bob] = [await scene.signIn("alice"), await scene.signIn("bob")];
  await alice.create("Unread", "bob");
  for (const text of ["one", "two", "three"]) await alice.say(text);
  await bob.chat("Unread").locator(".badge", { hasText: "3" }).waitFor();
  await expect.poll(() => bob.page.title()).toMatch(/^\(\d+\) Chinwag$/);
  await bob.open("Unread");
  const fresh = bob.page.locator(".row-frame", { has: bob.page.locator(".fresh") });
  await fresh.locator(".message-text", { hasText: "one" }).waitFor();
  await bob.chat("Unread").locator(".badge").waitFor({ state: "detached" });
  await bob.say("four");
  await bob.page.locator(".fresh").waitFor({ state: "detached" });
});

test("a draft stays where it was written", async () => {
  const alice = await scene.signIn("alice");
  await alice.create("Drafts", "bob");
  await alice.create("Elsewhere", "bob");
  await alice.open("Drafts");
  await alice.field.fill("half a thought");
  await alice.open("Elsewhere");
  await alice.chat("Drafts").getByText("half a thought").waitFor();
  await alice.page.reload();
  await alice.open("Drafts");
  expect(await alice.field.inputValue()).toBe("half a thought");
});

test("a window that is opened for somebody else switches to them, once", async () => {
  const { page } = await scene.signIn("alice");
  const is = (name: string) => page.locator(".account b", { hasText: name }).waitFor();
  await page.goto(`${scene.chinwag.chat}/?as=bob`);
  await is("bob");
  expect(page.url()).not.toContain("as=");
  await page.reload();
  await is("bob");
  await page.goto(`${scene.chinwag.chat}/?as=nobody`);
  await is("bob");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: /carol/ }).click();
  await is("carol");
});

test("an address of no chat says so, and leads back", async () => {
  const alice = await scene.signIn("alice", { viewport: { width: 390, height: 780 } });
  const { page } = alice;
  for (const address of ["nope", crypto.randomUUID()]) {
    await page.goto(`${scene.chinwag.chat}/#/${address}`);
    await page.getByRole("heading", { name: "There is no such chat" }).waitFor();
    await page.getByRole("button", { name: "Your chats" }).click();
    await page.getByRole("heading", { name: "Chats" }).waitFor();
    expect(page.url()).not.toContain(address);
  }
});

test("a chat keeps its colour when it is renamed and joined, and people have theirs everywhere", async () => {
  const alice = await scene.signIn("alice");
  const hue = (selector: string) => alice.page.locator(selector).first().getAttribute("data-hue");
  await alice.create("", "bob");
  const bobs = await hue(".chat-item[aria-current] .avatar");
  await alice.page.getByRole("button", { name: "Members and settings", exact: true }).click();
  expect(await alice.page.getByRole("dialog").locator("li", { hasText: "bob" }).locator(".avatar").getAttribute("data-hue")).toBe(bobs);
  await alice.page.keyboard.press("Escape");
  await alice.create("Paint", "bob");
  const before = await hue(".chat-item[aria-current] .avatar");
  await alice.page.getByRole("button", { name: "Members and settings", exact: true }).click();
  const dialog = alice.page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Varnish");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await dialog.getByLabel("Add somebody").fill("carol");
  await dialog.getByRole("button", { name: "Add" }).click();
  await alice.page.locator(".conversation-title", { hasText: "Varnish" }).filter({ hasText: "3 people" }).waitFor();
  expect(await hue(".chat-item[aria-current] .avatar")).toBe(before);
  expect(await hue(".conversation-title .avatar")).toBe(before);
});

test("chats are found by their name", async () => {
  const alice = await scene.signIn("alice");
  await alice.create("Needle", "bob");
  await alice.create("Haystack", "bob");
  await alice.page.keyboard.press("Control+k");
  await alice.page.keyboard.type("need");
  await alice.chat("Haystack").waitFor({ state: "detached" });
  await alice.page.keyboard.press("ArrowDown");
  await alice.page.keyboard.press("Enter");
  await alice.page.locator(".conversation-title", { hasText: "Needle" }).waitFor();
});

test("everything can be done by keyboard", async () => {
  const [alice, bob] = [await scene.signIn("alice"), await scene.signIn("bob")];
  await alice.create("Keys", "bob");
  for (const text of ["first", "second"]) await alice.say(text);
  await alice.hasStored("second");
  await bob.open("Keys");
  await bob.sees("second");
  const { keyboard } = bob.page;
  await bob.message("second").focus();
  await keyboard.press("ArrowUp");
  await bob.page.locator(".message:focus", { hasText: "first" }).waitFor();
  await keyboard.press("r");
  await keyboard.type("by keyboard");
  await keyboard.press("Enter");
  await alice.message("by keyboard").locator(".quote", { hasText: "first" }).waitFor();
  await bob.message("by keyboard").focus();
  await keyboard.press("Enter");
  await bob.page.getByRole("menuitem", { name: "Reply" }).waitFor();
  await keyboard.press("ArrowUp");
  await keyboard.press("Enter");
  await keyboard.press("Enter");
  await alice.message("by keyboard").waitFor({ state: "detached" });
});
