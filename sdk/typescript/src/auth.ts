import { ChinwagError } from "./errors.js";
import type { Rest, RestAnswer, RestRequest } from "./rest.js";
import { withoutScheme } from "./rest.js";

export interface AuthState {
  jwt: string;
  refreshToken: string;
  userId: string;
}

/** Who is signed in, and the one place where a JWT is replaced. */
export class Auth {
  #state: AuthState | null = null;
  /** The refresh under way, so that any number of requests that find an expired JWT cause one. */
  #refreshing: Promise<boolean> | null = null;

  constructor(
    private readonly rest: Rest,
    /** Called with what is to be kept for the next start; null when the session is over. */
    private readonly changed: (state: AuthState | null) => void,
  ) {}

  get state(): AuthState | null {
    return this.#state;
  }

  /** Whether a JWT that is refused can be replaced. Then a second refusal is a mistake, not the end of the session. */
  get renewable(): boolean {
    return Boolean(this.#state?.refreshToken);
  }

  set(state: AuthState | null): void {
    this.#state = state && { ...state, jwt: withoutScheme(state.jwt) ?? "", refreshToken: withoutScheme(state.refreshToken) ?? "" };
    this.changed(this.#state && { ...this.#state });
  }

  /** A new JWT of the same session, from `changeUsername`. */
  replaceJwt(jwt: string | null): void {
    if (jwt && this.#state) this.set({ ...this.#state, jwt });
  }

  signedIn(): AuthState {
    if (!this.#state) throw new ChinwagError("NOT_AUTHENTICATED", "nobody is signed in: call setAuth or signIn first", 401);
    return this.#state;
  }

  /** One request with the JWT. A JWT that is refused is replaced once, and the request repeated. */
  async request(request: RestRequest): Promise<RestAnswer> {
    return this.withJwt((jwt) => this.rest.request({ ...request, headers: bearer(jwt) }));
  }

  /** The same for any use of a JWT that rejects with a status of 401 when it is refused. */
  async withJwt<T>(use: (jwt: string) => Promise<T>): Promise<T> {
    const { jwt } = this.signedIn();
    try {
      return await use(jwt);
    } catch (error) {
      if (!(error instanceof ChinwagError) || error.status !== 401) throw error;
      // Somebody else may have replaced it while this one was on its way.
      if (this.#state?.jwt === jwt && !(await this.refresh())) throw error;
      return use(this.signedIn().jwt);
    }
  }

  /**
   * Replaces the JWT; true if it did. Callers at the same time share one exchange. If the session is over, nobody is
   * signed in any more, and it rejects with that refusal.
   */
  refresh(): Promise<boolean> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<boolean> {
    const before = this.signedIn();
    if (!before.refreshToken) return false;
    try {
      const answer = await this.rest.request({
        method: "POST",
        path: "/api/auth/refresh",
        headers: bearer(before.refreshToken),
        body: { expiredJwt: before.jwt },
      });
      if (!answer.jwt) return false;
      // Whoever signed in meanwhile stays.
      if (this.#state?.refreshToken === before.refreshToken) this.set({ ...this.#state, jwt: answer.jwt });
      return true;
    } catch (error) {
      if (error instanceof ChinwagError && error.status === 401 && this.#state?.refreshToken === before.refreshToken) this.set(null);
      throw error;
    }
  }
}

export function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}
