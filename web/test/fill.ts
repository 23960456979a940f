import type { Page } from "playwright-core";

/** Sent before waiting for the receipt of the last. */
const BATCH = 1_000;

/**
 * Sends many messages as one user from within a page, since a browser has a WebSocket and Node 20 has none. Resolves when
 * all are stored.
 */
export function fill(page: Page, options: { jwt: string; chatId: string; count: number; from?: number }): Promise<void> {
  return page.evaluate(
    async ({ jwt, chatId, count, from = 0, BATCH }) => {
      const answer = await fetch("/api/auth/getTicket", { headers: { authorization: `Bearer ${jwt}` } });
      const { ticket } = (await answer.json()) as { ticket: string };
      const socket = new WebSocket(`${location.origin.replace("http", "ws")}/api/wsConnect?ticket=${ticket}`, ["v12.stomp"]);
      const hear = (command: string) =>
        new Promise<void>((heard, failed) => {
          socket.onmessage = ({ data }) => {
            if (String(data).startsWith(command)) heard();
            else if (String(data).startsWith("ERROR")) failed(new Error(String(data)));
          };
        });
      await new Promise((opened) => {
        socket.onopen = opened;
      });
      const connected = hear("CONNECTED");
      socket.send(`CONNECT\naccept-version:1.2\nhost:chinwag\nheart-beat:0,0\nAuthorization:Bearer ${jwt}\n\n\0`);
      await connected;
      for (let sent = 0; sent < count; sent += BATCH) {
        const stored = hear("RECEIPT");
        const size = Math.min(BATCH, count - sent);
        for (let at = 1; at <= size; at += 1) {
          const number = from + sent + at;
          const message = `Message ${number}${number % 7 === 0 ? `\n${"and a little more of it ".repeat(number % 5)}` : ""}`;
          const receipt = at === size ? `receipt:${number}\n` : "";
          socket.send(`SEND\ndestination:/api/chat\ncontent-type:application/json\n${receipt}\n${JSON.stringify({ type: "SEND_MSG", chatId, message })}\0`);
        }
        await stored;
      }
      socket.close();
    },
    { ...options, BATCH },
  );
}
