/**
 * npm run dev [page]: a page with hot reload, in front of a running `chinwag dev`.
 *
 * CHINWAG_URL says where that is, if not at the default address: its chat API for the chat, its management API for the
 * console and the reference.
 */
import { createServer } from "vite";
import { pages } from "./config.mjs";

const name = process.argv[2] ?? "chat";
const config = pages[name];
if (!config) throw new Error(`there is no page ${name}: it is one of ${Object.keys(pages).join(", ")}`);
const target = process.env.CHINWAG_URL ?? (name === "chat" ? "http://127.0.0.1:8080" : "http://127.0.0.1:8081");
const proxy = Object.fromEntries(["/api", "/dev/users", "/docs/openapi.json", "/docs/asyncapi.json"].map((path) => [path, { target, ws: true }]));
const server = await createServer({ ...config, logLevel: "info", server: { port: 5173, proxy, fs: { allow: ["../.."] } } });
await server.listen();
server.printUrls();
