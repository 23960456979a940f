import "fake-indexeddb/auto";
import { mkdtemp, readFile, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileStorage } from "../../src/storage/file.js";
import { indexedDbStorage } from "../../src/storage/indexeddb.js";
import type { KeptAction } from "../../src/storage/outbox-storage.js";

const kept = (nonce: string): KeptAction => ({
  nonce,
  userId: "me",
  action: { type: "SEND_MSG", chatId: "tea", message: nonce },
  queuedAt: 1,
  attempts: 0,
});

const byNonce = (one: KeptAction, other: KeptAction) => one.nonce.localeCompare(other.nonce);

const directory = () => mkdtemp(join(tmpdir(), "chinwag-outbox-"));

describe.each([
  ["indexedDB", async () => { const name = crypto.randomUUID(); return () => indexedDbStorage(name); }],
  ["a file", async () => { const path = join(await directory(), "outbox.json"); return () => fileStorage(path); }],
])("an outbox in %s", (_, prepare) => {
  test("is there after a reload", async () => {
    const open = await prepare();
    const before = open();
    expect(await before.load()).toEqual([]);
    await before.put(kept("a"));
    await before.put(kept("b"));
    await before.put({ ...kept("b"), failed: { code: "CHAT_NOT_FOUND", message: "gone", status: 404 } });
    await before.put(kept("c"));
    await before.remove("c");
    await before.remove("never there");
    const after = open();
    expect((await after.load()).sort(byNonce)).toEqual([kept("a"), { ...kept("b"), failed: { code: "CHAT_NOT_FOUND", message: "gone", status: 404 } }]);
  });
});

test("a file is replaced as a whole, and nothing is left beside it", async () => {
  const at = await directory();
  const storage = fileStorage(join(at, "outbox.json"));
  for (const nonce of ["a", "b", "c"]) await storage.put(kept(nonce));
  expect(await readdir(at)).toEqual(["outbox.json"]);
  expect(JSON.parse(await readFile(join(at, "outbox.json"), "utf8"))).toHaveLength(3);
});
