import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

/** What becomes of a connection. */
export type Weather =
  /** It passes. */
  | { kind: "fair" }
  /** It is closed as soon as it comes. */
  | { kind: "refuse" }
  /** It is taken, and nothing ever passes. */
  | { kind: "silent" }
  /** Upgrades to WebSocket are answered with this status; everything else passes. */
  | { kind: "no-upgrades"; status: number }
  /** Every request is answered with this. */
  | { kind: "answer"; status: number; headers?: Record<string, string> }
  /** WebSockets, and streams of events if so, are cut without a word after this many bytes from the server; all else passes. */
  | { kind: "cut"; afterBytes: () => number; streams?: true }
  /** Any connection is cut after this many bytes from the client. */
  | { kind: "cut-off"; afterBytes: number }
  /** Everything is late by so many milliseconds, anew for each piece, and in order. */
  | { kind: "late"; ms: () => number }
  /** What the client says is said to the server twice, on two connections; the answers of the second are dropped. */
  | { kind: "twice" }
  /** Another weather for each connection. */
  | { kind: "changeable"; next: (head: string) => Weather };

/** A network with weather between a client and the server. Its port stays the same. */
export class FaultProxy {
  weather: Weather = { kind: "fair" };
  readonly #open = new Set<Socket>();
  /** How many connections were cut, how many upgrades were seen, and how many streams of events are open. */
  cuts = 0;
  upgrades = 0;
  streams = 0;
  readonly #watchers = new Set<() => void>();

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {}

  static async start(targetPort: number): Promise<FaultProxy> {
    const server = createServer();
    const proxy = new FaultProxy(server, targetPort);
    server.on("connection", (socket) => proxy.#carry(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves when that holds. */
  sees(holds: (proxy: FaultProxy) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds(this)) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }

  /** Ends every connection that is open now, without a word. */
  cutAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cutAll();
    this.server.close();
    await once(this.server, "close");
  }

  #carry(client: Socket): void {
    this.#keep(client);
    if (this.weather.kind === "refuse") return void client.destroy();
    if (this.weather.kind === "silent") return void client.resume();
    client.once("data", (head) => {
      const text = head.toString("latin1");
      const upgrade = /^upgrade: *websocket/im.test(text);
      if (upgrade) this.upgrades += 1;
      const stream = text.startsWith("GET /api/chat/events");
      if (stream) this.#countStream(client);
      this.#changed();
      const weather = this.weather.kind === "changeable" ? this.weather.next(text) : this.weather;
      if (weather.kind === "refuse") return void client.destroy();
      if (weather.kind === "answer") return this.#answer(client, weather.status, weather.headers);
      if (weather.kind === "no-upgrades" && upgrade) return this.#answer(client, weather.status);
      this.#pass(client, head, weather, upgrade, stream);
    });
  }

  #pass(client: Socket, head: Buffer, weather: Weather, upgrade: boolean, stream: boolean): void {
    const server = this.#toServer(client);
    if (weather.kind === "cut-off") {
      server.pipe(client);
      return this.#passUntil(weather.afterBytes, client, server, head);
    }
    if (weather.kind === "late") {
      late(client, server, weather.ms);
      late(server, client, weather.ms);
      server.write(head);
      return;
    }
    server.write(head);
    client.pipe(server);
    if (weather.kind === "twice") {
      const echo = this.#toServer(client);
      echo.write(head);
      client.pipe(echo);
      echo.resume();
    }
    if (weather.kind === "cut" && (upgrade || (stream && weather.streams))) this.#passUntil(weather.afterBytes(), server, client);
    else server.pipe(client);
  }

  #toServer(client: Socket): Socket {
    const server = connect(this.targetPort, "127.0.0.1");
    this.#keep(server);
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
    return server;
  }

  #countStream(client: Socket): void {
    this.streams += 1;
    client.on("close", () => {
      this.streams -= 1;
      this.#changed();
    });
  }

  /** The last piece is passed in part, so that a frame is cut in its midst. */
  #passUntil(bytes: number, from: Socket, to: Socket, first?: Buffer): void {
    let left = bytes;
    const pass = (piece: Buffer) => {
      if (piece.length < left) {
        left -= piece.length;
        to.write(piece);
        return;
      }
      from.pause();
      this.cuts += 1;
      to.write(piece.subarray(0, left), () => {
        from.destroy();
        to.destroy();
      });
    };
    from.on("data", pass);
    if (first) pass(first);
  }

  #answer(client: Socket, status: number, headers: Record<string, string> = {}): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    client.end(`HTTP/1.1 ${status} Weather\r\nContent-Length: 0\r\nConnection: close\r\n${lines.join("")}\r\n`);
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#open.delete(socket));
  }
}

function late(from: Socket, to: Socket, ms: () => number): void {
  let before = Promise.resolve();
  from.on("data", (piece: Buffer) => {
    const wait = new Promise<void>((resolve) => setTimeout(resolve, ms()));
    before = before.then(() => wait).then(() => void (to.destroyed || to.write(piece)));
  });
}
