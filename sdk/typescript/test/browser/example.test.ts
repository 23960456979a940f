import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { RealBrowser } from "../harness/browser.js";
import { PASSWORD, Scene, inTime } from "../harness/scene.js";

/** The example's own server. */
async function serve(env: Record<string, string>): Promise<string> {
  const program = fileURLToPath(new URL("../../example/server.mjs", import.meta.url));
  const child = spawn(process.execPath, [program], { env: { ...process.env, ...env, PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("the example's server ended");
}

test("the example is a chat of two", async () => {
  const [scene, browser] = await Promise.all([Scene.open(), RealBrowser.start()]);
  onTestFinished(async () => void (await Promise.all([browser.close(), scene.close()])));
  const [alice, bob] = await Promise.all([scene.person("alice"), scene.person("bob")]);
  await alice.client.createChat("Tea", [alice.username, bob.username]);
  const url = await inTime("the example's server", serve({ CHINWAG_URL: scene.server.url, CHINWAG_KEY: scene.apiKey }));

  const enter = async (username: string) => {
    const { context } = await browser.profile();
    const page = await context.newPage();
    await page.goto(url);
    await page.fill("[name=username]", username);
    await page.fill("[name=password]", PASSWORD);
    await page.click("#door button");
    await page.getByText("connected").waitFor();
    return page;
  };
  const [hers, his] = [await enter(alice.username), await enter(bob.username)];
  await hers.fill("[name=text]", "Tea at four?");
  await hers.press("[name=text]", "Enter");
  await his.getByText(`${alice.username}: Tea at four?`).waitFor();
  await his.locator("[name=text]").pressSequentially("Gl");
  await hers.getByText(`${bob.username} is typing`).waitFor();
  await his.fill("[name=text]", "Gladly.");
  await his.press("[name=text]", "Enter");
  await hers.getByText(`${bob.username}: Gladly.`).waitFor();
  await his.reload();
  await his.getByText(`${bob.username}: Gladly.`).waitFor();
  expect(await his.locator("#messages li").allTextContents()).toEqual([`${alice.username}: Tea at four?`, `${bob.username}: Gladly.`]);
});
