// The scenario by @stomp/stompjs, and without a library, over the WebSocket of Node's `ws`. CHAT_URL is the server's base
// URL, API_KEY a key of an app of it. Ends with code 0 if all went as documented.

import { Client } from "@stomp/stompjs";
import { WebSocket } from "ws";
import { byHand } from "../scenario/by-hand.mjs";
import { play } from "../scenario/scenario.mjs";
import { byStompJs } from "../scenario/stompjs.mjs";

const { CHAT_URL: chatUrl, API_KEY: apiKey } = process.env;
const open = (url, ticket) => {
  return new WebSocket(`${url.replace("http", "ws")}/api/wsConnect?ticket=${ticket}`, ["v12.stomp"]);
};

await play({ chatUrl, apiKey, join: byStompJs(Client, open) }, "stompjs");
await play({ chatUrl, apiKey, join: byHand(WebSocket) }, "by-hand");
console.log("the scenario is complete");
process.exit(0);
