import type { KeptAction, OutboxStorage } from "./outbox-storage.js";

const STORE = "actions";

/** An outbox that survives a reload of the page. `name` of the database: one for each app on an origin. */
export function indexedDbStorage(name = "chinwag-outbox"): OutboxStorage {
  let opened: Promise<IDBDatabase> | null = null;
  const database = () => {
    opened ??= open(name);
    opened.catch(() => {
      opened = null;
    });
    return opened;
  };
  const run = async <T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const transaction = (await database()).transaction(STORE, mode);
    const request = ask(transaction.objectStore(STORE));
    return new Promise((resolve, reject) => {
      // What is written is there when the transaction is complete, not when the request is.
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  };
  return {
    load: () => run<KeptAction[]>("readonly", (store) => store.getAll()),
    put: async (kept) => void (await run("readwrite", (store) => store.put(kept))),
    remove: async (nonce) => void (await run("readwrite", (store) => store.delete(nonce))),
  };
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "nonce" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
