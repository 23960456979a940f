// The scenario by webstomp-client. CHAT_URL is the server's base URL, API_KEY a key of an app of it. Ends with code 0 if
// all went as documented.

import webstomp from "webstomp-client";
import { WebSocket } from "ws";
import { play } from "../scenario/scenario.mjs";

const { CHAT_URL: chatUrl, API_KEY: apiKey } = process.env;

async function join({ chatUrl, ticket, authorization, since, hears }) {
  const socket = new WebSocket(`${chatUrl.replace("http", "ws")}/api/wsConnect?ticket=${ticket}`, "v12.stomp");
  const client = webstomp.over(socket, { debug: false, heartbeat: { outgoing: 1000, incoming: 1000 } });
  const waiting = new Map();
  const receipt = (ask) => {
    const id = `r-${waiting.size}`;
    const came = new Promise((resolve) => waiting.set(id, resolve));
    ask({ receipt: id });
    return came;
  };
  await new Promise((resolve, reject) => {
    client.connect({ Authorization: authorization }, resolve, (error) => reject(new Error(String(error))));
  });
  client.onreceipt = ({ headers }) => waiting.get(headers["receipt-id"])();
  const takes = (message) => hears(JSON.parse(message.body), message.headers.cursor);
  await receipt((headers) => client.subscribe("/user/queue/messages", takes, since ? { ...headers, since } : headers));
  const say = (action, headers) => client.send("/api/chat", JSON.stringify(action), headers);
  return {
    does: (action) => receipt((headers) => say(action, headers)),
    says: (action) => say(action, {}),
    leaves: () => new Promise((resolve) => client.disconnect(resolve)),
    breaksOff: () => {
      socket.onclose = null;
      socket.terminate();
    },
  };
}

await play({ chatUrl, apiKey, join }, "webstomp");
console.log("the scenario is complete");
process.exit(0);
