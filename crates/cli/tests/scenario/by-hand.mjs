// A client without a library: a WebSocket, and STOMP 1.2 in a few lines, which is all that it takes.

export const byHand = (WebSocket) => async ({ chatUrl, ticket, authorization, since, hears }) => {
  const socket = new WebSocket(`${chatUrl.replace("http", "ws")}/api/wsConnect?ticket=${ticket}`, ["v12.stomp"]);
  const waiting = new Map();
  let receipts = 0;
  let text = "";
  const heard = {
    CONNECTED: () => waiting.get("CONNECTED")(),
    RECEIPT: (headers) => waiting.get(headers["receipt-id"])(),
    MESSAGE: (headers, body) => hears(JSON.parse(body), headers.cursor),
  };
  socket.onmessage = ({ data }) => {
    text += data;
    for (let end; (end = text.indexOf("\0")) !== -1; text = text.slice(end + 1)) {
      const [head, body] = text.slice(0, end).replace(/^\n+/, "").split(/\n\n([^]*)/);
      const [command, ...lines] = head.split("\n");
      const headers = Object.fromEntries(lines.map((line) => line.split(/:(.*)/).slice(0, 2)));
      if (!heard[command]) throw new Error(`${command}: ${JSON.stringify(headers)} ${body}`);
      heard[command](headers, body);
    }
  };
  const sends = (command, headers, body = "") => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    socket.send(`${command}\n${lines.join("")}\n${body}\0`);
  };
  const comes = (answer) => new Promise((resolve) => waiting.set(answer, resolve));
  const receipt = async (command, headers, body) => {
    const id = `r-${++receipts}`;
    const came = comes(id);
    sends(command, { ...headers, receipt: id }, body);
    await came;
  };
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  const connected = comes("CONNECTED");
  sends("CONNECT", { "accept-version": "1.2", host: "chat", Authorization: authorization });
  await connected;
  const from = since ? { since: since.replaceAll(":", "\\c") } : {};
  await receipt("SUBSCRIBE", { id: 0, destination: "/user/queue/messages", ...from });
  const ended = new Promise((resolve) => (socket.onclose = resolve));
  return {
    does: (action) => receipt("SEND", { destination: "/api/chat" }, JSON.stringify(action)),
    says: (action) => sends("SEND", { destination: "/api/chat" }, JSON.stringify(action)),
    leaves: async () => {
      await receipt("DISCONNECT", {});
      await ended;
    },
    breaksOff: () => {
      socket.close();
      return ended;
    },
  };
};
