import { expect, test } from "vitest";
import type { Weather } from "../harness/proxy.js";
import { Diary, Scene, inTime } from "../harness/scene.js";

const CLIENTS = 10;
/** Of each client. */
const MESSAGES = Number(process.env.CHINWAG_SDK_MESSAGES ?? 200);
const SEED = Number(process.env.CHINWAG_SEED ?? Math.floor(Math.random() * 2 ** 32));
const KILLS = Math.ceil((CLIENTS * MESSAGES) / 500);
const PATIENCE_MS = 100_000 + CLIENTS * MESSAGES * 50;

/** Numbers from 0 on, below `below`, the same for the same seed (mulberry32). */
function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One client's network: everything that may go wrong does, now and then. */
function changeable(roll: (below: number) => number): Weather {
  const next = (head: string): Weather => {
    const bytes = 1 + roll(20_000);
    switch (roll(13)) {
      case 0:
        return { kind: "refuse" };
      case 1:
        return { kind: "answer", status: 503 };
      case 12:
        // A session that is said to be over is over.
        return { kind: "answer", status: head.includes("/api/auth/refresh") ? 503 : 401 };
      case 2:
        return { kind: "cut-off", afterBytes: bytes };
      case 3:
        return { kind: "late", ms: () => roll(30) };
      case 4:
      case 5:
        return { kind: "twice" };
      default:
        return { kind: "cut", afterBytes: () => bytes, streams: true };
    }
  };
  return { kind: "changeable", next };
}

test(`through ten bad networks and ${KILLS} crashes of the server everything arrives once and in order (seed ${SEED})`, async () => {
  const roll = dice(SEED);
  const scene = await Scene.open();
  try {
    const people = await Promise.all(Array.from({ length: CLIENTS }, async (_, index) => {
      const proxy = await scene.proxy();
      // In such weather whoever may fall back does so soon, and stays there.
      const transport = index % 2 === 0 ? "websocket" : "auto";
      return { proxy, person: await scene.person(`p${index}`, { baseUrl: proxy.url, transport }) };
    }));
    const [first] = people;
    if (!first) throw new Error("ten of them");
    const { chatId } = await first.person.client.createChat("Storm", people.map(({ person }) => person.username));
    const diaries = people.map(({ person }) => new Diary(person.client, "message"));
    const failed = people.map(({ person }) => new Diary(person.client, "outbox"));
    await Promise.all(people.map(({ person }) => person.realtime.connect()));
    for (const { proxy } of people) {
      proxy.weather = changeable(roll);
      proxy.cutAll();
    }
    const numbered = people.map((_, index) => Array.from({ length: MESSAGES }, (_, count) => `${index}: ${count}`));
    const sent = people.map(({ person }, index) => (numbered[index] ?? []).map((text) => person.realtime.sendMessage(chatId, text)));
    const total = CLIENTS * MESSAGES;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const about = Math.floor((total * kill) / (KILLS + 1)) + roll(50);
      await diaries[kill % CLIENTS]?.until(`message ${about}`, (events) => events.length >= about, PATIENCE_MS);
      await scene.server.kill();
      await scene.server.startAgain();
    }
    await inTime("all promises", Promise.all(sent.flat()), PATIENCE_MS);
    for (const diary of diaries) await diary.until("all messages", (events) => events.length >= total, PATIENCE_MS);

    const [told] = diaries.map(({ events }) => events.map(({ message }) => message));
    for (const { events } of diaries) {
      expect(events.map(({ message }) => message)).toEqual(told);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 2));
    }
    for (const [index, texts] of numbered.entries()) expect(told?.filter((text) => text.startsWith(`${index}:`))).toEqual(texts);
    for (const { events } of failed) expect(events.filter(({ state }) => state === "failed")).toEqual([]);
    expect(people.reduce((cuts, { proxy }) => cuts + proxy.cuts, 0)).toBeGreaterThan(10);
  } finally {
    await scene.close();
  }
}, PATIENCE_MS * 4);
