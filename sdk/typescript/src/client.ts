import { Actions } from "./actions.js";
import { Auth, type AuthState } from "./auth.js";
import { type Environment, platform } from "./environment.js";
import { ChinwagError } from "./errors.js";
import { Emitter } from "./events.js";
import { Realtime } from "./realtime.js";
import { Connection } from "./realtime/connection.js";
import { BACKOFF, type Backoff, type Transport } from "./realtime/reconnect.js";
import { Rest, type RestRequest } from "./rest.js";
import type { OutboxStorage } from "./storage/outbox-storage.js";
import type * as wire from "./wire.js";

export interface ChinwagClientOptions {
  /** Where the chat API is, as in "https://chat.example.com". */
  baseUrl: string;
  /** For `registerUser` and `signIn`, on servers only: it opens every user's account. */
  apiKey?: string;
  /** A WebSocket class, where the platform has none or another is wanted: `ws` under Node. */
  webSocketImpl?: unknown;
  /** Called when a user signed in, got a new JWT, or was signed out (null): keep it for the next start. */
  onAuthChange?: (auth: AuthState | null) => void;
  /** Where actions that wait survive a reload or restart. Without it they live in memory. */
  outboxStorage?: OutboxStorage;
  /** "auto", if not given: WebSocket, and server-sent events with HTTP where it is blocked. */
  transport?: "auto" | Transport;
  /**
   * Whether the tabs of one browser share one connection. True, if not given: it is so where the browser has Web Locks and
   * BroadcastChannel, on secure origins, and means nothing elsewhere.
   */
  shareConnection?: boolean;
  /** Waits before reconnecting, in milliseconds. From 1,000 to 30,000 if not given. */
  reconnect?: Partial<Backoff>;
  /** What the platform brings, for tests. */
  environment?: Partial<Environment>;
}

/** One user of one app. */
export class ChinwagClient {
  readonly realtime: Realtime;
  readonly #apiKey: string | null;
  readonly #rest: Rest;
  readonly #auth: Auth;
  readonly #connection: Connection;

  constructor(options: ChinwagClientOptions) {
    const environment = { ...platform(options.webSocketImpl), ...options.environment };
    const emitter = new Emitter();
    this.#apiKey = options.apiKey ?? null;
    this.#rest = new Rest(options.baseUrl, environment.fetch);
    this.#auth = new Auth(this.#rest, (state) => options.onAuthChange?.(state));
    const auth = this.#auth;
    const actions: Actions = new Actions(
      environment,
      {
        get live() {
          return connection.live;
        },
        get userId() {
          return auth.state?.userId ?? null;
        },
        get renewable() {
          return auth.renewable;
        },
        get tab() {
          return connection.tab;
        },
        send: (action) => connection.send(action),
        post: async (action) => (await auth.request({ method: "POST", path: "/api/chat", body: action })).body as wire.ChatEvent,
      },
      emitter,
      options.outboxStorage ?? null,
    );
    const connection: Connection = new Connection(
      environment,
      auth,
      this.#rest,
      emitter,
      { ...BACKOFF, ...options.reconnect },
      transports(options.transport ?? "auto", environment),
      options.shareConnection ?? true,
      {
        live: () => actions.pump(),
        interrupted: () => actions.interrupted(),
        stored: (nonce, event) => actions.stored(nonce, event),
        refused: (notice) => actions.refused(notice),
        kept: () => actions.kept(),
        inherit: (here) => actions.inherit(here),
      },
    );
    this.#connection = connection;
    this.realtime = new Realtime(connection, actions, emitter);
  }

  /** Acts as this user from now on. Another user's connection is closed. */
  setAuth(auth: AuthState): void {
    if (this.#auth.state && this.#auth.state.userId !== auth.userId) this.#connection.disconnect("another user signed in");
    this.#auth.set(auth);
  }

  getAuth(): AuthState | null {
    return this.#auth.state && { ...this.#auth.state };
  }

  get isAuthenticated(): boolean {
    return this.#auth.state !== null;
  }

  /** With the API key: on servers only. */
  async registerUser(request: wire.RegisterUserRequest): Promise<wire.RegisteredUser> {
    const { body } = await this.#withKey({ method: "POST", path: "/api/user/registerUser", body: request });
    return body as wire.RegisteredUser;
  }

  /** With the API key: on servers only. From then on this client acts as the user. */
  async signIn(request: wire.SignInRequest): Promise<wire.SignInResponse> {
    const { body, jwt, status } = await this.#withKey({ method: "POST", path: "/api/user/signin", body: request });
    const user = body as wire.SignInResponse;
    if (!jwt) throw new ChinwagError("UNEXPECTED_ANSWER", "the answer has no JWT that could be read", status, body);
    this.setAuth({ jwt, refreshToken: user.refreshToken, userId: user.id });
    return user;
  }

  /**
   * Replaces the JWT; true if it did. Seldom needed: it happens by itself when a JWT is refused. When the session is over it
   * rejects with status 401, and nobody is signed in any more.
   */
  refresh(): Promise<boolean> {
    return this.#auth.refresh();
  }

  /** Ends this session, and the connection. Nobody is signed in afterwards, whatever the server says. */
  async logout(): Promise<void> {
    const { refreshToken } = this.#auth.signedIn();
    await this.#leave({ method: "POST", path: "/api/auth/logout", body: { refreshToken } });
  }

  /** The same for all sessions of the user. */
  logoutAll(): Promise<void> {
    return this.#leave({ method: "POST", path: "/api/auth/logoutAll" });
  }

  async getUser(): Promise<wire.User> {
    return (await this.#auth.request({ method: "GET", path: "/api/user/getUser" })).body as wire.User;
  }

  async changeUsername(newUsername: string): Promise<void> {
    const { jwt } = await this.#auth.request({ method: "POST", path: "/api/user/changeUsername", body: { newUsername } });
    this.#auth.replaceJwt(jwt);
  }

  /** Resolves when the user, their messages and their reactions are gone. */
  async deleteUser(): Promise<void> {
    await this.#auth.request({ method: "DELETE", path: "/api/user/deleteUser" });
    this.#signedOut();
  }

  /** `userNames` must include the caller's own. */
  async createChat(chatName: string, userNames: string[]): Promise<wire.ChatDetails> {
    const { body } = await this.#auth.request({ method: "POST", path: "/api/chat/createChat", body: { chatName, userNames } });
    return body as wire.ChatDetails;
  }

  /** Most recent activity first; pages count from 0. */
  async getChats(page = 0, size = 20): Promise<wire.ChatsResponse> {
    const { body } = await this.#auth.request({ method: "GET", path: "/api/chat/getChats", query: { page, size } });
    return body as wire.ChatsResponse;
  }

  /** Longest-standing first. */
  async getChatUsers(chatId: string): Promise<wire.ChatUsersResponse> {
    const path = `/api/chat/getUsers/${encodeURIComponent(chatId)}`;
    return (await this.#auth.request({ method: "GET", path })).body as wire.ChatUsersResponse;
  }

  async addUserToChat(chatId: string, newUsername: string): Promise<void> {
    await this.#auth.request({ method: "POST", path: "/api/chat/addUser", body: { chatId, newUsername } });
  }

  /** One's own id to leave. */
  async removeUserFromChat(chatId: string, userId: string): Promise<void> {
    await this.#auth.request({ method: "POST", path: "/api/chat/removeUser", body: { chatId, removeUser: userId } });
  }

  async changeChatName(chatId: string, newChatName: string): Promise<void> {
    await this.#auth.request({ method: "POST", path: "/api/chat/changeName", body: { chatId, newChatName } });
  }

  async deleteChat(chatId: string): Promise<void> {
    await this.#auth.request({ method: "DELETE", path: "/api/chat/deleteChat", query: { chatId } });
  }

  /**
   * Newest first. `lastMessageId` is the oldest message one has; the answer begins with the one before it. Without it the
   * newest message is marked as read.
   */
  async getMessages(chatId: string, size = 50, lastMessageId?: string): Promise<wire.MessagesResponse> {
    const path = `/api/messages/getMessages/${encodeURIComponent(chatId)}`;
    const { body } = await this.#auth.request({ method: "GET", path, query: { size, lastMessage: lastMessageId } });
    return body as wire.MessagesResponse;
  }

  #withKey(request: RestRequest) {
    if (!this.#apiKey) throw new ChinwagError("API_KEY_MISSING", `${request.path} needs apiKey, which belongs on servers only`);
    return this.#rest.request({ ...request, headers: { "x-api-key": this.#apiKey } });
  }

  async #leave(request: RestRequest): Promise<void> {
    try {
      await this.#auth.request(request);
    } finally {
      this.#signedOut();
    }
  }

  #signedOut(): void {
    this.#connection.disconnect("signed out");
    if (this.#auth.state) this.#auth.set(null);
  }
}

function transports(wanted: "auto" | Transport, { WebSocket, streams }: Environment): Transport[] {
  const possible: Transport[] = [];
  if (WebSocket) possible.push("websocket");
  if (streams) possible.push("sse");
  return wanted === "auto" ? possible : possible.filter((transport) => transport === wanted);
}
