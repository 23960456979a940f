import { expect, test } from "vitest";
import type { Environment, WebSocketLike } from "../../src/environment.js";
import type { LinkListener } from "../../src/realtime/link.js";
import { WebSocketLink } from "../../src/realtime/websocket-link.js";

/** The platform's socket, with the peer's side in the test's hands. */
class Socket implements WebSocketLike {
  static newest: Socket;
  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose = null;
  onerror = null;
  readonly sent: string[] = [];

  constructor() {
    Socket.newest = this;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {}
}

test("after a hole, nothing more of what came in the same piece is heard", () => {
  const environment = { now: () => 0, after: () => () => {}, WebSocket: Socket } as unknown as Environment;
  const heard: unknown[] = [];
  const listener: LinkListener = {
    since: () => `c${heard.length}`,
    hear: (_, cursor) => {
      heard.push(cursor);
      link.resubscribe();
    },
    closed: () => {},
  };
  const link = new WebSocketLink(environment, "ws://chat.example/api/wsConnect", "jwt", listener);
  const socket = Socket.newest;
  socket.onmessage?.({ data: "CONNECTED\nversion:1.2\n\n\0" });
  const message = (cursor: string) => `MESSAGE\nsubscription:1\ncursor:${cursor}\n\n{"type":"HEAD","cursor":"${cursor}"}\0`;
  socket.onmessage?.({ data: message("c1") + message("c2") });
  expect(heard).toEqual(["c1"]);
  expect(socket.sent.at(-1)).toContain("SUBSCRIBE\nid:2\n");
  expect(socket.sent.at(-1)).toContain("since:c1\n");
});
