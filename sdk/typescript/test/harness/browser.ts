import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, type BrowserContext, type CDPSession, type Page, chromium } from "playwright-core";
import { onTestFinished } from "vitest";
import type { AuthState, ChatEvent, ChinwagClient, ChinwagClientOptions } from "../../src/index.js";
import { Diary, Scene, inTime } from "./scene.js";

declare global {
  /** In the page. */
  var client: ChinwagClient;
  var setHidden: (hidden: boolean) => void;
  var forward: (ms: number) => void;
}

const FILES: Record<string, [type: string, path: string]> = {
  "/": ["text/html", "../browser/page.html"],
  "/index.mjs": ["text/javascript", "../../dist/index.mjs"],
  "/indexeddb.mjs": ["text/javascript", "../../dist/indexeddb.mjs"],
};

/** A Chromium, and an origin whose pages use what is built. It is not the server's origin. */
export class RealBrowser {
  private constructor(
    private readonly browser: Browser,
    private readonly pages: Server,
  ) {}

  static async start(): Promise<RealBrowser> {
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    if (!existsSync(executablePath)) throw new Error(`no browser to test in at ${executablePath}: apt-get install chromium, or set CHROMIUM`);
    const pages = createServer(async ({ url }, response) => {
      const [type, path] = FILES[url ?? ""] ?? [];
      if (!type || !path) return void response.writeHead(404).end();
      response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(await readFile(new URL(path, import.meta.url)));
    });
    pages.listen(0, "127.0.0.1");
    await once(pages, "listening");
    const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--renderer-process-limit=64"];
    return new RealBrowser(await chromium.launch({ executablePath, args }), pages);
  }

  /** A person's own: its tabs share storage, locks and channels. */
  async profile(): Promise<Profile> {
    const { port } = this.pages.address() as AddressInfo;
    return new Profile(await this.browser.newContext(), `http://127.0.0.1:${port}/`);
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.pages.close();
  }
}

/** A server and a browser. */
export class BrowserScene {
  private constructor(
    private readonly scene: Scene,
    private readonly browser: RealBrowser,
  ) {}

  static async open(): Promise<BrowserScene> {
    const [scene, browser] = await Promise.all([Scene.open(), RealBrowser.start()]);
    return new BrowserScene(scene, browser);
  }

  async close(): Promise<void> {
    await Promise.all([this.browser.close(), this.scene.close()]);
  }

  /** Bob under Node, and Alice in the browser, behind a network with weather. */
  async tea(options: Partial<TabOptions> = {}) {
    const { alice, bob, chatId } = await this.scene.tea();
    alice.realtime.disconnect();
    const auth = alice.client.getAuth();
    if (!auth) throw new Error("signed in");
    const proxy = await this.scene.proxy();
    const profile = await this.browser.profile();
    onTestFinished(() => profile.close());
    const his = new Diary(bob.client, "message");
    const heHas = async (count: number) => {
      await his.until(`${count} messages`, (events) => events.length >= count);
      return his.events.map(({ message }) => message);
    };
    const tab = (prepare?: (page: Page) => void) => profile.tab({ baseUrl: proxy.url, auth, ...options }, prepare);
    return { bob, chatId, proxy, his, heHas, profile, tab };
  }
}

export type TabOptions = Pick<ChinwagClientOptions, "baseUrl" | "shareConnection" | "reconnect"> & { auth: AuthState };

export class Profile {
  constructor(
    readonly context: BrowserContext,
    private readonly url: string,
  ) {}

  /** Opens a tab, and resolves when it is connected. */
  async tab(options: TabOptions, prepare?: (page: Page) => void): Promise<BrowserTab> {
    const page = await this.context.newPage();
    prepare?.(page);
    const tab = new BrowserTab(page, await this.context.newCDPSession(page));
    await page.exposeFunction("tell", (name: string, event: unknown) => tab.hear(name, event));
    const reconnect = { minMs: 50, maxMs: 500 };
    await page.goto(`${this.url}#${encodeURIComponent(JSON.stringify({ reconnect, ...options }))}`);
    await tab.until("its connection", () => tab.told("connected").length > 0);
    return tab;
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

/** A page, and all that its client told, reloads included. */
export class BrowserTab {
  readonly events: { name: string; event: unknown }[] = [];
  readonly #watchers = new Set<() => void>();

  constructor(
    readonly page: Page,
    private readonly devtools: CDPSession,
  ) {}

  hear(name: string, event: unknown): void {
    this.events.push({ name, event });
    for (const look of [...this.#watchers]) look();
  }

  told<T>(name: string): T[] {
    return this.events.filter((told) => told.name === name).map(({ event }) => event as T);
  }

  get messages(): string[] {
    return this.told<{ message: string }>("message").map(({ message }) => message);
  }

  until(what: string, done: () => boolean): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      const look = () => {
        if (!done()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
    return inTime(() => `${what}; so far ${this.events.map(({ name }) => name).join()}`, reached);
  }

  /** Resolves when it is stored. */
  send(chatId: string, text: string): Promise<ChatEvent> {
    return this.page.evaluate(([chatId, text]) => client.realtime.sendMessage(chatId, text), [chatId, text] as const);
  }

  /** Resolves when all of them are in the outbox. */
  queue(chatId: string, texts: string[]): Promise<void> {
    const inPage = ({ chatId, texts }: { chatId: string; texts: string[] }) => {
      for (const text of texts) void client.realtime.sendMessage(chatId, text);
    };
    return this.page.evaluate(inPage, { chatId, texts });
  }

  /** Resolves when so many actions are in the storage that all tabs share. */
  keeps(count: number): Promise<void> {
    const inPage = (count: number) =>
      new Promise<void>((resolve, reject) => {
        const opened = indexedDB.open("chinwag-outbox");
        opened.onerror = () => reject(opened.error);
        opened.onsuccess = () => {
          const look = () => {
            const counted = opened.result.transaction("actions").objectStore("actions").count();
            counted.onsuccess = () => (counted.result === count ? resolve() : look());
          };
          look();
        };
      });
    return inTime("the storage", this.page.evaluate(inPage, count));
  }

  hide(hidden: boolean): Promise<void> {
    return this.page.evaluate((hidden) => setHidden(hidden), hidden);
  }

  /** Moves the page's time on. */
  forward(ms: number): Promise<void> {
    return this.page.evaluate((ms) => forward(ms), ms);
  }

  /** What the browser says before it puts a page to sleep, or after. No headless one can be brought to do so. */
  sleep(frozen: boolean): Promise<unknown> {
    return this.page.evaluate((name) => document.dispatchEvent(new Event(name)), frozen ? "freeze" : "resume");
  }

  async crash(): Promise<void> {
    const crashed = new Promise((resolve) => this.page.once("crash", resolve));
    // It is not answered by a page that is no more.
    void this.devtools.send("Page.crash").catch(() => {});
    await crashed;
  }

  /** Its script never comes to an end. */
  hang(): void {
    void this.page.evaluate(() => {
      for (;;);
    }).catch(() => {});
  }
}
