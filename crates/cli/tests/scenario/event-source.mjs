// A browser's EventSource as the scenario's client: it only listens, and comes again by the cursor of its URL.

export const byEventSource = (EventSource) => async ({ chatUrl, ticket, since, hears }) => {
  const from = since ? `&since=${encodeURIComponent(since)}` : "";
  const source = new EventSource(`${chatUrl}/api/chat/events?ticket=${ticket}${from}`);
  source.onmessage = ({ data, lastEventId }) => hears(JSON.parse(data), lastEventId);
  // The answer's head comes with its first words, and those when it is heard what is committed from now on.
  await new Promise((resolve, reject) => Object.assign(source, { onopen: resolve, onerror: reject }));
  const ends = async () => source.close();
  return { leaves: ends, breaksOff: ends };
};
