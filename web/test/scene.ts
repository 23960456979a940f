import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page, chromium } from "playwright-core";
import { expect } from "vitest";
import { Chinwag } from "./server.js";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** A server, a browser, and whoever sits at its windows. What a page reports as an error fails the test that ends next. */
export class Scene {
  readonly #contexts: BrowserContext[] = [];
  readonly complaints: string[] = [];
  readonly #others: string[] = [];

  private constructor(
    readonly chinwag: Chinwag,
    readonly browser: Browser,
  ) {}

  static async open(settings: Record<string, string> = {}): Promise<Scene> {
    if (!existsSync(CHROMIUM)) throw new Error(`no browser at ${CHROMIUM}: apt-get install chromium, or set CHROMIUM`);
    const chinwag = await Chinwag.start(settings);
    // In containers the sandbox has no user namespaces to be made of.
    return new Scene(chinwag, await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] }));
  }

  /** A window of its own, with its own storage. */
  async window(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
    this.#contexts.push(context);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      // What the network did is what the tests are about; a broken policy or a program's error is not.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource") && !message.text().includes("WebSocket connection")) {
        this.complaints.push(message.text());
      }
    });
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith("http") && !this.#origins.includes(origin)) this.complaints.push(`a request left the origin: ${request.url()}`);
    });
    return page;
  }

  /** Another origin that pages may be at. */
  alsoAt(origin: string): void {
    this.#others.push(origin);
  }

  get #origins(): string[] {
    return [this.chinwag.chat, this.chinwag.management, ...this.#others];
  }

  async signIn(name: string, options: BrowserContextOptions = {}): Promise<User> {
    const page = await this.window(options);
    await page.goto(this.chinwag.chat);
    await page.getByRole("button", { name: new RegExp(name, "i") }).click();
    await page.getByText("Online").waitFor();
    return new User(name, page, this.chinwag.chat);
  }

  /** Closes all windows; nothing may have gone wrong in any of them. */
  async clear(): Promise<void> {
    for (const context of this.#contexts.splice(0)) await context.close();
    expect(this.complaints.splice(0)).toEqual([]);
  }

  async end(): Promise<void> {
    await this.browser.close();
    await this.chinwag.end();
  }
}

/** Somebody at the chat page. */
export class User {
  constructor(
    readonly name: string,
    readonly page: Page,
    private readonly base: string,
  ) {}

  /** Of the same browser, with what it keeps for all windows. */
  async anotherWindow(name: string): Promise<User> {
    const page = await this.page.context().newPage();
    await page.goto(`${this.base}/?as=${name}`);
    await page.getByText("Online").waitFor();
    return new User(name, page, this.base);
  }

  async create(name: string, ...people: string[]): Promise<string> {
    const { page } = this;
    await page.getByRole("button", { name: "New chat" }).first().click();
    for (const person of people) {
      await page.getByLabel("People").fill(person);
      await page.getByLabel("People").press("Enter");
    }
    if (name) await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
    await page.getByRole("button", { name: "Create chat" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.locator(".conversation-title", { hasText: name || (people[0] ?? "") }).waitFor();
    return page.url().split("#/")[1] ?? "";
  }

  chat(name: string): Locator {
    return this.page.locator(".chat-item", { has: this.page.locator(".chat-item-name", { hasText: name }) });
  }

  async open(name: string): Promise<void> {
    await this.chat(name).first().click();
    await this.page.locator(".conversation-title", { hasText: name }).waitFor();
    await this.field.waitFor();
  }

  get field(): Locator {
    return this.page.getByRole("textbox", { name: /^Message to/ });
  }

  async say(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press("Enter");
  }

  /** By its own text, not by what it quotes. */
  message(text: string): Locator {
    return this.page.locator(".message", { has: this.page.locator(".message-text", { hasText: text }) });
  }

  async sees(text: string): Promise<Locator> {
    const message = this.message(text);
    await message.waitFor();
    return message;
  }

  async hasStored(text: string): Promise<void> {
    await this.page.locator('.message[data-state="stored"]', { has: this.page.locator(".message-text", { hasText: text }) }).waitFor();
  }

  /** The texts that are shown, from top to bottom. */
  texts(): Promise<string[]> {
    return this.page.locator(".message-text").allTextContents();
  }

  async act(text: string, action: string): Promise<void> {
    const message = await this.sees(text);
    await message.hover();
    await message.getByRole("button", { name: action, exact: true }).click();
  }

  async menu(text: string, choice: string): Promise<void> {
    await this.act(text, "More");
    await this.page.getByRole("menuitem", { name: choice }).click();
  }

  async jwt(): Promise<string> {
    const kept = await this.page.evaluate(() => sessionStorage.getItem("chinwag-session"));
    return (JSON.parse(kept ?? "{}") as { auth: { jwt: string } }).auth.jwt;
  }

  async request(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${await this.jwt()}`, "content-type": "application/json" };
    return fetch(this.base + path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  }
}
