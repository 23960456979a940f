// Serves the page, and signs people in: the API key stays here. Try it:
//   chinwag dev                                             (in one terminal; it prints a key and names)
//   CHINWAG_KEY=cwk_... node example/server.mjs             (in another, in sdk/typescript; then http://127.0.0.1:8090)
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { ChinwagClient } from "../dist/index.mjs";

const baseUrl = process.env.CHINWAG_URL ?? "http://127.0.0.1:8080";
const files = { "/": ["index.html", "text/html"], "/sdk.mjs": ["../dist/index.mjs", "text/javascript"], "/outbox.mjs": ["../dist/indexeddb.mjs", "text/javascript"] };

createServer(async (request, response) => {
  const say = (status, type, body) => response.writeHead(status, { "content-type": type }).end(body);
  try {
    const [file, type] = files[request.url] ?? [];
    if (file) return say(200, type, await readFile(new URL(file, import.meta.url)));
    if (request.url !== "/sign-in" || request.method !== "POST") return say(404, "text/plain", "not here");
    let body = "";
    for await (const piece of request) body += piece;
    const client = new ChinwagClient({ baseUrl, apiKey: process.env.CHINWAG_KEY });
    const { username } = await client.signIn(JSON.parse(body));
    say(200, "application/json", JSON.stringify({ baseUrl, username, auth: client.getAuth() }));
  } catch (error) {
    say(error.status || 500, "text/plain", error.message);
  }
}).listen(process.env.PORT ?? 8090, "127.0.0.1", function () {
  console.log(`http://127.0.0.1:${this.address().port}`);
});
