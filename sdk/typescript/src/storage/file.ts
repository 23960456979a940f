import { randomUUID } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import type { KeptAction, OutboxStorage } from "./outbox-storage.js";

/**
 * An outbox in one JSON file, for Node. Each change replaces the file as a whole, so a crash leaves the old one or the new
 * one. For one process at a time.
 */
export function fileStorage(path: string): OutboxStorage {
  let kept: Map<string, KeptAction> | null = null;
  const load = async () => {
    kept ??= new Map((await read(path)).map((action) => [action.nonce, action]));
    return kept;
  };
  return {
    load: async () => [...(await load()).values()],
    async put(action) {
      const all = await load();
      all.set(action.nonce, action);
      await write(path, [...all.values()]);
    },
    async remove(nonce) {
      const all = await load();
      if (all.delete(nonce)) await write(path, [...all.values()]);
    },
  };
}

async function read(path: string): Promise<KeptAction[]> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as KeptAction[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function write(path: string, actions: KeptAction[]): Promise<void> {
  const beside = `${path}.${randomUUID()}`;
  const file = await open(beside, "wx", 0o600);
  try {
    await file.writeFile(JSON.stringify(actions));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
