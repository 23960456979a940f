/** The management API (docs/protocol.md), and the one place where an access token is replaced. */

export interface App {
  id: string;
  clientId: string | null;
  name: string;
  status: "ACTIVE" | "SUSPENDED";
  type: string;
  tier: string;
  createdAt: string;
  /** Of a single app: where its chat API is. */
  clusterEndpoint?: string;
}

export interface Key {
  id: string;
  keyPrefix: string;
  createdAt: string;
  /** Told once, when it is made. */
  token?: string;
}

export interface Profile {
  companyName: string;
  email: string;
}

interface Access {
  accessToken: string;
}

/** What the server refuses, in its words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export class ManagementApi {
  #token: string | null = null;
  /** The exchange under way, so that requests at the same time cause one: each spends the cookie. */
  #refreshing: Promise<void> | null = null;

  /** `ended` is called when the session is over. */
  constructor(private readonly ended: () => void) {}

  /** By the cookie of an earlier visit; false if there is none that is good. */
  async resume(): Promise<boolean> {
    try {
      await this.#refresh();
      return true;
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return false;
      throw error;
    }
  }

  async register(account: { companyName: string; email: string; password: string }): Promise<void> {
    this.#enter((await this.#exchange("POST", "/api/auth/register", account)) as Access);
  }

  async login(credentials: { email: string; password: string }): Promise<void> {
    this.#enter((await this.#exchange("POST", "/api/auth/login", credentials)) as Access);
  }

  async logout(): Promise<void> {
    await this.#exchange("POST", "/api/auth/logout").catch(() => {});
    this.#token = null;
    this.ended();
  }

  get<T>(path: string): Promise<T> {
    return this.#request<T>("GET", path);
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return this.#request<T>("POST", path, body);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#request<T>("PUT", path, body);
  }

  delete(path: string): Promise<unknown> {
    return this.#request("DELETE", path);
  }

  /** A stream of server-sent events; resolves when it ends. EventSource cannot carry the access token. */
  async stream(path: string, signal: AbortSignal, opened: () => void, hear: (data: unknown) => void): Promise<void> {
    const open = () => fetch(path, { headers: this.#headers(), signal, cache: "no-store" });
    let answer = await open();
    if (answer.status === 401) {
      await this.#refreshOrEnd();
      answer = await open();
    }
    if (!answer.ok || !answer.body) throw await refusalOf(answer);
    opened();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) hearBlock(block, hear);
    }
  }

  async #request<T>(method: string, path: string, body?: unknown): Promise<T> {
    try {
      return (await this.#exchange(method, path, body)) as T;
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
      await this.#refreshOrEnd();
      return (await this.#exchange(method, path, body)) as T;
    }
  }

  async #refreshOrEnd(): Promise<void> {
    try {
      await this.#refresh();
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) this.ended();
      throw error;
    }
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#exchange("POST", "/api/auth/refresh")
      .then((access) => this.#enter(access as Access))
      .finally(() => {
        this.#refreshing = null;
      });
    return this.#refreshing;
  }

  #enter({ accessToken }: Access): void {
    this.#token = accessToken;
  }

  #headers(): Record<string, string> {
    return this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
  }

  async #exchange(method: string, path: string, body?: unknown): Promise<unknown> {
    const content = body === undefined ? {} : { "content-type": "application/json" };
    const answer = await fetch(path, {
      method,
      headers: { ...this.#headers(), ...content },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw await refusalOf(answer);
    return answer.json();
  }
}

async function refusalOf(answer: Response): Promise<Refusal> {
  const problem = (await answer.json().catch(() => ({}))) as { code?: string; message?: string };
  return new Refusal(answer.status, problem.code ?? "UNEXPECTED_ANSWER", problem.message ?? `the answer was ${answer.status}`);
}

/** One event; comments and cursors are not for us. */
function hearBlock(block: string, hear: (data: unknown) => void): void {
  const data = block
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length).trimStart())
    .join("\n");
  if (data) hear(JSON.parse(data));
}
