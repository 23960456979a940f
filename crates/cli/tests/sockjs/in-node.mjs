// The scenario under Node, over each transport that sockjs-client has there. CHAT_URL is the server's base URL, API_KEY
// a key of an app of it. Ends with code 0 if all went as documented.

import { Client } from "@stomp/stompjs";
import SockJS from "sockjs-client";
import { play } from "../scenario/scenario.mjs";
import { bySockJs } from "../scenario/sockjs.mjs";

const { CHAT_URL: chatUrl, API_KEY: apiKey } = process.env;

for (const transport of ["websocket", "xhr-streaming", "eventsource", "xhr-polling"]) {
  await play({ chatUrl, apiKey, join: bySockJs(SockJS, Client, transport) }, transport);
  console.log(`played over ${transport}`);
}
console.log("the scenario is complete");
process.exit(0);
