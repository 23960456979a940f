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
  /** WebSockets are cut, without a word, after this many bytes from the server; everything else passes. */
  | { kind: "cut"; afterBytes: () => number };

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
    const { weather } = this;
    if (weather.kind === "refuse") return void client.destroy();
    if (weather.kind === "silent") return void client.resume();
    client.once("data", (head) => {
      const upgrade = /^upgrade: *websocket/im.test(head.toString("latin1"));
      if (upgrade) this.upgrades += 1;
      if (head.includes("GET /api/chat/events")) {
        this.streams += 1;
        client.on("close", () => {
          this.streams -= 1;
          this.#changed();
        });
      }
      this.#changed();
      if (weather.kind === "answer") return this.#answer(client, weather.status, weather.headers);
      if (weather.kind === "no-upgrades" && upgrade) return this.#answer(client, weather.status);
      const server = connect(this.targetPort, "127.0.0.1");
      this.#keep(server);
      server.write(head);
      client.pipe(server);
      if (weather.kind === "cut" && upgrade) this.#passUntil(weather.afterBytes(), server, client);
      else server.pipe(client);
      for (const [one, other] of [[client, server], [server, client]] as const) one.on("close", () => other.destroy());
    });
  }

  /** The last piece is passed in part, so that a frame is cut in its midst. */
  #passUntil(bytes: number, server: Socket, client: Socket): void {
    let left = bytes;
    server.on("data", (piece: Buffer) => {
      if (piece.length < left) {
        left -= piece.length;
        client.write(piece);
        return;
      }
      server.pause();
      this.cuts += 1;
      client.write(piece.subarray(0, left), () => {
        client.destroy();
        server.destroy();
      });
    });
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
