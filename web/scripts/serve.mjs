/**
 * Serves dist as the binary does, in front of a binary that has no pages built in: the same paths and headers, and everything
 * else passed on. For work on the pages and their tests.
 */
import { createReadStream, existsSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../dist", import.meta.url));

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json" };

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `mounts`: directories of dist by the path at which they stand, longest first. */
export async function serve({ upstream, mounts, port = 0 }) {
  const target = new URL(upstream);
  const server = createServer((incoming, answer) => {
    const { pathname } = new URL(incoming.url ?? "/", "http://localhost");
    const file = incoming.method === "GET" ? fileOf(mounts, pathname) : null;
    if (file) return send(answer, file);
    pass(target, incoming, answer);
  });
  server.on("upgrade", (incoming, socket, head) => tunnel(target, incoming, socket, head));
  await new Promise((listening) => server.listen(port, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close(() => {}) ?? server.closeAllConnections() };
}

function fileOf(mounts, pathname) {
  for (const [path, directory] of mounts) {
    if (pathname !== path && !pathname.startsWith(path.endsWith("/") ? path : `${path}/`)) continue;
    // Of a directory its page; of a file itself.
    const inside = normalize(pathname.slice(path.endsWith(".js") ? 0 : path.length)).replace(/^[./\\]+/, "");
    const file = join(dist, directory, inside === "" ? "index.html" : inside);
    if (existsSync(file) && extname(file) !== "") return file;
  }
  return null;
}

function send(answer, file) {
  answer.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
  answer.setHeader("content-security-policy", POLICY);
  answer.setHeader("x-content-type-options", "nosniff");
  if (file.endsWith("embed.js")) answer.setHeader("access-control-allow-origin", "*");
  answer.setHeader("cache-control", extname(file) === ".html" ? "no-cache" : "public, max-age=31536000, immutable");
  createReadStream(file).pipe(answer);
}

function pass(target, incoming, answer) {
  const { hostname, port } = target;
  const outgoing = request({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
    response.on("error", () => answer.destroy());
  });
  outgoing.on("error", () => answer.destroy());
  answer.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function tunnel(target, incoming, socket, head) {
  const upstream = connect(Number(target.port), target.hostname, () => {
    const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
    for (let at = 0; at < incoming.rawHeaders.length; at += 2) lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`);
    upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  for (const end of [socket, upstream]) end.on("error", () => (socket.destroy(), upstream.destroy()));
  for (const end of [socket, upstream]) end.on("close", () => (socket.destroy(), upstream.destroy()));
}
