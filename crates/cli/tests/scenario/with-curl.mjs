// The scenario with curl alone: `curl -N` listens, `curl` speaks. CHAT_URL is the server's base URL, API_KEY a key of an
// app of it. Ends with code 0 if all went as documented.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { play } from "./scenario.mjs";

const { CHAT_URL: chatUrl, API_KEY: apiKey } = process.env;

async function join({ chatUrl, authorization, since, hears }) {
  const credential = ["-H", `Authorization: ${authorization}`];
  const from = since ? ["-H", `Last-Event-ID: ${since}`] : [];
  const curl = spawn("curl", ["-sSfN", ...credential, ...from, `${chatUrl}/api/chat/events`]);
  curl.stderr.pipe(process.stderr);
  const ended = once(curl, "exit");
  let text = "";
  const listening = new Promise((resolve, reject) => {
    ended.then(([code]) => reject(new Error(`curl ended with ${code}`)));
    curl.stdout.setEncoding("utf8").on("data", (more) => {
      text += more;
      for (let end; (end = text.indexOf("\n\n")) !== -1; text = text.slice(end + 2)) {
        const [first, data] = text.slice(0, end).split("\ndata: ");
        if (first === ": listening") resolve();
        if (data) hears(JSON.parse(data), first.replace(/^id: /, ""));
      }
    });
  });
  await listening;
  const ends = async () => {
    curl.kill();
    await ended;
  };
  const does = async (action) => {
    const json = ["-H", "Content-Type: application/json", "--data-binary", JSON.stringify(action)];
    await promisify(execFile)("curl", ["-sSf", ...credential, ...json, `${chatUrl}/api/chat`]);
  };
  return { does, leaves: ends, breaksOff: ends };
}

await play({ chatUrl, apiKey, join }, "curl");
console.log("the scenario is complete");
