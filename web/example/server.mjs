/**
 * The back end of a page that embeds the chat: it holds the API key, and signs its own users in to Chinwag.
 *
 *     chinwag dev
 *     node web/example/server.mjs        then open http://127.0.0.1:3000/?user=alice, and as bob in another window
 *
 * With any other server than `chinwag dev`: CHINWAG_URL, and CHINWAG_KEY with users that registered with it. What this file
 * leaves out is how you know who is asking: a cookie of your own, not a query.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const CHINWAG = process.env.CHINWAG_URL ?? "http://127.0.0.1:8080";
const PORT = Number(process.env.PORT ?? 3000);

/** A real back end has the key in its configuration, and passwords nowhere: it makes them up for its users. */
const dev = process.env.CHINWAG_KEY ? { apiKey: process.env.CHINWAG_KEY, users: [] } : await (await fetch(`${CHINWAG}/dev/users`)).json();

async function chatSession(username) {
  const password = dev.users.find((user) => user.username === username)?.password ?? process.env.CHINWAG_PASSWORD;
  const answer = await fetch(`${CHINWAG}/api/user/signin`, {
    method: "POST",
    headers: { "x-api-key": dev.apiKey, "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  if (!answer.ok) throw new Error(`Chinwag refused: ${await answer.text()}`);
  const { refreshToken } = await answer.json();
  return { jwt: answer.headers.get("authorization").replace(/^Bearer /, ""), refreshToken };
}

const FILES = { "/": ["embed.html", "text/html; charset=utf-8"], "/embed.css": ["embed.css", "text/css"] };

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (request.method === "POST" && pathname === "/chat-session") {
    const user = new URL(request.headers.referer ?? "http://localhost").searchParams.get("user") ?? "alice";
    const session = await chatSession(user).catch((error) => (console.error(error.message), null));
    response.writeHead(session ? 200 : 502, { "content-type": "application/json", "cache-control": "no-store" });
    return response.end(JSON.stringify(session ?? {}));
  }
  const [name, type] = FILES[pathname] ?? [];
  if (!name) return response.writeHead(404).end();
  const file = await readFile(new URL(name, import.meta.url), "utf8");
  // Scripts come from here and from Chinwag; nothing needs "unsafe-inline".
  response.setHeader("content-security-policy", `default-src 'none'; script-src ${CHINWAG}; style-src 'self'; connect-src 'self' ${CHINWAG} ${CHINWAG.replace("http", "ws")}`);
  response.writeHead(200, { "content-type": type }).end(file.replaceAll("CHINWAG_URL", CHINWAG));
});
server.listen(PORT, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
