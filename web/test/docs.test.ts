import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { seriousFindings } from "./axe.js";
import { Scene } from "./scene.js";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.clear());
afterAll(() => scene?.end());

interface Documents {
  paths: Record<string, Record<string, { operationId: string }>>;
}

test("the reference shows every operation and every message of the documents", async () => {
  const page = await scene.window();
  const base = scene.chinwag.management;
  const document = async <T>(name: string) => (await (await fetch(`${base}/docs/${name}.json`)).json()) as T;
  for (const [reference, name] of [
    ["chat", "openapi"],
    ["management", "management"],
  ] as const) {
    await page.goto(`${base}/docs#${reference}`);
    await page.locator(`[id^="${reference}/"]`).first().waitFor();
    const { paths } = await document<Documents>(name);
    const wanted = Object.values(paths).flatMap((item) => Object.values(item).map(({ operationId }) => `${reference}/${operationId}`));
    const shown = await page.locator(".entry").evaluateAll((entries) => entries.map(({ id }) => id));
    expect(shown.sort()).toEqual(wanted.sort());
  }
  const { channels } = await document<{ channels: Record<string, { messages: object }> }>("asyncapi");
  await page.goto(`${base}/docs#realtime`);
  await page.locator('[id^="realtime/"]').first().waitFor();
  const wanted = Object.values(channels).flatMap(({ messages }) => Object.keys(messages));
  expect(await page.locator(".entry").count()).toBe(wanted.length);
});

test("an operation is found, linked, and has a line to paste", async () => {
  const page = await scene.window();
  await page.goto(`${scene.chinwag.management}/docs`);
  await page.getByLabel("Search the reference").fill("getMessages");
  await page.locator(".docs-entries a").first().click();
  expect(page.url()).toContain("#chat/getMessages");
  const entry = page.locator('[id="chat/getMessages"]');
  await expect.poll(() => entry.evaluate((element) => Math.round(element.getBoundingClientRect().top))).toBeLessThan(120);
  expect(await entry.locator("pre").textContent()).toContain('-H "Authorization: Bearer $JWT"');
  await entry.getByText("CHAT_NOT_FOUND").first().waitFor();
});

for (const [colorScheme, reference] of [
  ["light", "chat"],
  ["dark", "realtime"],
] as const) {
  test(`the reference has no serious barriers (${colorScheme})`, async () => {
    const page = await scene.window({ colorScheme });
    await page.goto(`${scene.chinwag.management}/docs#${reference}`);
    await page.locator(`[id^="${reference}/"]`).first().waitFor();
    // The others are made of the same.
    expect(await seriousFindings(page, ".entry:nth-of-type(n + 3)")).toEqual([]);
    await page.setViewportSize({ width: 390, height: 780 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });
}
