import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { serve } from "../scripts/serve.mjs";

const DEFAULT = fileURLToPath(new URL("../../target/debug/chinwag", import.meta.url));

export interface DevUser {
  username: string;
  password: string;
}

/** `chinwag dev` as a child process, on a data directory of its own. It keeps its ports over a restart. */
export class Chinwag {
  #child: ChildProcess | null = null;
  #chat = "127.0.0.1:0";
  #management = "127.0.0.1:0";
  #front: { chat: string; management: string; close: () => void } | null = null;
  apiKey = "";
  users: DevUser[] = [];

  private constructor(
    private readonly directory: string,
    private readonly settings: Record<string, string>,
  ) {}

  /** `settings` by their names in the configuration file. */
  static async start(settings: Record<string, string> = {}): Promise<Chinwag> {
    const free = { "limits.sign_ins_per_minute": "0", "limits.registrations_per_minute": "0", "limits.actions_per_second": "0" };
    const chinwag = new Chinwag(await mkdtemp(join(tmpdir(), "chinwag-web-")), { ...free, ...settings });
    await chinwag.startAgain();
    await chinwag.#findPages();
    return chinwag;
  }

  /** Where the chat page is. */
  get chat(): string {
    return this.#front?.chat ?? `http://${this.#chat}`;
  }

  /** Where the console is. */
  get management(): string {
    return this.#front?.management ?? `http://${this.#management}`;
  }

  /** Does nothing while it runs. */
  async startAgain(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) return;
    const env: NodeJS.ProcessEnv = {};
    for (const [name, value] of Object.entries(process.env)) if (!name.startsWith("CHINWAG_")) env[name] = value;
    for (const [name, value] of Object.entries(this.settings)) env[`CHINWAG_${name.toUpperCase().replaceAll(".", "__")}`] = value;
    const flags = ["dev", "--listen", this.#chat, "--management-listen", this.#management, "--data-dir", this.directory];
    const child = spawn(binary(), flags, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let errors = "";
    child.stderr?.on("data", (text) => {
      errors += text;
    });
    const users: DevUser[] = [];
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const [, name, address] = /^(\w+)\s+http:\/\/([^\s/]+)/.exec(line) ?? [];
      if (name === "chat" && address) this.#chat = address;
      if (name === "management" && address) this.#management = address;
      this.apiKey = /^API key\s+(\S+)/.exec(line)?.[1] ?? this.apiKey;
      const [, username, password] = /(\S+)\s+password (\S+)$/.exec(line) ?? [];
      if (username && password) users.push({ username, password });
      if (!line.startsWith("Ctrl-C")) continue;
      child.stdout?.resume();
      this.users = users;
      return;
    }
    throw new Error(`the server ended: ${errors}`);
  }

  /** As a power cut would, short of the disk. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async end(): Promise<void> {
    await this.kill();
    this.#front?.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** A binary that was built without Node has no pages: then they come from dist, and all else from the binary. So if asked for. */
  async #findPages(): Promise<void> {
    const answer = await fetch(`http://${this.#chat}/`, { headers: { accept: "text/html" } });
    const builtIn = (await answer.text()).includes('id="page"');
    if (builtIn && process.env.CHINWAG_PAGES !== "dist") return;
    const chat = await serve({ upstream: `http://${this.#chat}`, mounts: [["/embed.js", "embed"], ["/", "chat"]] });
    const management = await serve({ upstream: `http://${this.#management}`, mounts: [["/docs", "docs"], ["/", "console"]] });
    this.#front = { chat: chat.url, management: management.url, close: () => (chat.close(), management.close()) };
  }
}

function binary(): string {
  const path = process.env.CHINWAG_BINARY ?? DEFAULT;
  if (!existsSync(path)) throw new Error(`no server to test against at ${path}: build it with cargo build, or set CHINWAG_BINARY`);
  return path;
}
