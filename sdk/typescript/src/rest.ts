import { ChinwagError } from "./errors.js";
import type { Problem } from "./wire.js";

export interface RestRequest {
  method: "GET" | "POST" | "DELETE";
  /** From `/api` on. */
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface RestAnswer {
  status: number;
  body: unknown;
  /** The JWT of the header `Authorization`, without its scheme. */
  jwt: string | null;
}

/** A request that is not answered in this time has failed. */
const ANSWER_WITHIN_MS = 30_000;

/** Requests without opinions about credentials. */
export class Rest {
  readonly baseUrl: string;

  constructor(
    baseUrl: string,
    private readonly fetchImpl: typeof fetch,
  ) {
    this.baseUrl = baseUrl.replace(/\/+$/, "");
  }

  url(path: string, query: RestRequest["query"] = {}): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const text = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&");
    return this.baseUrl + path + (text && `?${text}`);
  }

  /** Rejects with a {@link ChinwagError} unless the answer is a success. */
  async request({ method, path, query, body, headers = {} }: RestRequest): Promise<RestAnswer> {
    const init: RequestInit = { method, headers: { ...headers } };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { ...headers, "Content-Type": "application/json" };
    }
    const { response, text } = await this.#exchange(this.url(path, query), init);
    const json = parse(text);
    if (!response.ok) throw refusal(response, json ?? text);
    if (text !== "" && json === undefined) {
      throw new ChinwagError("UNEXPECTED_ANSWER", `${method} ${path} was answered with something else than JSON`, response.status, text);
    }
    return { status: response.status, body: json ?? {}, jwt: withoutScheme(response.headers.get("Authorization")) };
  }

  async #exchange(url: string, init: RequestInit): Promise<{ response: Response; text: string }> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), ANSWER_WITHIN_MS);
    try {
      const response = await this.fetchImpl(url, { ...init, signal: giveUp.signal });
      return { response, text: await response.text() };
    } catch (cause) {
      const why = giveUp.signal.aborted ? "no answer in time" : "no answer";
      throw new ChinwagError("NETWORK", `${why} from ${this.baseUrl}`, 0, null, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  /** For answers that go on: the caller reads the body, and ends it by `signal`. */
  async stream(path: string, query: RestRequest["query"], headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    let response: Response;
    try {
      response = await this.fetchImpl(this.url(path, query), { headers, signal, cache: "no-store" });
    } catch (cause) {
      throw new ChinwagError("NETWORK", `no answer from ${this.baseUrl}`, 0, null, { cause });
    }
    if (response.ok) return response;
    const text = await response.text().catch(() => "");
    throw refusal(response, parse(text) ?? text);
  }
}

function refusal(response: Response, body: unknown): ChinwagError {
  const problem = typeof body === "object" && body !== null ? (body as Partial<Problem>) : {};
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const extra = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {};
  const message = problem.message ?? `the answer was ${response.status}`;
  return new ChinwagError(problem.code ?? "UNEXPECTED_ANSWER", message, response.status, body, extra);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Servers and stored tokens may carry the scheme, even twice. */
export function withoutScheme(token: string | null): string | null {
  return token?.replace(/^\s*(bearer\s+)+/i, "").trim() || null;
}
