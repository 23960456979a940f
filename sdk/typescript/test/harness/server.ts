import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const DEFAULT = fileURLToPath(new URL("../../../../target/debug/chinwag", import.meta.url));

function binary(): string {
  const path = process.env.CHINWAG_BINARY ?? DEFAULT;
  if (!existsSync(path)) throw new Error(`no server to test against at ${path}: build it with cargo build, or set CHINWAG_BINARY`);
  return path;
}

/** The real server as a child process, on a data directory of its own. It keeps its ports over a restart. */
export class Chinwag {
  #child: ChildProcess | null = null;
  #chat = "127.0.0.1:0";
  #management = "127.0.0.1:0";

  private constructor(
    readonly dataDirectory: string,
    private readonly settings: Record<string, string>,
  ) {}

  /** `settings` by their names in the configuration file, as in `{"tokens.jwt_seconds": "1"}`. */
  static async start(settings: Record<string, string> = {}): Promise<Chinwag> {
    const directory = await mkdtemp(join(tmpdir(), "chinwag-sdk-"));
    const free = { "limits.sign_ins_per_minute": "0", "limits.registrations_per_minute": "0" };
    const chinwag = new Chinwag(directory, { ...free, ...settings });
    await chinwag.startAgain();
    return chinwag;
  }

  get url(): string {
    return `http://${this.#chat}`;
  }

  get port(): number {
    return Number(this.#chat.split(":")[1]);
  }

  get managementUrl(): string {
    return `http://${this.#management}`;
  }

  async startAgain(): Promise<void> {
    const env: NodeJS.ProcessEnv = {};
    for (const [name, value] of Object.entries(process.env)) if (!name.startsWith("CHINWAG_")) env[name] = value;
    for (const [name, value] of Object.entries(this.settings)) env[`CHINWAG_${name.toUpperCase().replaceAll(".", "__")}`] = value;
    const flags = ["serve", "--listen", this.#chat, "--management-listen", this.#management, "--data-dir", this.dataDirectory];
    const child = spawn(binary(), flags, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let errors = "";
    child.stderr?.on("data", (text) => {
      errors += text;
    });
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const [, name, address] = /^(\w+)\s+http:\/\/(\S+)/.exec(line) ?? [];
      if (name === "chat" && address) this.#chat = address;
      if (name === "management" && address) {
        this.#management = address;
        child.stdout?.resume();
        return;
      }
    }
    throw new Error(`the server ended: ${errors}`);
  }

  /** As a power cut would, short of the disk. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.dataDirectory, { recursive: true, force: true });
  }

  /** A new account's new app, and a key of it. */
  async apiKey(): Promise<string> {
    const ask = async (path: string, body: unknown, token?: string) => {
      const headers: Record<string, string> = { "content-type": "application/json" };
      if (token) headers.authorization = `Bearer ${token}`;
      const response = await fetch(this.managementUrl + path, { method: "POST", headers, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as Record<string, string>;
    };
    const account = { companyName: "Tea", email: `${crypto.randomUUID()}@example.com`, password: "correct horse" };
    const { accessToken } = await ask("/api/auth/register", account);
    const app = await ask("/api/client/apps", { name: "tea" }, accessToken);
    const key = await ask(`/api/client/apps/${app.id}/keys`, {}, accessToken);
    return key.token as string;
  }
}
