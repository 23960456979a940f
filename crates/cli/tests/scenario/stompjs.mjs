// @stomp/stompjs as the scenario's client, over whatever `open(chatUrl, ticket)` opens.

export const byStompJs = (Client, open) => async ({ chatUrl, ticket, authorization, since, hears }) => {
  let receipts = 0;
  let client;
  const receipt = (ask) => {
    const id = `r-${++receipts}`;
    const came = new Promise((resolve) => client.watchForReceipt(id, resolve));
    ask({ receipt: id });
    return came;
  };
  await new Promise((resolve, reject) => {
    client = new Client({
      webSocketFactory: () => open(chatUrl, ticket),
      connectHeaders: { Authorization: authorization },
      reconnectDelay: 0,
      onConnect: resolve,
      onStompError: (frame) => reject(new Error(`${frame.headers.message} ${frame.body}`)),
      onWebSocketClose: (event) => reject(new Error(`closed: ${event.code} ${event.reason}`)),
    });
    client.activate();
  });
  const takes = (message) => hears(JSON.parse(message.body), message.headers.cursor);
  const listening = (headers) => client.subscribe("/user/queue/messages", takes, since ? { ...headers, since } : headers);
  await receipt(listening);
  const publish = (action, headers = {}) => {
    client.publish({ destination: "/api/chat", body: JSON.stringify(action), headers });
  };
  const ends = (options) => {
    client.onWebSocketClose = () => {};
    return client.deactivate(options);
  };
  return {
    does: (action) => receipt((headers) => publish(action, headers)),
    says: (action) => publish(action),
    leaves: () => ends({}),
    breaksOff: () => ends({ force: true }),
  };
};
