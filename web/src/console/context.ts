import { createContext, useCallback, useContext, useEffect, useState } from "react";
import type { ManagementApi } from "./api.js";

export const ApiContext = createContext<ManagementApi | null>(null);

export function useApi(): ManagementApi {
  const api = useContext(ApiContext);
  if (!api) throw new Error("this belongs into the console");
  return api;
}

export interface Loaded<T> {
  value: T | null;
  error: Error | null;
  /** Asks again; what was there stays until the answer comes. */
  reload: () => void;
}

/** What a path of the API answers. */
export function useLoaded<T>(path: string): Loaded<T> {
  const api = useApi();
  const [loaded, setLoaded] = useState<{ path: string; value: T | null; error: Error | null }>({ path, value: null, error: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let current = true;
    api.get<T>(path).then(
      (value) => current && setLoaded({ path, value, error: null }),
      (error: Error) => current && setLoaded((was) => ({ path, value: was.path === path ? was.value : null, error })),
    );
    return () => {
      current = false;
    };
  }, [api, path, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return loaded.path === path ? { value: loaded.value, error: loaded.error, reload } : { value: null, error: null, reload };
}

export interface Attempt {
  busy: boolean;
  error: string;
  /** True when it was done. */
  attempt: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** Something that a button does, and what became of it. */
export function useAttempt(): Attempt {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const attempt = useCallback(async (work: () => Promise<unknown>) => {
    setBusy(true);
    setError("");
    try {
      await work();
      return true;
    } catch (problem) {
      setError((problem as Error).message);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  return { busy, error, attempt };
}
