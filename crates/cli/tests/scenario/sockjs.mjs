// sockjs-client under @stomp/stompjs as the scenario's client, over one transport and no other.

import { byStompJs } from "./stompjs.mjs";

export const bySockJs = (SockJS, Client, transport) => async (asked) => {
  let socket;
  const open = (url, ticket) => {
    return (socket = new SockJS(`${url}/api/wsConnect?ticket=${ticket}`, null, { transports: [transport] }));
  };
  const link = await byStompJs(Client, open)(asked);
  if (socket.transport !== transport) throw new Error(`it is ${socket.transport}, not ${transport}`);
  return link;
};
