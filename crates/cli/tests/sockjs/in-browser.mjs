// The scenario in headless Chromium: over each transport that sockjs-client has in a browser, and with what a browser
// has by itself. CHAT_URL is the server's
// base URL, API_KEY a key of an app of it, and CLIENT_URL what the server has as http.sockjs_client_url: requests for
// it are answered here. Ends with code 0 if all went as documented.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const { CHAT_URL: chatUrl, API_KEY: apiKey, CLIENT_URL: clientUrl } = process.env;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** From a page of another origin, so that the server's CORS headers are judged by a browser. */
const FROM_ANOTHER_ORIGIN = [
  "websocket", "xhr-streaming", "eventsource", "xhr-polling", "jsonp-polling", "iframe-eventsource", "iframe-htmlfile", "iframe-xhr-polling",
];
/** Works within an origin only. */
const FROM_THE_SAME_ORIGIN = ["htmlfile"];
/** Not SockJS: stompjs over the browser's WebSocket, that WebSocket by hand, and EventSource. */
const OF_THE_BROWSER = ["stompjs", "by-hand", "event-source"];
const MODULES = ["scenario", "sockjs", "stompjs", "by-hand", "event-source"];

const file = (path) => readFile(new URL(path, import.meta.url));
const files = {
  "/": ["text/html", "<!doctype html><meta charset=utf-8><title>SockJS</title><body><script src=sockjs.js></script><script src=stomp.js></script>"],
  "/sockjs.js": ["text/javascript", await file("node_modules/sockjs-client/dist/sockjs.min.js")],
  "/stomp.js": ["text/javascript", await file("node_modules/@stomp/stompjs/bundles/stomp.umd.min.js")],
};
for (const name of MODULES) files[`/${name}.mjs`] = ["text/javascript", await file(`../scenario/${name}.mjs`)];

const server = createServer((request, response) => {
  const [type, body] = files[new URL(request.url, "http://x").pathname] ?? [];
  response.writeHead(type ? 200 : 404, { "content-type": `${type}; charset=utf-8` }).end(body);
}).listen(0, "127.0.0.1");
await once(server, "listening");

const profile = await mkdtemp(join(tmpdir(), "chinwag-chromium-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
try {
  const elsewhere = `http://127.0.0.1:${server.address().port}/`;
  for (const transport of [...OF_THE_BROWSER, ...FROM_ANOTHER_ORIGIN]) await playOn(elsewhere, transport);
  // Under the server's own origin there is no such page: it is put there.
  for (const transport of FROM_THE_SAME_ORIGIN) await playOn(`${chatUrl}/page/`, transport);
} finally {
  await browser.close();
  server.close();
  await rm(profile, { recursive: true, force: true });
}
console.log("the scenario is complete");

async function playOn(url, transport) {
  const page = await browser.newPage();
  page.on("console", (message) => console.log(`  page: ${message.text()}`));
  await page.route(clientUrl, (route) => route.fulfill({ contentType: "text/javascript", body: files["/sockjs.js"][1] }));
  await page.route(`${chatUrl}/page/**`, (route) => {
    const [contentType, body] = files[new URL(route.request().url()).pathname.slice("/page".length)];
    return route.fulfill({ contentType, body });
  });
  await page.goto(url);
  await page.evaluate(async ({ chatUrl, apiKey, transport }) => {
    const { SockJS, StompJs, WebSocket, EventSource } = globalThis;
    const [{ play }, { bySockJs }, { byStompJs }, { byHand }, { byEventSource }] = await Promise.all(
      ["scenario", "sockjs", "stompjs", "by-hand", "event-source"].map((name) => import(`./${name}.mjs`)),
    );
    const socket = (url, ticket) => new WebSocket(`${url.replace("http", "ws")}/api/wsConnect?ticket=${ticket}`, "v12.stomp");
    const ofTheBrowser = {
      stompjs: byStompJs(StompJs.Client, socket),
      "by-hand": byHand(WebSocket),
      "event-source": byEventSource(EventSource),
    };
    const join = ofTheBrowser[transport] ?? bySockJs(SockJS, StompJs.Client, transport);
    await play({ chatUrl, apiKey, join }, transport);
  }, { chatUrl, apiKey, transport });
  await page.close();
  console.log(`played over ${transport}`);
}
